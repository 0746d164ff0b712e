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
#include "vm/step.h"
#include "vm/x86.h"

#include <string.h>

/* Steps before a position: so many show what a loop writes, and after so many
 * any place suits. */
#define STEPS_LEAST 48
#define STEPS_MOST  256

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
		/* Kicked after the step. */
		if (plant_steps(p) && !plant_waits(vcpu) &&
		    vcpu_user_rip(vcpu) != from) {
			vcpu_forget_trap(vcpu);
			return true;
		}
		if (plant_steps(p))
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

/* Can a probe lie there?  One byte is too short: a vCPU that was kicked after
 * it may have met the INT3, or not. */
static bool
is_possible(const struct insn *insn)
{
	const bool leaves = insn->kind == INSN_SYSCALL || insn->kind == INSN_IO;

	return insn->length > 1 && !insn_is_string(insn) &&
	       (insn_is_stepped(insn) || leaves);
}

/* Is it one that a jump can replace? */
static bool
is_good(struct vcpu *vcpu, const struct insn *insn)
{
	const uint64_t rip = vcpu_user_rip(vcpu);
	uint8_t code[MOVED_LOOK];
	const size_t n = operand_code(vcpu, rip, code, sizeof(code));

	return is_possible(insn) && trampoline_fits(code, n, rip);
}

static bool
decode_at(const struct vcpu *vcpu, uint64_t address, struct insn *insn)
{
	uint8_t code[INSN_LENGTH_MAX];
	const size_t n = operand_code(vcpu, address, code, sizeof(code));

	return insn_decode(insn, code, n) == INSN_OK;
}

