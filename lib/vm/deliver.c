/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivering signals.  Nothing here may know how a frame is laid out, nor which
 * signal comes next.
 */
#include "vm/deliver.h"

#include "hypercall/trace.h"

#include "vm/context.h"
#include "vm/error.h"
#include "vm/run.h"
#include "vm/sigframe.h"
#include "vm/thread.h"
#include "vm/trap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Each may be met by another kick. */
#define TRAP_TRIES 16

/*
 * Is there a trap that has not come to its stub's OUT?  It is in KVM, queued,
 * or at the head of the stub.  Of an INT3 KVM does not say so: who stands
 * behind one of a debugger's may have met it.
 */
static bool
has_trap_coming(const struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->kvm.run;
	uint64_t rip = run->s.regs.regs.rip;
	unsigned vector;

	return run->s.regs.events.exception.injected ||
	       monitor_stub_vector(rip, &vector) ||
	       breaks_at(&vcpu->machine->debug.breaks, rip - 1);
}

/* KVM tells what is queued if it is asked, and costs more then. */
static int
ask_for_events(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->kvm.run;
	const uint64_t asked = run->kvm_valid_regs;
	int r;

	if (asked & KVM_SYNC_X86_EVENTS)
		return 0;
	run->kvm_valid_regs |= KVM_SYNC_X86_EVENTS;
	r = vcpu_settle(vcpu);
	run->kvm_valid_regs = asked;
	return r;
}

/*
 * A vCPU that was kicked with a trap on its way: let it come, before what it
 * is about is changed.  If there was none, the guest runs until the next kick.
 */
static int
finish_trap(struct vcpu *vcpu)
{
	unsigned tries;
	int r = 0;

	for (tries = 0; r == 0 && tries < TRAP_TRIES; tries++) {
		if (vcpu->frame || vcpu->served || vcpu->attend ||
		    vcpu->debug.event.kind != EVENT_NONE)
			break;
		r = ask_for_events(vcpu);
		if (r < 0 || !has_trap_coming(vcpu))
			break;
		vcpu->kvm.run->immediate_exit = 0;
		vcpu_enter(vcpu);
	}
	return r;
}

int
vcpu_rest(struct vcpu *vcpu)
{
	bool new;
	int r = finish_trap(vcpu);

	if (r == 0 && vcpu->served)
		r = vcpu_settle(vcpu);
	if (r == 0 && !vcpu->frame) {
		/* Kicked at the door's first instruction, `syscall` has not
		 * been served yet. */
		new = !vcpu->served &&vcpu_regs(vcpu)->rip == MONITOR_DOOR;
		vcpu->again = vcpu->again || new;
		r = vcpu_leave_monitor(vcpu, new);
	}
	vcpu->served = false;
	return r;
}

/* A call that was interrupted is made again, if a signal does not say that it
 * is over (`action`; NULL: there is none). */
static void
finish_call(struct vcpu *vcpu, const struct hc_sigaction *action)
{
	int64_t how = vcpu->unfinished;
	struct kvm_regs regs;

	vcpu->unfinished = 0;
	if (how == 0)
		return;
	vcpu_user_regs(vcpu, &regs);
	if (!action || how == -HC_NOT_MADE ||
	    (how == -HC_RESTARTS && (action->flags & SA_RESTART))) {
		regs.rip -= HYPERCALL_GATE_SIZE;
		vcpu->again = true;
	} else {
		regs.rax = (uint64_t)-EINTR;
	}
	vcpu_set_user_regs(vcpu, &regs);
}

static void
kill_guest(struct vcpu *vcpu, const siginfo_t *info)
{
	struct machine *m = vcpu->machine;
	char text[128];

	/* As it would without a guest. */
	if (info->si_code == SI_USER && info->si_pid == 0 && m->die)
		m->die(info->si_signo);
	if (vcpu->faulted)
		trap_describe(
		    m, &vcpu->trap, vcpu_user_rip(vcpu), text, sizeof(text));
	else if (info->si_signo == SIGBUS && info->si_code == BUS_ADRERR)
		snprintf(text, sizeof(text),
		    "a page that 0x%llx needs is not in its file: it lies"
		    " behind the file's end, or the file was truncated",
		    (unsigned long long)vcpu_user_rip(vcpu));
	else
		hc_signal_describe(info, text, sizeof(text));
	if (machine_end(m, OUTCOME_SIGNAL, info->si_signo, "%s", text) &&
	    vcpu->faulted)
		m->culprit = vcpu;
}

