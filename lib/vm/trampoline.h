/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that takes the place of one instruction: it compares registers and
 * words of memory with those of a position, meets an INT3 if all agree, and
 * else makes the instruction and goes on after it.  A jump to it replaces the
 * instruction.  It changes no flags and no memory of the guest's, so only time
 * shows it.  Pure: it must not know vCPUs.
 *
 * The code lies on one page of the shim, which user code may execute, and keeps
 * two registers on another, which user code may write.
 */
#ifndef TRAMPOLINE_H
#define TRAMPOLINE_H

#include "hypercall/core/preemption.h"

#define TRAMPOLINE_JUMP 5U /* bytes of the jump to it */

/* All zero: there is none. */
struct trampoline {
	uint64_t address; /* of the instruction */
	uint8_t length;   /* of it */
	uint8_t jump[TRAMPOLINE_JUMP];
	uint16_t met;  /* where rip is after the INT3, */
	uint16_t at;   /* where the instruction lies, */
	uint16_t made; /* and where rip is when it is made, as offsets */
};

/*
 * Make one for the instruction at `to`, which is the first of the `n` bytes of
 * code, at the beginning of `page`.  Those registers are compared first whose
 * bits are set in `first`.  False: the instruction cannot be moved, or is out
 * of a jump's reach.
 */
bool trampoline_make(struct trampoline *t, uint8_t *page, const uint8_t *code,
    size_t n, const struct hc_position *to, uint32_t first);

/* Is `rip` in it? */
bool trampoline_holds(const struct trampoline *t, uint64_t rip);

/*
 * The vCPU has left the guest in the trampoline, not by its INT3: the address
 * of the guest's code for which rip stands.  If rax and rcx are the
 * trampoline's, *rax and *rcx are set to the guest's, which are on the page
 * after `page`.
 */
uint64_t trampoline_leave(const struct trampoline *t, uint64_t rip,
    const uint8_t *page, uint64_t *rax, uint64_t *rcx);

#endif
