/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The executions of an instruction under a breakpoint, its meetings, counted by
 * the guest itself: a jump to a trampoline takes the breakpoint's place while
 * the vCPU is in the guest.  The breakpoint is hit only when the thread is in
 * the state that is sought, or at the last of a number of meetings.  An
 * instruction that a jump cannot replace is hit each time, as any breakpoint's.
 * This must not know why meetings are counted.
 *
 * One thread of the guest runs at a time.
 */
#ifndef MEET_H
#define MEET_H

#include "vm/trampoline.h"
#include "vm/window.h"

struct machine;
struct vcpu;

/* More meetings than any guest has. */
#define MEET_MANY (UINT64_C(1) << 62)

/*
 *	any state --meet_begin()--> WANTED
 *	WANTED --a vCPU enters--> MADE
 *	MADE --one enters whose page is another's--> WANTED
 *	WANTED --meet_end()--> NONE
 *	MADE --meet_end()--> ENDED   a vCPU may still be in the trampoline
 */
enum meet_state {
	MEET_NONE,
	MEET_WANTED,
	MEET_MADE, /* the trampoline, if there can be one */
	MEET_ENDED,
};

/* All zero: nothing is counted. */
struct meet {
	enum meet_state state;
	bool compares;
	uint64_t addr;
	uint64_t left; /* meetings, when they were last asked for */
	struct hc_position to;
	struct trampoline trampoline;
	bool planted;
	bool entered; /* it was, at the last entry */
	uint8_t original[MOVED_JUMP];
};

/* At rest: hit the breakpoint at `addr` when it is met for the `left`th time
 * from now on, or in a state that agrees with *to, unless it is NULL. */
void meet_begin(struct machine *m, uint64_t addr, uint64_t left,
    const struct hc_position *to);
void meet_end(struct machine *m);

/* At rest: the meetings since the last call of this, without those that hit. */
uint64_t meet_counted(struct machine *m);

/* The vCPU enters; it has left, or reached a stub.  After it has left, a
 * breakpoint that was hit looks as any other. */
void meet_enter(struct vcpu *vcpu);
void meet_leave(struct vcpu *vcpu);

/* The vCPU has met a trap (vcpu->flight): was it for this alone? */
bool meet_takes(struct vcpu *vcpu);

#endif
