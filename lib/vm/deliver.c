/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivering signals.  Nothing here may know how a frame is laid out, nor which
 * signal comes next.
 */
#include "vm/deliver.h"

#include "hypercall/trace/trace.h"

#include "hypercall/signal/signal.h"
#include "vm/context.h"
#include "vm/error.h"
#include "vm/rest.h"
#include "vm/sigframe.h"
#include "vm/trap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A signal that is taken to be delivered. */
struct taken {
	siginfo_t info;
	enum flight_raised cause; /* RAISED_NONE: it was sent */
	bool decided;             /* by the debugger: it is not asked again */
	bool made_up;             /* by the debugger: nobody else sent it */
};

/* A call that the debugger has seen begin is made again without a second
 * look. */
static void
wait_again(struct vcpu *vcpu)
{
	struct kvm_regs regs;

	vcpu_user_regs(vcpu, &regs);
	regs.rax = (uint64_t)-ENOSYS;
	vcpu_set_user_regs(vcpu, &regs);
	vcpu->flight.call = CALL_WAITS;
}

/* A call that was interrupted is made again, unless the handler of a signal
 * ends it with EINTR (`action`; NULL without a handler). */
static void
finish_call(struct vcpu *vcpu, const struct hc_sigaction *action)
{
	struct flight *f = &vcpu->flight;
	struct kvm_regs regs;

	if (f->call != CALL_CUT && f->call != CALL_CUT_SHOWN)
		return;
	if (f->call == CALL_CUT && !action && debug_catches(vcpu)) {
		wait_again(vcpu);
		return;
	}
	vcpu_user_regs(vcpu, &regs);
	if (!action || f->cut == -HC_NOT_MADE ||
	    (f->cut == -HC_RESTARTS && (action->flags & SA_RESTART))) {
		regs.rip -= HYPERCALL_GATE_SIZE;
		regs.rax = f->number;
		f->call = CALL_REPEATS;
	} else {
		regs.rax = (uint64_t)-EINTR;
		f->call = CALL_NONE;
	}
	vcpu_set_user_regs(vcpu, &regs);
}

static bool
is_recorded(const struct vcpu *vcpu)
{
	return hc_is_recorded(&vcpu->machine->guest);
}

/* Does the signal end the guest from outside?  So does one for which a
 * recording has no place: it came between two events. */
static bool
is_end_from_outside(
    const struct vcpu *vcpu, const siginfo_t *info, enum flight_raised cause)
{
	return hc_signal_is_outside(info) ||
	       (is_recorded(vcpu) && cause == RAISED_NONE &&
		   !vcpu->thread.at_event);
}

static void
end_by_signal(
    struct vcpu *vcpu, const struct taken *taken, const siginfo_t *info)
{
	struct machine *m = vcpu->machine;
	const bool trapped = taken->cause == RAISED_TRAP;
	enum outcome_kind kind = OUTCOME_SIGNAL;
	char text[128];

	if (is_end_from_outside(vcpu, info, taken->cause))
		kind = OUTCOME_KILLED;
	if (trapped)
		trap_describe(m, &vcpu->flight.trap, vcpu_user_rip(vcpu), text,
		    sizeof(text));
	else if (info->si_signo == SIGBUS && info->si_code == BUS_ADRERR)
		snprintf(text, sizeof(text),
		    "a page that 0x%llx needs is not in its file: it lies"
		    " past the file's end, or the file was truncated",
		    (unsigned long long)vcpu_user_rip(vcpu));
	else if (taken->made_up && info->si_signo == taken->info.si_signo)
		snprintf(text, sizeof(text), "the debugger sent it");
	else
		hc_signal_describe(info, text, sizeof(text));
	if (machine_end(m, kind, info->si_signo, "%s", text) && trapped)
		m->culprit = vcpu;
}

/* Call the handler.  0, or -EFAULT: its frame does not fit. */
static int
enter_handler(struct vcpu *vcpu, const struct hc_delivery *d)
{
	struct hc_thread_signals *signals = &vcpu->thread.signals;
	struct sigframe frame = {
		.info = d->info,
		.action = d->action,
		.mask = d->mask,
	};
	struct kvm_regs regs;
	int r;

	vcpu_user_regs(vcpu, &regs);
	hc_signal_get_stack(signals, &frame.stack, regs.rsp);
	r = sigframe_push(vcpu, &frame);
	if (r < 0)
		return r;
	if (signals->stack_flags & HC_SS_AUTODISARM)
		hc_signal_disarm(signals);
	hc_signal_entered(&vcpu->machine->guest, &vcpu->thread, d);
	vcpu->flight.call = CALL_NONE;
	return 0;
}

