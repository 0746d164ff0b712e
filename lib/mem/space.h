/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's address space: what brk, mmap, munmap and mprotect change.  It
 * must not know which hypercall asks, nor what the memory is for.
 *
 * The page tables are the only record: an entry of 0 is free memory, which is
 * always zero; PTE_TAKEN marks a page of a mapping, also one that may not be
 * touched.  Results are addresses or 0, and -errno as Linux gives it.
 */
#ifndef SPACE_H
#define SPACE_H

#include "mem/gmem.h"

#include <stdint.h>

/* The lowest address that can be mapped: page 0 is absent, so that a null
 * pointer faults. */
#define SPACE_MIN PAGE_4K

struct space {
	struct gmem *mem;
	uint64_t brk_start; /* the first address behind the image */
	uint64_t brk;       /* the break, at or above brk_start */
	uint64_t top;       /* mmap comes down from here: below the stack */
	uint64_t full;      /* every page in [full, top) is taken */
};

/* `brk` and `top` as in the structure; the image and stack are mapped. */
void
space_init(struct space *space, struct gmem *mem, uint64_t brk, uint64_t top);

/* The PTE_* bits for PROT_* bits; the page is marked as taken. */
uint64_t space_bits(unsigned prot);

/* Take [va, va + len), whole pages, for a mapping with these PTE_* bits. */
void space_take(struct space *space, uint64_t va, uint64_t len, uint64_t bits);

/* The break after trying to move it to `addr`: unchanged if it cannot. */
int64_t space_brk(struct space *space, uint64_t addr);

/* Anonymous memory: `prot` and `flags` are mmap(2)'s.  -EACCES: writable and
 * executable at once, which no page here ever is. */
int64_t space_mmap(struct space *space, uint64_t addr, uint64_t len,
    unsigned prot, unsigned flags);
int space_munmap(struct space *space, uint64_t addr, uint64_t len);
int
space_mprotect(struct space *space, uint64_t addr, uint64_t len, unsigned prot);

#endif
