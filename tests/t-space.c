/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the address space: brk, mmap, munmap and mprotect as Linux has them,
 * and against a model under random calls.
 */
#include "guestram.h"
#include "mem/mapping.h"
#include "tap.h"

#include <errno.h>

#define RAM  (UINT64_C(16) << 20)
#define BRK  (UINT64_C(1) << 20)
#define TOP  (UINT64_C(15) << 20)
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define P    PAGE_4K

static struct gmem mem;
static struct space space;

static void
test_brk(void)
{
	is_int(space_brk(&space, 0), BRK, "brk(0) tells the break");
	is_int(space_brk(&space, BRK + 100), BRK + 100, "it can be raised");
	is_int(gmem_span(&mem, BRK, P, GMEM_WRITE), P,
	    "and the page can be written");
	is_int(gmem_span(&mem, BRK + P, 1, GMEM_READ), 0,
	    "but not the one behind it");
	mem.base[BRK] = 42;
	is_int(space_brk(&space, BRK - 1), BRK + 100,
	    "it does not go below its start");
	is_int(space_brk(&space, TOP + 1), BRK + 100, "nor into the stack");
	is_int(space_brk(&space, UINT64_MAX), BRK + 100, "nor beyond");
	is_int(space_brk(&space, BRK), BRK, "it can be lowered");
	is_int(gmem_span(&mem, BRK, 1, GMEM_READ), 0, "the page is gone");
	space_brk(&space, BRK + P);
	is_int(mem.base[BRK], 0, "and is zero when it comes back");
	space_brk(&space, BRK);
}

static void
test_mmap(void)
{
	int64_t a = space_mmap(&space, 0, 3 * P - 1, RW, ANON, NULL);
	int64_t b;

	is_int(a, TOP - 3 * P, "mmap comes down from the top");
	b = space_mmap(&space, 0, P, PROT_READ, ANON, NULL);
	is_int(b, a - (int64_t)P, "the next lies below");
	is_int(gmem_span(&mem, (uint64_t)b, 2 * P, GMEM_WRITE), 0,
	    "a read-only page cannot be written");
	is_int(space_munmap(&space, (uint64_t)a + P, P), 0,
	    "a page in the middle can go");
	is_int(space_mmap(&space, 0, P, RW, ANON, NULL), a + (int64_t)P,
	    "and its place is found again");
	is_int(space_mmap(&space, BRK + 100 * P + 5, P, RW, ANON, NULL),
	    BRK + 100 * P, "a hint is honoured by its page");
	is_int(space_brk(&space, BRK + 101 * P), BRK,
	    "the break does not run over a mapping");
	is_int(space_mmap(&space, 0, 0, RW, ANON, NULL), -EINVAL,
	    "a length of 0 is invalid");
	is_int(space_mmap(&space, 0, RAM, RW, ANON, NULL), -ENOMEM,
	    "more than there is, is too much");
	is_int(space_mmap(&space, 0, UINT64_MAX, RW, ANON, NULL), -ENOMEM,
	    "and so is all there could be");
	is_int(space_mmap(&space, 0, P, RW | PROT_EXEC, ANON, NULL), -EACCES,
	    "nothing is writable and executable");
	is_int(space_munmap(&space, P, RAM - P - P), 0, "all can be unmapped");
	is_int(space_mmap(&space, 0, P, RW, ANON, NULL), TOP - P,
	    "and mmap starts at the top again");
	space_munmap(&space, P, RAM - 2 * P);
}

static void
test_fixed(void)
{
	const unsigned fixed = ANON | MAP_FIXED;
	const uint64_t a = 8 << 20;

	is_int(space_mmap(&space, a, 2 * P, RW, fixed, NULL), a,
	    "MAP_FIXED takes the address");
	mem.base[a] = 1;
	is_int(space_mmap(&space, a, P, PROT_NONE, fixed, NULL), a,
	    "also where something is");
	is_int(gmem_span(&mem, a, P, GMEM_READ), 0, "which it replaces");
	space_mprotect(&space, a, P, RW);
	is_int(mem.base[a], 0, "by zeros");
	is_int(space_mmap(&space, a, P, RW, ANON | MAP_FIXED_NOREPLACE, NULL),
	    -EEXIST, "MAP_FIXED_NOREPLACE does not replace");
	is_int(space_mmap(&space, a + 1, P, RW, fixed, NULL), -EINVAL,
	    "an address inside a page is invalid");
	is_int(space_mmap(&space, 0, P, RW, fixed, NULL), -EPERM,
	    "page 0 stays absent");
	is_int(space_mmap(&space, RAM, P, RW, fixed, NULL), -ENOMEM,
	    "behind RAM there is nothing");
	is_int(space_mmap(&space, RAM - P, 2 * P, RW, fixed, NULL), -ENOMEM,
	    "nor across its end");
	is_int(space_mmap(&space, UINT64_MAX & ~P, 2 * P, RW, fixed, NULL),
	    -EINVAL, "nor at the end of all addresses");
	space_munmap(&space, a, 2 * P);
}

