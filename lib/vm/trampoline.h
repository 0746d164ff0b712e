/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that takes the place of one instruction, or of a few: it compares
 * registers and words of memory with those of a position, meets an INT3 if all
 * agree, and else makes the instructions and goes on after them.  It may also
 * count how often it is run, and meets the INT3 when a count is down.  A jump
 * to it replaces the instructions.  It changes no flags and no memory of the
 * guest's, so only time shows it.  Pure: it must not know vCPUs.
 *
 * The code lies on pages of the shim, which user code may execute, and keeps
 * two registers and the count on another, which user code may write.
 */
#ifndef TRAMPOLINE_H
#define TRAMPOLINE_H

#include "hypercall/core/preemption.h"

#define TRAMPOLINE_JUMP 5U  /* bytes of the jump to it */
#define TRAMPOLINE_RUN  5U  /* instructions whose place it may take */
#define TRAMPOLINE_CODE 32U /* bytes of code that are looked at */

/* All zero: there is none. */
struct trampoline {
	uint64_t address; /* of the instruction */
	uint64_t base;    /* of its pages; the other places are offsets */
	uint8_t length;   /* of the instructions */
	uint8_t parts;    /* how many they are */
	uint8_t jump[TRAMPOLINE_JUMP];
	uint16_t start, end;
	uint16_t counted; /* where rip is after the count; 0: none */
	uint16_t met;     /* where rip is after the INT3, */
	uint16_t at;      /* where the first instruction lies, */
	uint16_t made;    /* and where rip is when all are made */
	struct {
		uint8_t from; /* after `address`, and */
		uint16_t at;
	} part[TRAMPOLINE_RUN];
};

/* Can a jump to a trampoline that counts take the place of this code? */
bool trampoline_fits(const uint8_t *code, size_t n, uint64_t address);

/*
 * Make one for the instruction at `to`, which is the first of the `n` bytes of
 * code, at the beginning of `page`.  Those registers are compared first whose
 * bits are set in `first`.  False: the instruction cannot be moved, or is out
 * of a jump's reach.
 */
bool trampoline_make(struct trampoline *t, uint8_t *page, const uint8_t *code,
    size_t n, const struct hc_position *to, uint32_t first);

/*
 * The same for one that counts down to 0.  `to` is NULL if only the count
 * matters; otherwise its registers and words are compared also.
 *
 * An instruction that is shorter than a jump is replaced with those that follow
 * it, if none of them is a branch.  Code that leads to one of these meets an
 * INT3: the jump consists of nothing else there, which is why its trampoline
 * lies on two pages of its own, at `base`.
 */
bool
trampoline_make_count(struct trampoline *t, uint8_t *page, const uint8_t *code,
    size_t n, uint64_t address, const struct hc_position *to);
uint64_t trampoline_count(const uint8_t *page);
void trampoline_set_count(uint8_t *page, uint64_t count);

/* The place in it of the instruction at `rip`, which is one of those that it
 * replaces; 0: none is there. */
uint64_t trampoline_place(const struct trampoline *t, uint64_t rip);

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
