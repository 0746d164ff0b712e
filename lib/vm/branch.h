/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Branches that the VMM makes in place of the processor, for a vCPU that goes
 * over a breakpoint: those that depend on their own address, and so cannot be
 * made in a copy.  It must not know why.
 */
#ifndef BRANCH_H
#define BRANCH_H

#include "vm/machine.h"

/*
 * Make the instruction at the vCPU's rip, the first of the `n` bytes of code,
 * if it is jmp or jcc to a relative address, or a near call.  False, and
 * nothing has changed: it is none of these; the processor would fault, or trap
 * after it; or it touches memory while that is watched.
 */
bool branch_make(struct vcpu *vcpu, const uint8_t *code, size_t n);

#endif
