/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coming to positions.  Nothing here may know what a position consists of.
 */
#include "vm/preempt.h"

#include "image/insn.h"
#include "vm/context.h"
#include "vm/error.h"
#include "vm/exits.h"
#include "vm/kick.h"
#include "vm/operand.h"
#include "vm/position.h"
#include "vm/rest.h"
#include "vm/x86.h"

#include <string.h>

/* Steps before a position: so many show what a loop writes, and after so many
 * any place suits. */
#define STEPS_LEAST 48
#define STEPS_MOST  256

/* Some processors report a step that was not made: see step.c. */
#define STEP_TRIES 8

#define JUMP_SIZE      5 /* of an instruction that a jump can replace */
#define OPCODE_MOV_SEG 0x8e

/* Has the vCPU met something else, which comes first? */
static bool
is_called_away(const struct vcpu *vcpu)
{
	const struct flight *f = &vcpu->flight;

	return machine_is_over(vcpu->machine) || f->call != CALL_NONE ||
	       f->raised != RAISED_NONE;
}

/*
 * Enter until the probe or the end of the step is met.  False: something else
 * came first.  A kick is for the run loop, which will find its reason.
 */
static bool
run_to(struct vcpu *vcpu)
{
	struct plant *p = &vcpu->plant;
	const uint64_t from = vcpu_user_rip(vcpu);

	p->met = false;
	while (!p->met) {
		kick_forget(vcpu);
		if (is_called_away(vcpu))
			return false;
		/* Kicked after the step, whose trap KVM has forgotten. */
		if (plant_is_traced(p) && !plant_waits(vcpu) &&
		    vcpu_user_rip(vcpu) != from)
			return true;
		if (plant_is_traced(p))
			plant_trace(vcpu, true);
		vcpu_enter(vcpu);
		/* Kicked with the INT3's trap on its way: only that leads
		 * there. */
		if (!p->met)
			(void)plant_is_met(vcpu);
	}
	return true;
}

static bool
step(struct vcpu *vcpu)
{
	const uint64_t rip = vcpu_user_rip(vcpu);
	unsigned tries;

	vcpu->plant.state = PLANT_STEPS;
	for (tries = 0; tries < STEP_TRIES; tries++) {
		if (!run_to(vcpu))
			return false;
		if (vcpu_user_rip(vcpu) != rip)
			break;
	}
	return true;
}

/* A repeated instruction leaves rip where it is until its last round. */
static bool
run_past(struct vcpu *vcpu, const struct insn *insn)
{
	vcpu->plant.state = PLANT_RUNS;
	vcpu->plant.probe = vcpu_user_rip(vcpu) + insn->length;
	return run_to(vcpu);
}

static bool
is_string(const struct insn *insn)
{
	unsigned i;

	for (i = 0; i < insn->accesses; i++)
		if (insn->access[i].flags & INSN_STRING)
			return true;
	return false;
}

/* Can it be stepped, and is the next step seen?  What changes the flags or the
 * stack's segment, or leaves the guest, cannot. */
static bool
is_plain(const struct insn *insn)
{
	switch (insn->kind) {
	case INSN_PLAIN:
		return insn->map != INSN_MAP_ONE ||
		       insn->opcode != OPCODE_MOV_SEG;
	case INSN_JCC:
	case INSN_JMP:
	case INSN_CALL:
	case INSN_JMP_INDIRECT:
	case INSN_CALL_INDIRECT:
	case INSN_RET: return true;
	default: return false;
	}
}

/* Can a probe lie there?  One byte is too short: a vCPU that was kicked after
 * it may have met the INT3, or not. */
static bool
is_possible(const struct insn *insn)
{
	const bool leaves = insn->kind == INSN_SYSCALL || insn->kind == INSN_IO;

	return insn->length > 1 && !is_string(insn) &&
	       (is_plain(insn) || leaves);
}

/* Is it one that a jump can replace? */
static bool
is_good(const struct insn *insn)
{
	return insn->kind == INSN_PLAIN && is_possible(insn) &&
	       insn->length >= JUMP_SIZE;
}

static bool
decode(struct vcpu *vcpu, struct insn *insn)
{
	uint8_t code[INSN_LENGTH_MAX];
	const size_t n = operand_code(vcpu, vcpu_user_rip(vcpu), code);

	return insn_decode(insn, code, n) == INSN_OK;
}

/* Note the words that the instruction is about to write. */
static void
note_writes(
    struct vcpu *vcpu, const struct insn *insn, struct hc_position *position)
{
	struct insn_registers regs;
	unsigned i;

