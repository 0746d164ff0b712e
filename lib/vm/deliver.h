/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals on their way into a vCPU: what is done with one that is taken, and
 * with the call it interrupts.  It must not know which signal comes next.
 */
#ifndef DELIVER_H
#define DELIVER_H

#include "vm/machine.h"

/*
 * Before an entry into the guest: do what signals ask for, if there are any.
 * False: do not enter, but look again (the machine may be over, or a debugger
 * is told first).
 */
bool deliver_signals(struct vcpu *vcpu);

static inline bool
deliver(struct vcpu *vcpu)
{
	if (!vcpu->attend && !atomic_load_explicit(&vcpu->thread.signals.look,
				 memory_order_relaxed))
		return true;
	return deliver_signals(vcpu);
}

/* rt_sigreturn was called: the registers are those of the frame. */
void deliver_return(struct vcpu *vcpu);

/*
 * Make the registers true and the user's: let a trap that is on its way come,
 * complete what is pending, and leave the door.  In a stub the frame is the
 * user's, and it stays.  0 or -errno.
 */
int vcpu_rest(struct vcpu *vcpu);

#endif
