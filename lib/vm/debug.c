/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stopping and resuming all vCPUs together: the actions of stops.c, and the
 * side of the vCPUs, whose host threads cause its transitions; controller.c has
 * the other.  Nothing here may know protocols, nor how a stop is made on this
 * KVM: step.c does.
 */
#include "vm/debug.h"

#include "image/insn.h"
#include "vm/branch.h"
#include "vm/context.h"
#include "vm/debugcause.h"
#include "vm/error.h"
#include "vm/exits.h"
#include "vm/kick.h"
#include "vm/machine.h"
#include "vm/operand.h"
#include "vm/preempt.h"
#include "vm/rest.h"
#include "vm/sieve.h"
#include "vm/step.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

_Static_assert(MACHINE_VCPUS <= STOPS_VCPUS, "stops.h has a state for each");

/* A run that lasts one to two of these is not short.  The controller copies a
 * replayed guest from time to time. */
#define LENT_TICK_MS        20
#define LENT_TICK_REPLAY_MS 4

/* Each exit brings these along, besides the registers. */
#define DEBUG_SYNC (KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS)

/* The flag has one owner: the thread that sets it writes, and the controller
 * clears it after reading and before it looks. */
void
debug_notify(struct debug *d)
{
	const uint64_t one = 1;

	if (!atomic_exchange(&d->notified, true) &&
	    write(d->fd, &one, sizeof(one)) < 0)
		d->notified = false;
}

struct stops_vcpu *
debug_state(struct vcpu *vcpu)
{
	return &vcpu->machine->debug.stops.vcpu[vcpu->id];
}

bool
debug_holds(const struct vcpu *vcpu)
{
	const struct debug *d = &vcpu->machine->debug;

	return d->on && d->stops.vcpu[vcpu->id].run == RUN_RESTING;
}

bool
debug_is_alone(const struct vcpu *vcpu)
{
	return vcpu->machine->debug.on &&
	       vcpu->machine->debug.stops.lone == vcpu->id;
}

bool
debug_is_lent(const struct vcpu *vcpu)
{
	return vcpu->machine->debug.on &&
	       vcpu->machine->debug.stops.vcpu[vcpu->id].run == RUN_LENT;
}

static bool
is_in(const struct catch_set *c, uint32_t number)
{
	unsigned i;

	if (!c->on)
		return false;
	for (i = 0; i < c->n; i++)
		if (c->number[i] == number)
			return true;
	return c->n == 0;
}

bool
debug_catches(const struct vcpu *vcpu)
{
	return is_in(&vcpu->machine->debug.catch_set, vcpu->flight.number);
}

/* The page that the lone instruction has touched is open until it is made. */
static void
open_page(struct machine *m, struct vcpu *vcpu)
{
	struct debug *d = &m->debug;
	struct debug_event *event = &vcpu->debug.event;

	if (event->kind != EVENT_PAGE)
		return;
	if (!d->decoded && d->faults < LONE_ACCESSES)
		d->access[d->faults] = event->access;
	d->faults++;
	breaks_open_page(&d->breaks, event->access.addr);
	event->kind = EVENT_NONE;
}

static void
begin_lone(struct machine *m, struct vcpu *vcpu)
{
	struct debug *d = &m->debug;
	int n = 0;

	if (vcpu->debug.event.kind == EVENT_PAGE)
		n = operand_accesses(vcpu, d->access);
	d->decoded = n > 0;
	d->accesses = n > 0 ? (unsigned)n : 0;
	d->faults = 0;
	d->lifted = vcpu_user_rip(vcpu);
	breaks_lift(&d->breaks, d->lifted);
	vcpu->debug.reported = DEBUG_NOWHERE;
	open_page(m, vcpu);
}

static void
end_lone(struct machine *m)
{
	struct debug *d = &m->debug;

	breaks_plant(&d->breaks, d->lifted);
	if (d->faults > 0)
		breaks_protect(&d->breaks);
	d->faults = 0;
}

/* May vCPUs be in the guest, other than one that is alone? */
static bool
may_enter(const struct stops *s)
{
	return s->mode == MODE_GOING || stops_are_awaited(s) ||
	       s->mode == MODE_OVER;
}

/* With the lock: the transition, and those actions that need the lock. */
void
debug_transit(
    struct machine *m, const struct stops_input *in, struct stops_actions *act)
{
	stops_step(&m->debug.stops, in, act);
	if (in->cause == CAUSE_RESUME)
		m->debug.resumes++;
	if (!may_enter(&m->debug.stops))
		sieves_lift(m);
	if (act->ends != STOPS_NONE)
		end_lone(m);
	if (act->begins != STOPS_NONE)
		begin_lone(m, &m->vcpu[act->begins]);
	if (act->opens != STOPS_NONE)
		open_page(m, &m->vcpu[act->opens]);
	if (m->debug.stops.mode == MODE_GOING)
		sieves_plant(m);
}

