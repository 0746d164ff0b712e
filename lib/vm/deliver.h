/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivery of signals to a vCPU: what becomes of a signal, and of the call that
 * it interrupts.  It must not know which signal comes next.
 */
#ifndef DELIVER_H
#define DELIVER_H

#include "vm/machine.h"

/*
 * Before an entry into the guest: deliver signals, and finish what is in
 * flight.  False: do not enter but look again; the machine may be over, or a
 * debugger is asked first.
 */
bool deliver_signals(struct vcpu *vcpu);

static inline bool
deliver(struct vcpu *vcpu)
{
	if (!flight_is_due(&vcpu->flight) &&
	    !atomic_load_explicit(
		&vcpu->thread.signals.pending, memory_order_relaxed))
		return true;
	return deliver_signals(vcpu);
}

#endif
