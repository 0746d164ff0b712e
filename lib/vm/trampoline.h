/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that takes the place of one instruction, or of a few: it compares
 * registers and words of memory with those of a position, meets an INT3 if all
 * agree, and else makes the instructions and goes on after them.  It may also
 * count how often it is run, and meets the INT3 when a count is down.  A jump
 * to it replaces the instructions.  It changes no flags and no memory of the
 * guest's, so only time shows it.  Pure: it must not know vCPUs.
 *
 * The jump's displacement consists of undefined instructions, so code that
 * leads into the middle of the jump is noticed by a fault, with rip at the
 * place.  It decides where the code lies: about 787 MiB before the instruction,
 * modulo 2^64.  A window of three pages is mapped there while
 * the vCPU is in the guest (window.h): two for code, which user code may
 * execute, and one for two registers and the count, which user code may write.
 */
#ifndef TRAMPOLINE_H
#define TRAMPOLINE_H

#include "hypercall/core/preemption.h"
#include "vm/moved.h"

#define TRAMPOLINE_INTOS UINT32_C(0xcececece)

/* All zero: there is none.  Places are offsets from the window, as those of the
 * instructions are. */
struct trampoline {
	struct moved run;
	uint16_t start;
	uint16_t counted; /* where rip is after the count; 0: none */
	uint16_t met;     /* where rip is after the INT3 */
};

/* The address to which a jump at `address` leads. */
static inline uint64_t
trampoline_target(uint64_t address)
{
	return address + MOVED_JUMP + (uint64_t)(int32_t)TRAMPOLINE_INTOS;
}

/* Can a jump to a trampoline take the place of this code? */
bool trampoline_fits(const uint8_t *code, size_t n, uint64_t address);

/* Does a short branch in this code, which begins at `from`, lead to the middle
 * of what a jump at `address` replaces?  A byte that looks like one counts. */
bool trampoline_is_entered(
    const uint8_t *code, size_t n, uint64_t from, uint64_t address);

/*
 * Make one for the instruction at `to`, which is the first of the `n` bytes of
 * code, on the window's pages.  Those registers are compared first whose bits
 * are set in `first`.  False: the instruction cannot be moved.
 */
bool trampoline_make(struct trampoline *t, uint8_t *pages, const uint8_t *code,
    size_t n, const struct hc_position *to, uint32_t first);

/* The same for one that counts down to 0.  `to` is NULL if only the count
 * matters; otherwise its registers and words are compared also. */
bool
trampoline_make_count(struct trampoline *t, uint8_t *pages, const uint8_t *code,
    size_t n, uint64_t address, const struct hc_position *to, uint32_t first);
uint64_t trampoline_count(const uint8_t *pages);
void trampoline_set_count(uint8_t *pages, uint64_t count);

/* The jump, the same for all. */
extern const uint8_t trampoline_jump[MOVED_JUMP];

/* Does `rip` lie in the middle of a jump at `address`? */
static inline bool
trampoline_is_inside(uint64_t rip, uint64_t address)
{
	return rip - address - 1 < MOVED_JUMP - 1;
}

/* Is `rip` in it? */
bool trampoline_holds(const struct trampoline *t, uint64_t rip);

/*
 * The vCPU has left the guest in the trampoline, not by its INT3: the address
 * of the guest's code for which rip stands.  If rax and rcx are the
 * trampoline's, *rax and *rcx are set to the guest's, which are on the pages.
 */
uint64_t trampoline_leave(const struct trampoline *t, uint64_t rip,
    const uint8_t *pages, uint64_t *rax, uint64_t *rcx);

#endif
