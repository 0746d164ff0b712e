/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A few instructions that a jump replaces, made elsewhere, and a jump back to
 * those that follow them: the end of a trampoline and of a sieve.  An
 * instruction that is shorter than a jump is replaced with those that follow
 * it; the last may be a branch, and any a conditional one.  It must not know
 * what runs before them.
 */
#ifndef MOVED_H
#define MOVED_H

#include "image/insn.h"

#define MOVED_JUMP 5U  /* bytes of the jump that replaces them */
#define MOVED_RUN  5U  /* instructions whose place it may take */
#define MOVED_LOOK 32U /* bytes of code that are looked at */
#define MOVED_ROOM 96U /* bytes that they take elsewhere, at most */

struct insn_run {
	struct insn insn[MOVED_RUN];
	unsigned n;
	size_t length;
};

/* All zero: there are none.  Places are offsets from `base`. */
struct moved {
	uint64_t address; /* of the first instruction */
	uint64_t base;
	uint8_t length; /* of the instructions */
	uint8_t parts;  /* how many they are */
	uint16_t at;    /* where the first lies, */
	uint16_t made;  /* and where rip is when all are made */
	uint16_t end;   /* after the jump back */
	/* Jumps to the instruction after a jrcxz or loop, and to its target, of
	 * which a run has one at most; 0: it has none. */
	uint16_t near;
	uint64_t near_next, near_target;
	struct {
		uint8_t from; /* after `address`, and */
		uint16_t at;
	} part[MOVED_RUN];
};

/* As many as a jump replaces, from the first of the `n` bytes of code.  False:
 * one of them cannot be made elsewhere. */
bool insn_run_find(struct insn_run *run, const uint8_t *code, size_t n);

/*
 * Make the run, whose code is at m->address, at m->base + m->at; out is what
 * lies at m->base.  Sets the other members.  False: a place is out of reach.
 */
bool moved_make(struct moved *m, uint8_t *out, const struct insn_run *run,
    const uint8_t *code);

/* The place of the instruction at `rip`, which is one of them; 0: none is
 * there. */
uint64_t moved_place(const struct moved *m, uint64_t rip);

/* The address of the guest's code for which this offset, from `at` on,
 * stands. */
uint64_t moved_original(const struct moved *m, uint64_t offset);

#endif