static bool
next_in(uint64_t set[], unsigned *vcpu)
{
	unsigned i;

	for (i = 0; i < STOPS_VCPUS / 64; i++) {
		if (!set[i])
			continue;
		*vcpu = i * 64 + (unsigned)__builtin_ctzll(set[i]);
		set[i] &= set[i] - 1;
		return true;
	}
	return false;
}

void
debug_wake(struct vcpu *vcpu)
{
	syscall(SYS_futex, &debug_state(vcpu)->run, FUTEX_WAKE_PRIVATE, 1, NULL,
	    NULL, 0);
}

/* The actions that need no lock, and that a woken thread need not wait for. */
void
debug_carry_out(struct machine *m, struct stops_actions *act)
{
	unsigned i;

	while (next_in(act->kick, &i))
		kick_thread(&m->vcpu[i].thread);
	while (next_in(act->wake, &i))
		if (&m->vcpu[i] != kick_current())
			debug_wake(&m->vcpu[i]);
	if (act->notify)
		debug_notify(&m->debug);
}

void
debug_cause_locked(struct machine *m, struct stops_input in)
{
	struct stops_actions act;

	debug_transit(m, &in, &act);
	debug_carry_out(m, &act);
}

void
debug_cause(struct machine *m, struct stops_input in)
{
	struct stops_actions act;

	pthread_mutex_lock(&m->lock);
	debug_transit(m, &in, &act);
	pthread_mutex_unlock(&m->lock);
	debug_carry_out(m, &act);
}

enum stops_news
debug_news(const struct vcpu *vcpu)
{
	switch (vcpu->debug.event.kind) {
	case EVENT_NONE: return NEWS_NONE;
	case EVENT_PAGE: return NEWS_PAGE;
	default: return NEWS_EVENT;
	}
}

bool
debug_is_stop(struct vcpu *vcpu, const struct debug_event *event)
{
	const struct debug *d = &vcpu->machine->debug;

	return !d->judge || d->judge(d->judge_ctx, vcpu, event);
}

void
debug_followed(struct vcpu *vcpu)
{
	const struct debug_event event = { .kind = EVENT_STEP };

	if (vcpu->debug.followed)
		(void)debug_is_stop(vcpu, &event);
}

void
debug_trace_hypercall(struct vcpu *vcpu)
{
	const struct debug_event event = { .kind = EVENT_CALL };

	if (is_in(&vcpu->machine->debug.traced, vcpu->flight.number))
		(void)debug_is_stop(vcpu, &event);
}

/* With the lock: go on after the tests at rip, make the branch there, or go on
 * in the copy of the instruction, if it has one. */
static bool
go_over_with_lock(struct vcpu *vcpu)
{
	struct debug *d = &vcpu->machine->debug;
	const uint64_t rip = vcpu_user_rip(vcpu);
	uint8_t code[INSN_LENGTH_MAX];
	const size_t n = breaks_read(&d->breaks, rip, code, sizeof(code));
	uint64_t copy = sieve_place(&d->sieves, rip);

	if (!copy && branch_make(vcpu, code, n))
		return true;
	if (!copy)
		copy = copies_find(&d->copies, rip, code, n);
	if (copy)
		vcpu_set_user_rip(vcpu, copy);
	return copy != 0;
}

static bool
go_over(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	bool over;

	if (vcpu->debug.want != WANT_RUN || step_is_due(vcpu))
		return false;
	pthread_mutex_lock(&m->lock);
	over = go_over_with_lock(vcpu);
	pthread_mutex_unlock(&m->lock);
	return over;
}

void
debug_leave_copy(struct vcpu *vcpu)
{
	uint64_t original;
	bool made;

	if (vcpu->machine->debug.copies.used == 0 ||
	    !copies_original(&vcpu->machine->debug.copies, vcpu_user_rip(vcpu),
		&original, &made))
		return;
	vcpu_set_user_rip(vcpu, original);
	vcpu->debug.left = made ? DEBUG_NOWHERE : original;
}

/* It is over the breakpoint, with nothing to report: a lone instruction, which
 * has no shorter way. */
void
debug_pass(struct vcpu *vcpu)
{
	if (go_over(vcpu))
		return;
	vcpu->debug.passes = true;
	debug_cause(vcpu->machine,
	    (struct stops_input){
		.cause = CAUSE_EVENT, .vcpu = vcpu->id, .news = NEWS_NONE });
}

