/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the address space: brk, mmap, munmap and mprotect as on Linux, and
 * compared with a model under random calls.
 */
#include "guestram.h"
#include "mem/mapping.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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
	is_int(space_brk(&space, 0), BRK, "brk(0) returns the break");
	is_int(space_brk(&space, BRK + 100), BRK + 100, "it can be raised");
	is_int(gmem_span(&mem, BRK, P, GMEM_WRITE), P,
	    "and the page can be written");
	is_int(gmem_span(&mem, BRK + P, 1, GMEM_READ), 0,
	    "but not the one after it");
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
	ok(space.jit_refused, "which is noted");
	space.jit = true;
	is_int(space_mmap(
		   &space, 8 << 20, P, RW | PROT_EXEC, ANON | MAP_FIXED, NULL),
	    8 << 20, "unless it may be");
	space.jit = false;
	is_int(space_munmap(&space, P, RAM - P - P), 0, "all can be unmapped");
	is_int(space_mmap(&space, 0, P, RW, ANON, NULL), TOP - P,
	    "and mmap starts at the top again");
	space_munmap(&space, P, RAM - 2 * P);
}

/* Pages that are taken at the top before the guest runs are not looked at again
 * by each mmap. */
static void
test_taken_at_top(void)
{
	const uint64_t full = space.full;

	space_take(&space, full - P, P, space_bits(PROT_READ));
	is_int((long long)space.full, (long long)(full - P),
	    "the search for a place begins below it");
	is_int(space_munmap(&space, full - P, P), 0, "until it is unmapped");
	is_int((long long)space.full, (long long)full, "and then above it");
}

/* The image may lie high, with free addresses below it. */
static void
test_low(void)
{
	const uint64_t image = BRK - 4 * P;
	const uint64_t end = page_up(space.brk);
	uint64_t at;

	/* Page by page: a larger place is aligned for large pages. */
	for (at = TOP; at > end; at -= P)
		if (space_mmap(&space, 0, P, PROT_NONE, ANON, NULL) !=
		    (int64_t)(at - P))
			break;
	is_int(at, end, "all between break and top is taken");
	is_int(space_mmap(&space, 0, P, RW, ANON, NULL), -ENOMEM,
	    "there is nothing else");
	space.low = image;
	is_int(space_mmap(&space, 0, 2 * P, RW, ANON, NULL), image - 2 * P,
	    "but below the image");
	is_int(space_mmap(&space, 0, image, PROT_NONE, ANON, NULL), -ENOMEM,
	    "which is not as large as its address");
	is_int(space_mmap(&space, 0, image - 2 * P - SPACE_LOWEST, PROT_NONE,
		   ANON, NULL),
	    SPACE_LOWEST, "the lowest pages are left free");
	space_munmap(&space, P, TOP - P);
	is_int(space_mmap(&space, 0, P, RW, ANON, NULL), TOP - P,
	    "and it starts at the top again");
	space_munmap(&space, P, TOP - P);
	space.low = 0;
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
	is_int(gmem_span(&mem, a, P, GMEM_READ), 0, "the old mapping is gone");
	space_mprotect(&space, a, P, RW);
	is_int(mem.base[a], 0, "the new one has zeros");
	is_int(space_mmap(&space, a, P, RW, ANON | MAP_FIXED_NOREPLACE, NULL),
	    -EEXIST, "MAP_FIXED_NOREPLACE does not replace");
	is_int(space_mmap(&space, a + 1, P, RW, fixed, NULL), -EINVAL,
	    "an address inside a page is invalid");
	is_int(space_mmap(&space, 0, P, RW, fixed, NULL), -EPERM,
	    "page 0 stays absent");
	is_int(space_mmap(&space, RAM, P, RW, fixed, NULL), -ENOMEM,
	    "after RAM there is nothing");
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
	    "a length of 0 succeeds");
	space_munmap(&space, a, 4 * P);
}

