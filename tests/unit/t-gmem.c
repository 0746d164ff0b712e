/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests access to guest memory and its page tables: at the edges of pages, of
 * permissions, of memory and of the address space.
 */
#include "guestram.h"
#include "tap.h"

#include <errno.h>

#define RAM   (UINT64_C(8) << 20)
#define READ  (PTE_PRESENT | PTE_USER | PTE_NX)
#define WRITE (READ | PTE_WRITE)

static struct gmem mem;

static void
test_edges(void)
{
	/* [1 MiB, 1 MiB + 3 pages): writable, read-only, writable. */
	const uint64_t a = 1 << 20, ro = a + PAGE_4K, end = a + 3 * PAGE_4K;

	pt_map(&mem.pt, a, a, 3 * PAGE_4K, WRITE);
	pt_map(&mem.pt, ro, ro, PAGE_4K, READ);
	ok(gmem_range(&mem, a, 3 * PAGE_4K, GMEM_READ) == mem.base + a,
	    "a whole mapping can be read");
	ok(!gmem_range(&mem, a, 3 * PAGE_4K, GMEM_WRITE),
	    "a mapping with a read-only page cannot be written");
	ok(gmem_range(&mem, a, PAGE_4K, GMEM_WRITE),
	    "the page before the read-only one can be written");
	ok(!gmem_range(&mem, a, PAGE_4K + 1, GMEM_WRITE),
	    "one byte more cannot be written");
	ok(gmem_range(&mem, end - 1, 1, GMEM_WRITE),
	    "the last byte is accessible");
	ok(!gmem_range(&mem, end, 1, GMEM_READ),
	    "the byte after the mapping is not accessible");
	ok(!gmem_range(&mem, end - 1, 2, GMEM_READ),
	    "two bytes from the last on are not accessible");
	ok(!gmem_range(&mem, a - 1, 2, GMEM_READ),
	    "two bytes from before the first are not accessible");
	is_int(gmem_span(&mem, a, 100 * PAGE_4K, GMEM_READ), 3 * PAGE_4K,
	    "a span ends where the mapping does");
	is_int(gmem_span(&mem, a + 7, PAGE_4K, GMEM_WRITE), PAGE_4K - 7,
	    "a span ends where the permission does");
}

static void
test_wraps(void)
{
	const uint64_t last = RAM - PAGE_4K;

	pt_map(&mem.pt, last, last, PAGE_4K, WRITE);
	ok(gmem_range(&mem, RAM - 1, 1, GMEM_WRITE),
	    "the last byte of RAM is accessible");
	ok(gmem_range(&mem, last, PAGE_4K, GMEM_WRITE),
	    "a range may end where RAM ends");
	ok(!gmem_range(&mem, RAM - 1, 2, GMEM_WRITE),
	    "a range may not end after RAM");
	ok(!gmem_range(&mem, RAM, 1, GMEM_READ),
	    "a range may not start at the end of RAM");
	ok(!gmem_range(&mem, last, UINT64_MAX, GMEM_READ),
	    "a length that wraps is refused");
	ok(!gmem_range(&mem, UINT64_MAX, 1, GMEM_READ),
	    "the last address of all is refused");
	ok(!gmem_range(&mem, UINT64_MAX, 2, GMEM_READ),
	    "a range that wraps to 0 is refused");
	ok(gmem_range(&mem, UINT64_MAX, 0, GMEM_WRITE),
	    "an empty range is accessible anywhere");
	is_int(gmem_span(&mem, UINT64_MAX, 1, GMEM_READ), 0,
	    "no span starts outside RAM");
}

static void
test_strings(void)
{
	const uint64_t end = 2 << 20;
	char text[8];

	pt_map(&mem.pt, end - PAGE_4K, end - PAGE_4K, PAGE_4K, READ);
	memcpy(mem.base + end - 4, "abc", 4);
	is_int(gmem_string(&mem, text, sizeof(text), end - 4), 3,
	    "text that ends with its page is read");
	is_str(text, "abc", "the text is read unchanged");
	is_int(gmem_string(&mem, text, 4, end - 4), 3,
	    "text is read into a buffer it just fits");
	is_int(gmem_string(&mem, text, 3, end - 4), -ENAMETOOLONG,
	    "text is not read into a smaller buffer");
	mem.base[end - 1] = 'd';
	is_int(gmem_string(&mem, text, sizeof(text), end - 4), -EFAULT,
	    "text that runs out of memory is a fault");
	is_int(gmem_string(&mem, text, sizeof(text), 0), -EFAULT,
	    "text at 0 is a fault");
	is_int(gmem_string(&mem, text, sizeof(text), UINT64_MAX), -EFAULT,
	    "text at the end of all addresses is a fault");
}

static void
test_copies(void)
{
	const uint64_t a = 3 << 20;
	uint64_t value = 7;

	pt_map(&mem.pt, a, a, PAGE_4K, READ);
	is_int(gmem_write(&mem, a, &value, sizeof(value)), -EFAULT,
	    "nothing is written to read-only memory");
	is_int(mem.base[a], 0, "not a byte of it");
	is_int(gmem_read(&mem, &value, a + PAGE_4K - 4, sizeof(value)), -EFAULT,
	    "nothing is read across the end of a mapping");
	is_int(value, 7, "not a byte of it");
	pt_map(&mem.pt, a, a, PAGE_4K, WRITE);
	is_int(gmem_write(&mem, a + 1, &value, sizeof(value)), 0,
	    "writable memory is written");
	value = 0;
	is_int(gmem_read(&mem, &value, a + 1, sizeof(value)), 0,
	    "memory is read back");
	is_int(value, 7, "the value read is the value written");
}

