/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of the instructions under breakpoints, in the shim's page for them,
 * each followed by a jump back.  A vCPU that has met a breakpoint which does
 * not stop the guest goes on in the copy: without a second exit, and while
 * other vCPUs run.  It must not know threads or who debugs.
 *
 *	SHIM_COPIES + 32 n	the instruction
 *	after it		jmp *(%rip), and the address after the original
 *
 * An operand relative to rip gets another displacement if it is within reach,
 * and else becomes one by its address.  Branches that depend
 * on their own address have no copy (branch.h makes them), nor have
 * instructions that leave the guest.  Nothing but the vCPU itself ever sees rip
 * in a copy: copies_original() gives the address that it stands for.
 */
#ifndef COPIES_H
#define COPIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COPIES_SIZE 32U
#define COPIES_MAX  128U /* that fit into the page */

struct copy {
	uint64_t addr;  /* of the original */
	uint8_t length; /* of the original; 0: none was made for it */
	uint8_t size;   /* of the copy */
	uint8_t code[15];
};

/* All zero, but for the page. */
struct copies {
	struct copy copy[COPIES_MAX];
	uint8_t *page;
	unsigned used; /* last, as each entry reads it: see struct debug */
};

/*
 * The guest address of the copy of the instruction at `addr`, which is the
 * first of the `n` bytes of code and is copied when it is first asked for; 0:
 * there is none.  With a lock.
 */
uint64_t copies_find(
    struct copies *copies, uint64_t addr, const uint8_t *code, size_t n);

/* Write the instruction, whose end is `next`, so that it does the same at
 * `at`: the bytes written, or 0. */
struct insn;
size_t copies_move(uint8_t *to, const struct insn *insn, const uint8_t *code,
    uint64_t next, uint64_t at);

/* Is `rip` in a copy?  Then *original is the address that it stands for, and
 * *made is false if the instruction is not made yet. */
bool copies_original(
    const struct copies *copies, uint64_t rip, uint64_t *original, bool *made);

/* No vCPU is in a copy: forget all. */
void copies_clear(struct copies *copies);

#endif
