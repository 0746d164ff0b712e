/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Advice and questions about mapped pages: madvise, mincore, msync.  Nothing
 * here may know which hypercall asks.
 */
#include "mem/space.h"

#include "mem/mapping.h"

#include <errno.h>

/* Pages of one kind: all have the same PTE_BITS, `bits`. */
struct pages {
	struct space *space;
	uint64_t va, len;
	uint64_t bits;
};

static int
advise_host(const struct pages *p, int advice)
{
	return madvise(p->space->mem->base + p->va, p->len, advice) < 0 ? -errno
									: 0;
}

static bool
is_private_memory(const struct pages *p)
{
	return !(p->bits & (PTE_FILE | PTE_SHARED | PTE_COPIED));
}

static int
accept(const struct pages *p, int advice)
{
	(void)p;
	(void)advice;
	return 0;
}

/*
 * A page that may be part of a large page is only cleared, unless all of its
 * block is dropped: the host would keep the large page and let a second page
 * come in addition to it.
 */
static int
drop_blocks(const struct pages *p)
{
	const struct gmem *mem = p->space->mem;
	uint64_t end = p->va + p->len;
	uint64_t lo = (p->va + PAGE_2M_MASK) & ~PAGE_2M_MASK;
	uint64_t hi = end & ~PAGE_2M_MASK;

	if (lo >= hi) {
		gmem_clear(mem, p->va, p->len);
		return 0;
	}
	gmem_clear(mem, p->va, lo - p->va);
	gmem_clear(mem, hi, end - hi);
	return gmem_discard(mem, lo, hi - lo);
}

/* Shared memory keeps its contents: on Linux others could still map it.  So
 * does a copy of a file, which would have the same bytes again. */
static int
drop_pages(const struct pages *p, int advice)
{
	(void)advice;
	if ((p->bits & PTE_BACKING) == PTE_SHARED || (p->bits & PTE_COPIED))
		return 0;
	return p->bits & PTE_HUGE ? drop_blocks(p)
				  : advise_host(p, MADV_DONTNEED);
}

/* The host chooses the time, and with it what the guest reads until then. */
static int
free_later(const struct pages *p, int advice)
{
	if (!is_private_memory(p))
		return -EINVAL;
	return p->space->eager ? drop_pages(p, advice) : advise_host(p, advice);
}

static int
accept_private(const struct pages *p, int advice)
{
	(void)advice;
	return is_private_memory(p) ? 0 : -EINVAL;
}

/* MADV_REMOVE would punch a hole into the file. */
static int
refuse_hole(const struct pages *p, int advice)
{
	(void)advice;
	return p->bits & PTE_SHARED ? -EOPNOTSUPP : -EINVAL;
}

/* The host fills so much before the guest's end is looked for. */
#define PIECE (32 * PAGE_2M)

static int
advise_pieces(const struct pages *p, int advice)
{
	struct pages piece = *p;
	int r = 0;

	for (; r == 0 && piece.va < p->va + p->len; piece.va += piece.len) {
		piece.len = p->va + p->len - piece.va;
		if (piece.len > PIECE)
			piece.len = PIECE;
		r = gmem_is_over(p->space->mem) ? -EINTR
						: advise_host(&piece, advice);
	}
	return r;
}

static int
populate(const struct pages *p, int advice)
{
	uint64_t need = PTE_PRESENT |
			(advice == MADV_POPULATE_WRITE ? PTE_WRITE : 0);

	if ((p->bits & need) != need)
		return -EINVAL;
	/* Writing takes the memory of pages that wait for it. */
	if ((need & PTE_WRITE) && (p->bits & PTE_LAZY) &&
	    gmem_span(p->space->mem, p->va, p->len, GMEM_WRITE) < p->len)
		return -ENOMEM;
	return advise_pieces(p, advice);
}

/* Only pages that count may be large.  The mark of those that were stays. */
static int
let_huge(const struct pages *p, int advice)
{
	const struct gmem *mem = p->space->mem;

	if (!(p->bits & PTE_CHARGED) || (p->bits & PTE_FILE))
		return 0;
	return advice == MADV_HUGEPAGE
		   ? space_let_huge(p->space, p->va, p->len, p->bits)
		   : gmem_let_huge(mem, p->va, p->len, false);
}

