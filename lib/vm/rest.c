/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an exit to registers that can be read and changed.  Nothing here may
 * know signals, nor who debugs.
 */
#include "vm/rest.h"

#include "vm/context.h"
#include "vm/exits.h"
#include "vm/sieve.h"
#include "vm/step.h"

/* Each may be cut short by another kick. */
#define TRAP_TRIES 16

/* Is there a trap that has not reached its stub's OUT?  It is queued in KVM, or
 * at the head of the stub. */
static bool
has_trap_coming(const struct vcpu *vcpu)
{
	return vcpu->kvm.run->s.regs.events.exception.injected ||
	       plant_awaits_trap(vcpu);
}

/* KVM does not report an INT3 that is queued: a vCPU that stands after one of a
 * debugger's may have met it, unless it was moved there since its last exit, or
 * rests once more: what it had met was seen then. */
static bool
may_have_met_int3(struct vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->kvm.run;

	return !vcpu->debug.settled &&
	       !(run->kvm_dirty_regs & KVM_SYNC_X86_REGS) &&
	       breaks_at(
		   &vcpu->machine->debug.breaks, run->s.regs.regs.rip - 1);
}

/* If a vCPU was kicked with a trap on its way, let the trap arrive, before the
 * state that it concerns is changed. */
static int
finish_trap(struct vcpu *vcpu)
{
	const struct flight *f = &vcpu->flight;
	unsigned tries;
	int r = 0;

	for (tries = 0; r == 0 && tries < TRAP_TRIES; tries++) {
		if (f->frame || f->call != CALL_NONE || flight_is_due(f) ||
		    vcpu->debug.event.kind != EVENT_NONE)
			break;
		r = vcpu_ask_events(vcpu);
		if (r < 0)
			break;
		if (has_trap_coming(vcpu)) {
			vcpu->kvm.run->immediate_exit = 0;
			vcpu_enter(vcpu);
		} else if (plant_is_met(vcpu)) {
			break;
		} else if (may_have_met_int3(vcpu) || sieve_awaits(vcpu)) {
			r = step_enter_trap(vcpu);
		} else {
			break;
		}
	}
	/* A kick that came meanwhile is for the run loop. */
	atomic_signal_fence(memory_order_seq_cst);
	if (vcpu->thread.kicked)
		vcpu->kvm.run->immediate_exit = 1;
	return r;
}

/* Has KVM the OUT of a hypercall to complete? */
static bool
has_out_pending(const struct flight *f)
{
	return !f->frame && f->call != CALL_NONE && f->call != CALL_REPEATS;
}

int
vcpu_rest(struct vcpu *vcpu)
{
	struct flight *f = &vcpu->flight;
	int r = finish_trap(vcpu);

	if (r == 0 && has_out_pending(f))
		r = vcpu_settle(vcpu);
	/* It was kicked at the door's first instruction: `syscall` has not been
	 * served yet. */
	if (r == 0 && !f->frame && f->call == CALL_NONE &&
	    vcpu_regs(vcpu)->rip == SHIM_DOOR)
		f->call = CALL_REPEATS;
	if (r == 0 && !f->frame)
		r = vcpu_leave_shim(vcpu, f->call == CALL_REPEATS);
	if (f->call == CALL_SERVED)
		f->call = CALL_NONE;
	/* Where it goes on that passed a breakpoint. */
	sieve_leave(vcpu);
	debug_leave_copy(vcpu);
	return r;
}
