/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code as it lies in memory, from an instruction on, as if no conditional
 * branch was taken and each call came back: the *straight* code.  It must not
 * know what the guest makes of it.
 */
#ifndef STRAIGHT_H
#define STRAIGHT_H

#include "vm/breaks.h"

/*
 * Straight code that begins at `from` and is not short: an instruction shortly
 * before its end, that a jump to a trampoline can replace; 0: there is none.
 * The end is `to`, what leads elsewhere, or a branch back over `from`.
 */
uint64_t straight_end(const struct breaks *b, uint64_t from, uint64_t to);

/* Does code nearby lead to the middle of what a jump at `address` replaces?
 * That costs a stop each time. */
bool straight_is_entered(const struct breaks *b, uint64_t address);

#endif