static void
test_mprotect(void)
{
	const uint64_t a = 8 << 20;

	space_mmap(&space, a, 4 * P, RW, ANON | MAP_FIXED, NULL);
	mem.base[a + P] = 9;
	is_int(space_mprotect(&space, a + P, P, PROT_NONE), 0,
	    "access can be taken away");
	is_int(gmem_span(&mem, a, 4 * P, GMEM_READ), P, "from that page only");
	is_int(
	    space_mprotect(&space, a + P, P, PROT_READ), 0, "and given back");
	is_int(mem.base[a + P], 9, "with what was in it");
	is_int(space_mprotect(&space, a, 5 * P, PROT_READ), -ENOMEM,
	    "a hole in the range is an error");
	is_int(gmem_span(&mem, a, P, GMEM_WRITE), P, "that changes nothing");
	is_int(space_mprotect(&space, a, P, RW | PROT_EXEC), -EACCES,
	    "nothing becomes writable and executable");
	is_int(space_mprotect(&space, a, P, 0x40), -EINVAL,
	    "unknown permissions are invalid");
	is_int(space_mprotect(&space, a + 1, P, PROT_READ), -EINVAL,
	    "and so are addresses inside a page");
	is_int(space_mprotect(&space, a, 0, PROT_READ), 0,
	    "no length is no error");
	space_munmap(&space, a, 4 * P);
}

/* The model: what each page should be. */
enum { PAGES = RAM / P };
static signed char model[PAGES]; /* -1: free, else PROT_* */

static uint32_t
next_random(void)
{
	static uint32_t state = 12345;

	state = state * 1664525 + 1013904223;
	return state >> 8;
}

static bool
agrees(void)
{
	uint64_t page, i;

	for (i = 1; i < TOP / P; i++) {
		uint64_t entry = pt_lookup(&mem.pt, i * P, &page);
		uint64_t wanted = model[i] < 0 ? 0
					       : space_bits((unsigned)model[i]);

		if ((entry & (PTE_TAKEN | PTE_PRESENT | PTE_WRITE)) !=
		    (wanted & (PTE_TAKEN | PTE_PRESENT | PTE_WRITE)))
			return false;
	}
	return true;
}

static void
set_model(uint64_t va, uint64_t pages, int prot)
{
	memset(model + va / P, prot, pages);
}

static bool
is_free_in_model(uint64_t va, uint64_t pages)
{
	uint64_t i;

	for (i = 0; i < pages; i++)
		if (model[va / P + i] >= 0)
			return false;
	return true;
}

static bool
random_call(void)
{
	uint64_t pages = 1 + next_random() % 700;
	uint64_t va = BRK + next_random() % 2000 * P;
	unsigned prot = next_random() % 4;
	int64_t at;

	switch (next_random() % 4) {
	case 0:
		at = space_mmap(&space, 0, pages * P, prot, ANON, NULL);
		if (at == -ENOMEM)
			return true;
		if (at < 0 || !is_free_in_model((uint64_t)at, pages))
			return false;
		set_model((uint64_t)at, pages, (int)prot);
		return true;
	case 1:
		set_model(va, pages, (int)prot);
		return space_mmap(&space, va, pages * P, prot, ANON | MAP_FIXED,
			   NULL) == (int64_t)va;
	case 2:
		set_model(va, pages, -1);
		return space_munmap(&space, va, pages * P) == 0;
	default:
		if (memchr(model + va / P, -1, pages))
			return space_mprotect(&space, va, pages * P, prot) ==
			       -ENOMEM;
		set_model(va, pages, (int)prot);
		return space_mprotect(&space, va, pages * P, prot) == 0;
	}
}

