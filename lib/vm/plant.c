/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probes and steps of a vCPU that comes to a position.  Nothing here may know
 * what a position is.
 */
#include "vm/plant.h"

#include "vm/context.h"
#include "vm/machine.h"
#include "vm/operand.h"
#include "vm/trap.h"
#include "vm/x86.h"

bool
plant_waits(const struct vcpu *vcpu)
{
	return !vcpu->flight.frame &&
	       shim_is_entered(vcpu->kvm.run->s.regs.regs.rip);
}

bool
plant_awaits_trap(const struct vcpu *vcpu)
{
	unsigned vector;

	return !vcpu->flight.frame &&
	       shim_stub_vector(vcpu->kvm.run->s.regs.regs.rip, &vector);
}

void
plant_trace(struct vcpu *vcpu, bool on)
{
	const uint64_t rflags = vcpu_user_rflags(vcpu);

	if (plant_waits(vcpu))
		return;
	vcpu_set_user_rflags(
	    vcpu, on ? rflags | RFLAGS_TF : rflags & ~(uint64_t)RFLAGS_TF);
}

/* Does it step by the flag, without a debugger? */
static bool
is_traced(const struct vcpu *vcpu)
{
	return plant_steps(&vcpu->plant) && !vcpu->machine->debug.on;
}

static bool
has_probe(const struct plant *p)
{
	return p->state == PLANT_RUNS || p->state == PLANT_SEEKS;
}

/* Can a jump replace the instructions now?  It would hide a breakpoint, and a
 * debugger that watches reads would see those of the trampoline. */
static bool
can_jump(struct vcpu *vcpu)
{
	const struct plant *p = &vcpu->plant;
	const struct breaks *b = &vcpu->machine->debug.breaks;
	unsigned i;

	for (i = 0; b->set.count > 0 && i < p->trampoline.run.length; i++)
		if (breaks_at(b, p->probe + i))
			return false;
	return p->trampoline.run.length > 0 && !breaks_see_reads(b);
}

bool
plant_resumes(struct vcpu *vcpu, const struct trampoline *t)
{
	const uint64_t rip = vcpu_user_rip(vcpu);
	uint64_t place;

	if (!trampoline_is_inside(rip, t->run.address) ||
	    rip != vcpu->flight.inside)
		return true;
	place = moved_place(&t->run, rip);
	if (place != 0)
		vcpu_set_user_rip(vcpu, place);
	return place != 0;
}

void
plant_doubts(struct vcpu *vcpu, uint64_t address)
{
	const uint64_t rip = vcpu_user_rip(vcpu);

	if (trampoline_is_inside(rip, address))
		vcpu->flight.doubted = rip;
}

bool
plant_takes_inside(struct vcpu *vcpu, uint64_t address, bool entered)
{
	struct flight *f = &vcpu->flight;
	const uint64_t rip = vcpu_user_rip(vcpu);

	if (f->trap.vector != VECTOR_UD || f->copied ||
	    !trampoline_is_inside(rip, address) ||
	    !(entered || rip == f->doubted))
		return false;
	f->inside = rip;
	return true;
}

uint64_t
plant_leads_out(struct vcpu *vcpu, const struct trampoline *t)
{
	struct kvm_regs *regs = vcpu_regs(vcpu);
	uint64_t rax = regs->rax, rcx = regs->rcx;
	const uint64_t to = trampoline_leave(t, vcpu_user_rip(vcpu),
	    shim_window(vcpu->machine->shim), &rax, &rcx);

	vcpu_set_user_rip(vcpu, to);
	regs->rax = rax;
	regs->rcx = rcx;
	vcpu->flight.copied = true;
	vcpu_changed(vcpu);
	return to;
}

static bool
enter_trampoline(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;

	if (!can_jump(vcpu) ||
	    !window_open(vcpu, vcpu->plant.trampoline.run.base))
		return false;
	if (plant_resumes(vcpu, &vcpu->plant.trampoline))
		return true;
	window_close(m);
	return false;
}

/* Nobody else sees rip in the trampoline. */
static void
leave_trampoline(struct vcpu *vcpu)
{
	const struct trampoline *t = &vcpu->plant.trampoline;
	const uint64_t rip = vcpu_user_rip(vcpu);

	if (trampoline_holds(t, rip) && rip != t->run.base + t->met)
		(void)plant_leads_out(vcpu, t);
}

