/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bringing a vCPU to rest between two entries.  It must not know the reason.
 */
#ifndef REST_H
#define REST_H

#include "vm/machine.h"

/*
 * Let a trap that is on its way arrive, complete pending I/O, and leave the
 * door: then the registers are up to date and the user's.  A vCPU in a stub
 * stays there, and the frame is the user's.  0 or -errno.
 */
int vcpu_rest(struct vcpu *vcpu);

#endif
