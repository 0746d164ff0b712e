/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals from outside, handed to the guest.  It must not know what a guest
 * does with them.
 */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "vm/machine.h"

/* From now on.  0, or -1 with the reason said. */
int outside_start(struct machine *m, bool debugged);

#endif