/* Other advice fails with EINVAL, as on a Linux that does not know it. */
static const struct {
	int advice;
	int (*apply)(const struct pages *p, int advice);
} advices[] = {
	{ MADV_NORMAL, accept },
	{ MADV_RANDOM, accept },
	{ MADV_SEQUENTIAL, accept },
	{ MADV_WILLNEED, advise_host },
	{ MADV_DONTNEED, drop_pages },
	{ MADV_FREE, free_later },
	{ MADV_REMOVE, refuse_hole },
	/* Guests do not fork, and a core holds all that they can access. */
	{ MADV_DONTFORK, accept },
	{ MADV_DOFORK, accept },
	{ MADV_DONTDUMP, accept },
	{ MADV_DODUMP, accept },
	{ MADV_WIPEONFORK, accept_private },
	{ MADV_KEEPONFORK, accept },
	{ MADV_HUGEPAGE, let_huge },
	{ MADV_NOHUGEPAGE, let_huge },
	{ MADV_COLD, accept },
	{ MADV_PAGEOUT, accept },
	{ MADV_POPULATE_READ, populate },
	{ MADV_POPULATE_WRITE, populate },
	{ MADV_DONTNEED_LOCKED, drop_pages },
};

/* Round a byte count of the guest up to whole pages: -EINVAL if the address is
 * not that of a page, or the end is beyond all addresses. */
static int
whole_pages(uint64_t addr, uint64_t *len)
{
	uint64_t pages = page_up(*len);

	if ((addr & PAGE_4K_MASK) || pages < *len || pages > UINT64_MAX - addr)
		return -EINVAL;
	*len = pages;
	return 0;
}

/* Advise on everything that is mapped, and return -ENOMEM if not all of the
 * range is, as Linux does. */
int
space_madvise(struct space *space, uint64_t addr, uint64_t len, int advice)
{
	const size_t n = sizeof(advices) / sizeof(advices[0]);
	struct pages p = { .space = space };
	uint64_t end;
	bool holes = false;
	size_t i = 0;
	int r;

	while (i < n && advices[i].advice != advice)
		i++;
	if (i == n || whole_pages(addr, &len) < 0)
		return -EINVAL;
	for (end = addr + len; addr < end; addr += p.len) {
		if (addr >= space->mem->size)
			return -ENOMEM;
		if (gmem_is_over(space->mem))
			return -EINTR;
		p.va = addr;
		p.len = pt_run(&space->mem->pt, addr,
			    end < space->mem->size ? end : space->mem->size,
			    PTE_BITS, &p.bits) -
			addr;
		holes = holes || !p.bits;
		r = p.bits ? advices[i].apply(&p, advice) : 0;
		if (r < 0)
			return r;
	}
	return holes ? -ENOMEM : 0;
}

int
space_mincore(struct space *space, uint64_t addr, uint64_t len, uint64_t vec)
{
	const struct gmem *mem = space->mem;
	unsigned char *to;

	if (addr & PAGE_4K_MASK)
		return -EINVAL;
	if (whole_pages(addr, &len) < 0)
		return -ENOMEM;
	to = gmem_range(mem, vec, len / PAGE_4K, GMEM_WRITE);
	if (!to)
		return -EFAULT;
	if (len == 0)
		return 0;
	if (!space_is_taken(space, addr, len))
		return -ENOMEM;
	return mincore(mem->base + addr, len, to) < 0 ? -errno : 0;
}

int
space_msync(struct space *space, uint64_t addr, uint64_t len, unsigned flags)
{
	const struct gmem *mem = space->mem;
	uint64_t size = mem->size;
	uint64_t there;

	if ((flags & ~(unsigned)(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
	    (addr & PAGE_4K_MASK) || (flags & MS_ASYNC && flags & MS_SYNC))
		return -EINVAL;
	if (whole_pages(addr, &len) < 0)
		return -ENOMEM;
	/* Anonymous memory has nothing to write back. */
	there = addr >= size ? 0 : len < size - addr ? len : size - addr;
	if (there > 0 && msync(mem->base + addr, there, (int)flags) < 0)
		return -errno;
	return space_is_taken(space, addr, len) ? 0 : -ENOMEM;
}
