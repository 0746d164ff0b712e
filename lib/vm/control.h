/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a vCPU that only the system can change.  It must not know
 * who shows them.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "vm/machine.h"

/* DR6 and DR7 are the guest's own: a debugger's watchpoints are not in them. */
struct control_state {
	uint64_t cr0, cr2, cr3, cr4, efer;
	uint64_t dr6, dr7, xcr0;
	uint64_t star, lstar, fmask;
};

/* Read them from a vCPU at rest.  0 or -errno. */
int vcpu_control(struct vcpu *vcpu, struct control_state *state);

/* Write those that report what happened, and rule nothing: CR2 and DR6.  0 or
 * -errno. */
int vcpu_set_status(struct vcpu *vcpu, uint64_t cr2, uint64_t dr6);

#endif
