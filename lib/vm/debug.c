/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stopping and resuming all vCPUs together.  Nothing here may know protocols,
 * nor how a stop is made on this KVM: step.c does.
 */
#include "vm/debug.h"

#include "vm/context.h"
#include "vm/deliver.h"
#include "vm/error.h"
#include "vm/machine.h"
#include "vm/probe.h"
#include "vm/run.h"
#include "vm/step.h"
#include "vm/thread.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Where a vCPU was not seen by the debugger: no address of user code. */
#define NOWHERE UINT64_MAX

/*
 * From this many single steps in a row on, the controller makes them.  Not the
 * first: before Linux 6.12 KVM waits for an RCU grace period, milliseconds,
 * when a vCPU is run by another thread than the last time (KVM_RUN in
 * virt/kvm/kvm_main.c), and a step now and then is not worth that.
 */
#define STEPS_IN_A_ROW 8
#define BORROWED_RUNS  16 /* entries for one step, before its thread goes on */

static void
notify(struct debug *d)
{
	const uint64_t one = 1;

	/* It can only fail when it is readable already. */
	if (write(d->fd, &one, sizeof(one)) < 0)
		return;
	d->notified = true;
}

static bool
all_rest(const struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		if (thread_lives(&m->vcpu[i]) && !m->vcpu[i].debug.resting)
			return false;
	return true;
}

/* Is there nobody who would run if the machine was not held? */
static bool
nobody_wants(const struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		if (thread_lives(&m->vcpu[i]) &&
		    m->vcpu[i].debug.want != WANT_STOP)
			return false;
	return true;
}

static bool
all_out(const struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		if (m->vcpu[i].hosted && !m->vcpu[i].out)
			return false;
	return true;
}

static void
kick_all(struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		if (thread_lives(&m->vcpu[i]) && !m->vcpu[i].debug.resting)
			thread_kick(&m->vcpu[i]);
}

/* A kick may come to nothing, and is repeated; but not to one that makes a lone
 * instruction while the others rest. */
static bool
needs_kicks(const struct debug *d)
{
	return d->hold && (!d->alone || d->interrupted);
}

static void
hold(struct machine *m)
{
	m->debug.hold = true;
	kick_all(m);
}

void
debug_raise(struct vcpu *vcpu, const struct debug_event *event)
{
	struct machine *m = vcpu->machine;

	pthread_mutex_lock(&m->lock);
	vcpu->debug.event = *event;
	vcpu->debug.event.vcpu = vcpu->id;
	hold(m);
	/* The controller shall repeat the kicks: debug_timeout(). */
	if (m->live > 1)
		notify(&m->debug);
	pthread_mutex_unlock(&m->lock);
}

/* Make the registers true and the user's. */
static void
come_to_rest(struct vcpu *vcpu)
{
	int r = vcpu_rest(vcpu);

	if (r < 0)
		machine_end(vcpu->machine, OUTCOME_FAILED, 0,
		    "vCPU %u cannot be brought to rest: %s", vcpu->id,
		    strerror(-r));
	/* A call that will be made again has met its breakpoint already. */
	vcpu->debug.told = vcpu->again ? vcpu_user_rip(vcpu) : NOWHERE;
	/* A fault that came on the way is news. */
	if (vcpu->raised.si_signo && vcpu->debug.event.kind == EVENT_NONE &&
	    debug_signal(vcpu, &vcpu->raised, true))
		vcpu->raised.si_signo = 0;
}

static bool
may_run(const struct vcpu *vcpu)
{
	const struct debug *d = &vcpu->machine->debug;

	if (vcpu->debug.event.kind != EVENT_NONE || d->borrowed == vcpu)
		return false;
	if (d->alone)
		return d->alone == vcpu;
	return !d->hold && vcpu->debug.want != WANT_STOP;
}

