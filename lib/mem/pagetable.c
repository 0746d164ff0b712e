/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86-64 page tables in a pool of pages.  Nothing here may know what is
 * mapped or why.
 */
#include "mem/pagetable.h"

#include <assert.h>
#include <stddef.h>

#define ENTRIES   512
#define TOP_LEVEL (PT_LEVELS - 1) /* PML4; level 0 holds 4 KiB pages */

static uint64_t
span_of(int level)
{
	return PAGE_4K << (9 * level);
}

static uint64_t
div_up(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

unsigned
pt_tables_for(uint64_t size, unsigned extra)
{
	uint64_t tables = 1;
	int level;

	for (level = 1; level <= TOP_LEVEL; level++)
		tables += div_up(size, span_of(level));
	return (unsigned)tables + extra;
}

void
pt_init(struct pagetable *pt, uint64_t *pool, uint64_t gpa, unsigned limit)
{
	*pt = (struct pagetable){
		.pool = pool,
		.gpa = gpa,
		.used = 1,
		.limit = limit,
	};
	/* As in descend(). */
	pool[0] = 0;
}

/*
 * Other threads and the processors of other vCPUs read entries while they are
 * written: each entry is written at once, and a table before the entry that
 * leads to it.
 */
static uint64_t
get_entry(const uint64_t *slot)
{
	return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

static unsigned
index_of(uint64_t va, int level)
{
	return (unsigned)(va >> (12 + 9 * level)) % ENTRIES;
}

static void
set_entry(uint64_t *slot, uint64_t entry)
{
	__atomic_store_n(slot, entry, __ATOMIC_RELEASE);
}

static uint64_t *
table_at(const struct pagetable *pt, uint64_t entry)
{
	return pt->pool + ((entry & PTE_ADDR) - pt->gpa) / sizeof(uint64_t);
}

static int
is_table(uint64_t entry, int level)
{
	return level > 0 && (entry & PTE_PRESENT) && !(entry & PTE_LARGE);
}

/* Bit 7 marks a leaf, except at the last level, where it is PAT. */
static uint64_t
leaf(uint64_t gpa, uint64_t bits, int level)
{
	if (!bits)
		return 0;
	if ((bits & PTE_LAZY) && (bits & PTE_PRESENT))
		bits ^= PTE_PRESENT | PTE_AWAITED;
	return gpa | bits | PTE_ACCESSED | PTE_DIRTY |
	       (level > 0 ? PTE_LARGE : 0);
}

/* Page `i` of those that a large page is split into, if that is what `entry`
 * of this level maps. */
static uint64_t
part_of(uint64_t entry, int level, int i)
{
	if (!entry)
		return 0;
	return (level > 1 ? entry : entry & ~PTE_LARGE) +
	       (uint64_t)i * span_of(level - 1);
}

/*
 * The table below `slot`, made if it does not exist; a large page is split into
 * equal pages.  The leaves alone decide permissions, so the entries that lead
 * to them allow everything.
 */
static uint64_t *
descend(struct pagetable *pt, uint64_t *slot, int level)
{
	uint64_t old = *slot;
	uint64_t *table;
	int i;

	if (is_table(old, level))
		return table_at(pt, old);
	assert(pt->used < pt->limit);
	table = pt->pool + (size_t)pt->used * ENTRIES;
	/* The table is zero already; a write faults the host's page in as
	 * writable at once. */
	set_entry(&table[0], 0);
	for (i = 0; old && i < ENTRIES; i++)
		set_entry(&table[i], part_of(old, level, i));
	set_entry(slot, (pt->gpa + pt->used * PAGE_4K) | PTE_PRESENT |
			    PTE_WRITE | PTE_USER | PTE_ACCESSED);
	pt->used++;
	return table;
}

/* Map the pages of [va, last] in the table that they share. */
static void
map_pages(
    uint64_t *table, uint64_t va, uint64_t last, uint64_t gpa, uint64_t bits)
{
	const uint64_t step = bits ? PAGE_4K : 0;
	uint64_t entry = leaf(gpa, bits, 0);
	uint64_t *slot = &table[index_of(va, 0)];

	for (; slot <= &table[index_of(last, 0)]; slot++, entry += step)
		set_entry(slot, entry);
}

/* Map [va, last], given by its last byte because the address space ends at
 * 2^64. */
static void
map_level(struct pagetable *pt, uint64_t *table, int level, uint64_t va,
    uint64_t last, uint64_t gpa, uint64_t bits)
{
	uint64_t span = span_of(level);
	uint64_t stop;

	if (level == 0) {
		map_pages(table, va, last, gpa, bits);
		return;
	}
	for (;; gpa += stop + 1 - va, va = stop + 1) {
		uint64_t *slot = &table[index_of(va, level)];

		stop = va | (span - 1);
		if (stop > last)
			stop = last;
		if (level == 1 && !is_table(*slot, level) &&
		    stop - va == span - 1 && (gpa & (span - 1)) == 0)
			set_entry(slot, leaf(gpa, bits, level));
		else if (*slot || bits)
			map_level(pt, descend(pt, slot, level), level - 1, va,
			    stop, gpa, bits);
		if (stop == last)
			return;
	}
}

void
pt_map(struct pagetable *pt, uint64_t va, uint64_t gpa, uint64_t size,
    uint64_t bits)
{
	assert(((va | gpa | size) & PAGE_4K_MASK) == 0);
	if (size > 0)
		map_level(
		    pt, pt->pool, TOP_LEVEL, va, va + size - 1, gpa, bits);
}

/* A pool, a copy of it, and who is interested in differences. */
struct comparison {
	const struct pagetable *pt;
	const uint64_t *then;
	pt_differs *differs;
	void *ctx;
};

/* `old` is what the entry that leads to this table was, if the table was made
 * since. */
static void
return_level(const struct comparison *c, uint64_t *table, int level,
    uint64_t va, bool is_new, uint64_t old)
{
	const size_t at = (size_t)(table - c->pt->pool);
	const uint64_t span = span_of(level);
	int i;

	for (i = 0; i < ENTRIES; i++, va += span) {
		uint64_t now = table[i];
		uint64_t then = is_new ? part_of(old, level + 1, i)
				       : c->then[at + (size_t)i];

		if (is_table(now, level)) {
			return_level(c, table_at(c->pt, now), level - 1, va,
			    !is_table(then, level), then);
		} else if (now != then) {
			assert(!is_table(then, level));
			set_entry(&table[i], then);
			c->differs(c->ctx, va, span);
		}
	}
}

void
pt_return(
    struct pagetable *pt, const uint64_t *then, pt_differs *differs, void *ctx)
{
	const struct comparison c = { pt, then, differs, ctx };

	return_level(&c, pt->pool, TOP_LEVEL, 0, false, 0);
}

unsigned
pt_walk(const struct pagetable *pt, uint64_t va, uint64_t entry[PT_LEVELS])
{
	const uint64_t *table = pt->pool;
	int level;

	for (level = TOP_LEVEL;; level--) {
		uint64_t *e = &entry[TOP_LEVEL - level];

		*e = get_entry(&table[index_of(va, level)]);
		if (!is_table(*e, level))
			return (unsigned)(TOP_LEVEL - level) + 1;
		table = table_at(pt, *e);
	}
}

uint64_t
pt_lookup(const struct pagetable *pt, uint64_t va, uint64_t *size)
{
	uint64_t entry[PT_LEVELS];
	unsigned levels = pt_walk(pt, va, entry);

	*size = span_of(PT_LEVELS - (int)levels);
	return entry[levels - 1];
}

/* The slot of the entry for `va`, and in *end the end of the slots of its size
 * that follow it: 4 KiB pages fill a table of their own. */
static const uint64_t *
find_slot(const struct pagetable *pt, uint64_t va, uint64_t *size,
    const uint64_t **end)
{
	const uint64_t *table = pt->pool;
	int level = TOP_LEVEL;
	const uint64_t *slot;

	for (;; level--) {
		uint64_t entry;

		slot = &table[index_of(va, level)];
		entry = get_entry(slot);
		if (!is_table(entry, level))
			break;
		table = table_at(pt, entry);
	}
	*size = span_of(level);
	*end = level == 0 ? table + ENTRIES : slot + 1;
	return slot;
}

/* Hypercalls with large buffers are frequent callers: no page is walked to
 * again. */
uint64_t
pt_run(const struct pagetable *pt, uint64_t va, uint64_t end, uint64_t mask,
    uint64_t *bits)
{
	const uint64_t *stop;
	uint64_t page;
	const uint64_t *slot = find_slot(pt, va, &page, &stop);
	const uint64_t first = get_entry(slot);

	*bits = pte_rights(first) & mask;
	for (;;) {
		uint64_t entry;

		va = (va & ~(page - 1)) + page;
		if (va >= end)
			return end;
		if (++slot == stop)
			slot = find_slot(pt, va, &page, &stop);
		entry = get_entry(slot);
		if (entry != first && (pte_rights(entry) & mask) != *bits)
			return va;
	}
}
