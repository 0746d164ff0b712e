/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Obstacles for a vCPU that comes to a position (preempt.h): an INT3, which is
 * the probe, or the trap flag of a single step.  A jump to a trampoline is the
 * faster probe: the guest itself finds most differences there.  The probe is in
 * memory while the vCPU is in the guest, and only then: nobody reads it.  This
 * must not know positions.
 *
 *	PLANT_IDLE	neither
 *	PLANT_STEPS	recording: the flag
 *	PLANT_RUNS	recording: a probe after a repeated instruction
 *	PLANT_SEEKS	replaying: a probe at the position
 *	PLANT_PASSES	replaying: it was met at another time; the flag
 *
 * If the machine has a debugger, a step is the debugger's (step.h), which sees
 * what the instruction meets.  Its breakpoints stay where they are: one at the
 * probe is met by the probe first.
 */
#ifndef PLANT_H
#define PLANT_H

#include "vm/trampoline.h"

struct vcpu;

enum plant_state {
	PLANT_IDLE,
	PLANT_STEPS,
	PLANT_RUNS,
	PLANT_SEEKS,
	PLANT_PASSES,
};

struct plant {
	enum plant_state state;
	bool met;        /* the step was made, or the probe was met */
	bool jumps;      /* the probe was a jump, at the last entry */
	uint8_t planted; /* so many bytes of the guest's are replaced */
	uint8_t original[MOVED_JUMP];
	uint64_t probe; /* its address */
	uint64_t from;  /* PLANT_RUNS: of the repeated instruction */
	struct trampoline trampoline;
};

static inline bool
plant_steps(const struct plant *plant)
{
	return plant->state == PLANT_STEPS || plant->state == PLANT_PASSES;
}

/* Was the vCPU kicked with a trap or call on its way, in the shim?  The flags
 * are not the user's then. */
bool plant_waits(const struct vcpu *vcpu);

/* The same for a trap alone.  After a call the vCPU may be in the door also, on
 * its way out. */
bool plant_awaits_trap(const struct vcpu *vcpu);

/*
 * A jump's middle is met by code that leads there, and faults.  The fault may
 * be queued in KVM when the vCPU is kicked, so only after that was taken does
 * the vCPU go on in the copy: a fault there is the instruction's own.
 *
 *	kicked in the middle: flight.doubted --> the fault arrives
 *	the fault arrives: flight.inside --> the next entry is in the copy
 *
 * Go on in the trampoline, if the vCPU is in the code that it replaces.  False:
 * the instruction begins elsewhere there, and is made without it.
 */
bool plant_resumes(struct vcpu *vcpu, const struct trampoline *t);

/* Lead the vCPU, which is in the trampoline, to the guest's own code: where. */
uint64_t plant_leads_out(struct vcpu *vcpu, const struct trampoline *t);

/* The vCPU left the guest by a kick, with the jump at `address` there. */
void plant_doubts(struct vcpu *vcpu, uint64_t address);

/* Take its trap, if that is the fault of the jump at `address`, which was there
 * at the last entry if it was `entered`. */
bool plant_takes_inside(struct vcpu *vcpu, uint64_t address, bool entered);

/* Set the user's trap flag, or clear it. */
void plant_trace(struct vcpu *vcpu, bool on);

/* Does the vCPU stand where the probe leads?  Then rip becomes the probe's
 * address. */
bool plant_is_met(struct vcpu *vcpu);

/* Replace the INT3 by a jump to a trampoline, if there can be one; the vCPU,
 * which has met the probe, goes on in it: false, there is none. */
void plant_trampoline(
    struct vcpu *vcpu, const struct hc_position *to, uint32_t first);
bool plant_pass(struct vcpu *vcpu);

/* The vCPU enters; it has left; its exit has been served. */
void plant_enter(struct vcpu *vcpu);
void plant_leave(struct vcpu *vcpu);
void plant_served(struct vcpu *vcpu);

/* The vCPU has reached a stub (vcpu->flight), or has left by KVM_EXIT_DEBUG:
 * was it for this? */
bool plant_takes(struct vcpu *vcpu);

/* A debug register has fired before the instruction at rip, where a probe may
 * lie: then it is met. */
bool plant_shares(struct vcpu *vcpu);

#endif
