/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single steps and breakpoints of one vCPU, whichever way this KVM reports
 * them: by KVM_EXIT_DEBUG, or by the guest's own vector and so a stub of the
 * shim.  Callers see the same event.  It must not know the other vCPUs.
 *
 * The thread that runs the vCPU calls all of it.
 */
#ifndef STEP_H
#define STEP_H

#include "vm/machine.h"

/*
 * Some processors report a step without having made it, when the instruction
 * met a page that had to be mapped first.  It is tried so many times more.
 */
#define STEP_TRIES 8

/* Before an entry: arm the step and the breakpoints.  0 or -errno. */
int step_arm(struct vcpu *vcpu);

/* Enter for a trap that may be on its way; without one the user's code makes
 * one instruction at most, which is the step if one is due.  0 or -errno. */
int step_enter_trap(struct vcpu *vcpu);

/* A hypercall has come, vcpu->flight.number.  True: the debugger catches it,
 * and it waits. */
bool step_catches_hypercall(struct vcpu *vcpu);

/* It is about to be served. */
void step_before_hypercall(struct vcpu *vcpu);

/* A step ends with the hypercall that is served: the user's flags are again
 * without that of the step. */
void step_leave(struct vcpu *vcpu);

/* Does the next entry make one instruction only? */
bool step_is_due(const struct vcpu *vcpu);

/* The vCPU has met a breakpoint at rip, which is judged now.  False: there is
 * none. */
bool step_meets(struct vcpu *vcpu);

/* May the next instruction take any time? */
bool step_may_block(struct vcpu *vcpu);

/* The instruction that trapped has been made for the guest: the frame shows the
 * next one. */
void step_on_made(struct vcpu *vcpu);

/* It was served with this result, or was interrupted. */
void step_on_hypercall(struct vcpu *vcpu, int64_t result);

/* The vCPU has come to rest, with its registers true: if that is for the end of
 * a call in a range of steps, they say whether the range goes on. */
void step_on_rest(struct vcpu *vcpu);

/* Before an entry: is the call now shown to the debugger, before it is made or
 * after? */
bool step_shows_call(struct vcpu *vcpu);

/* The vCPU has reached a stub (vcpu->flight), or has left by KVM_EXIT_DEBUG.
 * True if a debugger caused that, and it is dealt with. */
bool step_on_trap(struct vcpu *vcpu);
bool step_on_exit(struct vcpu *vcpu);

#endif
