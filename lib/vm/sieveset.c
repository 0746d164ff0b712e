/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The set of sieves.  Nothing here may know machines or vCPUs.
 */
#include "vm/sieveset.h"

#include <string.h>

#define PAGE 4096U

bool
sieve_has_test(const struct sieve *s)
{
	unsigned i;

	for (i = 0; i < SIEVE_KINDS; i++)
		if (s->test[i].n > 0)
			return true;
	return false;
}

/* The one at this address, or (`make`) a free one. */
static struct sieve *
find(struct sieves *all, uint64_t address, bool make)
{
	struct sieve *s, *spare = NULL;

	for (s = all->sieve; s < all->sieve + SIEVES_MAX; s++) {
		if (!sieve_has_test(s))
			spare = s;
		else if (s->address == address)
			return s;
	}
	return make ? spare : NULL;
}

bool
sieve_set(struct sieves *all, enum sieve_kind kind, uint64_t address,
    const struct sieve_test *test)
{
	struct sieve *s = find(all, address, test->n > 0);
	struct sieve_test *to;

	if (!s)
		return test->n == 0;
	to = &s->test[kind];
	all->count -= sieve_has_test(s);
	if (s->address != address || to->n != test->n ||
	    memcmp(to->code, test->code, test->n) != 0)
		s->made = false;
	s->address = address;
	to->n = test->n;
	memcpy(to->code, test->code, test->n);
	all->count += sieve_has_test(s);
	return true;
}

void
sieve_clear(struct sieves *all, enum sieve_kind kind)
{
	unsigned i;

	for (i = 0; i < SIEVES_MAX; i++) {
		all->sieve[i].made = false;
		all->sieve[i].test[kind].n = 0;
	}
	all->count = 0;
	for (i = 0; i < SIEVES_MAX; i++)
		all->count += sieve_has_test(&all->sieve[i]);
}

void
sieves_restore(
    const struct sieves *all, uint64_t address, void *buf, size_t len)
{
	uint8_t *bytes = buf;
	unsigned i, j;

	for (i = 0; all->planted && i < SIEVES_MAX; i++) {
		const struct sieve *s = &all->sieve[i];

		for (j = 0; s->planted && j < MOVED_JUMP; j++) {
			const uint64_t at = s->address + j - address;

			if (at < len && bytes[at] == s->code.jump[j])
				bytes[at] = s->under[j];
		}
	}
}

uint64_t
sieve_place(const struct sieves *all, uint64_t rip)
{
	unsigned i;

	for (i = 0; all->planted && i < SIEVES_MAX; i++)
		if (all->sieve[i].planted && all->sieve[i].address == rip)
			return moved_place(&all->sieve[i].code.run, rip);
	return 0;
}

const struct sieve *
sieve_at(const struct sieves *all, uint64_t rip)
{
	const uint64_t offset = rip - SHIM_SIEVES - PAGE;
	const struct sieve *s = &all->sieve[offset / SIEVE_BODY % SIEVES_MAX];
	unsigned i;

	if (rip < SHIM_BASE || !all->mapped)
		return NULL;
	if (offset < SIEVES_MAX * SIEVE_BODY)
		return offset % SIEVE_BODY < s->code.run.end ? s : NULL;
	for (i = 0; i < SIEVES_MAX; i++)
		if (all->sieve[i].code.enters &&
		    all->sieve[i].code.entry == rip)
			return &all->sieve[i];
	return NULL;
}

const struct sieve *
sieve_over(const struct sieves *all, uint64_t rip)
{
	const struct sieve *s, *lifted = NULL;

	for (s = all->sieve; all->mapped && s < all->sieve + SIEVES_MAX; s++) {
		if (!s->code.enters || rip == s->code.run.address ||
		    rip - s->code.run.address >= MOVED_JUMP ||
		    !moved_place(&s->code.run, rip))
			continue;
		if (s->planted)
			return s;
		lifted = s;
	}
	return lifted;
}
