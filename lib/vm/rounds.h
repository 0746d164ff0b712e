/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rounds of a string instruction that repeats, many of them in one run: the
 * vCPU has a smaller count meanwhile.  They must not know why rounds are made.
 *
 * MOVS, STOS and LODS are ended by their count; CMPS and SCAS also by what they
 * compare, which is looked at first.  Nothing may see the vCPU between two of
 * these rounds: no watchpoint, fault or preemption.
 *
 * Between two rounds that compare, a processor shows the status flags from
 * before the instruction (SDM vol. 2, REP), or those of the round before.  Here
 * they are from before it, so nothing may look at them until the processor has
 * made one round more: then the flags are as it shows them.
 */
#ifndef ROUNDS_H
#define ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/*
 * `left` rounds of the instruction at `rip` are to come, before that at `next`
 * if they are `all`.  The vCPU makes `made` of them; before, its RCX is `count`
 * and its RFLAGS are `rflags`.
 */
struct rounds {
	uint64_t rip, next;
	uint64_t left, made, count, rflags;
	bool all;
};

/* The vCPU rests before a string instruction that repeats: look at no more than
 * `most` of its rounds.  False: it does not, or the rounds cannot be made in
 * one run. */
bool rounds_look(struct rounds *r, struct vcpu *vcpu, uint64_t most);

/* Have the vCPU make all rounds but two, up to `next`: more are left. */
void rounds_begin(struct rounds *r, struct vcpu *vcpu);

/* It rests: it is before those two, and the first of them is to be a step. */
void rounds_end(const struct rounds *r, struct vcpu *vcpu);

#endif
