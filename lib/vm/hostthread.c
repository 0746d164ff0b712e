/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run loop of each host thread, and the life of a running machine.  Nothing
 * here may know what a vCPU leaves the guest for.
 */
#include "vm/hostthread.h"

#include "vm/context.h"
#include "vm/deliver.h"
#include "vm/error.h"
#include "vm/exits.h"
#include "vm/kick.h"
#include "vm/preempt.h"
#include "vm/sieve.h"
#include "hypercall/signal/signal.h"
#include "output/output.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* Room for several of a handler's vectors of IOV_MAX parts. */
#define HOST_STACK (UINT64_C(1) << 20)

static void
check_turn(struct vcpu *vcpu, const char *why)
{
	if (why)
		machine_end(vcpu->machine, OUTCOME_FAILED, 0, "%s", why);
}

static void
end_turn(struct vcpu *vcpu)
{
	struct hc_turns *turns = vcpu->thread.turns;

	if (turns && !machine_is_over(vcpu->machine))
		check_turn(vcpu, turns->end(turns, &vcpu->thread));
}

/* The thread has ended itself: its vCPU is free for another. */
static void
release(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	/* Under a debugger the turn is passed on first: the controller comes
	 * when the thread is gone. */
	const bool first = m->debug.on && m->live > 1;
	/* Nothing pending may be completed in the next thread's life. */
	int r = vcpu_settle(vcpu);
	bool last;

	if (r < 0)
		machine_end(m, OUTCOME_FAILED, 0, "KVM_RUN of vCPU %u: %s",
		    vcpu->id, strerror(-r));
	if (first)
		end_turn(vcpu);
	pthread_mutex_lock(&m->lock);
	vcpu->state = VCPU_PARKED;
	if (vcpu->thread.tid == 1)
		m->main_status = vcpu->flight.status;
	last = --m->live == 0;
	/* As with a process, the status is that of its first thread. */
	if (last)
		machine_end_quietly(m, OUTCOME_EXIT, m->main_status);
	debug_gone(vcpu);
	pthread_mutex_unlock(&m->lock);
	if (!first)
		end_turn(vcpu);
}

static bool
wait_for_life(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	bool over;

	pthread_mutex_lock(&m->lock);
	while (!(over = machine_is_over(m)) && !thread_lives(vcpu))
		pthread_cond_wait(&vcpu->born, &m->lock);
	pthread_mutex_unlock(&m->lock);
	return !over;
}

/* Kick all host threads that have not left.  False: there are none. */
static bool
kick_others(struct machine *m)
{
	bool any = false;
	unsigned i;

	for (i = 0; i < m->vcpus; i++) {
		struct vcpu *vcpu = &m->vcpu[i];

		if (vcpu->host_state != HOST_RUNS)
			continue;
		any = true;
		if (vcpu->state == VCPU_PARKED)
			pthread_cond_signal(&vcpu->born);
		else
			kick_vcpu(vcpu);
	}
	return any;
}

static struct timespec
next_kick(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += KICK_AGAIN_MS * 1000000;
	t.tv_sec += t.tv_nsec / HC_NS_PER_SECOND;
	t.tv_nsec %= HC_NS_PER_SECOND;
	return t;
}

/* The machine is over, and this host thread has finished with it. */
static void
leave_machine(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	struct timespec again;

	pthread_mutex_lock(&m->lock);
	vcpu->host_state = HOST_LEFT;
	pthread_cond_signal(&m->left);
	debug_left(m);
	if (!m->gathering) {
		m->gathering = true;
		while (kick_others(m)) {
			again = next_kick();
			pthread_cond_timedwait(&m->left, &m->lock, &again);
		}
	}
	pthread_mutex_unlock(&m->lock);
}

static bool
keeps_running(struct vcpu *vcpu)
{
	kick_forget(vcpu);
	return vcpu->flight.call != CALL_EXITED &&
	       !machine_is_over(vcpu->machine);
}

static void
run_thread(struct vcpu *vcpu)
{
	while (keeps_running(vcpu))
		if (deliver(vcpu) && preempt(vcpu))
			vcpu_enter(vcpu);
}

/* The same with a debugger, which decides when the thread runs. */
static void
run_debugged(struct vcpu *vcpu)
{
	for (;;) {
		/* The fate of a call cannot wait. */
		if (flight_is_open(&vcpu->flight))
			(void)deliver(vcpu);
		if (!debug_wait(vcpu))
			return;
		if (vcpu_finish_call(vcpu) && deliver(vcpu) && preempt(vcpu))
			debug_enter(vcpu);
	}
}

static void
run_threads(struct vcpu *vcpu)
{
	bool debugged = vcpu->machine->debug.on;

	kick_set_current(vcpu);
	while (wait_for_life(vcpu)) {
		/* A thread that waits for its turn may have to rest. */
		if (debugged)
			debug_begin(vcpu);
		if (vcpu->thread.turns)
			check_turn(
			    vcpu, vcpu->thread.turns->begin(
				      vcpu->thread.turns, &vcpu->thread));
		if (debugged)
			run_debugged(vcpu);
		else
			run_thread(vcpu);
		if (vcpu->flight.call != CALL_EXITED)
			continue;
		if (debugged)
			debug_end(vcpu);
		release(vcpu);
	}
	leave_machine(vcpu);
	kick_set_current(NULL);
}

