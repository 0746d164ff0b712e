/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's page tables, built and read by the VMM.  They must not know
 * what is mapped or why.
 *
 * Four levels of x86-64 paging (Intel SDM vol. 3, 4.5) in a pool of pages that
 * the guest itself does not map: it cannot see or change them.  A table, once
 * made for an address range, stays, so the pool's size is a sum over the
 * address space and never depends on what the guest does.
 *
 * One thread at a time may change the tables.  Other threads, and the
 * processors, may read them meanwhile: they see the old entry or the new one.
 *
 * Accessed and dirty bits are set from the start: the processor then writes
 * nothing here, and reading through these tables changes nothing.
 */
#ifndef PAGETABLE_H
#define PAGETABLE_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_4K      UINT64_C(0x1000)
#define PAGE_4K_MASK (PAGE_4K - 1)
#define PAGE_2M      UINT64_C(0x200000)
#define PAGE_2M_MASK (PAGE_2M - 1)

/* The bounds of pages at or below, and at or above, an address or a size. */
static inline uint64_t
page_down(uint64_t a)
{
	return a & ~PAGE_4K_MASK;
}

static inline uint64_t
page_up(uint64_t a)
{
	return page_down(a + PAGE_4K_MASK);
}

/* Bits of a paging entry, SDM vol. 3, tables 4-15 to 4-20. */
#define PTE_PRESENT  (UINT64_C(1) << 0)
#define PTE_WRITE    (UINT64_C(1) << 1)
#define PTE_USER     (UINT64_C(1) << 2)
#define PTE_ACCESSED (UINT64_C(1) << 5)
#define PTE_DIRTY    (UINT64_C(1) << 6)
#define PTE_LARGE    (UINT64_C(1) << 7)
/* Ignored by the processor: the page belongs to a mapping, present or not. */
#define PTE_TAKEN (UINT64_C(1) << 9)
/* Also ignored by the processor: rights that a watchpoint withholds for now. */
#define PTE_HELD_PRESENT (UINT64_C(1) << 10)
#define PTE_HELD_WRITE   (UINT64_C(1) << 11)
#define PTE_HELD         (PTE_HELD_PRESENT | PTE_HELD_WRITE)
#define PTE_NX           (UINT64_C(1) << 63)
#define PTE_ADDR         UINT64_C(0x000ffffffffff000)
/*
 * Also ignored, what backs the page on the host: a file; a mapping that was
 * requested as shared; a file that may only be read, so that the page can never
 * become writable, not even for the VMM.
 */
#define PTE_FILE        (UINT64_C(1) << 52)
#define PTE_SHARED      (UINT64_C(1) << 53)
#define PTE_NEVER_WRITE (UINT64_C(1) << 54)
#define PTE_BACKING     (PTE_FILE | PTE_SHARED | PTE_NEVER_WRITE)
/* The page counts as the guest's memory: it can be filled, or could be once. */
#define PTE_CHARGED (UINT64_C(1) << 55)
/* The host may have backed the page by a large one: see charge.h. */
#define PTE_HUGE (UINT64_C(1) << 56)
/* The VMM has written to the page, for instance a breakpoint: it has contents
 * of its own also if it does not count. */
#define PTE_KEPT (UINT64_C(1) << 57)
/*
 * The page is kept from the processor until it is first used: it is stored
 * without PTE_PRESENT, in place of which PTE_AWAITED shows that it has rights.
 */
#define PTE_LAZY    (UINT64_C(1) << 58)
#define PTE_AWAITED (UINT64_C(1) << 59)
/* The page holds a copy of a file's bytes, which the guest takes for the
 * file's. */
#define PTE_COPIED (UINT64_C(1) << 60)
/* The bits that pt_map() takes; it stores them unchanged, but for a page that
 * is lazy. */
#define PTE_BITS                                                         \
	(PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX | PTE_TAKEN |       \
	    PTE_BACKING | PTE_CHARGED | PTE_HUGE | PTE_KEPT | PTE_LAZY | \
	    PTE_COPIED)
/* The bits of an entry by which pt_map() stores the same again. */
#define PTE_STORED (PTE_BITS | PTE_HELD | PTE_AWAITED)

struct pagetable {
	uint64_t *pool; /* the tables as the VMM sees them; the first is PML4 */
	uint64_t gpa;   /* where the guest's CR3 finds them */
	unsigned used;  /* tables in use */
	unsigned limit; /* tables that the pool can hold */
};

/* The number of tables that can map [0, size) by any mix of pages, plus
 * `extra`.
 */
unsigned pt_tables_for(uint64_t size, unsigned extra);

/* Start with an empty PML4 in `pool`, zeroed memory of `limit` pages. */
void
pt_init(struct pagetable *pt, uint64_t *pool, uint64_t gpa, unsigned limit);

/*
 * Map [va, va + size) to [gpa, gpa + size) with the PTE_* bits in `bits` (those
 * of PTE_STORED), or to nothing if bits is 0.  All three numbers are multiples
 * of PAGE_4K; 2 MiB pages are used where they fit.  The pool must have been
 * sized for it.
 */
void pt_map(struct pagetable *pt, uint64_t va, uint64_t gpa, uint64_t size,
    uint64_t bits);

/* The rights that an entry stands for: those it gives and those withheld. */
static inline uint64_t
pte_rights(uint64_t entry)
{
	const uint64_t present = PTE_HELD_PRESENT | PTE_AWAITED;

	return entry | (entry & present ? PTE_PRESENT : 0) |
	       (entry & PTE_HELD_WRITE ? PTE_WRITE : 0);
}

/* Does the page wait for its first use? */
static inline bool
pte_waits(uint64_t entry)
{
	return (entry & PTE_LAZY) && (pte_rights(entry) & PTE_PRESENT);
}

/* The bits for pt_map() when the page has been used, with `more`. */
static inline uint64_t
pte_filled(uint64_t entry, uint64_t more)
{
	const uint64_t there = entry & PTE_AWAITED ? PTE_PRESENT : 0;

	return (entry & PTE_STORED & ~(PTE_LAZY | PTE_AWAITED)) | there | more;
}

/*
 * The entry of the page that contains `va`, or 0 where nothing was mapped.  Its
 * address part is that of the page, which has `size` bytes (PAGE_4K or more).
 */
uint64_t pt_lookup(const struct pagetable *pt, uint64_t va, uint64_t *size);

/*
 * The end of the run of pages in [va, end), not empty, that agree with the
 * first page in the bits of `mask`; *bits is set to these.  Rights that are
 * withheld count as given.
 */
uint64_t pt_run(const struct pagetable *pt, uint64_t va, uint64_t end,
    uint64_t mask, uint64_t *bits);

/*
 * Give the entries their values of an earlier time, of which `then` is a copy
 * of the pool.  Tables that were made since stay where they are, since a KVM
 * that shadows tables does not look again at an entry that leads to one; they
 * map what was mapped there before.  Calls differs() for each range whose
 * entries change.
 */
typedef void pt_differs(void *ctx, uint64_t va, uint64_t len);
void pt_return(
    struct pagetable *pt, const uint64_t *then, pt_differs *differs, void *ctx);

/* Store the entries on the way to `va`, from the top table's on: returns how
 * many there are. */
#define PT_LEVELS 4
unsigned
pt_walk(const struct pagetable *pt, uint64_t va, uint64_t entry[PT_LEVELS]);

#endif
