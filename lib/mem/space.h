/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's address space: what brk, mmap, munmap, mprotect and mremap
 * change.  It must not know which hypercall asks, nor what the memory is for.
 *
 * The page tables are the only record: an entry of 0 is free memory, which is
 * always zero; PTE_TAKEN marks a page of a mapping, also one that may not be
 * touched, PTE_BACKING what is behind it, and PTE_CHARGED that it counts.
 * Results are addresses or 0, and -errno as Linux gives it.
 *
 * There are far more addresses than memory: what can be filled counts against
 * the limit, from the moment that it can until it is unmapped.  What may not
 * be touched, and a file's pages that nobody here changes, cost nothing.
 *
 * Where several threads may call, the caller holds the lock of the memory.
 */
#ifndef SPACE_H
#define SPACE_H

#include "mem/gmem.h"

#include <stdbool.h>
#include <stdint.h>

/* The lowest address that can be mapped: page 0 is absent, so that a null
 * pointer faults. */
#define SPACE_MIN PAGE_4K

/* User addresses are below this (AMD APM vol. 2, 5.3.1: canonical form; Linux
 * leaves out the last page). */
#define SPACE_END UINT64_C(0x7ffffffff000)

struct space {
	struct gmem *mem;
	uint64_t brk_start; /* the first address behind the image */
	uint64_t brk;       /* the break, at or above brk_start */
	uint64_t top;       /* mmap comes down from here: below the stack */
	uint64_t full;      /* every page in [full, top) is taken */
	uint64_t limit;     /* of what counts, in bytes */
	uint64_t used;      /* what counts */
};

/* `brk` and `top` as in the structure.  Nothing is taken, and the limit is all
 * that there is: both are the caller's to change. */
void
space_init(struct space *space, struct gmem *mem, uint64_t brk, uint64_t top);

/* The PTE_* bits for PROT_* bits; the page is marked as taken. */
uint64_t space_bits(unsigned prot);

/* Take [va, va + len), whole pages, for a mapping with these PTE_* bits. */
void space_take(struct space *space, uint64_t va, uint64_t len, uint64_t bits);

/* The break after trying to move it to `addr`: unchanged if it cannot. */
int64_t space_brk(struct space *space, uint64_t addr);

/* Of a mapping: the host's file, from which byte on, and whether a shared
 * mapping may write to it. */
struct space_file {
	int fd;
	uint64_t offset;
	bool writable;
};

/*
 * A mapping of `file`, or of anonymous memory if that is NULL; `prot` and
 * `flags` are mmap(2)'s.  -EACCES: writable and executable at once, which no
 * page here ever is, or writable and shared where the file is not.
 */
int64_t space_mmap(struct space *space, uint64_t addr, uint64_t len,
    unsigned prot, unsigned flags, const struct space_file *file);
int space_munmap(struct space *space, uint64_t addr, uint64_t len);
int
space_mprotect(struct space *space, uint64_t addr, uint64_t len, unsigned prot);

/* As mremap(2): the new address. */
int64_t space_mremap(struct space *space, uint64_t addr, uint64_t old_len,
    uint64_t new_len, unsigned flags, uint64_t new_addr);

/* Is every page of [va, va + len), whole pages, one of a mapping? */
bool space_is_taken(const struct space *space, uint64_t va, uint64_t len);

/* As madvise(2), mincore(2) and msync(2). */
int space_madvise(struct space *space, uint64_t addr, uint64_t len, int advice);
int
space_mincore(struct space *space, uint64_t addr, uint64_t len, uint64_t vec);
int
space_msync(struct space *space, uint64_t addr, uint64_t len, unsigned flags);

#endif