/* Rest until running is wanted; false: the thread, or the machine, is over. */
static bool
wait_to_run(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	struct debug *d = &m->debug;
	bool over;

	if (vcpu->ended)
		return false;
	/* What becomes of a call cannot wait. */
	if (vcpu->unfinished)
		(void)deliver(vcpu);
	pthread_mutex_lock(&m->lock);
	/* Before looking: a kick that comes now is for what we then see. */
	vcpu->thread.kicked = 0;
	atomic_signal_fence(memory_order_seq_cst);
	vcpu->kvm.run->immediate_exit = 0;
	while (!(over = thread_over(m)) && !may_run(vcpu)) {
		if (!vcpu->debug.resting) {
			pthread_mutex_unlock(&m->lock);
			come_to_rest(vcpu);
			pthread_mutex_lock(&m->lock);
			vcpu->debug.resting = true;
			if (all_rest(m))
				notify(d);
			continue;
		}
		pthread_cond_wait(&d->wake, &m->lock);
	}
	vcpu->debug.resting = over;
	pthread_mutex_unlock(&m->lock);
	return !over;
}

static void
enter(struct vcpu *vcpu)
{
	int r = step_arm(vcpu);

	if (r < 0)
		machine_end(vcpu->machine, OUTCOME_FAILED, 0,
		    "KVM_SET_GUEST_DEBUG: %s", strerror(-r));
	else
		vcpu_enter(vcpu);
}

void
debug_run(struct vcpu *vcpu)
{
	int r;

	vcpu->kvm.run->kvm_valid_regs |= KVM_SYNC_X86_SREGS |
					 KVM_SYNC_X86_EVENTS;
	/* An entry that does not enter brings the first registers along. */
	r = vcpu_settle(vcpu);
	if (r < 0)
		machine_end(vcpu->machine, OUTCOME_FAILED, 0,
		    "KVM_RUN of vCPU %u: %s", vcpu->id, strerror(-r));
	while (wait_to_run(vcpu))
		if (deliver(vcpu))
			enter(vcpu);
}

void
debug_born(struct vcpu *vcpu)
{
	/* What KVM was told is of the vCPU, and outlives its threads. */
	const uint32_t control = vcpu->debug.control;

	vcpu->debug = (struct debug_vcpu){
		.want = vcpu->machine->debug.want_new,
		.control = control,
		.told = NOWHERE,
	};
}

void
debug_gone(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	struct debug *d = &m->debug;

	if (!d->on)
		return;
	/* If nobody else runs, the debugger would wait in vain. */
	if (nobody_wants(m))
		d->hold = true;
	if (d->hold && all_rest(m))
		notify(d);
}

void
debug_left(struct machine *m)
{
	if (!m->debug.on)
		return;
	pthread_cond_broadcast(&m->debug.wake);
	notify(&m->debug);
}

int
debug_start(struct machine *m, bool stopped)
{
	struct debug *d = &m->debug;

	d->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->fd < 0)
		return -errno;
	pthread_cond_init(&d->wake, NULL);
	d->breaks.mem = &m->mem;
	d->on = true;
	d->hold = stopped;
	d->running = !stopped;
	d->want_new = WANT_RUN;
	debug_born(&m->vcpu[0]);
	return thread_host(&m->vcpu[0]);
}

int
debug_fd(const struct machine *m)
{
	return m->debug.fd;
}

int
debug_timeout(struct machine *m)
{
	struct debug *d = &m->debug;
	bool waiting;

	pthread_mutex_lock(&m->lock);
	waiting = thread_over(m) ? !all_out(m) : needs_kicks(d) && !all_rest(m);
	pthread_mutex_unlock(&m->lock);
	return waiting ? THREAD_KICK_AGAIN_MS : -1;
}

/* One instruction of this vCPU comes before all others run. */
static void
set_alone(struct machine *m, struct vcpu *vcpu)
{
	struct debug *d = &m->debug;

	/* Not where its step starts, if a signal's handler comes before that. */
	d->lifted = vcpu_user_rip(vcpu);
	breaks_lift(&d->breaks, d->lifted);
	d->alone = vcpu;
	vcpu->debug.from = vcpu->debug.told = d->lifted;
}

/* Let this vCPU run one instruction while all others are held. */
static void
run_alone(struct machine *m, struct vcpu *vcpu)
{
	set_alone(m, vcpu);
	pthread_cond_broadcast(&m->debug.wake);
}

/*
 * An instruction at which its vCPU was told of last, and on which a breakpoint
 * lies, is to be passed; one to which the debugger has moved it is not: there
 * the breakpoint counts.  Nor is one at which a vCPU rests that had nothing to
 * tell, or has not told it yet.
 */
static bool
rests_on_break(struct machine *m, struct vcpu *vcpu)
{
	uint64_t told = vcpu->debug.told;

	return told != NOWHERE && vcpu_user_rip(vcpu) == told &&
	       breaks_at(&m->debug.breaks, told);
}

