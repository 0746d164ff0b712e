/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sieves of a machine (sieve.h), found by address, by a place in their code
 * and by what they replace.  It must not know machines or vCPUs.
 */
#ifndef SIEVESET_H
#define SIEVESET_H

#include "vm/shim.h"
#include "vm/sievecode.h"

#define SIEVES_MAX SHIM_SIEVES_MAX

/* Both may be at one address. */
enum sieve_kind {
	SIEVE_BREAK,
	SIEVE_TRACE,
	SIEVE_KINDS,
};

struct sieve {
	uint64_t address;
	struct sieve_test test[SIEVE_KINDS]; /* none: the place is free */
	bool made;                           /* the code, with these tests, */
	uint8_t looked[MOVED_LOOK];          /* of this code of the guest's */
	size_t look;
	struct sieve_code code;
	bool planted;
	uint8_t under[MOVED_JUMP]; /* the bytes under the jump */
};

/* All zero: none. */
struct sieves {
	unsigned count; /* that have tests */
	bool mapped, planted;
	struct sieve sieve[SIEVES_MAX];
	uint64_t entry[SHIM_SIEVE_ENTRIES]; /* pages that are mapped there */
	/* Those with tests when vCPUs went last: gdb removes all at a stop. */
	unsigned lasts;
	struct {
		uint64_t address;
		bool planted;
	} last[SIEVES_MAX];
};

/* At rest: the test of a breakpoint at `address`, or none if n is 0.  False:
 * SIEVES_MAX others are set. */
bool sieve_set(struct sieves *all, enum sieve_kind kind, uint64_t address,
    const struct sieve_test *test);
void sieve_clear(struct sieves *all, enum sieve_kind kind);

/* Does it have a test? */
bool sieve_has_test(const struct sieve *s);

/* In a copy of [address, address + len), the bytes under the jumps. */
void
sieves_restore(const struct sieves *s, uint64_t address, void *buf, size_t len);

/* Where a vCPU goes on that passes a breakpoint at rip; 0: not here. */
uint64_t sieve_place(const struct sieves *s, uint64_t rip);

/* The sieve in whose body or entry rip is, or NULL. */
const struct sieve *sieve_at(const struct sieves *all, uint64_t rip);

/* The sieve whose jump has an INT3 in place of the instruction at `rip`, now or
 * before it was lifted; NULL: there is none. */
const struct sieve *sieve_over(const struct sieves *all, uint64_t rip);

#endif