	if (insn->accesses == 0 || operand_registers(vcpu, &regs) < 0)
		return;
	for (i = 0; i < insn->accesses; i++)
		if ((insn->access[i].flags & INSN_WRITE) &&
		    insn_extent(insn, &insn->access[i], &regs) > 0)
			position_add(position,
			    insn_address(insn, &insn->access[i], &regs));
}

/* A loop of one instruction: no step leads out of it. */
static bool
is_alone(struct vcpu *vcpu, const struct insn *insn)
{
	const uint64_t rip = vcpu_user_rip(vcpu);
	uint64_t target;

	return insn_target(insn, rip, &target) && target == rip;
}

/* Come to an instruction at which a probe can lie. */
static bool
come_to_rest(struct vcpu *vcpu, struct hc_position *position)
{
	struct insn insn;
	unsigned steps = 0;

	for (;;) {
		if (!decode(vcpu, &insn))
			return false;
		if ((!is_plain(&insn) && !is_string(&insn)) ||
		    is_alone(vcpu, &insn) || steps >= STEPS_MOST)
			return is_possible(&insn);
		if (steps >= STEPS_LEAST && is_good(&insn))
			return true;
		note_writes(vcpu, &insn, position);
		if (!(is_string(&insn) ? run_past(vcpu, &insn) : step(vcpu)))
			return false;
		steps++;
	}
}

static bool
reach(struct vcpu *vcpu, const struct hc_position *position)
{
	struct machine *m = vcpu->machine;
	const char *why = m->guest.preemption->reached(
	    &m->guest, &vcpu->thread, position);

	return machine_goes_on(m, why, vcpu_user_rip(vcpu));
}

/* If the guest does something else first, or is at no such place, it is
 * preempted another time: false. */
static bool
record_position(struct vcpu *vcpu)
{
	struct hc_position position = { .words = 0 };
	bool found;

	if (vcpu_rest(vcpu) < 0 || is_called_away(vcpu) ||
	    (vcpu_user_rflags(vcpu) & RFLAGS_TF))
		return false;
	found = come_to_rest(vcpu, &position);
	vcpu->plant.state = PLANT_IDLE;
	return found && position_take(vcpu, &position) &&
	       reach(vcpu, &position);
}

/* The probe was met at another time than the position's: make its instruction
 * without it.  One that leaves the guest is not stepped. */
static void
pass(struct vcpu *vcpu)
{
	struct insn insn;

	if (plant_pass(vcpu))
		return;
	vcpu->plant.state = PLANT_PASSES;
	vcpu->plant.met = false;
	if (decode(vcpu, &insn) && is_plain(&insn))
		plant_trace(vcpu, true);
}

/* The vCPU has met the probe. */
static bool
compare(struct vcpu *vcpu, const struct hc_position *to)
{
	struct plant *p = &vcpu->plant;

	if (position_is_here(vcpu, to)) {
		*p = (struct plant){ .state = PLANT_IDLE };
		(void)reach(vcpu, to);
		return false;
	}
	/* Such registers change most. */
	if (p->trampoline.length == 0)
		plant_trampoline(vcpu, to, position_differs(vcpu, to));
	pass(vcpu);
	return true;
}

/* Before an entry of a vCPU that comes to a position. */
static bool
seek(struct vcpu *vcpu, const struct hc_position *to)
{
	struct plant *p = &vcpu->plant;

	if (p->state == PLANT_PASSES && !p->met &&
	    vcpu_user_rip(vcpu) == p->probe && !is_called_away(vcpu)) {
		pass(vcpu);
		return true;
	}
	/* Kicked with the INT3's trap on its way. */
	if (p->state == PLANT_SEEKS && (p->met || plant_is_met(vcpu)))
		return compare(vcpu, to);
	if (p->state != PLANT_IDLE) {
		p->state = PLANT_SEEKS;
		p->met = false;
		return true;
	}
	*p = (struct plant){ .state = PLANT_SEEKS,
		.probe = to->reg[HC_POSITION_RIP] };
	return true;
}

static bool
replay_position(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	const struct hc_position *to;
	const char *why = m->guest.preemption->next(
	    &m->guest, &vcpu->thread, &to);

	return machine_goes_on(m, why, vcpu_user_rip(vcpu)) &&
	       (!to || seek(vcpu, to));
}

bool
preempt(struct vcpu *vcpu)
{
	struct hc_guest *guest = &vcpu->machine->guest;

	if (!guest->preemption)
		return true;
	if (guest->preemption->next)
		return replay_position(vcpu);
	if (!guest->preemption->is_wanted(guest, &vcpu->thread))
		return true;
	(void)record_position(vcpu);
	vcpu->thread.to_preempt = false;
	return false;
}