/* Let run what shall run, but first what rests on a breakpoint. */
static void
let_run(struct machine *m)
{
	struct debug *d = &m->debug;
	unsigned i;

	for (i = 0; i < m->vcpus; i++) {
		struct vcpu *vcpu = &m->vcpu[i];

		if (!thread_lives(vcpu) || vcpu->debug.want == WANT_STOP ||
		    !rests_on_break(m, vcpu))
			continue;
		run_alone(m, vcpu);
		return;
	}
	d->hold = false;
	pthread_cond_broadcast(&d->wake);
}

/* Is the end of a lone instruction no news to the debugger? */
static bool
goes_on(struct vcpu *vcpu)
{
	return vcpu->debug.want == WANT_RUN ||
	       (vcpu->debug.want == WANT_RANGE && step_in_range(vcpu));
}

/* The lone vCPU rests again: put back what was lifted for it, and see what its
 * instruction did to watched memory. */
static void
finish_alone(struct machine *m)
{
	struct debug *d = &m->debug;
	struct vcpu *vcpu = d->alone;
	struct debug_event *event = &vcpu->debug.event;
	const struct watchpoint *hit = NULL;

	d->alone = NULL;
	breaks_plant(&d->breaks, d->lifted);
	/* Kicked behind its instruction, it has made it all the same. */
	if (event->kind == EVENT_NONE &&
	    vcpu_user_rip(vcpu) != vcpu->debug.from) {
		event->kind = EVENT_STEP;
		event->vcpu = vcpu->id;
	}
	if (d->page) {
		d->page = false;
		breaks_protect(&d->breaks);
		if (event->kind == EVENT_STEP)
			hit = breaks_hit(
			    &d->breaks, d->opened.addr, d->opened.write, true);
	}
	if (hit) {
		event->kind = EVENT_WATCH;
		event->addr = hit->addr;
		event->type = hit->type;
	} else if (event->kind == EVENT_STEP && goes_on(vcpu)) {
		event->kind = EVENT_NONE;
	}
}

static void
open_page(struct machine *m, struct vcpu *vcpu)
{
	struct debug *d = &m->debug;

	d->opened = vcpu->debug.event;
	d->page = true;
	vcpu->debug.event.kind = EVENT_NONE;
	breaks_open_page(&d->breaks, d->opened.addr);
	run_alone(m, vcpu);
}

/* A breakpoint that is not there any more has not been hit; and who was told
 * to run since it stepped, has not stepped. */
static bool
is_stale(const struct debug *d, struct vcpu *vcpu)
{
	const struct debug_event *event = &vcpu->debug.event;

	if (event->kind == EVENT_STEP)
		return goes_on(vcpu);
	return (event->kind == EVENT_BREAK || event->kind == EVENT_HARDBREAK) &&
	       !breaks_has(&d->breaks, event->addr);
}

/* The next vCPU with something to tell, each in its turn.  One that was not let
 * run keeps it until it is. */
static struct vcpu *
next_event(struct machine *m)
{
	struct debug *d = &m->debug;
	unsigned i;

	for (i = 0; i < m->vcpus; i++) {
		struct vcpu *vcpu = &m->vcpu[(d->next + i) % m->vcpus];

		if (!thread_lives(vcpu) || vcpu->debug.want == WANT_STOP)
			continue;
		if (is_stale(d, vcpu))
			vcpu->debug.event.kind = EVENT_NONE;
		if (vcpu->debug.event.kind != EVENT_NONE) {
			d->next = (vcpu->id + 1) % m->vcpus;
			return vcpu;
		}
	}
	return NULL;
}

/*
 * The lone instruction is a hypercall: it has left the guest, and may wait for
 * what another thread has to do.  So the breakpoint is put back, and the others
 * run, while it is served.
 */
void
debug_release(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	struct debug *d = &m->debug;

	pthread_mutex_lock(&m->lock);
	if (d->alone == vcpu && !d->page) {
		d->alone = NULL;
		breaks_plant(&d->breaks, d->lifted);
		vcpu->debug.told = NOWHERE;
		if (d->running && !d->interrupted && !next_event(m))
			let_run(m);
		else
			notify(d); /* who is alone no more may be kicked */
	}
	pthread_mutex_unlock(&m->lock);
}

