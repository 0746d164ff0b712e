/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checked door to guest memory.  Nothing here may know who asks.
 */
#include "mem/gmem.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* The only comparison of a guest range with the size of RAM. */
static int
in_ram(const struct gmem *mem, uint64_t va, uint64_t len)
{
	return va <= mem->size && len <= mem->size - va;
}

uint64_t
gmem_span(
    const struct gmem *mem, uint64_t va, uint64_t len, enum gmem_access access)
{
	const uint64_t need = PTE_PRESENT | PTE_USER |
			      (access == GMEM_WRITE ? PTE_WRITE : 0);
	uint64_t done = 0;
	uint64_t page;

	if (va >= mem->size)
		return 0;
	if (!in_ram(mem, va, len))
		len = mem->size - va;
	while (done < len) {
		uint64_t at = va + done;

		uint64_t entry = pt_lookup(&mem->pt, at, &page);

		if ((pte_rights(entry) & need) != need)
			return done;
		done += page - (at & (page - 1));
	}
	return len;
}

void *
gmem_range(
    const struct gmem *mem, uint64_t va, uint64_t len, enum gmem_access access)
{
	if (len == 0)
		return mem->base;
	if (!in_ram(mem, va, len) || gmem_span(mem, va, len, access) < len)
		return NULL;
	return mem->base + va;
}

int
gmem_read(const struct gmem *mem, void *dst, uint64_t va, size_t len)
{
	const void *src = gmem_range(mem, va, len, GMEM_READ);

	if (!src)
		return -EFAULT;
	memcpy(dst, src, len);
	return 0;
}

int
gmem_write(const struct gmem *mem, uint64_t va, const void *src, size_t len)
{
	void *dst = gmem_range(mem, va, len, GMEM_WRITE);

	if (!dst)
		return -EFAULT;
	memcpy(dst, src, len);
	return 0;
}

int64_t
gmem_string(const struct gmem *mem, char *dst, size_t cap, uint64_t va)
{
	uint64_t there = gmem_span(mem, va, cap, GMEM_READ);
	const char *end;

	memcpy(dst, mem->base + (there ? va : 0), there);
	end = memchr(dst, '\0', there);
	if (end)
		return end - dst;
	return there < cap ? -EFAULT : -ENAMETOOLONG;
}

int
gmem_release(const struct gmem *mem, uint64_t va, uint64_t len)
{
	void *p = mmap(mem->base + va, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);

	return p == MAP_FAILED ? -errno : 0;
}

int
gmem_flush(const struct gmem *mem, uint64_t va, uint64_t len)
{
	void *host = mem->base + va;

	if (mprotect(host, len, PROT_NONE) < 0 ||
	    mprotect(host, len, PROT_READ | PROT_WRITE) < 0)
		return -errno;
	return 0;
}
