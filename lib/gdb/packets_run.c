/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets that run, stop and end the guest, and what stops it (GDB manual,
 * "Packets").  It must not know the machine but through target.h.
 */
#include "gdb/packet.h"
#include "gdb/signals.h"

#include <errno.h>
#include <limits.h>

int
packet_stop(struct stub *stub, const struct args *args, struct reply *reply)
{
	(void)args;
	if (!stub->attached)
		return reply_done(reply_text(reply, "W00"));
	if (stub->state == STUB_RUNNING)
		return -EBUSY;
	return reply_done(stop_reply(stub, reply, stub->stop.tid));
}

int
packet_interrupt(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	(void)args;
	(void)reply;
	if (stub->attached && stub->state == STUB_RUNNING) {
		stub->interrupted = true;
		stub->ops->interrupt(stub->ctx);
	}
	return REPLY_OK;
}

static bool
moves(const struct target_action *action)
{
	return action->kind != ACTION_STOP;
}

/* If nothing shall run, nothing will stop: the answer is what is now. */
static int
resume(struct stub *stub, struct reply *reply,
    const struct target_action *actions, size_t n)
{
	struct target_resume how = { .actions = actions, .n = n };
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any |= moves(&actions[i]);
	if (any)
		return stub_resume(stub, &how);
	stub->stop.kind = STOP_NONE;
	return reply_done(stop_reply(stub, reply, stub->stop.tid));
}

static int
set_pc(struct stub *stub, int tid, uint64_t pc)
{
	int error;
	struct regs *regs = stub_get_regs(stub, tid, REGS_CORE, &error);

	if (!regs)
		return error;
	regs->rip = pc;
	return stub_put_regs(stub, REGS_CORE);
}

/*
 * c, s, C and S: the thread that Hc chose runs alone, or all do.  A step is
 * of the one thread, whoever runs besides.
 */
static int
run_one(struct stub *stub, struct reply *reply, enum target_action_kind kind,
    int signal, const uint64_t *pc)
{
	struct target_action actions[2];
	size_t n = stub->resumed > 0 ? 1 : 2;
	int tid;
	int error = stub_thread(stub, stub->resumed, &tid);

	if (error == 0 && pc)
		error = set_pc(stub, tid, *pc);
	if (error != 0)
		return error;
	actions[0] = (struct target_action){
		.tid = tid, .kind = kind, .signal = signal
	};
	actions[1] = (struct target_action){ .tid = TARGET_ALL,
		.kind = ACTION_CONTINUE };
	return resume(stub, reply, actions, n);
}

int
packet_continue(struct stub *stub, const struct args *args, struct reply *reply)
{
	return run_one(stub, reply, ACTION_CONTINUE, 0,
	    args->nums > 0 ? &args->num[0] : NULL);
}

int
packet_step(struct stub *stub, const struct args *args, struct reply *reply)
{
	return run_one(
	    stub, reply, ACTION_STEP, 0, args->nums > 0 ? &args->num[0] : NULL);
}

static int
run_signal(struct stub *stub, const struct args *args, struct reply *reply,
    enum target_action_kind kind)
{
	int signal = signal_of(stub, args->num[0]);

	if (signal < 0)
		return -EINVAL;
	return run_one(
	    stub, reply, kind, signal, args->nums > 1 ? &args->num[1] : NULL);
}

int
packet_continue_signal(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	return run_signal(stub, args, reply, ACTION_CONTINUE);
}

int
packet_step_signal(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	return run_signal(stub, args, reply, ACTION_STEP);
}

int
packet_vcont_query(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	(void)stub;
	(void)args;
	return reply_done(reply_text(reply, "vCont;c;C;s;S;t;r"));
}

static int
vcont_signal(
    struct stub *stub, const uint8_t **at, const uint8_t *end, int *signal)
{
	uint64_t number;

	if (hex_parse(at, end, &number) == 0)
		return -EINVAL;
	*signal = signal_of(stub, number);
	return *signal < 0 ? -EINVAL : 0;
}

static int
vcont_range(
    const uint8_t **at, const uint8_t *end, struct target_action *action)
{
	if (hex_parse(at, end, &action->lo) == 0 || *at == end ||
	    *(*at)++ != ',' || hex_parse(at, end, &action->hi) == 0 ||
	    action->lo > action->hi)
		return -EINVAL;
	return 0;
}

static int
vcont_kind(struct stub *stub, const uint8_t **at, const uint8_t *end,
    struct target_action *action)
{
	uint8_t c = *at < end ? *(*at)++ : 0;

	switch (c) {
	case 'c':
	case 'C': action->kind = ACTION_CONTINUE; break;
	case 's':
	case 'S': action->kind = ACTION_STEP; break;
	case 't': action->kind = ACTION_STOP; break;
	case 'r':
		action->kind = ACTION_RANGE;
		return vcont_range(at, end, action);
	default: return -EINVAL;
	}
	if (c == 'C' || c == 'S')
		return vcont_signal(stub, at, end, &action->signal);
	return 0;
}

/* One action: a letter, what it needs, and perhaps a thread. */
static int
vcont_action(struct stub *stub, const uint8_t **at, const uint8_t *end,
    struct target_action *action)
{
	int tid = THREAD_EVERY;
	int error;

	*action = (struct target_action){ 0 };
	error = vcont_kind(stub, at, end, action);
	if (error != 0)
		return error;
	if (*at < end && **at == ':') {
		++*at;
		error = thread_parse(stub, at, end, &tid);
		if (error != 0)
			return error;
	}
	if (tid == TARGET_ALL) /* any */
		tid = stub->stop.tid;
	if (tid > 0 && !thread_alive(stub, tid))
		return -ESRCH;
	action->tid = tid > 0 ? tid : TARGET_ALL;
	return 0;
}