/* Whom an event that is nobody's is told of: the eldest. */
static struct vcpu *
eldest(struct machine *m)
{
	struct vcpu *found = NULL;
	unsigned i;

	for (i = 0; i < m->vcpus; i++) {
		struct vcpu *vcpu = &m->vcpu[i];

		if (thread_lives(vcpu) &&
		    (!found || vcpu->thread.tid < found->thread.tid))
			found = vcpu;
	}
	return found ? found : &m->vcpu[0];
}

/* All rest: what is there to tell? */
static bool
take_event(struct machine *m, struct debug_event *event)
{
	struct debug *d = &m->debug;
	struct vcpu *vcpu;

	if (d->alone)
		finish_alone(m);
	vcpu = next_event(m);
	if (vcpu && vcpu->debug.event.kind == EVENT_PAGE) {
		open_page(m, vcpu);
		return false;
	}
	if (!vcpu && (d->interrupted || (d->running && nobody_wants(m)))) {
		vcpu = eldest(m);
		vcpu->debug.event.kind = d->interrupted ? EVENT_INTERRUPT
							: EVENT_GONE;
		vcpu->debug.event.vcpu = vcpu->id;
	}
	if (vcpu) {
		*event = vcpu->debug.event;
		vcpu->debug.event.kind = EVENT_NONE;
		vcpu->debug.told = vcpu_user_rip(vcpu);
		d->interrupted = false;
		return true;
	}
	if (d->running)
		let_run(m);
	return false;
}

bool
debug_poll(struct machine *m, struct debug_event *event)
{
	struct debug *d = &m->debug;
	uint64_t count;
	bool told = false;

	pthread_mutex_lock(&m->lock);
	if (atomic_exchange(&d->notified, false) &&
	    read(d->fd, &count, sizeof(count)) < 0)
		count = 0;
	if (thread_over(m)) {
		if (m->timed_out)
			machine_end_quietly(m, OUTCOME_TIMEOUT, 0);
		*event = (struct debug_event){ .kind = EVENT_ENDED };
		told = all_out(m);
		pthread_cond_broadcast(&d->wake);
		if (!told)
			kick_all(m);
	} else if (all_rest(m)) {
		/* One stop, one event: the next is for the next. */
		if (d->running || d->interrupted)
			told = take_event(m, event);
		if (told)
			d->running = false;
	} else if (needs_kicks(d)) {
		kick_all(m);
	}
	pthread_mutex_unlock(&m->lock);
	return told;
}

void
debug_attach(struct machine *m)
{
	m->debug.attached = true;
	m->guest.signals.observed = true;
}

/*
 * Events that were not told are forgotten: a fault will come again, and a
 * breakpoint is gone.
 */
void
debug_detach(struct machine *m)
{
	struct debug *d = &m->debug;
	unsigned i;

	pthread_mutex_lock(&m->lock);
	d->attached = false;
	d->pass = 0;
	m->guest.signals.observed = false;
	d->interrupted = false;
	d->want_new = WANT_RUN;
	for (i = 0; i < m->vcpus; i++) {
		m->vcpu[i].debug.event.kind = EVENT_NONE;
		m->vcpu[i].debug.want = WANT_RUN;
		m->vcpu[i].debug.signal = 0;
	}
	if (all_rest(m)) {
		d->alone = NULL;
		d->page = false;
		breaks_clear(&d->breaks);
		let_run(m);
		d->running = true;
	}
	pthread_mutex_unlock(&m->lock);
}

void
debug_interrupt(struct machine *m)
{
	struct debug *d = &m->debug;

	pthread_mutex_lock(&m->lock);
	d->interrupted = true;
	hold(m);
	if (all_rest(m))
		notify(d);
	pthread_mutex_unlock(&m->lock);
}

void
debug_rest(struct machine *m)
{
	struct pollfd ready = { m->debug.fd, POLLIN, 0 };
	struct debug_event event;

	debug_interrupt(m);
	while (!debug_poll(m, &event))
		poll(&ready, 1, THREAD_KICK_AGAIN_MS);
}

void
debug_interrupt_from_signal(struct machine *m)
{
	notify(&m->debug);
}

