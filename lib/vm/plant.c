/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probes and steps of a vCPU that comes to a position.  Nothing here may know
 * what a position is.
 */
#include "vm/plant.h"

#include "vm/context.h"
#include "vm/machine.h"
#include "vm/x86.h"

#define VECTOR_DB 1
#define VECTOR_BP 3

void
plant_trace(struct vcpu *vcpu, bool on)
{
	const uint64_t rflags = vcpu_user_rflags(vcpu);

	vcpu_set_user_rflags(
	    vcpu, on ? rflags | RFLAGS_TF : rflags & ~(uint64_t)RFLAGS_TF);
}

bool
plant_is_traced(const struct plant *p)
{
	return p->state == PLANT_STEPS || p->state == PLANT_PASSES;
}

bool
plant_has_probe(const struct plant *p)
{
	return p->state == PLANT_RUNS || p->state == PLANT_SEEKS;
}

static bool
poke(struct gmem *mem, uint64_t address, uint8_t byte)
{
	gmem_keep(mem, address, 1);
	return gmem_copy(mem->base + address, &byte, 1) == 1;
}

void
plant_enter(struct vcpu *vcpu)
{
	struct plant *p = &vcpu->plant;
	struct gmem *mem = &vcpu->machine->mem;

	if (plant_has_probe(p) &&
	    gmem_read(mem, &p->original, p->probe, 1) == 0)
		p->planted = poke(mem, p->probe, OPCODE_INT3);
}

void
plant_leave(struct vcpu *vcpu)
{
	struct plant *p = &vcpu->plant;

	if (p->planted)
		(void)poke(&vcpu->machine->mem, p->probe, p->original);
	p->planted = false;
}

/* TF is in the flags of whatever the step has led to. */
void
plant_served(struct vcpu *vcpu)
{
	if (plant_is_traced(&vcpu->plant))
		plant_trace(vcpu, false);
}

bool
plant_takes(struct vcpu *vcpu)
{
	struct plant *p = &vcpu->plant;
	const unsigned vector = vcpu->flight.trap.vector;

	if (plant_is_traced(p)) {
		plant_trace(vcpu, false);
		p->met |= vector == VECTOR_DB;
		return vector == VECTOR_DB;
	}
	if (!plant_has_probe(p) || vector != VECTOR_BP ||
	    vcpu_user_rip(vcpu) != p->probe + 1)
		return false;
	vcpu_set_user_rip(vcpu, p->probe);
	p->met = true;
	return true;
}
