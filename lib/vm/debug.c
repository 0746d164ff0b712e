/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stopping and resuming all vCPUs together: the actions of stops.c, and what
 * causes its transitions.  Nothing here may know protocols, nor how a stop is
 * made on this KVM: step.c does.
 */
#include "vm/debug.h"

#include "image/insn.h"
#include "vm/branch.h"
#include "vm/context.h"
#include "vm/error.h"
#include "vm/exits.h"
#include "vm/kick.h"
#include "vm/machine.h"
#include "vm/operand.h"
#include "vm/preempt.h"
#include "vm/probe.h"
#include "vm/rest.h"
#include "vm/sieve.h"
#include "vm/step.h"
#include "vm/stopinfo.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

_Static_assert(MACHINE_VCPUS <= STOPS_VCPUS, "stops.h has a state for each");

/*
 * From this many short runs in a row on, the controller makes them.  Before
 * Linux 6.12 KVM waits for an RCU grace period, milliseconds, when another
 * thread than the last one runs a vCPU (KVM_RUN in virt/kvm/kvm_main.c): a step
 * now and then is not worth that.
 */
#define RUNS_IN_A_ROW 8
#define LENT_TICK_MS  20 /* a run that lasts one to two is not short */
#define LENT_ENTRIES  16 /* for one step, before its thread goes on */

/* Each exit brings these along, besides the registers. */
#define DEBUG_SYNC (KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS)

/* GDB's own signals are not the guest's. */
#define KEEP_SIGNALS (~(HC_SIGNAL_BIT(SIGINT) | HC_SIGNAL_BIT(SIGTRAP)))

/* The flag has one owner: the thread that sets it writes, and the controller
 * clears it after reading and before it looks. */
static void
notify(struct debug *d)
{
	const uint64_t one = 1;

	if (!atomic_exchange(&d->notified, true) &&
	    write(d->fd, &one, sizeof(one)) < 0)
		d->notified = false;
}

static void
take_notice(struct debug *d)
{
	uint64_t count;

	if (d->notified && read(d->fd, &count, sizeof(count)) > 0)
		d->notified = false;
}

/* The controller knows of the end, and all threads have left. */
static void
end_notices(struct debug *d)
{
	uint64_t count;

	d->notified = true;
	if (read(d->fd, &count, sizeof(count)) < 0)
		return; /* there was none */
}

static bool
all_out(const struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		if (m->vcpu[i].host_state == HOST_RUNS)
			return false;
	return true;
}

static struct stops_vcpu *
state_of(struct vcpu *vcpu)
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