void
debug_raise(struct vcpu *vcpu, const struct debug_event *event)
{
	struct machine *m = vcpu->machine;
	struct stops_actions act;

	pthread_mutex_lock(&m->lock);
	vcpu->debug.event = *event;
	vcpu->debug.event.vcpu = vcpu->id;
	debug_transit(m,
	    &(struct stops_input){ .cause = CAUSE_EVENT,
		.vcpu = vcpu->id,
		.news = debug_news(vcpu) },
	    &act);
	pthread_mutex_unlock(&m->lock);
	debug_carry_out(m, &act);
}

/*
 * An instruction at which its vCPU was last reported, and on which a breakpoint
 * lies, is to be passed.  One to which the debugger has moved rip is not: there
 * the breakpoint counts.  Nor is one at which a vCPU rests that had nothing to
 * report, or has not been reported yet.
 */
bool
debug_rests_on_break(struct vcpu *vcpu)
{
	uint64_t reported = vcpu->debug.reported;

	return reported != DEBUG_NOWHERE && !vcpu->debug.waits &&
	       vcpu_user_rip(vcpu) == reported &&
	       breaks_at(&vcpu->machine->debug.breaks, reported);
}

bool
debug_goes_on(struct vcpu *vcpu)
{
	const struct debug_vcpu *v = &vcpu->debug;
	const uint64_t rip = vcpu_user_rip(vcpu);

	return v->want == WANT_RUN ||
	       (v->want == WANT_RANGE && rip >= v->lo && rip < v->hi);
}

bool
debug_watch(struct vcpu *vcpu, uint64_t hits, struct debug_event *event)
{
	const struct breaks *b = &vcpu->machine->debug.breaks;
	struct debug_event watch = { .kind = EVENT_WATCH, .vcpu = vcpu->id };

	for (; hits; hits &= hits - 1) {
		const struct watchpoint *w = &b->watch[__builtin_ctzll(hits)];

		watch.addr = w->addr;
		watch.type = w->type;
		watch.len = w->len;
		if (!debug_is_stop(vcpu, &watch))
			continue;
		*event = watch;
		return true;
	}
	return false;
}

unsigned
debug_lone_accesses(const struct debug *d)
{
	return d->faults == 0              ? 0
	       : d->decoded                ? d->accesses
	       : d->faults < LONE_ACCESSES ? d->faults
					   : LONE_ACCESSES;
}

/* The lone instruction is made, or something came first: what is it to the
 * debugger? */
static void
conclude_lone(struct vcpu *vcpu)
{
	struct debug *d = &vcpu->machine->debug;
	struct debug_event *event = &vcpu->debug.event;
	uint64_t hits = 0;

	if (event->kind == EVENT_NONE && vcpu_user_rip(vcpu) != d->lifted)
		*event = (struct debug_event){
			.kind = EVENT_STEP,
			.vcpu = vcpu->id,
		};
	if (event->kind != EVENT_STEP)
		return;
	if (d->faults > 0) {
		d->ways[STOP_LONE]++;
		hits = breaks_hits(
		    &d->breaks, d->access, debug_lone_accesses(d));
		/* Its writes elsewhere are seen by the bytes alone. */
		if (!hits && !d->decoded)
			hits = breaks_changed(&d->breaks, NULL, 0);
	}
	if (!debug_watch(vcpu, hits, event) && debug_goes_on(vcpu))
		event->kind = EVENT_NONE;
}

/* Make the registers true and the user's. */
static void
settle_at_rest(struct vcpu *vcpu)
{
	struct flight *f = &vcpu->flight;
	int r = vcpu_rest(vcpu);

	if (r < 0)
		machine_end(vcpu->machine, OUTCOME_FAILED, 0,
		    "vCPU %u cannot be brought to rest: %s", vcpu->id,
		    strerror(-r));
	preempt_at_rest(vcpu);
	/* A call that will be made again has met its breakpoint already. */
	vcpu->debug.rested = vcpu_user_rip(vcpu);
	vcpu->debug.reported = f->call == CALL_REPEATS || vcpu->debug.passes ||
				       vcpu->debug.left == vcpu->debug.rested
				   ? vcpu->debug.rested
				   : DEBUG_NOWHERE;
	vcpu->debug.passes = false;
	vcpu->debug.left = DEBUG_NOWHERE;
	vcpu->debug.phase = STEP_NONE;
	vcpu->debug.tries = 0;
	vcpu->debug.settled = true;
	step_on_rest(vcpu);
	/* A fault that came on the way is an event. */
	if ((f->raised == RAISED_TRAP || f->raised == RAISED_FORCED) &&
	    vcpu->debug.event.kind == EVENT_NONE &&
	    debug_signal(vcpu, &f->info, f->raised))
		f->raised = RAISED_ASKED;
}

