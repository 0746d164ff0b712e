/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table by linear probing.  Nothing here may know memory.
 */
#include "vm/breakset.h"

#include <assert.h>
#include <stddef.h>

_Static_assert(2 * BREAKS_MAX <= BREAKSET_SLOTS && BREAKS_MAX <= UINT16_MAX,
    "half of the slots stay free, and each names any breakpoint");

/* Multiplicative hashing (Knuth, TAOCP vol. 3, 6.4) spreads addresses that
 * differ in a few low bits alone. */
static unsigned
home_of(uint64_t addr)
{
	return (unsigned)(addr * UINT64_C(0x9e3779b97f4a7c15) >>
			  (64 - BREAKSET_BITS));
}

static unsigned
distance(unsigned from, unsigned to)
{
	return (to - from) % BREAKSET_SLOTS;
}

static uint64_t
addr_in(const struct breakset *set, unsigned slot)
{
	return set->list[set->slot[slot] - 1].addr;
}

/* The slot of the breakpoint at `addr`, or the free one where it would be. */
static unsigned
find_slot(const struct breakset *set, uint64_t addr)
{
	unsigned i = home_of(addr);

	while (set->slot[i] && addr_in(set, i) != addr)
		i = (i + 1) % BREAKSET_SLOTS;
	return i;
}

/* Move those that follow back, where that brings them closer to their home:
 * no free slot may lie between (TAOCP vol. 3, 6.4, algorithm R). */
static void
free_slot(struct breakset *set, unsigned hole)
{
	unsigned i = hole;

	while (set->slot[i = (i + 1) % BREAKSET_SLOTS]) {
		if (distance(home_of(addr_in(set, i)), i) < distance(hole, i))
			continue;
		set->slot[hole] = set->slot[i];
		hole = i;
	}
	set->slot[hole] = 0;
}

struct breakpoint *
breakset_find(const struct breakset *set, uint64_t addr)
{
	unsigned n = set->slot[find_slot(set, addr)];

	return n ? (struct breakpoint *)(uintptr_t)&set->list[n - 1] : NULL;
}

struct breakpoint *
breakset_add(struct breakset *set, uint64_t addr)
{
	unsigned slot = find_slot(set, addr);
	struct breakpoint *bp = &set->list[set->count];

	assert(!set->slot[slot]);
	if (set->count == BREAKS_MAX)
		return NULL;
	*bp = (struct breakpoint){ .addr = addr, .reg = -1 };
	set->slot[slot] = (uint16_t)++set->count;
	return bp;
}

/* The last of the list takes the place of the removed one. */
void
breakset_remove(struct breakset *set, struct breakpoint *bp)
{
	const struct breakpoint *last = &set->list[set->count - 1];

	free_slot(set, find_slot(set, bp->addr));
	if (bp != last) {
		set->slot[find_slot(set, last->addr)] =
		    (uint16_t)(bp - set->list + 1);
		*bp = *last;
	}
	set->count--;
}