/* For its debugger. */
static bool
is_held(const struct machine *m)
{
	return m->debug.stops.mode == MODE_HELD;
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
static void
transit(
    struct machine *m, const struct stops_input *in, struct stops_actions *act)
{
	stops_step(&m->debug.stops, in, act);
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

static void
wake(struct vcpu *vcpu)
{
	syscall(SYS_futex, &state_of(vcpu)->run, FUTEX_WAKE_PRIVATE, 1, NULL,
	    NULL, 0);
}

/* The actions that need no lock, and that a woken thread need not wait for. */
static void
carry_out(struct machine *m, struct stops_actions *act)
{
	unsigned i;

	while (next_in(act->kick, &i))
		kick_thread(&m->vcpu[i].thread);
	while (next_in(act->wake, &i))
		if (&m->vcpu[i] != kick_current())
			wake(&m->vcpu[i]);
	if (act->notify)
		notify(&m->debug);
}

static void
cause_with_lock(struct machine *m, struct stops_input in)
{
	struct stops_actions act;

	transit(m, &in, &act);
	carry_out(m, &act);
}

static void
cause(struct machine *m, struct stops_input in)
{
	struct stops_actions act;

	pthread_mutex_lock(&m->lock);
	transit(m, &in, &act);
	pthread_mutex_unlock(&m->lock);
	carry_out(m, &act);
}

static enum stops_news
news_of(const struct vcpu *vcpu)
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
	cause(vcpu->machine,
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
	transit(m,
	    &(struct stops_input){
		.cause = CAUSE_EVENT, .vcpu = vcpu->id, .news = news_of(vcpu) },
	    &act);
	pthread_mutex_unlock(&m->lock);
	carry_out(m, &act);
}

/*
 * An instruction at which its vCPU was last reported, and on which a breakpoint
 * lies, is to be passed.  One to which the debugger has moved rip is not: there
 * the breakpoint counts.  Nor is one at which a vCPU rests that had nothing to
 * report, or has not been reported yet.
 */
static bool
rests_on_break(struct vcpu *vcpu)
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
come_to_rest(struct vcpu *vcpu)
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
	step_on_rest(vcpu);
	/* A fault that came on the way is an event. */
	if ((f->raised == RAISED_TRAP || f->raised == RAISED_FORCED) &&
	    vcpu->debug.event.kind == EVENT_NONE &&
	    debug_signal(vcpu, &f->info, f->raised))
		f->raised = RAISED_ASKED;
}

static void
rest(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	struct stops_actions act;

	come_to_rest(vcpu);
	pthread_mutex_lock(&m->lock);
	if (debug_is_alone(vcpu))
		conclude_lone(vcpu);
	transit(m,
	    &(struct stops_input){ .cause = CAUSE_RESTED,
		.vcpu = vcpu->id,
		.news = news_of(vcpu),
		.over = rests_on_break(vcpu) },
	    &act);
	pthread_mutex_unlock(&m->lock);
	/* The controller, with a vCPU that was lent, looks by itself. */
	act.notify = act.notify && vcpu == kick_current();
	carry_out(m, &act);
}

/* True: the time has passed, or a kick came. */
static bool
sleep_while(_Atomic uint32_t *run, uint32_t at, bool looks)
{
	const struct timespec tick = { .tv_nsec = LENT_TICK_MS * 1000000 };

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
	_Atomic uint32_t *run = &state_of(vcpu)->run;
	struct debug_lending *v = &vcpu->lending;
	uint32_t at, last, seen = v->lends;

	while ((at = *run) == RUN_LENT ||
	       (at == RUN_RESTING && !machine_is_over(vcpu->machine))) {
		last = seen;
		seen = v->lends;
		v->looks = at == RUN_LENT || seen != last;
		if (sleep_while(run, at, v->looks) && *run == RUN_LENT &&
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
	const _Atomic uint32_t *run = &state_of(vcpu)->run;
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
			rest(vcpu);
		sleep_until_granted(vcpu);
		rested = true;
	}
	return false;
}

bool
debug_rest_waiting(struct vcpu *vcpu)
{
	const _Atomic uint32_t *run = &state_of(vcpu)->run;
	const enum flight_call call = vcpu->flight.call;

	if (*run != RUN_STOPPING)
		return false;
	if (call == CALL_SERVED)
		step_leave(vcpu);
	vcpu->debug.waits = true;
	while (*run == RUN_STOPPING && !machine_is_over(vcpu->machine)) {
		kick_forget(vcpu);
		rest(vcpu);
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
	const _Atomic uint32_t *run = &state_of(vcpu)->run;
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
			rest(vcpu);
		sleep_until_granted(vcpu);
	}
}

void
debug_call(struct vcpu *vcpu)
{
	cause(vcpu->machine,
	    (struct stops_input){ .cause = CAUSE_CALL, .vcpu = vcpu->id });
}

void
debug_returned(struct vcpu *vcpu, bool cut)
{
	cause(vcpu->machine,
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
		cause_with_lock(
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
		cause_with_lock(
		    vcpu->machine, (struct stops_input){
				       .cause = CAUSE_GONE, .vcpu = vcpu->id });
}

void
debug_left(struct machine *m)
{
	if (m->debug.on)
		cause_with_lock(m, (struct stops_input){ .cause = CAUSE_OVER });
}

/* From Linux 6.12 on another thread may run a vCPU at once. */
void
debug_init(struct machine *m)
{
	struct utsname host;
	int major, minor;

	m->debug.row = RUNS_IN_A_ROW;
	if (uname(&host) == 0 &&
	    sscanf(host.release, "%d.%d", &major, &minor) == 2 &&
	    (major > 6 || (major == 6 && minor >= 12)))
		m->debug.row = 0;
}

int
debug_start(struct machine *m, bool stopped)
{
	struct debug *d = &m->debug;

	d->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->fd < 0)
		return -errno;
	d->breaks.sieves = &d->sieves;
	d->copies.page = shim_copies(m->shim);
	d->controller = pthread_self();
	d->on = true;
	d->want_new = WANT_RUN;
	d->keep = KEEP_SIGNALS;
	d->stops.lone = STOPS_NONE;
	pthread_mutex_lock(&m->lock);
	debug_born(&m->vcpu[0]);
	if (!stopped)
		cause_with_lock(
		    m, (struct stops_input){ .cause = CAUSE_RESUME });
	pthread_mutex_unlock(&m->lock);
	return 0;
}

int
debug_fd(const struct machine *m)
{
	return m->debug.fd;
}

int
debug_timeout(struct machine *m)
{
	bool waiting;

	pthread_mutex_lock(&m->lock);
	waiting = machine_is_over(m) ? !all_out(m)
				     : stops_are_awaited(&m->debug.stops);
	pthread_mutex_unlock(&m->lock);
	return waiting ? KICK_AGAIN_MS : -1;
}

/* A breakpoint that is there no more has not been hit; a vCPU that is to run
 * since it stepped has not stepped. */
static bool
is_stale(const struct debug *d, struct vcpu *vcpu)
{
	const struct debug_event *event = &vcpu->debug.event;

	if (event->kind == EVENT_STEP)
		return debug_goes_on(vcpu);
	return (event->kind == EVENT_BREAK || event->kind == EVENT_HARDBREAK) &&
	       !breaks_has(&d->breaks, event->addr);
}

/* The event that the machine is ready with. */
static void
take_event(struct machine *m, struct debug_event *event)
{
	const struct stops *s = &m->debug.stops;
	struct vcpu *vcpu = &m->vcpu[s->reported];
	struct vcpu *chosen = machine_thread(m, m->debug.chosen);

	switch (s->report) {
	case REPORT_EVENT:
		*event = vcpu->debug.event;
		vcpu->debug.event.kind = EVENT_NONE;
		break;
	case REPORT_INTERRUPT:
		*event = (struct debug_event){ .kind = EVENT_INTERRUPT,
			.vcpu = chosen ? chosen->id : vcpu->id };
		break;
	case REPORT_GONE:
		*event = (struct debug_event){ .kind = EVENT_GONE,
			.vcpu = vcpu->id };
		break;
	}
}

/* The controller knows where the vCPU of the event is. */
static void
note_report(struct machine *m, const struct debug_event *event)
{
	struct vcpu *vcpu = &m->vcpu[event->vcpu];

	if (event->kind == EVENT_ENDED)
		return;
	if (event->kind != EVENT_GONE && vcpu->flight.raised != RAISED_ASKED)
		vcpu->debug.info = stopinfo_of(
		    event->kind, vcpu_user_rip(vcpu));
	/* A call that waits is before the instruction at rip. */
	debug_set_met(vcpu, true);
}

/* No kick is lost: this is a safety net. */
static void
kick_again(struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		if (state_of(&m->vcpu[i])->run == RUN_STOPPING ||
		    state_of(&m->vcpu[i])->run == RUN_LEAVING)
			kick_vcpu(&m->vcpu[i]);
}

static int64_t
monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t
debug_held_ns(const struct machine *m)
{
	const int64_t from = m->debug.held_from;

	return m->debug.held_ns + (from ? monotonic_ns() - from : 0);
}

/* The debugger does not hold a living guest any more. */
static void
end_hold(struct debug *d)
{
	const int64_t from = d->held_from;

	if (from)
		d->held_ns += monotonic_ns() - from;
	d->held_from = 0;
}

static bool
poll_event(struct machine *m, struct debug_event *event)
{
	struct debug *d = &m->debug;
	struct stops_actions act;
	bool over, ready;

	take_notice(d);
	over = machine_is_over(m);
	pthread_mutex_lock(&m->lock);
	transit(m,
	    &(struct stops_input){ .cause = over ? CAUSE_OVER : CAUSE_TAKE },
	    &act);
	act.notify = false;
	ready = over ? all_out(m) : act.taken;
	if (over) {
		machine_settle_end(m);
		end_hold(d);
	}
	if (ready && over) {
		*event = (struct debug_event){ .kind = EVENT_ENDED };
		end_notices(d);
	} else if (ready) {
		take_event(m, event);
	} else if (over || stops_are_awaited(&d->stops)) {
		kick_again(m);
	}
	pthread_mutex_unlock(&m->lock);
	carry_out(m, &act);
	return ready;
}

bool
debug_poll(struct machine *m, struct debug_event *event)
{
	bool ready = poll_event(m, event);

	if (ready)
		note_report(m, event);
	return ready;
}

/* Does the event say what the vCPU has met? */
static bool
is_of_vcpu(const struct debug_event *event)
{
	return event->kind != EVENT_INTERRUPT && event->kind != EVENT_GONE;
}

bool
debug_look(struct machine *m, struct debug_event *event)
{
	bool ready = poll_event(m, event);

	if (ready && is_of_vcpu(event))
		note_report(m, event);
	return ready;
}

void
debug_report(struct machine *m, const struct debug_event *event)
{
	note_report(m, event);
}

void
debug_set_deaf(struct machine *m, bool deaf)
{
	m->debug.deaf = deaf;
}

void
debug_attach(struct machine *m)
{
	if (!machine_is_over(m))
		m->debug.held_from = monotonic_ns();
	m->debug.attached = true;
	m->guest.signals.observed = true;
}

/* With the lock: pass on what the debugger wants of each vCPU. */
static void
pass_wants(struct machine *m)
{
	struct stops_actions act;
	unsigned i;

	for (i = 0; i < m->vcpus; i++) {
		struct vcpu *vcpu = &m->vcpu[i];

		if (!thread_lives(vcpu))
			continue;
		transit(m,
		    &(struct stops_input){ .cause = CAUSE_WANT,
			.vcpu = i,
			.wanted = vcpu->debug.want != WANT_STOP,
			.over = rests_on_break(vcpu),
			.news = news_of(vcpu) },
		    &act);
		if (vcpu->debug.event.kind == EVENT_PAGE)
			vcpu->debug.event.kind = EVENT_NONE;
	}
}

/* A fault comes again if its signal is kept from the guest.  A trap after an
 * instruction does not, and a replay would not keep its signal. */
static bool
needs_trap(const struct vcpu *vcpu)
{
	return hc_is_recorded(&vcpu->machine->guest) &&
	       vcpu->flight.raised == RAISED_ASKED &&
	       vcpu->debug.cause == RAISED_TRAP &&
	       vcpu->debug.info.si_signo == SIGTRAP;
}

/* The signal that the vCPU gets when its debugger has left. */
static int
signal_kept(const struct vcpu *vcpu)
{
	const struct debug_vcpu *v = &vcpu->debug;

	if (needs_trap(vcpu))
		return SIGTRAP;
	if (v->signal || vcpu->flight.raised != RAISED_ASKED ||
	    v->cause == RAISED_TRAP)
		return v->signal;
	return vcpu->machine->debug.keep & HC_SIGNAL_BIT(v->info.si_signo)
		   ? v->info.si_signo
		   : 0;
}

/* In a replay only the thread runs whose turn it is. */
static bool
may_run(struct vcpu *vcpu)
{
	const struct hc_guest *guest = &vcpu->machine->guest;

	return !guest->replay ||
	       guest->replay->ops->turn(guest) == &vcpu->thread;
}

/*
 * Events that were not reported are forgotten: a fault will come again, and a
 * breakpoint is gone.
 */
void
debug_detach(struct machine *m)
{
	struct debug *d = &m->debug;
	unsigned i;

	pthread_mutex_lock(&m->lock);
	d->attached = false;
	d->chosen = 0;
	end_hold(d);
	d->pass = 0;
	d->catch_set.on = false;
	d->threads = false;
	m->guest.signals.observed = m->guest.recorded != NULL;
	d->want_new = m->guest.replay ? WANT_STOP : WANT_RUN;
	for (i = 0; i < m->vcpus; i++) {
		m->vcpu[i].debug.event.kind = EVENT_NONE;
		m->vcpu[i].debug.want = may_run(&m->vcpu[i]) ? WANT_RUN
							     : WANT_STOP;
		m->vcpu[i].debug.signal = signal_kept(&m->vcpu[i]);
		m->vcpu[i].debug.aside.count = 0;
	}
	d->keep = KEEP_SIGNALS;
	if (is_held(m)) {
		breaks_clear(&d->breaks);
		sieve_clear(&d->sieves, SIEVE_BREAK);
		copies_clear(&d->copies);
		pass_wants(m);
		if (m->guest.resumed)
			m->guest.resumed(&m->guest);
		cause_with_lock(
		    m, (struct stops_input){ .cause = CAUSE_RESUME });
	}
	pthread_mutex_unlock(&m->lock);
}

void
debug_interrupt(struct machine *m)
{
	cause(m, (struct stops_input){ .cause = CAUSE_INTERRUPT });
}

void
debug_pause(struct machine *m, struct debug_event *event)
{
	struct pollfd ready = { m->debug.fd, POLLIN, 0 };

	debug_interrupt(m);
	while (!poll_event(m, event))
		poll(&ready, 1, KICK_AGAIN_MS);
	if (is_of_vcpu(event))
		note_report(m, event);
}

void
debug_rest(struct machine *m)
{
	struct debug_event event;

	debug_pause(m, &event);
	note_report(m, &event);
}

void
debug_interrupt_from_signal(struct machine *m)
{
	notify(&m->debug);
}

void
debug_call_controller(struct machine *m)
{
	notify(&m->debug);
}

void
debug_set_judge(struct machine *m, debug_judge *judge, void *ctx)
{
	m->debug.judge = judge;
	m->debug.judge_ctx = ctx;
}

void
debug_want(struct vcpu *vcpu, enum debug_want want, uint64_t lo, uint64_t hi,
    int signal)
{
	vcpu->debug.want = want;
	vcpu->debug.lo = lo;
	vcpu->debug.hi = hi;
	/* A signal that it was to get before it stopped again it still gets. */
	if (signal)
		vcpu->debug.signal = signal;
}

void
debug_set_met(struct vcpu *vcpu, bool met)
{
	vcpu->debug.reported = met && !flight_is_before(&vcpu->flight)
				   ? vcpu_user_rip(vcpu)
				   : DEBUG_NOWHERE;
}

/* A call that the debugger sees the thread in is set aside with its wait. */
static void
move_aside(struct vcpu *vcpu, struct aside_place from, struct aside_place to)
{
	struct flight *f = &vcpu->flight;
	struct aside_call call = {
		.wait = vcpu->thread.wait,
		.shown = flight_is_shown(f),
		.call = f->call,
		.number = f->number,
		.cut = f->cut,
	};

	aside_move(&vcpu->debug.aside, &call, from, to);
	vcpu->thread.wait = call.wait;
	if (flight_is_shown(f))
		f->call = CALL_NONE;
	if (!call.shown)
		return;
	f->call = call.call;
	f->number = call.number;
	f->cut = call.cut;
}

int
debug_set_context(struct vcpu *vcpu, const struct user_context *c)
{
	struct aside_place to = { c->regs.rip, c->regs.rsp }, from;
	struct kvm_regs old;
	int r;

	vcpu_user_regs(vcpu, &old);
	r = vcpu_set_user_context(vcpu, c);
	from = (struct aside_place){ old.rip, old.rsp };
	if (r == 0 && (from.rip != to.rip || from.rsp != to.rsp))
		move_aside(vcpu, from, to);
	/* Also where it is moved back: the stub of GDB moves it onto an INT3,
	 * and GDB past it, where another breakpoint may be. */
	if (from.rip != to.rip)
		vcpu->debug.reported = DEBUG_NOWHERE;
	/* A result in place of an interruption is the call's. */
	if (r == 0 && vcpu->flight.call == CALL_CUT_SHOWN &&
	    c->regs.rax != (uint64_t)vcpu->flight.cut)
		vcpu->flight.call = CALL_SHOWN;
	return r;
}

int
debug_trace(struct machine *m, uint64_t addr, bool on)
{
	return on ? breaks_insert(&m->debug.breaks, BREAKS_TRACE, addr, 1)
		  : breaks_remove(&m->debug.breaks, BREAKS_TRACE, addr, 1);
}

int
debug_trace_call(struct machine *m, uint32_t number, bool on)
{
	struct catch_set *c = &m->debug.traced;
	unsigned i = 0;

	while (i < c->n && c->number[i] != number)
		i++;
	if (on && i == CATCH_MAX)
		return -ENOSPC;
	if (on && i == c->n)
		c->number[c->n++] = number;
	else if (!on && i < c->n)
		c->number[i] = c->number[--c->n];
	c->on = c->n > 0;
	return 0;
}

int64_t
debug_call_number(const struct vcpu *vcpu)
{
	return flight_is_shown(&vcpu->flight) ? (int)vcpu->flight.number : -1;
}

void
debug_set_call_number(struct vcpu *vcpu, int64_t number)
{
	struct flight *f = &vcpu->flight;

	if (!flight_is_shown(f))
		return;
	f->number = (uint32_t)number;
	if ((int)number < 0)
		f->call = CALL_NONE;
}

int
debug_catch(struct machine *m, bool on, const uint32_t *number, size_t n)
{
	struct catch_set *c = &m->debug.catch_set;

	if (n > CATCH_MAX)
		return -ENOSPC;
	c->n = (unsigned)n;
	if (n > 0)
		memcpy(c->number, number, n * sizeof(number[0]));
	c->on = on;
	return 0;
}

void
debug_want_new(struct machine *m, enum debug_want want)
{
	m->debug.want_new = want;
}

void
debug_choose(struct machine *m, int tid)
{
	m->debug.chosen = tid;
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

void
debug_pass_signals(struct machine *m, uint64_t set)
{
	m->debug.pass = set;
}

void
debug_keep_signals(struct machine *m, uint64_t set)
{
	m->debug.keep = set;
}

void
debug_report_threads(struct machine *m, bool on)
{
	m->debug.threads = on;
}

void
debug_set_siginfo(struct vcpu *vcpu, const siginfo_t *info)
{
	vcpu->debug.info = *info;
}

const siginfo_t *
debug_siginfo(const struct vcpu *vcpu)
{
	return &vcpu->debug.info;
}

uint64_t
debug_stops(const struct machine *m, enum debug_stop_way way)
{
	return m->debug.ways[way];
}

/* The vCPU that the controller is to run, or NULL: no other moves, and its next
 * instruction does not wait.  A recorded one may wait for its turn at any. */
static struct vcpu *
choose_lent(struct machine *m)
{
	struct debug *d = &m->debug;
	struct vcpu *mover = NULL;
	unsigned i, movers = 0;

	for (i = 0; i < m->vcpus; i++) {
		if (!thread_lives(&m->vcpu[i]) ||
		    m->vcpu[i].debug.want == WANT_STOP)
			continue;
		mover = &m->vcpu[i];
		movers++;
	}
	if (movers != 1 || hc_is_recorded(&m->guest)) {
		d->runs = 0;
		return NULL;
	}
	if (d->runs < d->row) {
		d->runs++;
		return NULL;
	}
	return mover->debug.signal || flight_is_due(&mover->flight) ||
		       flight_waits(&mover->flight) ||
		       mover->thread.signals.pending || step_may_block(mover)
		   ? NULL
		   : mover;
}

static bool
has_met(const struct vcpu *vcpu)
{
	return vcpu->debug.event.kind != EVENT_NONE || vcpu->debug.passes;
}

/* Something is to be done that is not the controller's, or that it cannot do
 * while it runs a vCPU. */
static bool
is_called_back(const struct vcpu *vcpu)
{
	const struct machine *m = vcpu->machine;

	return flight_is_due(&vcpu->flight) || flight_waits(&vcpu->flight) ||
	       vcpu->thread.kicked || m->debug.notified ||
	       stops_are_awaited(&m->debug.stops) || machine_is_over(m);
}

/* Run a vCPU that was lent.  If it stops before it meets anything, its thread
 * goes on. */
static void
run_lent(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	const struct debug_lending *v = &vcpu->lending;
	unsigned entries = 0;

	if (v->lasts && !v->looks)
		wake(vcpu);
	kick_set_current(vcpu);
	kick_forget(vcpu);
	while (preempt(vcpu)) {
		debug_enter(vcpu);
		if (has_met(vcpu) || is_called_back(vcpu) ||
		    (!v->lasts && ++entries == LENT_ENTRIES))
			break;
	}
	kick_set_current(NULL);
	if (has_met(vcpu)) {
		rest(vcpu);
		return;
	}
	m->debug.runs = 0;
	cause(m, (struct stops_input){ .cause = CAUSE_HAND, .vcpu = vcpu->id });
}

/* Before a run: an event that was not reported stays, unless it is stale; the
 * signal of one that was is decided. */
static void
forget_stale(struct machine *m, struct vcpu *vcpu)
{
	if (is_stale(&m->debug, vcpu))
		vcpu->debug.event.kind = EVENT_NONE;
	if (vcpu->debug.event.kind != EVENT_NONE)
		return;
	if (needs_trap(vcpu))
		vcpu->debug.signal = SIGTRAP;
	if (!vcpu->debug.signal)
		vcpu->debug.info = (siginfo_t){ 0 };
	else if (vcpu->flight.raised == RAISED_NONE)
		vcpu->flight.raised = RAISED_ASKED;
}

void
debug_resume(struct machine *m)
{
	struct vcpu *lent = choose_lent(m);
	struct stops_actions act;
	bool lends;
	unsigned i;

	pthread_mutex_lock(&m->lock);
	if (m->guest.resumed && is_held(m))
		m->guest.resumed(&m->guest);
	for (i = 0; i < m->vcpus; i++)
		if (thread_lives(&m->vcpu[i]) &&
		    m->vcpu[i].debug.want != WANT_STOP)
			forget_stale(m, &m->vcpu[i]);
	if (is_held(m)) {
		if (m->debug.copies.used == COPIES_MAX)
			copies_clear(&m->debug.copies);
		pass_wants(m);
	}
	if (lent) {
		lent->lending.lasts = lent->debug.want != WANT_STEP;
		lent->lending.lends++;
	}
	transit(m,
	    &(struct stops_input){ .cause = CAUSE_RESUME,
		.vcpu = lent ? lent->id : 0,
		.lend = lent != NULL },
	    &act);
	lends = lent && state_of(lent)->run == RUN_LENT;
	pthread_mutex_unlock(&m->lock);
	carry_out(m, &act);
	if (lends)
		run_lent(lent);
}

void
debug_stay(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	if (is_held(m))
		pass_wants(m);
	cause_with_lock(m, (struct stops_input){ .cause = CAUSE_INTERRUPT });
	pthread_mutex_unlock(&m->lock);
}

void
debug_kill(struct machine *m)
{
	m->debug.killed |= m->outcome.kind == OUTCOME_RUNNING;
	machine_end(m, OUTCOME_SIGNAL, SIGKILL, "killed by the debugger");
	cause(m, (struct stops_input){ .cause = CAUSE_OVER });
}

bool
debug_was_killed(const struct machine *m)
{
	return m->debug.killed;
}

/* Debug registers are tried once, when the first is asked for: some KVMs
 * take them and never fire. */
static void
probe_registers(struct machine *m)
{
	struct machine_error error;
	struct probe probe;

	if (m->debug.probed)
		return;
	m->debug.probed = true;
	if (probe_run(m->kvm, &probe, &error) == 0)
		m->debug.breaks.registers = probe.hw_breakpoint &&
					    probe.hw_watchpoint;
}

int
debug_insert(
    struct machine *m, enum breaks_type type, uint64_t addr, uint64_t len)
{
	if (type != BREAKS_SOFT && type != BREAKS_INNER)
		probe_registers(m);
	return breaks_insert(&m->debug.breaks, type, addr, len);
}

int
debug_remove(
    struct machine *m, enum breaks_type type, uint64_t addr, uint64_t len)
{
	return breaks_remove(&m->debug.breaks, type, addr, len);
}
