/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single steps and breakpoints of one vCPU, whichever way this KVM tells of
 * them: KVM_EXIT_DEBUG, or the guest's own vector and so a stub of the monitor.
 * Above, both are the same event.  It must not know the other vCPUs.
 *
 * All is called by whoever runs the vCPU, from the run loop.
 */
#ifndef STEP_H
#define STEP_H

#include "vm/machine.h"

/* Before an entry: arm the step, the breakpoints.  0 or -errno. */
int step_arm(struct vcpu *vcpu);

/* Is the vCPU still in the range it is to step through? */
bool step_in_range(struct vcpu *vcpu);

/* A hypercall is about to be served. */
void step_before_hypercall(struct vcpu *vcpu);

/* May the instruction that comes next take as long as it likes? */
bool step_may_block(struct vcpu *vcpu);

/* A hypercall was served with this result, or was interrupted. */
void step_on_hypercall(struct vcpu *vcpu, uint32_t number, int64_t result);

/* A stub was reached (vcpu->frame, vcpu->trap), or KVM_EXIT_DEBUG: true if it
 * was the debugger's doing. */
bool step_on_trap(struct vcpu *vcpu);
bool step_on_exit(struct vcpu *vcpu);

#endif