static void
test_model(void)
{
	bool right = true;
	int i;

	memset(model, -1, sizeof(model));
	for (i = 0; i < 20000 && right; i++) {
		right = random_call();
		if (i % 16 == 0)
			right = right && agrees();
	}
	ok(right && agrees(), "20000 random calls agree with a simple model");
	ok(mem.pt.used <= mem.pt.limit, "and never need more tables");
}

/* What was asked to be there, last; and an end to it. */
static uint64_t provided, provided_end;
static bool exhausted;

static int
provide(struct gmem *of, uint64_t va, uint64_t len)
{
	(void)of;
	if (exhausted)
		return -ENOMEM;
	provided = va;
	provided_end = va + len;
	return 0;
}

static void
test_provide(void)
{
	uint64_t at;

	mem.provide = provide;
	at = (uint64_t)space_mmap(&space, 0, 8 * P, PROT_NONE, ANON, NULL);
	is_int(provided_end, 0, "addresses alone ask for no memory");
	is_int(space_mprotect(&space, at + P, 2 * P, RW), 0,
	    "what becomes memory");
	ok(provided == at + P && provided_end == at + 3 * P,
	    "is asked for, and no more");
	space_mmap(&space, at + 4 * P, P, RW, ANON | MAP_FIXED, NULL);
	ok(provided == at + 4 * P && provided_end == at + 5 * P,
	    "so is what is mapped");
	space_mremap(&space, at + 4 * P, P, P, MREMAP_MAYMOVE | MREMAP_FIXED,
	    at + 6 * P);
	ok(provided == at + 6 * P && provided_end == at + 7 * P,
	    "and where it moves to");
	space_brk(&space, BRK + 3 * P);
	ok(provided == BRK && provided_end == BRK + 3 * P, "and the break");
	exhausted = true;
	is_int(space_mprotect(&space, at, P, RW), -ENOMEM,
	    "where there is none, mprotect fails");
	is_int(gmem_span(&mem, at, P, GMEM_READ), 0, "and gives no right");
	is_int(
	    space_mmap(&space, 0, P, RW, ANON, NULL), -ENOMEM, "so does mmap");
	is_int(space_brk(&space, BRK + 9 * P), BRK + 3 * P, "so does brk");
	is_int(space_mremap(&space, at + P, P, P, MREMAP_MAYMOVE | MREMAP_FIXED,
		   at + 5 * P),
	    -ENOMEM, "so does mremap");
	is_int(gmem_span(&mem, at + P, 2 * P, GMEM_WRITE), 2 * P,
	    "which leaves what was");
	exhausted = false;
	mem.provide = NULL;
	space_brk(&space, BRK);
	space_munmap(&space, at, 8 * P);
}

/* Addresses there may be many of; what can be filled counts. */
static void
test_limit(void)
{
	const unsigned rw = PROT_READ | PROT_WRITE;
	uint64_t at;

	space.limit = space.used + 4 * P;
	at = (uint64_t)space_mmap(&space, 0, 16 * P, PROT_NONE, ANON, NULL);
	ok((int64_t)at > 0, "addresses do not count");
	is_int(space_mprotect(&space, at, 5 * P, rw), -ENOMEM,
	    "a page more than the limit gets no rights");
	is_int(space_mprotect(&space, at, 4 * P, rw), 0, "as many as it do");
	is_int(space_mprotect(&space, at, 4 * P, PROT_NONE), 0,
	    "and lose them again");
	is_int(space_mprotect(&space, at + 4 * P, P, PROT_READ), -ENOMEM,
	    "but what could be filled counts on");
	is_int(space_mprotect(&space, at + P, 3 * P, rw), 0,
	    "and does not count twice");
	is_int(space_mmap(&space, 0, P, rw, ANON, NULL), -ENOMEM,
	    "so nothing is mapped");
	is_int(space_brk(&space, BRK + P), BRK, "nor has the break moved");
	is_int(space_mmap(&space, at, 5 * P, rw, ANON | MAP_FIXED, NULL),
	    -ENOMEM, "not over it, either, if that is more");
	ok(space_is_taken(&space, at, 16 * P), "and what was there still is");
	is_int(space_mmap(&space, at, 4 * P, rw, ANON | MAP_FIXED, NULL),
	    (int64_t)at, "as much as is replaced has room");
	is_int(space_mremap(&space, at, 4 * P, 4 * P,
		   MREMAP_MAYMOVE | MREMAP_FIXED, at + 8 * P),
	    (int64_t)(at + 8 * P), "and so does what moves");
	is_int(
	    space_mremap(&space, at + 8 * P, 4 * P, 5 * P, MREMAP_MAYMOVE, 0),
	    -ENOMEM, "which cannot grow");
	is_int(space_munmap(&space, at + 9 * P, P), 0, "a page is given back");
	is_int(space_mprotect(&space, at + 4 * P, P, PROT_READ), 0,
	    "and another takes its place");
	is_int((int64_t)(space.limit - space.used), 0, "nothing is lost");
	space_munmap(&space, at, 16 * P);
	is_int((int64_t)(space.limit - space.used), 4 * P, "at the end either");
	space.limit = mem.size;
}