static bool
decode(struct vcpu *vcpu, struct insn *insn)
{
	return decode_at(vcpu, vcpu_user_rip(vcpu), insn);
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

/* An instruction on the way, after so many steps. */
enum suits {
	SUITS,
	SUITS_NOT, /* nor does any that follows */
	SUITS_LATER,
};

static enum suits
judge(struct vcpu *vcpu, struct insn *insn, unsigned steps)
{
	if (!decode(vcpu, insn))
		return SUITS_NOT;
	if ((!insn_is_stepped(insn) && !insn_is_string(insn)) ||
	    is_alone(vcpu, insn) || steps >= STEPS_MOST)
		return is_possible(insn) ? SUITS : SUITS_NOT;
	return steps >= STEPS_LEAST && is_good(vcpu, insn) ? SUITS
							   : SUITS_LATER;
}

/* Come to an instruction at which a probe can lie. */
static bool
come_to_rest(struct vcpu *vcpu, struct hc_position *position)
{
	struct insn insn;
	enum suits suits;
	unsigned steps = 0;

	while ((suits = judge(vcpu, &insn, steps)) == SUITS_LATER) {
		note_writes(vcpu, &insn, position);
		if (!(insn_is_string(&insn) ? run_past(vcpu, &insn)
					    : step(vcpu)))
			return false;
		steps++;
	}
	return suits == SUITS;
}

static bool
reach(struct vcpu *vcpu, const struct hc_position *position)
{
	struct machine *m = vcpu->machine;
	const char *why = m->guest.preemption->reached(
	    &m->guest, &vcpu->thread, position);

	return machine_goes_on(m, why, vcpu_user_rip(vcpu));
}

/* As a call, it waits for the next turn: others run meanwhile. */
static void
reach_debugged(struct vcpu *vcpu, const struct hc_position *position)
{
	debug_call(vcpu);
	(void)reach(vcpu, position);
	debug_returned(vcpu, false);
}

/* A trap that is on its way, arrives first: is there something to be done that
 * comes before an entry? */
static bool
is_busy(struct vcpu *vcpu)
{
	int r = vcpu_rest(vcpu);

	if (r < 0)
		machine_end(vcpu->machine, OUTCOME_FAILED, 0,
		    "vCPU %u cannot be brought to rest: %s", vcpu->id,
		    strerror(-r));
	return flight_is_due(&vcpu->flight) ||
	       vcpu->debug.event.kind != EVENT_NONE ||
	       machine_is_over(vcpu->machine);
}

/* Is the vCPU at what it did not come to by steps: in the copy of an
 * instruction under a breakpoint?  Then it goes on to the one after that. */
static bool
run_past_copy(struct vcpu *vcpu)
{
	struct plant *p = &vcpu->plant;
	const uint64_t rip = vcpu_user_rip(vcpu);
	struct insn insn;
	uint64_t original;
	bool made;

	if (!copies_original(
		&vcpu->machine->debug.copies, rip, &original, &made))
		return false;
	p->state = PLANT_RUNS;
	p->from = rip;
	p->probe = original;
	if (!made && decode_at(vcpu, original, &insn))
		p->probe += insn.length;
	return true;
}

/* The next entry is a step. */
static void
step_on(struct vcpu *vcpu, const struct insn *insn)
{
	struct plant *p = &vcpu->plant;

	note_writes(vcpu, insn, &vcpu->position);
	vcpu->steps++;
	p->state = insn_is_string(insn) ? PLANT_RUNS : PLANT_STEPS;
	p->from = vcpu_user_rip(vcpu);
	p->probe = p->from + insn->length;
}

/*
 * Before each entry on the way to a position: false, if it is not to be made.
 * While the debugger passes a breakpoint here, the thread is not preempted.
 */
static bool
record_debugged(struct vcpu *vcpu)
{
	struct plant *p = &vcpu->plant;
	struct insn insn;
	enum suits suits;

	if (is_busy(vcpu))
		return false;
	if (vcpu->flight.call != CALL_NONE)
		return true;
	if (p->state == PLANT_IDLE) {
		vcpu->steps = 0;
		vcpu->position.words = 0;
	}
	if (p->state == PLANT_RUNS && !p->met && vcpu_user_rip(vcpu) == p->from)
		return true;
	if (p->met) {
		p->met = false;
		p->state = PLANT_STEPS;
		if (step_meets(vcpu))
			return false;
	}
	if (run_past_copy(vcpu))
		return true;
	suits = judge(vcpu, &insn, vcpu->steps);
	if (suits == SUITS_LATER || (suits == SUITS && debug_is_alone(vcpu))) {
		step_on(vcpu, &insn);
		return true;
	}
	*p = (struct plant){ .state = PLANT_IDLE };
	if (suits == SUITS && position_take(vcpu, &vcpu->position))
		reach_debugged(vcpu, &vcpu->position);
	vcpu->thread.to_preempt = false;
	return false;
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
	if (decode(vcpu, &insn) && insn_is_stepped(&insn))
		plant_trace(vcpu, true);
}

/* The vCPU is where the probe lies.  Is it the position?  Then its event is
 * made. */
static bool
is_reached(struct vcpu *vcpu, const struct hc_position *to)
{
	struct plant *p = &vcpu->plant;

	if (position_is_here(vcpu, to)) {
		*p = (struct plant){ .state = PLANT_IDLE };
		(void)reach(vcpu, to);
		return true;
	}
	/* Such registers change most. */
	if (p->trampoline.run.length == 0)
		plant_trampoline(vcpu, to, position_differs(vcpu, to));
	return false;
}

/* The vCPU has met the probe. */
static bool
compare(struct vcpu *vcpu, const struct hc_position *to)
{
	if (is_reached(vcpu, to))
		return false;
	pass(vcpu);
	return true;
}

/*
 * The same under a debugger, wherever the vCPU comes from.  A breakpoint of the
 * debugger's at the probe that was met with it is judged; one that was not met
 * yet will be, in place of the probe.
 */
static bool
seek_debugged(struct vcpu *vcpu, const struct hc_position *to)
{
	struct plant *p = &vcpu->plant;
	bool met;

	if (is_busy(vcpu))
		return false;
	/* A step that a kick has met goes on. */
	if (p->state == PLANT_PASSES && vcpu->debug.phase != STEP_NONE)
		return true;
	if (p->state == PLANT_IDLE)
		p->probe = to->reg[HC_POSITION_RIP];
	p->state = PLANT_SEEKS;
	met = p->met;
	p->met = false;
	if (vcpu_user_rip(vcpu) != p->probe)
		return true;
	if (is_reached(vcpu, to) || (met && step_meets(vcpu)))
		return false;
	if (breaks_at(&vcpu->machine->debug.breaks, p->probe))
		return true;
	if (step_is_due(vcpu) || !plant_pass(vcpu))
		p->state = PLANT_PASSES;
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
	if (p->state == PLANT_PASSES && !p->met) {
		if (plant_awaits_trap(vcpu))
			return true;
		/* Kicked after the step. */
		if (!plant_waits(vcpu))
			vcpu_forget_trap(vcpu);
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

	if (!machine_goes_on(m, why, vcpu_user_rip(vcpu)))
		return false;
	if (!to)
		return true;
	return m->debug.on ? seek_debugged(vcpu, to) : seek(vcpu, to);
}

void
preempt_at_rest(struct vcpu *vcpu)
{
	struct hc_guest *guest = &vcpu->machine->guest;
	const struct flight *f = &vcpu->flight;
	const struct hc_position *to;

	/* It was armed since the last event, and has come there. */
	if (!guest->preemption || !guest->preemption->next ||
	    vcpu->plant.state == PLANT_IDLE ||
	    vcpu_user_rip(vcpu) != vcpu->plant.probe || flight_is_due(f) ||
	    flight_is_shown(f) || machine_is_over(vcpu->machine))
		return;
	(void)guest->preemption->next(guest, &vcpu->thread, &to);
	if (to)
		(void)is_reached(vcpu, to);
}

bool
preempt(struct vcpu *vcpu)
{
	struct hc_guest *guest = &vcpu->machine->guest;

	if (!guest->preemption)
		return true;
	if (guest->preemption->next)
		return replay_position(vcpu);
	if (!guest->preemption->is_wanted(guest, &vcpu->thread)) {
		vcpu->plant.state = PLANT_IDLE;
		return true;
	}
	if (vcpu->machine->debug.on)
		return record_debugged(vcpu);
	(void)record_position(vcpu);
	vcpu->thread.to_preempt = false;
	return false;
}
