/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Non-stop mode: each thread stops alone (GDB manual, "Remote Non-Stop" and
 * "Notification Packets").  The machine is all-stop: when one thread stops, or
 * a packet needs a machine at rest, all of them rest for a moment, and those
 * that the debugger lets run go on.  It must not know how the machine does
 * that.
 *
 * The life of a thread here:
 *
 *	           its stop, or vCont;t           vStopped
 *	(not listed) ------------------> STOPPED ---------> REPORTED
 *	 ^      ^                           ^                  |
 *	 |      | vCont;c                   | its stop         | vCont
 *	 |      +---------------------------|------------------+
 *	 | it ends                          |                  | vCont;s or r
 *	 +------------------------------- MOVING <-------------+
 *
 * A stop is announced by a notification, one at a time: vStopped brings the
 * next stop as its reply, until there is none.
 */
#include "gdb/nonstop.h"

#include <errno.h>
#include <signal.h>

static struct stub_thread *
find(struct stub *stub, int tid)
{
	for (size_t i = 0; i < stub->listed; i++)
		if (stub->threads[i].action.tid == tid)
			return &stub->threads[i];
	return NULL;
}

static struct stub_thread *
list(struct stub *stub, int tid)
{
	struct stub_thread *t = find(stub, tid);

	if (t || stub->listed == TARGET_THREADS_MAX)
		return t;
	t = &stub->threads[stub->listed++];
	*t = (struct stub_thread){ .action.tid = tid };
	return t;
}

/* The others keep their order, in which their stops are reported. */
static void
unlist(struct stub *stub, struct stub_thread *t)
{
	stub->listed--;
	for (; t < &stub->threads[stub->listed]; t++)
		*t = t[1];
}

static bool
is_stopped(const struct stub_thread *t)
{
	return t && t->state != THREAD_MOVING;
}

static void
note(struct stub *stub, const struct stop *stop)
{
	struct stub_thread *t = find(stub, stop->tid);

	/* A stop that was not expected comes after those that were. */
	if (t)
		unlist(stub, t);
	t = list(stub, stop->tid);
	if (!t)
		return;
	t->state = THREAD_STOPPED;
	t->stop = *stop;
	t->action = (struct target_action){ .tid = stop->tid,
		.kind = ACTION_STOP };
}

/* The debugger asked for it: signal 0. */
static void
note_halted(struct stub *stub, int tid)
{
	const struct stop stop = { .kind = STOP_SIGNAL, .tid = tid };

	note(stub, &stop);
}

static void
forget_ended(struct stub *stub)
{
	for (size_t i = stub->listed; i-- > 0;)
		if (!thread_alive(stub, stub->threads[i].action.tid))
			unlist(stub, &stub->threads[i]);
}

/* The stop of the whole machine: what is it to its threads? */
static void
take(struct stub *stub, const struct stop *stop)
{
	stub_take_stop(stub, stop);
	if (stub->state == STUB_GONE)
		stub->listed = 0;
	else
		forget_ended(stub);
	if (stub->state == STUB_GONE || stub->stop.kind != STOP_NONE)
		note(stub, &stub->stop);
}

/* The threads that run, into tids[]. */
static size_t
running(struct stub *stub, int *tids)
{
	size_t n = stub->ops->threads(stub->ctx, tids, TARGET_THREADS_MAX);
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (!is_stopped(find(stub, tids[i])))
			tids[left++] = tids[i];
	return left;
}

int
nonstop_pause(struct stub *stub)
{
	struct stop stop;
	int error;

	if (stub->state != STUB_RUNNING)
		return 0;
	error = stub->ops->pause(stub->ctx, &stop);
	if (error == 0)
		take(stub, &stop);
	return error;
}

/* Threads that are not listed run, also those that are made from now on. */
int
nonstop_go(struct stub *stub)
{
	struct target_action actions[TARGET_THREADS_MAX + 1];
	struct target_resume how = { .actions = actions };
	int tids[TARGET_THREADS_MAX];
	int error;

	if (stub->state != STUB_STOPPED || running(stub, tids) == 0)
		return 0;
	for (size_t i = 0; i < stub->listed; i++) {
		actions[how.n++] = stub->threads[i].action;
		/* The machine keeps a signal until it is delivered. */
		stub->threads[i].action.signal = 0;
	}
	actions[how.n++] = (struct target_action){ .tid = TARGET_ALL,
		.kind = ACTION_CONTINUE };
	stub->regs_banks = 0;
	error = stub->ops->resume(stub->ctx, &how);
	if (error == 0)
		stub->state = STUB_RUNNING;
	for (size_t i = stub->listed; i-- > 0;)
		if (stub->threads[i].action.kind == ACTION_CONTINUE)
			unlist(stub, &stub->threads[i]);
	return error;
}

void
nonstop_stop(struct stub *stub, const struct stop *stop)
{
	take(stub, stop);
	(void)nonstop_go(stub);
}

static void
act(struct stub *stub, int tid, const struct target_action *action)
{
	struct stub_thread *t = find(stub, tid);

	if (action->kind == ACTION_STOP) {
		if (!is_stopped(t))
			note_halted(stub, tid);
		return;
	}
	/* Its stop is on the way to the debugger, which does not know of it. */
	if (t && t->state == THREAD_STOPPED)
		return;
	t = list(stub, tid);
	if (!t)
		return;
	t->state = THREAD_MOVING;
	t->action = *action;
	t->action.tid = tid;
}

