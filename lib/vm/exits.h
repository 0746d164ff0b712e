/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries into the guest, and its exits for hypercalls.  It must not know who
 * decides to enter.
 */
#ifndef EXITS_H
#define EXITS_H

#include "vm/machine.h"

/* Enter the guest once and handle its exit. */
void vcpu_enter(struct vcpu *vcpu);

/* Before an entry of a debugged guest: make a call that waits for that, let the
 * debugger see a result.  False: do not enter but look again. */
bool vcpu_finish_call(struct vcpu *vcpu);

#endif
