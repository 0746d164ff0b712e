/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The set of breakpoints, found by address: add, remove and find take the same
 * time however many there are, since GDB removes and inserts all of them at
 * every stop.  It must not know memory, nor how a breakpoint is realized.
 */
#ifndef BREAKSET_H
#define BREAKSET_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKS_MAX 16384 /* breakpoints, soft and hard */

/* Open addressing: at most every other slot is in use. */
#define BREAKSET_BITS  15
#define BREAKSET_SLOTS (1U << BREAKSET_BITS)

/* A soft breakpoint, a hard one, a tracepoint, or several of them.  A hard one
 * without a debug register is planted as a soft one is, and so is a tracepoint.
 */
struct breakpoint {
	uint64_t addr;
	bool soft, hard, trace, inner;
	bool planted;     /* memory holds INT3 */
	uint8_t original; /* what it held before */
	int8_t reg;       /* the hard one's debug register, or -1 */
};

/* All zero: empty. */
struct breakset {
	unsigned count;
	struct breakpoint list[BREAKS_MAX]; /* in no order */
	uint16_t slot[BREAKSET_SLOTS];      /* 0: free; n: list[n - 1] */
};

/* The breakpoint at `addr`, or NULL. */
struct breakpoint *breakset_find(const struct breakset *set, uint64_t addr);

/* Add one at `addr`, where none is: neither soft nor hard, without a register.
 * NULL: the set is full. */
struct breakpoint *breakset_add(struct breakset *set, uint64_t addr);

/* Remove one of the set.  Pointers to others are not valid any more. */
void breakset_remove(struct breakset *set, struct breakpoint *bp);

#endif