void
debug_come_to_rest(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	struct stops_actions act;

	settle_at_rest(vcpu);
	pthread_mutex_lock(&m->lock);
	if (debug_is_alone(vcpu))
		conclude_lone(vcpu);
	debug_transit(m,
	    &(struct stops_input){ .cause = CAUSE_RESTED,
		.vcpu = vcpu->id,
		.news = debug_news(vcpu),
		.over = debug_rests_on_break(vcpu) },
	    &act);
	pthread_mutex_unlock(&m->lock);
	/* The controller, with a vCPU that was lent, looks by itself. */
	act.notify = act.notify && vcpu == kick_current();
	debug_carry_out(m, &act);
}

/* True: the time has passed, or a kick came. */
static bool
sleep_while(_Atomic uint32_t *run, uint32_t at, const struct vcpu *vcpu)
{
	const bool looks = vcpu->lending.looks;
	const struct timespec tick = {
		.tv_nsec = (vcpu->machine->guest.replay ? LENT_TICK_REPLAY_MS
							: LENT_TICK_MS) *
			   1000000L,
	};

	return syscall(SYS_futex, run, FUTEX_WAIT_PRIVATE, at,
		   looks ? &tick : NULL, NULL, 0) < 0 &&
	       errno != EAGAIN;
}

/*
 * Sleep while the state of the vCPU is one in which its thread has nothing to
 * do.  While the controller makes its runs, the thread looks every LENT_TICK_MS
 * whether it is still the same run, and then calls the controller back; steps
 * end by themselves.  The thread does not sleep through a run: each of the two
 * writes (the thread `looks`, the controller the state) before it reads what
 * the other writes.
 */
static void
sleep_until_granted(struct vcpu *vcpu)
{
	_Atomic uint32_t *run = &debug_state(vcpu)->run;
	struct debug_lending *v = &vcpu->lending;
	uint32_t at, last, seen = v->lends;

	while ((at = *run) == RUN_LENT ||
	       (at == RUN_RESTING && !machine_is_over(vcpu->machine))) {
		last = seen;
		seen = v->lends;
		v->looks = at == RUN_LENT || seen != last;
		if (sleep_while(run, at, vcpu) && *run == RUN_LENT &&
		    v->lends == seen && v->lasts)
			kick_host_thread(vcpu->machine->debug.controller);
	}
}

/* The grant is seen before its actions are done, which is under the lock. */
static void
wait_for_actions(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	pthread_mutex_unlock(&m->lock);
}

bool
debug_wait(struct vcpu *vcpu)
{
	const _Atomic uint32_t *run = &debug_state(vcpu)->run;
	bool rested = false;

	while (vcpu->flight.call != CALL_EXITED) {
		kick_forget(vcpu);
		if (machine_is_over(vcpu->machine) || *run == RUN_LEAVING ||
		    *run == RUN_ABSENT)
			return false;
		/* A call is interrupted, if that is due, when it begins. */
		if (*run == RUN_RUNNING || vcpu->flight.call == CALL_HANDED) {
			if (rested)
				wait_for_actions(vcpu->machine);
			return true;
		}
		if (*run == RUN_STOPPING)
			debug_come_to_rest(vcpu);
		sleep_until_granted(vcpu);
		rested = true;
	}
	return false;
}

bool
debug_rest_waiting(struct vcpu *vcpu)
{
	const _Atomic uint32_t *run = &debug_state(vcpu)->run;
	const enum flight_call call = vcpu->flight.call;

	if (*run != RUN_STOPPING)
		return false;
	if (call == CALL_SERVED)
		step_leave(vcpu);
	vcpu->debug.waits = true;
	while (*run == RUN_STOPPING && !machine_is_over(vcpu->machine)) {
		kick_forget(vcpu);
		debug_come_to_rest(vcpu);
		sleep_until_granted(vcpu);
	}
	vcpu->debug.waits = false;
	/* Its call goes on, and has not met what the debugger saw. */
	vcpu->flight.call = call;
	vcpu->debug.reported = DEBUG_NOWHERE;
	wait_for_actions(vcpu->machine);
	return true;
}

