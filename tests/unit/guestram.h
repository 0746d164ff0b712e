/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory without a guest: RAM and page tables as the machine makes them,
 * for tests of code that works on memory alone.  It knows nothing of KVM.
 */
#ifndef GUESTRAM_H
#define GUESTRAM_H

#include "mem/gmem.h"
#include "mem/space.h"

#include <stdlib.h>
#include <sys/mman.h>

static inline void
guestram_init(struct gmem *mem, uint64_t size)
{
	unsigned tables = pt_tables_for(size, 8);
	uint64_t end = size + tables * PAGE_4K;
	uint64_t all = end + PAGE_4K + PAGE_2M;
	uint8_t *base = mmap(NULL, all, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		abort();
	base += PAGE_2M - ((uintptr_t)base & PAGE_2M_MASK);
	/* As in the machine, a guard follows. */
	if (mprotect(base + end, PAGE_4K, PROT_NONE) < 0)
		abort();
	gmem_init(mem);
	mem->base = base;
	mem->size = size;
	pt_init(&mem->pt, (uint64_t *)(void *)(base + size), size, tables);
}

#endif