/* The model: the expected state of each page. */
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

	/* The model does not count large pages as a whole. */
	space.limit = 4 * RAM;
	memset(model, -1, sizeof(model));
	for (i = 0; i < 20000 && right; i++) {
		right = random_call();
		if (i % 16 == 0)
			right = right && agrees();
	}
	ok(right && agrees(), "20000 random calls agree with a simple model");
	ok(mem.pt.used <= mem.pt.limit, "and never need more tables");
}

/* The start and the end of the last mapping asked for. */
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
	    "two pages become accessible");
	ok(provided == at + P && provided_end == at + 3 * P,
	    "memory for them is asked for, and no more");
	space_mmap(&space, at + 4 * P, P, RW, ANON | MAP_FIXED, NULL);
	ok(provided == at + 4 * P && provided_end == at + 5 * P,
	    "memory for a mapping is asked for");
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
	    "and leaves the old mapping");
	exhausted = false;
	mem.provide = NULL;
	space_brk(&space, BRK);
	space_munmap(&space, at, 8 * P);
}

/* Addresses do not count toward the limit; pages that can be filled do. */
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
	is_int(space_mprotect(&space, at, 4 * P, rw), 0,
	    "as many pages as the limit get rights");
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
	    -ENOMEM, "but it cannot grow");
	is_int(space_munmap(&space, at + 9 * P, P), 0, "a page is given back");
	is_int(space_mprotect(&space, at + 4 * P, P, PROT_READ), 0,
	    "and another takes its place");
	is_int((int64_t)(space.limit - space.used), 0, "nothing is lost");
	space_munmap(&space, at, 16 * P);
	is_int((int64_t)(space.limit - space.used), 4 * P, "at the end either");
	space.limit = mem.size;
}

/* A page is handed out for writing, and unmapped before the write. */
static void
test_settle(void)
{
	const uint64_t stay = PTE_CHARGED | PTE_KEPT;
	uint64_t a = (uint64_t)space_mmap(&space, 0, 4 * P, RW, ANON, NULL);
	uint64_t bits;
	uint8_t *p;

	gmem_begin(&mem);
	p = gmem_range(&mem, a, 4 * P, GMEM_WRITE);
	memset(p, 1, P);
	gmem_settle(&mem);
	is_int(p[5], 1, "a written page stays");
	gmem_begin(&mem);
	p = gmem_range(&mem, a, 4 * P, GMEM_WRITE);
	space_munmap(&space, a + P, P);
	space_mmap(&space, a + 2 * P, P, PROT_NONE, ANON | MAP_FIXED, NULL);
	memset(p, 2, 4 * P);
	gmem_settle(&mem);
	is_int(p[5], 2, "so does a page that is still mapped");
	is_int(p[P + 5], 0, "a page unmapped meanwhile is zero again");
	is_int(p[2 * P + 5], 0, "so is a page that lost its rights");
	is_int(p[3 * P + 5], 2, "and nothing else");
	is_int(gmem_extent(&mem, a, 2 * P, stay, &bits), P,
	    "pages that stay end before one that was unmapped");
	is_int(gmem_extent(&mem, a + 2 * P, 2 * P, stay, &bits), P,
	    "and one without rights is not of those after it");
	ok(bits == 0, "since it does not stay");
	space_munmap(&space, a, 4 * P);
}

/* Whether the host's list of mappings permits a large page here. */
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