void
debug_want(struct vcpu *vcpu, enum debug_want want, uint64_t lo, uint64_t hi,
    int signal)
{
	vcpu->debug.want = want;
	vcpu->debug.lo = lo;
	vcpu->debug.hi = hi;
	/* One that it was to have before it was stopped again, it still gets. */
	if (signal)
		vcpu->debug.signal = signal;
}

bool
debug_signal(struct vcpu *vcpu, const siginfo_t *info, bool fault)
{
	struct machine *m = vcpu->machine;
	const struct debug_event event = {
		.kind = EVENT_SIGNAL,
		.signal = info->si_signo,
		.addr = vcpu->trap.address,
	};

	/* Who steps has to hear of each, to step over its handler. */
	if (!m->debug.attached ||
	    (vcpu->debug.want == WANT_RUN &&
		(m->debug.pass & HC_SIGNAL_BIT(info->si_signo))))
		return false;
	vcpu->debug.info = *info;
	vcpu->debug.told_fault = fault;
	debug_raise(vcpu, &event);
	return true;
}

/*
 * The vCPU whose step the controller is to make, if any: no other moves, and
 * its instruction ends soon, for nothing could interrupt it.
 */
static struct vcpu *
borrow(struct machine *m)
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
	if (movers != 1 || mover->debug.want != WANT_STEP) {
		d->steps = 0;
		return NULL;
	}
	if (d->steps < STEPS_IN_A_ROW) {
		d->steps++;
		return NULL;
	}
	return mover->attend || mover->thread.signals.look ||
		       step_may_block(mover)
		   ? NULL
		   : mover;
}

/* Make a step of a vCPU whose thread rests.  If it does not end here, that
 * thread goes on with it. */
static void
step_borrowed(struct machine *m, struct vcpu *vcpu)
{
	struct debug *d = &m->debug;
	unsigned runs = 0;

	if (rests_on_break(m, vcpu))
		set_alone(m, vcpu);
	d->borrowed = vcpu;
	pthread_mutex_unlock(&m->lock);
	vcpu->kvm.run->immediate_exit = 0;
	do
		enter(vcpu);
	while (vcpu->debug.event.kind == EVENT_NONE && !vcpu->attend &&
	       !thread_over(m) && runs++ < BORROWED_RUNS);
	come_to_rest(vcpu);
	pthread_mutex_lock(&m->lock);
	d->borrowed = NULL;
	if (vcpu->debug.event.kind != EVENT_NONE && !thread_over(m))
		return;
	d->hold = d->alone != NULL;
	pthread_cond_broadcast(&d->wake);
}

void
debug_resume(struct machine *m)
{
	struct debug *d = &m->debug;
	bool pending = false;
	struct vcpu *borrowed = borrow(m);
	unsigned i;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < m->vcpus; i++) {
		struct vcpu *vcpu = &m->vcpu[i];

		if (!thread_lives(vcpu) || vcpu->debug.want == WANT_STOP)
			continue;
		if (is_stale(d, vcpu))
			vcpu->debug.event.kind = EVENT_NONE;
		/* What it has not told yet is not decided. */
		if (vcpu->debug.event.kind != EVENT_NONE) {
			pending = true;
			continue;
		}
		vcpu->faulted = vcpu->faulted && vcpu->debug.signal;
		if (vcpu->debug.signal)
			vcpu->attend = true;
		else
			vcpu->debug.info.si_signo = 0;
	}
	d->running = true;
	if (thread_over(m))
		pthread_cond_broadcast(&d->wake);
	if (pending || d->interrupted || thread_over(m))
		notify(d);
	else if (borrowed)
		step_borrowed(m, borrowed);
	else
		let_run(m);
	pthread_mutex_unlock(&m->lock);
}

void
debug_kill(struct machine *m)
{
	struct debug *d = &m->debug;

	pthread_mutex_lock(&m->lock);
	machine_end(m, OUTCOME_SIGNAL, SIGKILL, "killed by the debugger");
	hold(m);
	pthread_cond_broadcast(&d->wake);
	pthread_mutex_unlock(&m->lock);
}

void
debug_join(struct machine *m)
{
	thread_join(m);
	m->debug.on = false;
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
	if (type != BREAKS_SOFT)
		probe_registers(m);
	return breaks_insert(&m->debug.breaks, type, addr, len);
}

int
debug_remove(
    struct machine *m, enum breaks_type type, uint64_t addr, uint64_t len)
{
	return breaks_remove(&m->debug.breaks, type, addr, len);
}