void
debug_enter(struct vcpu *vcpu)
{
	int r;

	/* It was kicked out of a copy, and goes on there. */
	if (vcpu->debug.left == vcpu_user_rip(vcpu))
		(void)go_over(vcpu);
	vcpu->debug.left = DEBUG_NOWHERE;
	r = step_arm(vcpu);

	if (r < 0)
		machine_end(vcpu->machine, OUTCOME_FAILED, 0,
		    "KVM_SET_GUEST_DEBUG: %s", strerror(-r));
	else
		vcpu_enter(vcpu);
}

void
debug_begin(struct vcpu *vcpu)
{
	int r;

	vcpu->kvm.run->kvm_valid_regs |= DEBUG_SYNC;
	/* An entry that does not enter brings the first registers along. */
	r = vcpu_settle(vcpu);
	if (r < 0)
		machine_end(vcpu->machine, OUTCOME_FAILED, 0,
		    "KVM_RUN of vCPU %u: %s", vcpu->id, strerror(-r));
	if (vcpu->machine->debug.threads && vcpu->thread.tid != 1)
		debug_raise(vcpu, &(struct debug_event){ .kind = EVENT_BORN });
}

static bool
others_live(const struct vcpu *vcpu)
{
	const struct machine *m = vcpu->machine;
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		if (i != vcpu->id && thread_lives(&m->vcpu[i]))
			return true;
	return false;
}

void
debug_end(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	const _Atomic uint32_t *run = &debug_state(vcpu)->run;
	bool reported;

	pthread_mutex_lock(&m->lock);
	reported = m->debug.threads && others_live(vcpu);
	if (reported)
		vcpu->state = VCPU_ENDED;
	pthread_mutex_unlock(&m->lock);
	if (!reported)
		return;
	debug_raise(vcpu, &(struct debug_event){ .kind = EVENT_DIED });
	while (
	    !machine_is_over(m) && *run != RUN_LEAVING && *run != RUN_RUNNING) {
		kick_forget(vcpu);
		if (*run == RUN_STOPPING)
			debug_come_to_rest(vcpu);
		sleep_until_granted(vcpu);
	}
}

void
debug_call(struct vcpu *vcpu)
{
	debug_cause(vcpu->machine,
	    (struct stops_input){ .cause = CAUSE_CALL, .vcpu = vcpu->id });
}

void
debug_returned(struct vcpu *vcpu, bool cut)
{
	debug_cause(vcpu->machine,
	    (struct stops_input){
		.cause = CAUSE_RETURNED, .vcpu = vcpu->id, .cut = cut });
}

void
debug_born(struct vcpu *vcpu)
{
	struct debug *d = &vcpu->machine->debug;
	/* KVM's setting belongs to the vCPU, and outlives its threads. */
	const uint32_t control = vcpu->debug.control;
	/* The threads of a recorded guest run when they have the turn. */
	const enum debug_want want = hc_is_recorded(&vcpu->machine->guest)
					 ? WANT_RUN
					 : d->want_new;

	vcpu->debug = (struct debug_vcpu){
		.want = want,
		.control = control,
		.reported = DEBUG_NOWHERE,
		.left = DEBUG_NOWHERE,
		.rested = DEBUG_NOWHERE,
		.code_at = DEBUG_NOWHERE,
	};
	/* Its host thread may not have left the thread before this one. */
	vcpu->kvm.run->kvm_valid_regs |= d->on ? DEBUG_SYNC : 0;
	if (d->on)
		debug_cause_locked(
		    vcpu->machine, (struct stops_input){
				       .cause = CAUSE_BORN,
				       .vcpu = vcpu->id,
				       .tid = (uint32_t)vcpu->thread.tid,
				       .wanted = want != WANT_STOP,
				   });
}

void
debug_gone(struct vcpu *vcpu)
{
	if (vcpu->machine->debug.on)
		debug_cause_locked(
		    vcpu->machine, (struct stops_input){
				       .cause = CAUSE_GONE, .vcpu = vcpu->id });
}

void
debug_left(struct machine *m)
{
	if (m->debug.on)
		debug_cause_locked(
		    m, (struct stops_input){ .cause = CAUSE_OVER });
}

bool
debug_signal(struct vcpu *vcpu, const siginfo_t *info, enum flight_raised why)
{
	struct machine *m = vcpu->machine;
	const struct debug_event event = {
		.kind = EVENT_SIGNAL,
		.signal = info->si_signo,
		.addr = vcpu->flight.trap.address,
	};

	/* A debugger that steps gets each signal, to step over its handler. */
	if (!m->debug.attached ||
	    (vcpu->debug.want == WANT_RUN &&
		(m->debug.pass & HC_SIGNAL_BIT(info->si_signo))))
		return false;
	vcpu->debug.info = *info;
	vcpu->debug.cause = why;
	debug_raise(vcpu, &event);
	return true;
}
