/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The controller's side of debugging a machine: its orders, and the events that
 * it takes.  Nothing here may know protocols, nor how a stop is made on this
 * KVM: step.c does.
 */
#include "vm/debug.h"

#include "vm/context.h"
#include "vm/debugcause.h"
#include "vm/error.h"
#include "vm/kick.h"
#include "vm/machine.h"
#include "vm/preempt.h"
#include "vm/probe.h"
#include "vm/sieve.h"
#include "vm/step.h"
#include "vm/stopinfo.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/*
 * From this many short runs in a row on, the controller makes them.  Before
 * Linux 6.12 KVM waits for an RCU grace period, milliseconds, when another
 * thread than the last one runs a vCPU (KVM_RUN in virt/kvm/kvm_main.c): a step
 * now and then is not worth that.
 */
#define RUNS_IN_A_ROW 8
#define LENT_ENTRIES  16 /* for one step, before its thread goes on */

/* GDB's own signals are not the guest's. */
#define KEEP_SIGNALS (~(HC_SIGNAL_BIT(SIGINT) | HC_SIGNAL_BIT(SIGTRAP)))

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

/* For its debugger. */
static bool
is_held(const struct machine *m)
{
	return m->debug.stops.mode == MODE_HELD;
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
		debug_cause_locked(
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
		if (debug_state(&m->vcpu[i])->run == RUN_STOPPING ||
		    debug_state(&m->vcpu[i])->run == RUN_LEAVING)
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
	debug_transit(m,
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
	debug_carry_out(m, &act);
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
		debug_transit(m,
		    &(struct stops_input){ .cause = CAUSE_WANT,
			.vcpu = i,
			.wanted = vcpu->debug.want != WANT_STOP,
			.over = debug_rests_on_break(vcpu),
			.news = debug_news(vcpu) },
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
		debug_cause_locked(
		    m, (struct stops_input){ .cause = CAUSE_RESUME });
	}
	pthread_mutex_unlock(&m->lock);
}

void
debug_interrupt(struct machine *m)
{
	debug_cause(m, (struct stops_input){ .cause = CAUSE_INTERRUPT });
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
debug_call_controller(struct machine *m)
{
	debug_notify(&m->debug);
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
		debug_wake(vcpu);
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
		debug_come_to_rest(vcpu);
		return;
	}
	m->debug.runs = 0;
	debug_cause(
	    m, (struct stops_input){ .cause = CAUSE_HAND, .vcpu = vcpu->id });
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
	debug_transit(m,
	    &(struct stops_input){ .cause = CAUSE_RESUME,
		.vcpu = lent ? lent->id : 0,
		.lend = lent != NULL },
	    &act);
	lends = lent && debug_state(lent)->run == RUN_LENT;
	pthread_mutex_unlock(&m->lock);
	debug_carry_out(m, &act);
	if (lends)
		run_lent(lent);
}

void
debug_stay(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	if (is_held(m))
		pass_wants(m);
	debug_cause_locked(m, (struct stops_input){ .cause = CAUSE_INTERRUPT });
	pthread_mutex_unlock(&m->lock);
}

void
debug_kill(struct machine *m)
{
	m->debug.killed |= m->outcome.kind == OUTCOME_RUNNING;
	machine_end(m, OUTCOME_SIGNAL, SIGKILL, "killed by the debugger");
	debug_cause(m, (struct stops_input){ .cause = CAUSE_OVER });
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
