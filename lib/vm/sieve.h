/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints and tracepoints whose conditions the guest itself tests: only
 * those hits leave the guest that may be stops (sievecode.h).  It must not know
 * what a test says.
 *
 * The breakpoint's INT3 stays in memory while the machine is held, or one
 * instruction is made alone.  When vCPUs go, a jump is put over it and over the
 * bytes that follow, unless something hinders: a watchpoint, which would see
 * the tests' accesses; another breakpoint on those bytes; a thread that steps;
 * code that the guest may write; a recording or a replay.  Then the INT3 is met
 * each time, as without a test.
 *
 * Nothing but the vCPU itself sees rip in a sieve.  A fault in a test, and a
 * kick there, is a hit: the judge decides.
 */
#ifndef SIEVE_H
#define SIEVE_H

#include "vm/sieveset.h"

struct machine;
struct vcpu;

/* With the machine's lock: no vCPU is in the guest, and they are to go; they do
 * not any more; the guest has changed its mappings, while others go. */
void sieves_plant(struct machine *m);
void sieves_lift(struct machine *m);
void sieves_follow(struct machine *m);

/* The vCPU has left the guest, or reached a stub: rip is not in a sieve any
 * more.  A breakpoint that was hit looks as any other. */
void sieve_leave(struct vcpu *vcpu);

/* Is a trap that it has met there still to arrive? */
bool sieve_awaits(struct vcpu *vcpu);

/* Did it leave a sieve before the tests were made?  Then the breakpoint at rip
 * is hit. */
bool sieve_is_hit(struct vcpu *vcpu);

/* It has met a trap (vcpu->flight): was it an INT3 of a jump? */
bool sieve_takes(struct vcpu *vcpu);

#endif