static void
test_large_pages(void)
{
	const uint64_t a = 4 << 20;
	unsigned before = mem.pt.used;
	uint64_t size, entry;

	pt_map(&mem.pt, a, a, PAGE_2M, WRITE);
	is_int(mem.pt.used, before, "2 MiB need no table");
	pt_lookup(&mem.pt, a + 5, &size);
	is_int(size, PAGE_2M, "one large page maps 2 MiB");
	pt_map(&mem.pt, a + 3 * PAGE_4K, a + 3 * PAGE_4K, PAGE_4K, READ);
	entry = pt_lookup(&mem.pt, a + 3 * PAGE_4K, &size);
	is_int(size, PAGE_4K, "a change in a large page makes small pages");
	ok(!(entry & PTE_WRITE), "the changed page is read-only");
	entry = pt_lookup(&mem.pt, a + 4 * PAGE_4K, &size);
	ok(entry & PTE_WRITE, "the changed page's neighbour stays writable");
	is_int(entry & PTE_ADDR, a + 4 * PAGE_4K,
	    "the neighbour maps the same address");
	ok(!(entry & PTE_LARGE),
	    "a small page lacks the bit that would mean PAT");
	pt_map(&mem.pt, a, a, PAGE_2M, 0);
	is_int(gmem_span(&mem, a, PAGE_2M, GMEM_READ), 0,
	    "all rights can be taken away");
}

/* A lookup must not change the page tables. */
static void
test_reading_changes_nothing(void)
{
	size_t size = (size_t)mem.pt.used * PAGE_4K;
	uint8_t *before = malloc(size);
	uint64_t va, page;
	char byte;

	memcpy(before, mem.pt.pool, size);
	for (va = 0; va < RAM; va += PAGE_4K / 2) {
		gmem_read(&mem, &byte, va, 1);
		pt_lookup(&mem.pt, va, &page);
	}
	ok(memcmp(before, mem.pt.pool, size) == 0,
	    "reading everything leaves the page tables as they were");
	free(before);
}

static void
add_up(void *ctx, uint64_t va, uint64_t len)
{
	(void)va;
	*(uint64_t *)ctx += len;
}

/* Small pages in a large one, and others where no table was. */
static void
change_tables(void)
{
	const uint64_t far = UINT64_C(3) << 40;

	pt_map(&mem.pt, 8 << 20, 8 << 20, PAGE_4K, READ);
	pt_map(&mem.pt, far, PAGE_4K, 2 * PAGE_4K, WRITE);
}

/* Tables are back at an earlier time, but none is taken away: a KVM that
 * shadows them would not see that. */
static void
test_return(void)
{
	const uint64_t a = 8 << 20;
	uint64_t *then, *links, changed = 0, size, entry[PT_LEVELS];
	unsigned used, n;

	pt_map(&mem.pt, a, a, PAGE_2M, WRITE);
	n = mem.pt.used;
	then = malloc(n * PAGE_4K);
	memcpy(then, mem.pt.pool, n * PAGE_4K);
	change_tables();
	used = mem.pt.used;
	ok(used > n + 1, "tables were made");
	links = malloc(used * PAGE_4K);
	memcpy(links, mem.pt.pool, used * PAGE_4K);
	pt_return(&mem.pt, then, add_up, &changed);
	is_int(changed, 3 * PAGE_4K, "the ranges that change are reported");
	ok(pt_lookup(&mem.pt, a, &size) & PTE_WRITE, "a page is writable");
	is_int(pt_lookup(&mem.pt, UINT64_C(3) << 40, &size), 0, "one is gone");
	is_int(pt_walk(&mem.pt, a, entry), PT_LEVELS, "the tables stay");
	pt_return(&mem.pt, then, add_up, &changed);
	is_int(changed, 3 * PAGE_4K, "once more nothing changes");
	change_tables();
	is_int(mem.pt.used, used, "the same changes need no further table");
	ok(memcmp(links, mem.pt.pool, used * PAGE_4K) == 0,
	    "and lead to what was there");
	free(links);
	free(then);
}

/* The address space ends at 2^64; the shim lies just below. */
static void
test_top(void)
{
	const uint64_t top = UINT64_MAX - PAGE_4K + 1;
	uint64_t size, entry;

	pt_map(&mem.pt, top, PAGE_4K, PAGE_4K, PTE_PRESENT);
	entry = pt_lookup(&mem.pt, UINT64_MAX, &size);
	is_int(entry & PTE_ADDR, PAGE_4K, "the last page can be mapped");
	is_int(pt_lookup(&mem.pt, 0, &size), 0, "and page 0 stays absent");
}

int
main(void)
{
	guestram_init(&mem, RAM);
	test_edges();
	test_wraps();
	test_strings();
	test_copies();
	test_large_pages();
	test_reading_changes_nothing();
	test_return();
	test_top();
	return done_testing();
}
