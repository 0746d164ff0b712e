/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that takes the place of a few instructions under a breakpoint: it runs
 * tests, which are somebody's code, and meets an INT3 if one of them leaves a
 * value that is not 0 in rax; else it makes the instructions and goes on after
 * them.  Several threads may be in it at once: what it keeps lies on the stack
 * of each, below the red zone.  Pure: it must not know vCPUs.
 *
 *	ADDRESS		a jump to the body, or to the entry if the instruction
 *			there is shorter than a jump
 *	the entry	a jump to the body
 *	the body	save rax, rcx, rdx and the flags
 *			the tests, one after the other
 *			restore; INT3
 *	`pass`		restore
 *	`at`		the instructions; a jump to those that follow
 *
 * The displacement of a jump to an entry consists of INT3s: code that leads to
 * an instruction after the first meets one.  So does the displacement decide
 * where the entry is.
 */
#ifndef SIEVECODE_H
#define SIEVECODE_H

#include "vm/moved.h"

#define SIEVE_BODY 2048U /* room for a body, */
#define SIEVE_TEST 800U  /* and for the code of a test */

/* Where things are kept, from rsp: registers, and from SIEVE_STACK downwards
 * whatever the tests keep. */
enum sieve_offset {
	SIEVE_RAX = -136,
	SIEVE_RCX = -144,
	SIEVE_RDX = -152,
	SIEVE_FLAGS = -160,
	SIEVE_STACK = -168,
};

/* Its code is independent of its place, and ends after its last byte.  It may
 * change rax, rcx, rdx, the flags of arithmetic, and what is kept for it. */
struct sieve_test {
	uint32_t n; /* bytes; 0: there is none */
	uint8_t code[SIEVE_TEST];
};

/* All zero: none.  Places are offsets from the body's beginning. */
struct sieve_code {
	struct moved run;
	uint64_t entry;
	bool enters; /* by the entry */
	uint8_t jump[MOVED_JUMP];
	uint8_t entry_jump[MOVED_JUMP];
	uint16_t saved; /* where rip is after rax is kept, */
	uint16_t tests; /* and after all that is kept */
	uint16_t holds; /* where the INT3 is: all is restored */
	uint16_t pass;
};

/*
 * Make the body for the instructions at `address`, which begin the n bytes of
 * code, in out[SIEVE_BODY], to lie at `body`.  False: an instruction cannot be
 * made elsewhere, or a place is out of a jump's reach.
 */
bool sievecode_make(struct sieve_code *s, uint8_t *out, uint64_t body,
    uint64_t address, const uint8_t *code, size_t n,
    const struct sieve_test *const test[], unsigned tests);

/* A thread's registers in the body.  `stack` are the four words from
 * SIEVE_FLAGS up to SIEVE_RAX. */
struct sieve_registers {
	uint64_t rip, rax, rcx, rdx, rflags;
	uint64_t stack[4];
};

/*
 * The thread has left the body with these, not by its INT3: they become those
 * that it had at the instructions.  True: the first is not made, and is yet to
 * be tested.
 */
bool sievecode_leave(const struct sieve_code *s, struct sieve_registers *regs);

#endif
