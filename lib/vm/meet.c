/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting meetings.  Nothing here may know why.
 */
#include "vm/meet.h"

#include "vm/context.h"
#include "vm/machine.h"
#include "vm/position.h"
#include "vm/trap.h"

static bool
counts(const struct meet *meet)
{
	return meet->state == MEET_WANTED || meet->state == MEET_MADE;
}

void
meet_begin(struct machine *m, uint64_t addr, uint64_t left,
    const struct hc_position *to)
{
	struct meet *meet = &m->meet;

	meet->state = MEET_WANTED;
	meet->addr = addr;
	meet->left = left;
	meet->compares = to != NULL;
	if (to)
		meet->to = *to;
	trampoline_set_count(shim_window(m->shim), left);
}

void
meet_end(struct machine *m)
{
	switch (m->meet.state) {
	case MEET_WANTED: m->meet.state = MEET_NONE; break;
	case MEET_MADE: m->meet.state = MEET_ENDED; break;
	case MEET_NONE:
	case MEET_ENDED: break;
	}
}

uint64_t
meet_counted(struct machine *m)
{
	struct meet *meet = &m->meet;
	const uint64_t left = trampoline_count(shim_window(m->shim));
	const uint64_t n = meet->left - left;

	if (!counts(meet))
		return 0;
	meet->left = left;
	return n;
}

/* No breakpoint lies on an instruction after the first. */
static bool
is_alone(const struct machine *m, const struct trampoline *t)
{
	const struct breaks *b = &m->debug.breaks;
	unsigned i;

	for (i = 1; i < t->run.parts; i++)
		if (breaks_at(b, t->run.address + t->run.part[i].from) ||
		    breaks_has(b, t->run.address + t->run.part[i].from))
			return false;
	return true;
}

/* Registers that are others here change most. */
static void
make(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	struct meet *meet = &m->meet;
	struct trampoline *t = &meet->trampoline;
	const struct hc_position *to = meet->compares ? &meet->to : NULL;
	uint8_t code[MOVED_LOOK];
	const size_t n = breaks_read(
	    &m->debug.breaks, meet->addr, code, sizeof(code));

	meet->state = MEET_MADE;
	if (!trampoline_make_count(t, shim_window(m->shim), code, n, meet->addr,
		to, to ? position_differs(vcpu, to) : 0) ||
	    !is_alone(m, t))
		*t = (struct trampoline){ 0 };
}

void
meet_enter(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	struct meet *meet = &m->meet;
	const struct trampoline *t = &meet->trampoline;

	/* Only the trap is to come. */
	if (plant_awaits_trap(vcpu))
		return;
	meet->entered = false;
	if (!counts(meet))
		return;
	/* The page may be another's. */
	if (vcpu->plant.state != PLANT_IDLE) {
		meet->state = MEET_WANTED;
		return;
	}
	if (meet->state == MEET_WANTED)
		make(vcpu);
	if (t->run.length == 0 ||
	    gmem_read(&m->mem, meet->original, meet->addr, MOVED_JUMP) < 0 ||
	    !window_open(vcpu, t->run.base))
		return;
	if (!plant_resumes(vcpu, t)) {
		window_close(m);
		return;
	}
	meet->planted = meet->entered = true;
	(void)gmem_poke(&m->mem, meet->addr, trampoline_jump, MOVED_JUMP);
}

/* Has KVM left the guest for the INT3? */
static bool
is_exit_of_int3(const struct vcpu *vcpu, uint64_t rip)
{
	const struct kvm_run *run = vcpu->kvm.run;

	return !vcpu->flight.frame && run->exit_reason == KVM_EXIT_DEBUG &&
	       run->debug.arch.exception == VECTOR_BP &&
	       run->debug.arch.pc == rip;
}

/* Show the INT3 as the breakpoint's. */
static uint64_t
show_hit(struct vcpu *vcpu, const struct trampoline *t, uint64_t rip)
{
	const bool trapped = vcpu->flight.frame && rip == t->run.base + t->met;

	if (is_exit_of_int3(vcpu, rip))
		vcpu->kvm.run->debug.arch.pc = t->run.address;
	return trapped ? t->run.address + 1 : t->run.address;
}

/* The breakpoint's hit, and a meeting after which the vCPU was kicked, do not
 * count, since the trampoline begins again. */
static void
leave_trampoline(struct vcpu *vcpu, uint64_t rip)
{
	struct machine *m = vcpu->machine;
	const struct trampoline *t = &m->meet.trampoline;
	const uint64_t offset = rip - t->run.base;
	uint8_t *page = shim_window(m->shim);
	const uint64_t to = plant_leads_out(vcpu, t);

	if (offset >= t->counted && offset < t->run.at) {
		trampoline_set_count(page, trampoline_count(page) + 1);
		vcpu_set_user_rip(vcpu, show_hit(vcpu, t, rip));
	} else if (offset == t->run.at) {
		vcpu->debug.left = to;
	}
}

void
meet_leave(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	struct meet *meet = &m->meet;
	const uint64_t rip = vcpu_user_rip(vcpu);

	if (meet->planted) {
		(void)gmem_poke(
		    &m->mem, meet->addr, meet->original, MOVED_JUMP);
		window_close(m);
	}
	meet->planted = false;
	if (meet->state >= MEET_MADE && vcpu->plant.state == PLANT_IDLE &&
	    trampoline_holds(&meet->trampoline, rip))
		leave_trampoline(vcpu, rip);
}

bool
meet_takes(struct vcpu *vcpu)
{
	const struct meet *meet = &vcpu->machine->meet;

	return plant_takes_inside(vcpu, meet->addr, meet->entered);
}
