/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preempting a thread that only computes, at a position that its replay finds
 * again.  It must not know recordings, nor why the thread is preempted.
 *
 * While a guest is recorded, the thread, which was kicked, goes on by single
 * steps to an instruction that suits, and the memory that it writes is noted:
 * words by which the position differs from others of the same loop.  In a
 * replay a probe lies at the position's rip, and each time that the thread
 * meets it, its state is compared.
 *
 *	PLANT_IDLE
 *	  recording:
 *	--a position is wanted--> PLANT_STEPS --it suits--> PLANT_IDLE
 *	PLANT_STEPS --a repeated instruction--> PLANT_RUNS
 *	    --the copy of one under a breakpoint--> PLANT_RUNS
 *	PLANT_RUNS --its end--> PLANT_STEPS
 *	any --nothing suits, or it is not wanted any more--> PLANT_IDLE
 *	  replaying:
 *	--the next record is a position--> PLANT_SEEKS
 *	PLANT_SEEKS --the probe is met, or the vCPU rests there--> PLANT_IDLE if
 *	    it is the position
 *	    --else--> PLANT_PASSES --the instruction is made--> PLANT_SEEKS
 *
 * A debugger may stop the thread between any two of these steps, and steps it
 * itself; so all is decided before each entry, where the state is the user's.
 * A position is an event that comes before anything that the thread meets at
 * its instruction: a breakpoint there is met when the thread goes on.  So no
 * stop is made at the position before its event.
 */
#ifndef PREEMPT_H
#define PREEMPT_H

#include "vm/machine.h"

/* Before an entry: preempt the thread, if that is due.  False: look again
 * before the entry. */
bool preempt(struct vcpu *vcpu);

/* A replay under a debugger: the vCPU comes to rest.  If it is at the position,
 * it is preempted first. */
void preempt_at_rest(struct vcpu *vcpu);

#endif