/*
 * Signals from outside, for instance a timeout's, are for novillo's first
 * thread, which waits for the others: their handlers must not run on a thread
 * that is being joined.  A fault's signal goes to the thread that caused it.
 */
static void
leave_signals_to_first(void)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, KICK_SIGNAL);
	sigdelset(&set, SIGSEGV);
	sigdelset(&set, SIGBUS);
	sigdelset(&set, SIGSYS);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void *
host_thread(void *arg)
{
	leave_signals_to_first();
	run_threads(arg);
	return NULL;
}

/* It would inherit that the maker's counter is withheld. */
static int
create_thread(struct vcpu *vcpu, const pthread_attr_t *attr)
{
	(void)kvmcore_give_counter();
	return pthread_create(&vcpu->host, attr, host_thread, vcpu);
}

int
hostthread_start(struct vcpu *vcpu)
{
	enum host_state none = HOST_NONE;
	pthread_attr_t attr;
	int r = kick_expect();

	if (r < 0)
		return r;
	r = pthread_attr_init(&attr);
	if (r == 0)
		r = pthread_attr_setstacksize(&attr, HOST_STACK);
	if (r == 0)
		r = create_thread(vcpu, &attr);
	/* It may have left already. */
	if (r == 0)
		atomic_compare_exchange_strong(
		    &vcpu->host_state, &none, HOST_RUNS);
	pthread_attr_destroy(&attr);
	return -r;
}

static void
join_all(struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->vcpus; i++) {
		struct vcpu *vcpu = &m->vcpu[i];

		if (vcpu->host_state == HOST_NONE ||
		    pthread_equal(vcpu->host, pthread_self()))
			continue;
		pthread_join(vcpu->host, NULL);
		vcpu->host_state = HOST_NONE;
	}
}

int
machine_check_kicks(void)
{
	return -pthread_kill(pthread_self(), 0);
}

void
machine_run(struct machine *m)
{
	struct vcpu *first = &m->vcpu[0];
	int r = kick_expect();

	if (r < 0)
		machine_end(
		    m, OUTCOME_FAILED, 0, "sigaction: %s", strerror(-r));
	first->host = pthread_self();
	first->host_state = HOST_RUNS;
	run_threads(first);
	join_all(m);
	machine_settle_end(m);
}

int
machine_start(struct machine *m, bool stopped)
{
	int r = debug_start(m, stopped);

	return r < 0 ? r : hostthread_start(&m->vcpu[0]);
}

void
machine_join(struct machine *m)
{
	join_all(m);
	/* Memory without a debugger's breakpoints is the guest's. */
	if (m->debug.on) {
		sieves_lift(m);
		breaks_hide(&m->debug.breaks);
	}
	m->debug.on = false;
}

/* The first end counts. */
static void
decide_end(struct machine *m, int ended_by)
{
	int none = 0;
	unsigned i;

	output_hurry();
	atomic_compare_exchange_strong(&m->ended_by, &none, ended_by);
	for (i = 0; i < m->vcpus; i++)
		kick_thread(&m->vcpu[i].thread);
	if (m->debug.on)
		debug_call_controller(m);
}

void
machine_time_out(struct machine *m)
{
	decide_end(m, MACHINE_TIME_IS_UP);
}

void
machine_kill(struct machine *m, int signal)
{
	decide_end(m, signal);
}

void
machine_lose_page(struct machine *m, const void *at)
{
	const uint64_t place = (uintptr_t)at - (uintptr_t)m->mem.base;

	if (place < m->mem.size && m->outcome.kind == OUTCOME_RUNNING)
		decide_end(m, MACHINE_PAGE_LOST);
}

/* Does the signal end the guest, or the wait of a guest that has ended? */
static bool
ends_guest(const struct machine *m, int signal)
{
	const uint64_t bit = HC_SIGNAL_BIT(signal);
	unsigned i;

	if (!hc_signal_ends(&m->guest.signals, signal))
		return m->outcome.kind != OUTCOME_RUNNING &&
		       !hc_signal_is_harmless(signal);
	for (i = 0; i < m->vcpus; i++) {
		const struct hc_thread_signals *s = &m->vcpu[i].thread.signals;

		if (thread_lives(&m->vcpu[i]) && !(s->blocked & bit) &&
		    !(s->awaited & bit))
			return true;
	}
	return m->outcome.kind != OUTCOME_RUNNING;
}

bool
machine_ends_by(const struct machine *m, int signal)
{
	return !machine_is_over(m) && !m->debug.attached &&
	       (m->guest.replay || ends_guest(m, signal));
}

/* A guest that waits for its debugger would never take the signal, and a
 * debugger that does not read would never pass it on.  A recording ends there,
 * whichever thread has the turn, unless a debugger sees the signal first. */
static bool
nobody_takes(const struct machine *m)
{
	const struct debug *d = &m->debug;

	if (m->guest.replay)
		return true;
	if (d->on && d->attached)
		return d->deaf;
	return m->guest.recorded || (d->on && d->stops.mode == MODE_HELD);
}

void
machine_signal(struct machine *m, int signal, void *context)
{
	const bool ends = signal && ends_guest(m, signal);

	if (ends && nobody_takes(m))
		machine_kill(m, signal);
	else if (ends && (machine_is_over(m) || !m->debug.attached))
		output_hurry();
	hc_signal_outside(&m->guest, signal);
	if (kick_current())
		hc_host_kicked(context);
}