void
plant_enter(struct vcpu *vcpu)
{
	static const uint8_t int3 = OPCODE_INT3;
	struct plant *p = &vcpu->plant;
	struct gmem *mem = &vcpu->machine->mem;
	const size_t len = p->trampoline.run.length > 0 ? MOVED_JUMP
							: sizeof(int3);
	bool jumps;

	/* Only the trap is to come. */
	if (plant_awaits_trap(vcpu))
		return;
	p->jumps = false;
	if (!has_probe(p) || gmem_read(mem, p->original, p->probe, len) < 0)
		return;
	jumps = p->jumps = enter_trampoline(vcpu);
	if (!jumps)
		leave_trampoline(vcpu);
	p->planted = jumps ? MOVED_JUMP : sizeof(int3);
	(void)gmem_poke(
	    mem, p->probe, jumps ? trampoline_jump : &int3, p->planted);
}

void
plant_leave(struct vcpu *vcpu)
{
	struct plant *p = &vcpu->plant;

	if (p->planted) {
		(void)gmem_poke(
		    &vcpu->machine->mem, p->probe, p->original, p->planted);
		window_close(vcpu->machine);
	}
	p->planted = 0;
	leave_trampoline(vcpu);
}

/* An INT3 at `address` was met. */
static bool
meets(struct vcpu *vcpu, uint64_t address)
{
	struct plant *p = &vcpu->plant;
	const bool jumped = p->trampoline.run.length > 0 &&
			    address + 1 ==
				p->trampoline.run.base + p->trampoline.met;

	if (!has_probe(p) || (address != p->probe && !jumped))
		return false;
	vcpu_set_user_rip(vcpu, p->probe);
	p->met = true;
	return true;
}

bool
plant_is_met(struct vcpu *vcpu)
{
	if (!meets(vcpu, vcpu_user_rip(vcpu) - 1))
		return false;
	vcpu_forget_trap(vcpu);
	return true;
}

void
plant_trampoline(
    struct vcpu *vcpu, const struct hc_position *to, uint32_t first)
{
	struct machine *m = vcpu->machine;
	struct trampoline *t = &vcpu->plant.trampoline;
	uint8_t code[MOVED_LOOK];
	uint64_t value;
	size_t n;
	unsigned i;

	for (i = 0; i < to->words; i++)
		if (gmem_read(&m->mem, &value, to->word[i].address,
			sizeof(value)) < 0)
			return;
	n = operand_code(vcpu, vcpu->plant.probe, code, sizeof(code));
	if (!trampoline_make(t, shim_window(m->shim), code, n, to, first))
		*t = (struct trampoline){ 0 };
}

bool
plant_pass(struct vcpu *vcpu)
{
	struct plant *p = &vcpu->plant;

	if (!enter_trampoline(vcpu))
		return false;
	window_close(vcpu->machine);
	p->met = false;
	vcpu_set_user_rip(vcpu, p->trampoline.run.base + p->trampoline.run.at);
	return true;
}

/* TF is in the flags of whatever the step has led to. */
void
plant_served(struct vcpu *vcpu)
{
	if (is_traced(vcpu))
		plant_trace(vcpu, false);
}

/* An exit by KVM_EXIT_DEBUG leaves rip before the INT3 or after it. */
static uint64_t
int3_address(struct vcpu *vcpu)
{
	return vcpu->flight.frame ? vcpu_user_rip(vcpu) - 1
				  : vcpu->kvm.run->debug.arch.pc;
}

bool
plant_takes(struct vcpu *vcpu)
{
	struct plant *p = &vcpu->plant;
	const unsigned vector = vcpu->flight.trap.vector;

	if (is_traced(vcpu)) {
		plant_trace(vcpu, false);
		p->met |= vector == VECTOR_DB;
		return vector == VECTOR_DB;
	}
	return (vector == VECTOR_BP && meets(vcpu, int3_address(vcpu))) ||
	       plant_takes_inside(vcpu, p->probe, p->jumps);
}

bool
plant_shares(struct vcpu *vcpu)
{
	return meets(vcpu, vcpu_user_rip(vcpu));
}