/* A signal that was sent takes effect.  One that ends the guest from outside is
 * not in the recording, which ends there. */
static void
record(struct vcpu *vcpu, struct hc_delivery *d)
{
	struct hc_guest *guest = &vcpu->machine->guest;

	if (d->act != HC_SIGNAL_KILLS || !hc_signal_is_outside(&d->info))
		(void)guest->took(guest, &vcpu->thread, &d->info);
}

/* A signal takes effect.  If its frame does not fit, it becomes SIGSEGV; if the
 * frame of that does not fit either, the guest is killed. */
static void
act(struct vcpu *vcpu, const struct taken *taken)
{
	struct hc_guest *guest = &vcpu->machine->guest;
	struct hc_delivery d = { .info = taken->info };
	bool forced = taken->cause != RAISED_NONE;

	for (;;) {
		hc_signal_judge(guest, &vcpu->thread, forced, &d);
		if (d.act == HC_SIGNAL_IGNORED)
			return;
		if (!forced && is_recorded(vcpu))
			record(vcpu, &d);
		hc_trace_signal(guest, vcpu->thread.tid, &d.info);
		if (d.act == HC_SIGNAL_KILLS) {
			end_by_signal(vcpu, taken, &d.info);
			return;
		}
		if (enter_handler(vcpu, &d) == 0)
			return;
		if (d.info.si_signo == SIGSEGV)
			hc_signal_unhandle(guest, SIGSEGV);
		d.info = (siginfo_t){
			.si_signo = SIGSEGV,
			.si_code = SI_KERNEL,
		};
		forced = true;
	}
}

/* A recording has no place for the debugger's signal here: the thread takes
 * it as one that was sent to it. */
static bool
is_early(const struct vcpu *vcpu, const struct taken *taken)
{
	const struct hc_signals *signals = &vcpu->machine->guest.signals;
	const int signal = taken->info.si_signo;

	if (!is_recorded(vcpu) || taken->cause != RAISED_NONE)
		return false;
	return (vcpu->thread.signals.blocked & HC_SIGNAL_BIT(signal)) ||
	       (!vcpu->thread.at_event && !hc_signal_ends(signals, signal));
}

static void
send_later(struct vcpu *vcpu, const struct taken *taken)
{
	struct hc_guest *guest = &vcpu->machine->guest;

	if (hc_signal_give(guest, &vcpu->thread, &taken->info))
		vcpu->debug.given |= HC_SIGNAL_BIT(taken->info.si_signo);
}

/* The signal that the debugger passes on, or one of its own. */
static bool
take_debuggers(struct vcpu *vcpu, struct taken *taken)
{
	struct debug_vcpu *v = &vcpu->debug;
	const siginfo_t made_up = {
		.si_signo = v->signal,
		.si_code = SI_USER,
		.si_pid = 1,
	};
	const bool reported = v->info.si_signo == v->signal;

	if (!v->signal)
		return false;
	*taken = (struct taken){
		.info = reported ? v->info : made_up,
		.cause = reported ? v->cause : RAISED_NONE,
		.decided = true,
		.made_up = !reported,
	};
	v->signal = 0;
	v->info.si_signo = 0;
	v->cause = RAISED_NONE;
	if (!is_early(vcpu, taken))
		return true;
	send_later(vcpu, taken);
	return false;
}

/* Has the debugger decided on the signal before it was sent? */
static bool
was_given(struct vcpu *vcpu, int signal)
{
	const hc_sigset bit = HC_SIGNAL_BIT(signal);
	const bool given = vcpu->debug.given & bit;

	vcpu->debug.given &= ~bit;
	return given;
}

/* The next signal that counts now, if there is one. */
static bool
take(struct vcpu *vcpu, struct taken *taken)
{
	struct flight *f = &vcpu->flight;

	if (take_debuggers(vcpu, taken))
		return true;
	*taken = (struct taken){ .info = f->info, .cause = f->raised };
	if (f->raised != RAISED_NONE) {
		f->raised = RAISED_NONE;
		return true;
	}
	if (!hc_signal_next(&vcpu->machine->guest, &vcpu->thread, &taken->info))
		return false;
	taken->decided = was_given(vcpu, taken->info.si_signo);
	return true;
}