/* Only memory that counts may be large pages, or it could exceed the limit. */
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
	is_int(space_munmap(&space, a + PAGE_2M, P), 0, "a part is given back");
	ok(!host_may(a + PAGE_2M), "it may not be a large page");
	is_int(space_mprotect(&space, a, large / 2, PROT_READ), 0,
	    "a part changes its rights");
	ok(host_may(a), "it still may be large pages");
	space_munmap(&space, a, large);
	ok(!host_may(a) && !host_may(a + large - P), "and free memory may not");
	a = (uint64_t)space_mmap(&space, 0, large, PROT_NONE, ANON, NULL);
	is_int(space_madvise(&space, a, large, MADV_HUGEPAGE), 0,
	    "addresses can be advised");
	ok(!host_may(a), "to no effect");
	space_munmap(&space, a, large);
	a = (uint64_t)space_mmap(&space, 0, large, rw, ANON | MAP_STACK, NULL);
	ok(!host_may(a), "a stack may not");
	space_madvise(&space, a, large, MADV_HUGEPAGE);
	ok(!host_may(a), "even if asked to: it counts as far as it is used");
	space_munmap(&space, a, large);
	a = (uint64_t)space_mmap(&space, 0, large, rw, ANON, NULL);
	a = (uint64_t)space_mremap(
	    &space, a, large, 3 * PAGE_2M, MREMAP_MAYMOVE, 0);
	ok(host_may(a), "a grown mapping may");
	space_munmap(&space, a, 3 * PAGE_2M);
	ok(!host_may(a), "until it is gone");
}

/* A large page counts whole while one small page of it is in use. */
static void
test_large_pages_count(void)
{
	const uint64_t before = space.used;
	const uint64_t large = 2 * PAGE_2M;
	const unsigned fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
	uint64_t a;

	a = (uint64_t)space_mmap(&space, 0, large, RW, ANON, NULL);
	space_munmap(&space, a + P, PAGE_2M - P);
	is_int(space.used - before, large, "all but a page of a block counts");
	space_mmap(&space, a + P, P, RW, ANON | MAP_FIXED, NULL);
	is_int(space.used - before, large + P,
	    "and a page in the gap counts also");
	space.limit = space.used;
	is_int(space_mmap(&space, a + 2 * P, P, RW, ANON, NULL), -ENOMEM,
	    "a gap is not memory to be had");
	is_int(space_mmap(&space, a, P, RW, ANON | MAP_FIXED, NULL), a,
	    "the last page of a block can be replaced");
	is_int(space.used - before, PAGE_2M + 2 * P,
	    "then the block no longer counts whole");
	space.limit = mem.size;
	space_mremap(&space, a + PAGE_2M, PAGE_2M, P, 0, 0);
	is_int(space.used - before, PAGE_2M + 2 * P,
	    "a block that shrinks counts");
	space_mremap(&space, a + PAGE_2M, P, P, fixed, BRK + 5 * P);
	is_int(space.used - before, 3 * P, "but a page moves alone");
	space_munmap(&space, BRK, TOP - BRK);
	is_int(space.used, before, "at the end nothing counts");
}

/* Flags of /proc/kpageflags (admin-guide/mm/pagemap.rst). */
enum { KPF_ANON = 12, KPF_HEAD = 15, KPF_TAIL = 16, KPF_ZERO = 24 };

/* The host's pages, each counted once: first frame and size. */
struct kept {
	int flags;
	uint64_t frame[RAM / P], size[RAM / P];
	size_t n;
};

static bool
has_flag(uint64_t flags, int flag)
{
	return flags >> flag & 1;
}

static uint64_t
flags_of(const struct kept *k, uint64_t frame)
{
	uint64_t flags = 0;

	return pread(k->flags, &flags, sizeof(flags),
		   (off_t)(frame * sizeof(flags))) == (ssize_t)sizeof(flags)
		   ? flags
		   : 0;
}

/* Add the host's (large) page of `frame`; return the bytes added. */
static uint64_t
add_frame(struct kept *k, uint64_t frame)
{
	uint64_t size = P, flags;
	size_t i = k->n;

	while (i-- > 0)
		if (frame - k->frame[i] < k->size[i] / P)
			return 0;
	flags = flags_of(k, frame);
	if (!has_flag(flags, KPF_ANON) || has_flag(flags, KPF_ZERO))
		return 0;
	for (; has_flag(flags, KPF_TAIL); flags = flags_of(k, frame))
		frame--;
	if (has_flag(flags, KPF_HEAD))
		while (has_flag(flags_of(k, frame + size / P), KPF_TAIL))
			size += P;
	k->frame[k->n] = frame;
	k->size[k->n++] = size;
	return size;
}

