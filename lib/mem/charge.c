/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sum of what counts, read from the page tables.  Nothing here may know why
 * a mapping changes.
 */
#include "mem/charge.h"

/* A file's pages belong to the host until a private mapping is written to. */
bool
charge_counts(uint64_t bits)
{
	bool own = !(bits & PTE_FILE) ||
		   ((bits & PTE_WRITE) && !(bits & PTE_SHARED));

	return (bits & PTE_CHARGED) ||
	       ((bits & PTE_PRESENT) && !(bits & PTE_LAZY) && own);
}

uint64_t
charge_pages(const struct space *space, uint64_t va, uint64_t len)
{
	uint64_t end = va + len;
	uint64_t stop, bits, sum = 0;

	for (; va < end; va = stop) {
		stop = pt_run(&space->mem->pt, va, end, PTE_CHARGED, &bits);
		sum += bits ? stop - va : 0;
	}
	return sum;
}

static uint64_t
block_start(uint64_t va)
{
	return va & ~PAGE_2M_MASK;
}

/* The end of the last block of [.., end), or of RAM, where no block is cut. */
static uint64_t
block_end(const struct space *space, uint64_t end)
{
	uint64_t up = block_start(end + PAGE_2M_MASK);

	return up < space->mem->size ? up : space->mem->size;
}

struct sum {
	uint64_t bytes;
	uint64_t end; /* of the last block that was counted as a whole */
};

/* Add what [va, end) counts; ranges are added in ascending order. */
static void
add(const struct space *space, struct sum *sum, uint64_t va, uint64_t end)
{
	const uint64_t mask = PTE_CHARGED | PTE_HUGE;
	uint64_t stop, bits, first, last;

	for (; va < end; va = stop) {
		stop = pt_run(&space->mem->pt, va, end, mask, &bits);
		if (bits == PTE_CHARGED)
			sum->bytes += stop - va;
		if (!(bits & PTE_HUGE))
			continue;
		first = block_start(va) > sum->end ? block_start(va) : sum->end;
		last = block_end(space, stop);
		sum->bytes += last - first;
		sum->end = last;
	}
}

uint64_t
charge_weigh(const struct space *space, uint64_t va, uint64_t len)
{
	struct sum sum = { 0 };

	add(space, &sum, block_start(va), block_end(space, va + len));
	return sum.bytes;
}

/* As charge_weigh(), but for the pages of [va, va + len) themselves. */
static uint64_t
weigh_around(const struct space *space, uint64_t va, uint64_t len)
{
	struct sum sum = { 0 };

	add(space, &sum, block_start(va), va);
	add(space, &sum, va + len, block_end(space, va + len));
	return sum.bytes;
}

uint64_t
charge_freed(const struct space *space, uint64_t va, uint64_t len)
{
	return charge_weigh(space, va, len) - weigh_around(space, va, len);
}

uint64_t
charge_room(const struct space *space)
{
	return space->used < space->limit ? space->limit - space->used : 0;
}