/* What was handed out to be written, and was unmapped before it was. */
static void
test_settle(void)
{
	uint64_t a = (uint64_t)space_mmap(&space, 0, 4 * P, RW, ANON, NULL);
	uint8_t *p;

	gmem_begin(&mem);
	p = gmem_range(&mem, a, 4 * P, GMEM_WRITE);
	memset(p, 1, P);
	gmem_settle(&mem);
	is_int(p[5], 1, "what is written stays");
	gmem_begin(&mem);
	p = gmem_range(&mem, a, 4 * P, GMEM_WRITE);
	space_munmap(&space, a + P, P);
	space_mmap(&space, a + 2 * P, P, PROT_NONE, ANON | MAP_FIXED, NULL);
	memset(p, 2, 4 * P);
	gmem_settle(&mem);
	is_int(p[5], 2, "so does what is mapped still");
	is_int(p[P + 5], 0, "what was unmapped meanwhile is zero again");
	is_int(p[2 * P + 5], 0, "so is what cannot be touched any more");
	is_int(p[3 * P + 5], 2, "and nothing else");
	space_munmap(&space, a, 4 * P);
}

/* May the host back this page by a large one?  Its list of mappings says so. */
static bool
host_may(uint64_t va)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	uint64_t at = (uintptr_t)mem.base + va;
	unsigned long from, to;
	bool there = false, may = false;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			there = at >= from && at < to;
		else if (there && strncmp(line, "VmFlags:", 8) == 0)
			may = strstr(line, " hg") != NULL;
	if (f)
		fclose(f);
	return may;
}

/* Large pages are for what counts: else it could be more than the limit. */
static void
test_huge(void)
{
	const unsigned rw = PROT_READ | PROT_WRITE;
	const uint64_t large = 2 * PAGE_2M;
	uint64_t a;

	a = (uint64_t)space_mmap(&space, 0, large, rw, ANON, NULL);
	if (!host_may(a)) {
		skip(6, "this host has no large pages");
		return;
	}
	ok(host_may(a + large - P), "much memory may be large pages");
	is_int(space_munmap(&space, a + PAGE_2M, P), 0, "what is given back");
	ok(!host_may(a + PAGE_2M), "may not");
	is_int(space_mprotect(&space, a, large / 2, PROT_READ), 0,
	    "what changes its rights");
	ok(host_may(a), "still may");
	space_munmap(&space, a, large);
	ok(!host_may(a) && !host_may(a + large - P),
	    "and what is free may not");
	a = (uint64_t)space_mmap(&space, 0, large, PROT_NONE, ANON, NULL);
	is_int(space_madvise(&space, a, large, MADV_HUGEPAGE), 0,
	    "addresses can be advised");
	ok(!host_may(a), "to no effect");
	space_munmap(&space, a, large);
	a = (uint64_t)space_mmap(&space, 0, large, rw, ANON | MAP_STACK, NULL);
	ok(!host_may(a), "a stack may not");
	space_madvise(&space, a, large, MADV_HUGEPAGE);
	ok(host_may(a), "unless it is told to");
	a = (uint64_t)space_mremap(
	    &space, a, large, 3 * PAGE_2M, MREMAP_MAYMOVE, 0);
	ok(host_may(a), "what has grown may");
	space_munmap(&space, a, 3 * PAGE_2M);
	ok(!host_may(a), "until it is gone");
}

int
main(void)
{
	guestram_init(&mem, RAM);
	space_init(&space, &mem, BRK, TOP);
	test_brk();
	test_mmap();
	test_fixed();
	test_mprotect();
	test_provide();
	test_limit();
	test_settle();
	test_huge();
	test_model();
	return done_testing();
}