/* The bytes that the host keeps for RAM; 0 if this user may not see them. */
static uint64_t
host_keeps(void)
{
	const off_t first = (off_t)((uintptr_t)mem.base / P * sizeof(uint64_t));
	static uint64_t entry[RAM / P];
	static struct kept k;
	int map = open("/proc/self/pagemap", O_RDONLY);
	uint64_t sum = 0, i;

	k.flags = open("/proc/kpageflags", O_RDONLY);
	k.n = 0;
	if (k.flags >= 0 &&
	    pread(map, entry, sizeof(entry), first) == (ssize_t)sizeof(entry))
		for (i = 0; i < RAM / P; i++)
			if (entry[i] >> 63)
				sum += add_frame(
				    &k, entry[i] & ((UINT64_C(1) << 55) - 1));
	close(map);
	close(k.flags);
	return sum;
}

static void
touch(uint64_t va, uint64_t pages)
{
	uint64_t end = va + pages * P;

	for (; va < end; va += P) {
		uint8_t *p = gmem_range(&mem, va, 1, GMEM_WRITE);

		if (p)
			*p = 1;
	}
}

static void
random_change(void)
{
	static const int advice[] = { MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE,
		MADV_NOHUGEPAGE };
	uint64_t pages = 1 + next_random() % 1100;
	uint64_t va = BRK + next_random() % 2000 * P;
	uint64_t to = BRK + next_random() % 2000 * P;

	/* Half of the ranges begin at a block's start. */
	if (next_random() % 2)
		va &= ~PAGE_2M_MASK;
	switch (next_random() % 6) {
	case 0:
	case 1:
		space_mmap(&space, va, pages * P, RW, ANON | MAP_FIXED, NULL);
		break;
	case 2: space_munmap(&space, va, pages * P); break;
	case 3:
		space_mmap(&space, va, pages * P, RW, ANON | MAP_FIXED, NULL);
		touch(va, pages);
		space_mremap(&space, va, pages * P, pages * P,
		    MREMAP_MAYMOVE | MREMAP_FIXED, to);
		break;
	case 4:
		space_mprotect(
		    &space, va, pages * P, next_random() % 2 ? RW : PROT_READ);
		break;
	default:
		space_madvise(&space, va, pages * P, advice[next_random() % 4]);
	}
	touch(BRK, (TOP - BRK) / P);
}

/* The host never keeps more memory for the guest than counts. */
static void
test_host_keeps(void)
{
	bool bounded = true;
	uint64_t a;
	int i;

	/* Tests above have read pages that are not mapped, and not every kernel
	 * answers that with its page of zeros. */
	madvise(mem.base, RAM, MADV_DONTNEED);
	a = (uint64_t)space_mmap(&space, 0, P, RW, ANON, NULL);
	touch(a, 1);
	if (host_keeps() == 0) {
		skip(2, "this user may not see the host's pages");
		space_munmap(&space, a, P);
		return;
	}
	for (i = 0; i < 1200 && bounded; i++) {
		random_change();
		if (i % 2 == 0)
			bounded = host_keeps() <= space.used;
	}
	ok(bounded, "the host never keeps more than what counts");
	printf("# %llu bytes kept, %llu counted\n",
	    (unsigned long long)host_keeps(), (unsigned long long)space.used);
	space_munmap(&space, P, RAM - 2 * P);
	is_int(host_keeps(), 0, "and nothing at the end");
}