/* Call the handler.  0, or -EFAULT: its frame has no place. */
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
	vcpu->faulted = false;
	vcpu->again = false;
	return 0;
}

/*
 * A signal takes effect.  What cannot be handled for want of a stack becomes
 * SIGSEGV, and that kills if it is the same with it.
 */
static void
act(struct vcpu *vcpu, const siginfo_t *info, bool forced)
{
	struct hc_guest *guest = &vcpu->machine->guest;
	struct hc_delivery d = { .info = *info };

	for (;;) {
		hc_signal_judge(guest, &vcpu->thread, forced, &d);
		if (d.act == HC_SIGNAL_IGNORED)
			return;
		if (guest->trace)
			hc_trace_signal(
			    guest->trace, vcpu->thread.tid, &d.info);
		if (d.act == HC_SIGNAL_KILLS) {
			kill_guest(vcpu, &d.info);
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

/* What the debugger decided of the signal it was told of, or made up. */
static bool
take_debuggers(struct vcpu *vcpu, siginfo_t *info, bool *fault)
{
	struct debug_vcpu *v = &vcpu->debug;
	const int signal = v->signal;

	if (!signal)
		return false;
	*fault = v->told_fault && v->info.si_signo == signal;
	*info = v->info;
	if (v->info.si_signo != signal)
		*info = (siginfo_t){
			.si_signo = signal,
			.si_code = SI_USER,
			.si_pid = 1,
		};
	v->signal = 0;
	v->info.si_signo = 0;
	v->told_fault = false;
	return true;
}

/* The next signal: whether there is one that counts now. */
static bool
take(struct vcpu *vcpu, siginfo_t *info, bool *fault, bool *told)
{
	*told = take_debuggers(vcpu, info, fault);
	if (*told)
		return true;
	*fault = vcpu->raised.si_signo != 0;
	if (*fault) {
		*info = vcpu->raised;
		vcpu->raised.si_signo = 0;
		return true;
	}
	return hc_signal_next(&vcpu->machine->guest, &vcpu->thread, info);
}

/* A single step ends with the first instruction of a handler still to come. */
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

static bool
act_on_all(struct vcpu *vcpu)
{
	struct hc_guest *guest = &vcpu->machine->guest;
	const struct hc_sigaction *action;
	bool fault, told, stepped = false;
	siginfo_t info;
	uint64_t rip;

	while (!stepped && take(vcpu, &info, &fault, &told)) {
		action = &guest->signals.action[info.si_signo - 1];
		finish_call(
		    vcpu, action->handler > (uintptr_t)SIG_IGN ? action : NULL);
		if (!told && debug_signal(vcpu, &info, fault)) {
			vcpu->attend = true;
			return false;
		}
		vcpu->faulted = vcpu->faulted && fault;
		rip = vcpu_user_rip(vcpu);
		act(vcpu, &info, fault);
		if (thread_over(vcpu->machine))
			return false;
		stepped = has_stepped(vcpu, rip);
	}
	finish_call(vcpu, NULL);
	hc_signal_unswap(guest, &vcpu->thread);
	return !stepped;
}

bool
deliver_signals(struct vcpu *vcpu)
{
	int r = vcpu_rest(vcpu);
	bool runs;

	if (r < 0) {
		machine_end(vcpu->machine, OUTCOME_FAILED, 0,
		    "vCPU %u cannot be brought to rest: %s", vcpu->id,
		    strerror(-r));
		return false;
	}
	/* A debugger's stop, which came on the way, is first. */
	if (vcpu->debug.event.kind != EVENT_NONE)
		return false;
	vcpu->attend = false;
	gmem_begin(&vcpu->machine->mem);
	runs = act_on_all(vcpu);
	gmem_settle(&vcpu->machine->mem);
	return runs;
}

void
deliver_return(struct vcpu *vcpu)
{
	struct hc_guest *guest = &vcpu->machine->guest;
	struct sigframe frame;
	const bool rests = vcpu_rest(vcpu) == 0;
	int r = rests ? sigframe_pop(vcpu, &frame) : -EFAULT;

	if (r != -EFAULT)
		hc_signal_set_mask(guest, &vcpu->thread, frame.mask);
	if (r < 0) {
		vcpu->raised = (siginfo_t){
			.si_signo = SIGSEGV,
			.si_code = SI_KERNEL,
		};
		vcpu->faulted = false;
		vcpu->attend = true;
		return;
	}
	/* What is wrong with it is as nothing. */
	(void)hc_signal_set_stack(&vcpu->thread.signals, &frame.stack, 0);
}
