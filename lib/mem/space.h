/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's address space, which brk, mmap, munmap, mprotect and mremap
 * change.  This file must not know which hypercall asks, nor what the memory is
 * for.
 *
 * The page tables are the only record: an entry of 0 is free memory, which is
 * always zero; PTE_TAKEN marks a page of a mapping, also one without rights,
 * PTE_BACKING shows what backs it, and PTE_CHARGED that it counts.  Results are
 * addresses or 0, and -errno as Linux returns it.
 *
 * There are far more addresses than memory.  A page that can be filled counts
 * against the limit, from the moment that it can until it is unmapped (see
 * charge.h).  A page without rights, and a file's page that the guest cannot
 * change, cost nothing.  Pages of MAP_STACK and MAP_NORESERVE, which are seldom
 * all used, count from their first use on (PTE_LAZY).  Those of the first stack
 * are lazy also, but its memory is set aside: they only show how far it has
 * grown.
 *
 * Where several threads may call, the caller holds the lock of the memory.
 */
#ifndef SPACE_H
#define SPACE_H

#include "mem/gmem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The lowest address that can be mapped: page 0 is absent, so that a null
 * pointer faults. */
#define SPACE_MIN PAGE_4K

/* Nothing is placed below this unless that is asked for, as on Linux
 * (vm.mmap_min_addr). */
#define SPACE_LOWEST (16 * PAGE_4K)

/* User addresses are below this (AMD APM vol. 2, 5.3.1: canonical form; Linux
 * leaves out the last page). */
#define SPACE_END UINT64_C(0x7ffffffff000)

/* Pages that wait for their first use get memory by whole pieces, so that a
 * stack that grows has few faults. */
#define SPACE_PIECE (16 * PAGE_4K)

struct space {
	struct gmem *mem;
	uint64_t brk_start; /* the first address after the image */
	uint64_t brk;       /* the break, at or above brk_start */
	uint64_t top;       /* mmap comes down from here: below the stack */
	uint64_t full;      /* every page in [full, top) is taken */
	/* And then from here: below the image; 0: it does not. */
	uint64_t low;
	uint64_t limit; /* how many bytes may count */
	uint64_t used;  /* how many bytes count */
	bool jit;       /* pages may be writable and executable at once */
	/* No page waits for its first use, and the host drops none later than
	 * it is asked to. */
	bool eager;
	/* The first stack: its lowest address, below which it is not, and the
	 * one that it may now grow down to. */
	uint64_t stack;
	_Atomic uint64_t stack_floor;
	/* That was asked for, and refused. */
	atomic_bool jit_refused;
	/* The number of bytes by which a request was last too large; 0: none
	 * was. */
	_Atomic uint64_t lacked;
};

/* `brk` and `top` are as in the structure.  Nothing is taken, and the limit is
 * all of RAM: the caller may change both. */
void
space_init(struct space *space, struct gmem *mem, uint64_t brk, uint64_t top);

/* Count `bytes` that the guest takes from the host elsewhere: 0, or -ENOMEM
 * beyond the limit; and give them back. */
int space_reserve(struct space *space, uint64_t bytes);
void space_give_back(struct space *space, uint64_t bytes);

/* Take [space->stack, end of RAM) for the first stack, which grows down. */
void space_take_stack(struct space *space);

/* The PTE_* bits for PROT_* bits; the page is marked as taken. */
uint64_t space_bits(unsigned prot);

/* Take [va, va + len), whole pages, for a mapping with these PTE_* bits. */
void space_take(struct space *space, uint64_t va, uint64_t len, uint64_t bits);

/*
 * A debugger will write [va, va + len).  Pages that were never accessible do
 * not count, and would be filled: they count from now on.  How many of the
 * bytes the limit allows.
 */
uint64_t space_fill(struct space *space, uint64_t va, uint64_t len);

/* As space_take() for charged anonymous pages, but the host may back the whole
 * aligned blocks of 2 MiB among them by large pages.  0 or -errno. */
int
space_let_huge(struct space *space, uint64_t va, uint64_t len, uint64_t bits);

/* Try to move the break to `addr`.  Returns the break, changed or not. */
int64_t space_brk(struct space *space, uint64_t addr);

/* The host's file of a mapping, the byte from which on it is mapped, and
 * whether a shared mapping may write to it. */
struct space_file {
	int fd;
	uint64_t offset;
	bool writable;
};

/*
 * Map `file`, or anonymous memory if it is NULL; `prot` and `flags` are those
 * of mmap(2).  -EACCES: the mapping would be writable and executable at once,
 * which no page is unless space->jit, or writable and shared although the file
 * is not writable.
 */
int64_t space_mmap(struct space *space, uint64_t addr, uint64_t len,
    unsigned prot, unsigned flags, const struct space_file *file);
/* The anonymous pages of [va, va + len) hold what a file would have there:
 * advice treats them as the file's. */
void space_copied(struct space *space, uint64_t va, uint64_t len);

/* Is there a page in [va, va + len) with all of these PTE_* bits? */
bool space_holds(
    const struct space *space, uint64_t va, uint64_t len, uint64_t wanted);
int space_munmap(struct space *space, uint64_t addr, uint64_t len);
int
space_mprotect(struct space *space, uint64_t addr, uint64_t len, unsigned prot);

/* As mremap(2): returns the new address. */
int64_t space_mremap(struct space *space, uint64_t addr, uint64_t old_len,
    uint64_t new_len, unsigned flags, uint64_t new_addr);

/* Is every page of [va, va + len), whole pages, mapped?  Or none, in RAM? */
bool space_is_taken(const struct space *space, uint64_t va, uint64_t len);
bool space_is_free(const struct space *space, uint64_t va, uint64_t len);

/* A free place for `len` bytes that mmap would choose, a multiple of `align`, a
 * power of two and at least a page; 0: there is none. */
uint64_t space_find(const struct space *space, uint64_t len, uint64_t align);

/* As madvise(2), mincore(2) and msync(2). */
int space_madvise(struct space *space, uint64_t addr, uint64_t len, int advice);
int
space_mincore(struct space *space, uint64_t addr, uint64_t len, uint64_t vec);
int
space_msync(struct space *space, uint64_t addr, uint64_t len, unsigned flags);

#endif
