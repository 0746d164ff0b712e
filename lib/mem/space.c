/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * brk, mmap, munmap, mprotect over the page tables.  Nothing here may know
 * which hypercall asks.
 */
#include "mem/space.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#define PROT_KNOWN ((unsigned)(PROT_READ | PROT_WRITE | PROT_EXEC))

static uint64_t
page_up(uint64_t a)
{
	return (a + PAGE_4K_MASK) & ~PAGE_4K_MASK;
}

void
space_init(struct space *space, struct gmem *mem, uint64_t brk, uint64_t top)
{
	*space = (struct space){
		.mem = mem,
		.brk_start = brk,
		.brk = brk,
		.top = top,
		.full = top,
	};
}

uint64_t
space_bits(unsigned prot)
{
	uint64_t bits = PTE_TAKEN | PTE_USER;

	if (prot & (PROT_READ | PROT_WRITE | PROT_EXEC))
		bits |= PTE_PRESENT;
	if (prot & PROT_WRITE)
		bits |= PTE_WRITE;
	if (!(prot & PROT_EXEC))
		bits |= PTE_NX;
	return bits;
}

void
space_take(struct space *space, uint64_t va, uint64_t len, uint64_t bits)
{
	pt_map(&space->mem->pt, va, va, len, bits);
}

/* Whole pages of [SPACE_MIN, RAM), from an address and a byte count that the
 * guest chose.  `len` grows to whole pages. */
static bool
valid_range(const struct space *space, uint64_t addr, uint64_t *len)
{
	uint64_t size = space->mem->size;

	if ((addr & PAGE_4K_MASK) || addr < SPACE_MIN || addr >= size ||
	    *len > size - addr)
		return false;
	*len = page_up(*len);
	return true;
}

/* The end of the highest taken page in [va, end), or va if none is. */
static uint64_t
taken_end(const struct space *space, uint64_t va, uint64_t end)
{
	uint64_t page;

	while (end > va) {
		if (pt_lookup(&space->mem->pt, end - 1, &page))
			return end;
		end = (end - 1) & ~(page - 1);
	}
	return va;
}

static bool
is_free(const struct space *space, uint64_t va, uint64_t len)
{
	return taken_end(space, va, va + len) == va;
}

/* Of the page that ends at `end`: where its (large) page starts. */
static uint64_t
page_start(const struct space *space, uint64_t end)
{
	uint64_t page;

	pt_lookup(&space->mem->pt, end - 1, &page);
	return (end - 1) & ~(page - 1);
}

/*
 * The highest free place for `len` bytes below top; 0 if there is none.  What
 * can hold large pages is aligned for them.
 */
static uint64_t
find_free(const struct space *space, uint64_t len)
{
	uint64_t align = len >= PAGE_2M ? PAGE_2M : PAGE_4K;
	uint64_t floor = page_up(space->brk);
	uint64_t end = space->full;

	while (end > floor && len <= end - floor) {
		uint64_t start = (end - len) & ~(align - 1);
		uint64_t taken;

		if (start < floor)
			return 0;
		taken = taken_end(space, start, start + len);
		if (taken == start)
			return start;
		end = page_start(space, taken);
	}
	return 0;
}

static int
map_fresh(struct space *space, uint64_t va, uint64_t len, unsigned prot)
{
	if (va + len == space->full)
		space->full = va;
	space_take(space, va, len, space_bits(prot));
	return 0;
}

/* Give pages back: nothing is mapped there, and it is zero again. */
static int
unmap(struct space *space, uint64_t va, uint64_t len)
{
	int r;

	if (is_free(space, va, len))
		return 0;
	pt_map(&space->mem->pt, va, va, len, 0);
	r = gmem_release(space->mem, va, len);
	if (va < space->top && va + len > space->full)
		space->full = va + len < space->top ? va + len : space->top;
	return r;
}

int64_t
space_brk(struct space *space, uint64_t addr)
{
	uint64_t old = page_up(space->brk);
	uint64_t new;

	if (addr < space->brk_start || addr > space->top)
		return (int64_t)space->brk;
	new = page_up(addr);
	if (new > old) {
		if (!is_free(space, old, new - old))
			return (int64_t)space->brk;
		space_take(
		    space, old, new - old, space_bits(PROT_READ | PROT_WRITE));
	} else if (new < old && unmap(space, new, old - new) < 0) {
		return (int64_t)space->brk;
	}
	space->brk = addr;
	return (int64_t)addr;
}

static bool
writable_and_executable(unsigned prot)
{
	return (prot & PROT_WRITE) && (prot & PROT_EXEC);
}

static int64_t
mmap_fixed(struct space *space, uint64_t addr, uint64_t len, unsigned prot,
    unsigned flags)
{
	int r;

	if (addr < SPACE_MIN)
		return -EPERM;
	if (addr & PAGE_4K_MASK)
		return -EINVAL;
	if (!valid_range(space, addr, &len))
		return -ENOMEM;
	if ((flags & MAP_FIXED_NOREPLACE) && !is_free(space, addr, len))
		return -EEXIST;
	r = unmap(space, addr, len);
	if (r == 0)
		r = map_fresh(space, addr, len, prot);
	return r < 0 ? r : (int64_t)addr;
}

int64_t
space_mmap(struct space *space, uint64_t addr, uint64_t len, unsigned prot,
    unsigned flags)
{
	uint64_t at = addr & ~PAGE_4K_MASK;

	if (len == 0)
		return -EINVAL;
	if (len > space->mem->size)
		return -ENOMEM;
	if (writable_and_executable(prot))
		return -EACCES;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		return mmap_fixed(space, addr, len, prot, flags);
	/* An address is a hint: honoured where memory is free. */
	if (at == 0 || !valid_range(space, at, &len) ||
	    !is_free(space, at, len))
		at = find_free(space, page_up(len));
	if (at == 0)
		return -ENOMEM;
	map_fresh(space, at, page_up(len), prot);
	return (int64_t)at;
}

int
space_munmap(struct space *space, uint64_t addr, uint64_t len)
{
	if (len == 0 || !valid_range(space, addr, &len))
		return -EINVAL;
	return unmap(space, addr, len);
}

/* What an entry allows that `bits` would not. */
static bool
loses_rights(uint64_t entry, uint64_t bits)
{
	if (!(entry & PTE_PRESENT))
		return false;
	return (entry & ~bits & (PTE_PRESENT | PTE_WRITE)) ||
	       (bits & ~entry & PTE_NX);
}

int
space_mprotect(struct space *space, uint64_t addr, uint64_t len, unsigned prot)
{
	uint64_t bits = space_bits(prot);
	bool loses = false;
	uint64_t va, page;

	if ((addr & PAGE_4K_MASK) || (prot & ~PROT_KNOWN))
		return -EINVAL;
	if (len == 0)
		return 0;
	if (!valid_range(space, addr, &len))
		return -ENOMEM;
	if (writable_and_executable(prot))
		return -EACCES;
	for (va = addr; va < addr + len; va = (va & ~(page - 1)) + page) {
		uint64_t entry = pt_lookup(&space->mem->pt, va, &page);

		if (!entry)
			return -ENOMEM;
		loses = loses || loses_rights(entry, bits);
	}
	space_take(space, addr, len, bits);
	return loses ? gmem_flush(space->mem, addr, len) : 0;
}