/* A processor's page fault ends after its page was unmapped. */
static void
test_left(void)
{
	uint64_t a = (uint64_t)space_mmap(&space, 0, 4 * P, RW, ANON, NULL);
	uint64_t seen = gmem_unmaps(&mem);
	int i;

	space_munmap(&space, a + P, P);
	memset(mem.base + a, 3, 2 * P);
	gmem_left(&mem, seen);
	is_int(mem.base[a + P], 0, "a page faulted in late is zero again");
	is_int(mem.base[a], 3, "a page that is mapped stays");
	mem.base[a + P] = 3;
	gmem_left(&mem, gmem_unmaps(&mem));
	is_int(mem.base[a + P], 3, "nothing is done if nothing was unmapped");
	for (i = 0; i < GMEM_UNMAPPED + 2; i++) {
		space_mmap(&space, a + 2 * P, P, RW, ANON | MAP_FIXED, NULL);
		space_munmap(&space, a + 2 * P, P);
	}
	gmem_left(&mem, seen);
	is_int(mem.base[a + P], 0, "also after more unmaps than are kept");
	is_int(mem.base[a], 3, "mapped pages are spared");
	space_munmap(&space, a, 4 * P);
}

/* A debugger writes to pages that were never accessible: they count. */
static void
test_fill(void)
{
	const uint64_t limit = space.limit, before = space.used;
	uint64_t a = (uint64_t)space_mmap(
	    &space, 0, 4 * P, PROT_NONE, ANON, NULL);

	is_int(space.used, before, "pages without rights do not count");
	is_int(space_fill(&space, a + 100, 8), 8, "one that is filled does");
	is_int(space.used, before + P, "as a page");
	is_int(space_fill(&space, a, P), P, "a second time");
	is_int(space.used, before + P, "it counts no more");
	is_int(space_mprotect(&space, a, P, RW), 0, "nor when it gets rights");
	is_int(space.used, before + P, "for it counts already");
	is_int(space_fill(&space, a + P - 4, 8), 8, "of two pages");
	is_int(space.used, before + 2 * P, "the new one counts");
	space.limit = space.used + P;
	is_int(space_fill(&space, a + 2 * P - 4, P + 8), P + 4,
	    "the limit ends what can be filled");
	is_int(space_fill(&space, a + 3 * P, 1), 0, "to nothing");
	space.limit = limit;
	is_int(space_munmap(&space, a, 4 * P), 0, "all are unmapped");
	is_int(space.used, before, "and do not count any more");
	is_int(space_fill(&space, UINT64_MAX - 3, 100), 100,
	    "pages that are not there are not the limit's concern");
}

/* The bytes that count, without those that did before. */
static uint64_t used_before;

static uint64_t
used(void)
{
	return space.used - used_before;
}

static bool
can_write(uint64_t va, uint64_t len)
{
	return gmem_range(&mem, va, len, GMEM_WRITE) != NULL;
}

static void
test_lazy(void)
{
	const unsigned lazy = ANON | MAP_NORESERVE;
	const uint64_t piece = SPACE_PIECE, size = 32 * SPACE_PIECE;
	uint64_t a, page;

	used_before = space.used;
	a = (uint64_t)space_mmap(&space, 0, size, RW, lazy, NULL);
	is_int(used(), 0, "a sparse mapping does not count");
	is_int(gmem_span(&mem, a, size, GMEM_READ), size, "it can be read");
	is_int(used(), 0, "which changes nothing");
	ok(!(pt_lookup(&mem.pt, a, &page) & PTE_PRESENT),
	    "the processor does not have it");
	ok(can_write(a + 5 * P, 8), "it can be written");
	is_int(used(), piece, "then a piece counts");
	ok(pt_lookup(&mem.pt, a, &page) & PTE_PRESENT, "and is there");
	ok(gmem_touch(&mem, a + piece) & PTE_PRESENT, "a touch is a use");
	is_int(used(), 2 * piece, "of the next piece");
	is_int(space_mprotect(&space, a + piece, 2 * piece, PROT_NONE), 0,
	    "rights can be taken away");
	is_int(gmem_span(&mem, a + piece, size, GMEM_READ), 0, "from all");
	ok(!(gmem_touch(&mem, a + 2 * piece) & PTE_PRESENT),
	    "a touch does not help then");
	is_int(space_mprotect(&space, a + piece, 2 * piece, RW), 0, "given");
	is_int(used(), 2 * piece, "which counts no more than before");
	ok(can_write(a, 3 * piece), "all of a range can be written");
	is_int(used(), 3 * piece, "its pieces count");
	is_int(space_madvise(&space, a, 4 * piece, MADV_POPULATE_WRITE), 0,
	    "populated");
	is_int(used(), 4 * piece, "it counts as well");
	space_munmap(&space, a, size);
	is_int(used(), 0, "unmapped, nothing does");
	space.eager = true;
	a = (uint64_t)space_mmap(&space, 0, size, RW, lazy, NULL);
	is_int(used(), size, "it counts whole where that was asked for");
	space.eager = false;
	space_munmap(&space, a, size);
}

