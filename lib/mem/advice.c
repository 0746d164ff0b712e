/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be said and asked about mapped pages: madvise, mincore, msync.
 * Nothing here may know which hypercall asks.
 */
#include "mem/space.h"

#include "mem/mapping.h"

#include <errno.h>

/* Pages of one kind, `bits` those of PTE_BITS that they have. */
struct pages {
	struct space *space;
	uint64_t va, len;
	uint64_t bits;
};

static int
tell_host(const struct pages *p, int advice)
{
	return madvise(p->space->mem->base + p->va, p->len, advice) < 0 ? -errno
									: 0;
}

static bool
is_private_memory(const struct pages *p)
{
	return !(p->bits & (PTE_FILE | PTE_SHARED));
}

static int
accept(const struct pages *p, int advice)
{
	(void)p;
	(void)advice;
	return 0;
}

/* Shared memory keeps what is in it: on Linux others could have it still. */
static int
drop(const struct pages *p, int advice)
{
	(void)advice;
	if ((p->bits & PTE_BACKING) == PTE_SHARED)
		return 0;
	return tell_host(p, MADV_DONTNEED);
}

static int
free_later(const struct pages *p, int advice)
{
	return is_private_memory(p) ? tell_host(p, advice) : -EINVAL;
}

static int
accept_private(const struct pages *p, int advice)
{
	(void)advice;
	return is_private_memory(p) ? 0 : -EINVAL;
}

/* It would cut a hole into the file. */
static int
refuse_hole(const struct pages *p, int advice)
{
	(void)advice;
	return p->bits & PTE_SHARED ? -EOPNOTSUPP : -EINVAL;
}

static int
populate(const struct pages *p, int advice)
{
	uint64_t need = PTE_PRESENT |
			(advice == MADV_POPULATE_WRITE ? PTE_WRITE : 0);

	return (p->bits & need) == need ? tell_host(p, advice) : -EINVAL;
}

/* What is not memory of the guest's stays as it is: a large page would be. */
static int
let_huge(const struct pages *p, int advice)
{
	bool huge = advice == MADV_HUGEPAGE;
	uint64_t bits = huge ? p->bits | PTE_HUGE : p->bits & ~PTE_HUGE;
	int r;

	if (!(p->bits & PTE_CHARGED) || (p->bits & PTE_FILE))
		return 0;
	r = gmem_let_huge(p->space->mem, p->va, p->len, huge);
	if (r == 0)
		space_take(p->space, p->va, p->len, bits);
	return r;
}

/* All other advice is EINVAL, as from a Linux that does not know it. */
static const struct {
	int advice;
	int (*apply)(const struct pages *p, int advice);
} advices[] = {
	{ MADV_NORMAL, accept },
	{ MADV_RANDOM, accept },
	{ MADV_SEQUENTIAL, accept },
	{ MADV_WILLNEED, tell_host },
	{ MADV_DONTNEED, drop },
	{ MADV_FREE, free_later },
	{ MADV_REMOVE, refuse_hole },
	/* There is no fork, and the guest's core has what it could reach. */
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
	{ MADV_DONTNEED_LOCKED, drop },
};

/* Whole pages from an address and a byte count of the guest's: -EINVAL if
 * they are none, or run over the end of all addresses. */
static int
whole_pages(uint64_t addr, uint64_t *len)
{
	uint64_t pages = (*len + PAGE_4K_MASK) & ~PAGE_4K_MASK;

	if ((addr & PAGE_4K_MASK) || pages < *len || pages > UINT64_MAX - addr)
		return -EINVAL;
	*len = pages;
	return 0;
}

/* As Linux does it, to all that is mapped; if not all is, -ENOMEM at the end.
 */
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
	/* What is no file has nothing to be written. */
	there = addr >= size ? 0 : len < size - addr ? len : size - addr;
	if (there > 0 && msync(mem->base + addr, there, (int)flags) < 0)
		return -errno;
	return space_is_taken(space, addr, len) ? 0 : -ENOMEM;
}
