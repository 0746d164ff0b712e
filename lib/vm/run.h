/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One entry into the guest.  It must not know who decides to enter.
 */
#ifndef RUN_VM_H
#define RUN_VM_H

#include "vm/machine.h"

/* Enter the guest once and serve what it left for. */
void vcpu_enter(struct vcpu *vcpu);

#endif
