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
 * they are from before it, so the last round is left to the processor: then the
 * flags are as it shows them.
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

/* Have the vCPU make all rounds but the last, up to `next`: more than one is
 * left. */
void rounds_begin(struct rounds *r, struct vcpu *vcpu);

/* It rests: it is before the last of them. */
void rounds_end(const struct rounds *r, struct vcpu *vcpu);

#endif