int
nonstop_resume(struct stub *stub, const struct target_action *actions, size_t n)
{
	int tids[TARGET_THREADS_MAX];
	size_t threads = stub->ops->threads(
	    stub->ctx, tids, TARGET_THREADS_MAX);

	for (size_t i = 0; i < threads; i++)
		for (size_t j = 0; j < n; j++)
			if (actions[j].tid == tids[i] ||
			    actions[j].tid == TARGET_ALL) {
				act(stub, tids[i], &actions[j]);
				break;
			}
	return nonstop_go(stub);
}

/* The siginfo of a signal that the debugger has sent, unless the thread has the
 * one of an event which is still to be reported. */
static void
set_siginfo(struct stub *stub, int tid, uint8_t signal)
{
	const struct target_ops *ops = stub->ops;
	uint8_t info[TARGET_SIGINFO_SIZE] = { 0 };

	if (!ops->set_siginfo || ops->siginfo(stub->ctx, tid, info) != 0 ||
	    info[0] != 0)
		return;
	info[0] = signal;
	(void)ops->set_siginfo(stub->ctx, tid, info);
}

int
nonstop_interrupt(struct stub *stub)
{
	int tids[TARGET_THREADS_MAX];
	int error = nonstop_pause(stub);

	if (error != 0 || stub->state != STUB_STOPPED)
		return error;
	if (running(stub, tids) > 0) {
		set_siginfo(stub, tids[0], SIGINT);
		note(stub,
		    &(struct stop){ .kind = STOP_INTERRUPT, .tid = tids[0] });
	}
	return nonstop_go(stub);
}

/* The threads are listed as stopped. */
static void
list_all(struct stub *stub)
{
	int tids[TARGET_THREADS_MAX];
	size_t n;

	if (stub->state != STUB_STOPPED)
		return;
	n = stub->ops->threads(stub->ctx, tids, TARGET_THREADS_MAX);
	for (size_t i = 0; i < n; i++) {
		if (tids[i] == stub->stop.tid)
			note(stub, &stub->stop);
		else
			note_halted(stub, tids[i]);
	}
}

/* The debugger asks for stops that were there before. */
static void
begin(struct stub *stub)
{
	stub->nonstop = true;
	list_all(stub);
	for (size_t i = 0; i < stub->listed; i++)
		stub->threads[i].state = THREAD_REPORTED;
}

void
nonstop_started(struct stub *stub)
{
	nonstop_end(stub);
	begin(stub);
}

int
nonstop_attach(struct stub *stub)
{
	int error = nonstop_pause(stub);

	stub->hold = HOLD_TAKEN;
	if (error == 0)
		list_all(stub);
	return error;
}

void
nonstop_end(struct stub *stub)
{
	stub->nonstop = false;
	stub->announced = 0;
	stub->listed = 0;
}

static struct stub_thread *
next_stopped(struct stub *stub)
{
	for (size_t i = 0; i < stub->listed; i++)
		if (stub->threads[i].state == THREAD_STOPPED)
			return &stub->threads[i];
	return NULL;
}

/* Write the next stop that the debugger does not know; false: it knows all. */
static bool
announce(struct stub *stub, struct reply *reply)
{
	struct stub_thread *t = next_stopped(stub);

	if (!t)
		return false;
	stub->announced = t->action.tid;
	stub->stop = t->stop;
	(void)stop_reply(stub, reply, t->action.tid);
	return true;
}

bool
nonstop_notification(struct stub *stub, struct reply *reply)
{
	if (!stub->nonstop || stub->announced != 0 || !next_stopped(stub))
		return false;
	reply_clear(reply);
	reply_text(reply, "Stop:");
	return announce(stub, reply);
}

/* All stops, as if none had been reported. */
int
nonstop_query(struct stub *stub, struct reply *reply)
{
	for (size_t i = 0; i < stub->listed; i++)
		if (is_stopped(&stub->threads[i]))
			stub->threads[i].state = THREAD_STOPPED;
	stub->announced = 0;
	return announce(stub, reply) ? REPLY_DATA : REPLY_OK;
}

/* The debugger knows the stop that was announced, and asks for the next. */
int
packet_stopped(struct stub *stub, const struct args *args)
{
	struct stub_thread *t = find(stub, stub->announced);

	if (t && t->state == THREAD_STOPPED)
		t->state = THREAD_REPORTED;
	stub->announced = 0;
	return announce(stub, args->reply) ? REPLY_DATA : REPLY_OK;
}

int
packet_nonstop(struct stub *stub, const struct args *args)
{
	int error;

	if (args->num[0] > 1)
		return -EINVAL;
	if (stub->nonstop == (args->num[0] == 1))
		return REPLY_OK;
	if (!stub->nonstop && stub->state == STUB_RUNNING)
		return -EBUSY;
	error = stub->nonstop && stub_has_guest(stub) ? nonstop_pause(stub) : 0;
	if (error != 0)
		return error;
	if (stub->nonstop)
		nonstop_end(stub);
	else
		begin(stub);
	return REPLY_OK;
}