int
packet_vcont(struct stub *stub, const struct args *args, struct reply *reply)
{
	struct target_action actions[TARGET_THREADS_MAX + 1];
	const uint8_t *at = args->bytes;
	const uint8_t *end = args->bytes + args->len;
	size_t n = 0;
	int error;

	for (;;) {
		if (n == sizeof(actions) / sizeof(actions[0]))
			return -E2BIG;
		error = vcont_action(stub, &at, end, &actions[n++]);
		if (error != 0)
			return error;
		if (at == end)
			break;
		if (*at++ != ';')
			return -EINVAL;
	}
	return resume(stub, reply, actions, n);
}

static int
find_break(const struct args *args, struct target_break *brk)
{
	if (args->num[0] >= BREAK_TYPES)
		return -EOPNOTSUPP;
	brk->type = (enum break_type)args->num[0];
	brk->addr = args->num[1];
	brk->kind = args->num[2];
	if (brk->type >= WATCH_WRITE &&
	    (brk->kind == 0 || brk->kind - 1 > UINT64_MAX - brk->addr))
		return -EINVAL;
	return 0;
}

int
packet_insert(struct stub *stub, const struct args *args, struct reply *reply)
{
	struct target_break brk;
	int error = find_break(args, &brk);

	(void)reply;
	return error != 0 ? error : stub->ops->insert(stub->ctx, &brk);
}

int
packet_remove(struct stub *stub, const struct args *args, struct reply *reply)
{
	struct target_break brk;
	int error = find_break(args, &brk);

	(void)reply;
	return error != 0 ? error : stub->ops->remove(stub->ctx, &brk);
}

/* The most hypercalls that can be named one by one. */
#define CATCH_MAX 512

int
packet_catch_syscalls(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	uint16_t list[CATCH_MAX];
	const uint8_t *at = args->bytes;
	const uint8_t *end = args->bytes + args->len;
	uint64_t number;
	size_t n = 0;

	(void)reply;
	if (args->num[0] > 1 || (args->num[0] == 0 && args->len > 0))
		return -EINVAL;
	while (at < end) {
		if (n == CATCH_MAX)
			return -E2BIG;
		if (hex_parse(&at, end, &number) == 0 || number > UINT16_MAX ||
		    (at < end && *at++ != ';'))
			return -EINVAL;
		list[n++] = (uint16_t)number;
	}
	return stub->ops->catch_syscalls(stub->ctx, args->num[0] == 1, list, n);
}

/* Signals that the debugger does not want to be told of: all it does not name,
 * it does. */
int
packet_pass_signals(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	const uint8_t *at = args->bytes;
	const uint8_t *end = args->bytes + args->len;
	uint64_t number, set = 0;
	int signal;

	(void)reply;
	while (at < end) {
		if (hex_parse(&at, end, &number) == 0 || number > INT_MAX ||
		    (at < end && *at++ != ';'))
			return -EINVAL;
		/* Some are of other systems. */
		signal = signal_from_gdb((int)number);
		if (signal > 0 && signal <= 64)
			set |= UINT64_C(1) << (signal - 1);
	}
	stub->ops->pass_signals(stub->ctx, set);
	return 0;
}

/* A packet that names a process means ours, if it names one at all. */
static int
check_pid(struct stub *stub, const struct args *args)
{
	if (!stub->attached || stub->state == STUB_GONE)
		return -ESRCH;
	if (args->nums > 0 && args->num[0] != (uint64_t)stub_pid(stub))
		return -ESRCH;
	return 0;
}

int
packet_detach(struct stub *stub, const struct args *args, struct reply *reply)
{
	int error = check_pid(stub, args);

	(void)reply;
	if (error != 0)
		return error;
	stub_let_go(stub);
	return REPLY_OK;
}

static void
end_guest(struct stub *stub)
{
	stub->ops->kill(stub->ctx);
	stub->state = STUB_GONE;
	stub->awaited = false;
	stub->stop = (struct stop){ .kind = STOP_KILLED, .signal = 9 };
}

int
packet_kill(struct stub *stub, const struct args *args, struct reply *reply)
{
	(void)reply;
	if (check_pid(stub, args) == 0)
		end_guest(stub);
	stub->close = !(stub->client & CLIENT_EXTENDED);
	return REPLY_NONE;
}

int
packet_vkill(struct stub *stub, const struct args *args, struct reply *reply)
{
	int error = check_pid(stub, args);

	(void)reply;
	if (error != 0)
		return error;
	end_guest(stub);
	return REPLY_OK;
}

int
packet_attach(struct stub *stub, const struct args *args, struct reply *reply)
{
	if (stub->attached || stub->state == STUB_GONE ||
	    args->num[0] != (uint64_t)stub_pid(stub))
		return -ESRCH;
	stub_attach(stub);
	if (stub->state == STUB_STOPPED)
		return reply_done(stop_reply(stub, reply, stub->stop.tid));
	stub->awaited = true;
	return REPLY_LATER;
}

/* The program and its arguments are the machine's to choose. */
int
packet_run_again(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	int error;

	(void)args;
	if (stub->attached && stub->state == STUB_RUNNING)
		return -EBUSY;
	error = stub->ops->restart(stub->ctx);
	if (error != 0)
		return error;
	stub_restarted(stub);
	return reply_done(stop_reply(stub, reply, stub->stop.tid));
}

int
packet_restart(struct stub *stub, const struct args *args, struct reply *reply)
{
	int error = packet_run_again(stub, args, reply);

	return error < 0 ? error : REPLY_NONE;
}