static void
test_lazy_limit(void)
{
	const uint64_t limit = space.limit, size = 4 * SPACE_PIECE;
	uint64_t a;

	used_before = space.used;
	a = (uint64_t)space_mmap(
	    &space, 0, size, PROT_NONE, ANON | MAP_STACK, NULL);
	is_int(space_mprotect(&space, a + P, size - P, RW), 0,
	    "a stack gets rights after its guard");
	is_int(used(), 0, "and does not count");
	space.limit = space.used + 2 * P;
	space.lacked = 0;
	is_int(gmem_span(&mem, a + P, size - P, GMEM_WRITE), 2 * P,
	    "as many pages as there are can be used");
	is_int(used(), 2 * P, "each for itself");
	ok(space.lacked == P, "the next is missing, which is noted");
	ok(!(gmem_touch(&mem, a + 3 * P) & PTE_PRESENT), "by a touch too");
	space.limit = limit;
	is_int((int64_t)space_mremap(&space, a + P, size - P, size, 0, 0),
	    -ENOMEM, "there is no place to grow");
	a = (uint64_t)space_mremap(
	    &space, a + P, size - P, 2 * size, MREMAP_MAYMOVE, 0);
	is_int(used(), 2 * size, "moved after a part was used, all counts");
	space_munmap(&space, a, 2 * size);
	space_munmap(&space, 0x1000, RAM - 0x1000 - P);
	used_before = space.used;
	a = (uint64_t)space_mmap(&space, 0, size, RW, ANON | MAP_STACK, NULL);
	a = (uint64_t)space_mremap(
	    &space, a, size, 2 * size, MREMAP_MAYMOVE, 0);
	is_int(used(), 0, "moved before, it does not");
	ok(can_write(a + size, 1), "and can be used");
	is_int(used(), SPACE_PIECE, "as before");
	space_munmap(&space, a, 2 * size);
}

static void
test_stack(void)
{
	const uint64_t low = TOP, end = RAM;
	uint64_t page;

	space_munmap(&space, low, end - low);
	used_before = space.used;
	space.stack = low;
	space_take_stack(&space);
	is_int(used(), end - low, "the memory of the first stack is set aside");
	ok(can_write(end - 8, 8), "it can be written");
	is_int(used(), end - low, "at no cost");
	space.stack_floor = end - 3 * P - SPACE_PIECE;
	ok(!can_write(end - 8 * P - SPACE_PIECE, 8), "not below its floor");
	ok(can_write(space.stack_floor, 8), "but down to there");
	ok(!(pt_lookup(&mem.pt, space.stack_floor - 1, &page) & PTE_PRESENT),
	    "and no page more");
	space.stack_floor = 0;
	ok(can_write(low, end - low), "all of it, without one");
	is_int(used(), end - low, "which costs nothing");
	space_munmap(&space, low, end - low);
	space.stack = end;
}

int
main(void)
{
	guestram_init(&mem, RAM);
	space_init(&space, &mem, BRK, TOP);
	test_brk();
	test_mmap();
	test_taken_at_top();
	test_low();
	test_fixed();
	test_mprotect();
	test_provide();
	test_limit();
	test_settle();
	test_huge();
	test_large_pages_count();
	test_host_keeps();
	test_left();
	test_fill();
	test_lazy();
	test_lazy_limit();
	test_stack();
	test_model();
	return done_testing();
}