/* A single step ends at the first instruction of a handler. */
static bool
has_stepped(struct vcpu *vcpu, uint64_t rip)
{
	const struct debug_event event = { .kind = EVENT_STEP };

	if (!vcpu->machine->debug.on || vcpu_user_rip(vcpu) == rip ||
	    (vcpu->debug.want != WANT_STEP && vcpu->debug.want != WANT_RANGE))
		return false;
	debug_raise(vcpu, &event);
	return true;
}

/* Can a guest that is recorded or replayed go on, now that it has its
 * signals? */
static bool
goes_on(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	const char *why = m->guest.took_all
			      ? m->guest.took_all(&m->guest, &vcpu->thread)
			      : NULL;

	return machine_goes_on(m, why, vcpu_user_rip(vcpu));
}

static bool
act_on_all(struct vcpu *vcpu)
{
	struct hc_guest *guest = &vcpu->machine->guest;
	const struct hc_sigaction *action;
	struct taken taken;
	bool stepped = false;
	uint64_t rip;

	while (!stepped && take(vcpu, &taken)) {
		action = &guest->signals.action[taken.info.si_signo - 1];
		if (action->handler <= (uintptr_t)SIG_IGN)
			action = NULL;
		/* A replay without the signal makes the call again, so that is
		 * decided when the debugger has decided on the signal. */
		if (!is_recorded(vcpu))
			finish_call(vcpu, action);
		if (!taken.decided &&
		    debug_signal(vcpu, &taken.info, taken.cause)) {
			vcpu->flight.raised = RAISED_ASKED;
			return false;
		}
		finish_call(vcpu, action);
		rip = vcpu_user_rip(vcpu);
		act(vcpu, &taken);
		if (machine_is_over(vcpu->machine))
			return false;
		stepped = has_stepped(vcpu, rip);
	}
	finish_call(vcpu, NULL);
	hc_signal_unswap(guest, &vcpu->thread);
	return goes_on(vcpu) && !stepped && !flight_waits(&vcpu->flight);
}

/* rt_sigreturn: load the registers from the handler's frame, or raise SIGSEGV
 * if the frame is bad. */
static void
leave_handler(struct vcpu *vcpu)
{
	struct sigframe frame;
	int r = sigframe_pop(vcpu, &frame);

	vcpu->flight.call = debug_catches(vcpu) ? CALL_RESULT : CALL_NONE;
	if (r != -EFAULT)
		hc_signal_set_mask(
		    &vcpu->machine->guest, &vcpu->thread, frame.mask);
	if (r < 0)
		flight_force(&vcpu->flight, SIGSEGV, SI_KERNEL);
	else
		/* An invalid stack in the frame is ignored. */
		(void)hc_signal_set_stack(
		    &vcpu->thread.signals, &frame.stack, 0);
}

/*
 * A signal interrupts a call that the debugger catches: it sees the call
 * return, with Linux's internal error, before the signal takes effect.
 */
static bool
shows_cut(struct vcpu *vcpu)
{
	const struct debug_event event = { .kind = EVENT_RETURN };
	struct flight *f = &vcpu->flight;
	struct kvm_regs regs;

	if (f->call != CALL_CUT || !debug_catches(vcpu) ||
	    (!vcpu->thread.signals.pending && !vcpu->debug.signal))
		return false;
	f->call = CALL_CUT_SHOWN;
	vcpu_user_regs(vcpu, &regs);
	regs.rax = (uint64_t)f->cut;
	vcpu_set_user_regs(vcpu, &regs);
	debug_raise(vcpu, &event);
	return true;
}

bool
deliver_signals(struct vcpu *vcpu)
{
	struct flight *f = &vcpu->flight;
	int r = vcpu_rest(vcpu);
	bool runs;

	if (r < 0) {
		machine_end(vcpu->machine, OUTCOME_FAILED, 0,
		    "vCPU %u cannot be brought to rest: %s", vcpu->id,
		    strerror(-r));
		return false;
	}
	if (f->call == CALL_RETURNS)
		leave_handler(vcpu);
	/* A stop for the debugger that came in between is first. */
	if (vcpu->debug.event.kind != EVENT_NONE || flight_waits(f) ||
	    shows_cut(vcpu))
		return false;
	if (f->raised == RAISED_ASKED)
		f->raised = RAISED_NONE;
	gmem_begin(&vcpu->machine->mem);
	runs = act_on_all(vcpu);
	gmem_settle(&vcpu->machine->mem);
	return runs;
}
