/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory: the one checked door to it.  It must not know who asks.
 *
 * RAM is one host mapping that starts at guest-physical 0; user addresses are
 * physical addresses (identity), so what the guest may touch is decided by its
 * page tables alone, and a range that is mapped is contiguous on the host.
 *
 * Several threads may come through this door while one changes mappings: who
 * changes them holds the lock, who only looks needs none.  The host's pages are
 * readable and writable at every moment, so that an access which races with a
 * change can meet other bytes, but no fault.
 */
#ifndef GMEM_H
#define GMEM_H

#include "mem/pagetable.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gmem {
	uint8_t *base;           /* the host address of guest-physical 0 */
	uint64_t size;           /* bytes of RAM the guest may own */
	struct pagetable pt;     /* what the guest sees of them */
	pthread_mutex_t lock;    /* held by whoever changes pt */
	uint64_t flushes;        /* gmem_flush() calls, under the lock */
	_Atomic uint64_t unmaps; /* how often pages were taken away */
	/* Where not all of RAM is there for the processor from the start: let
	 * [va, va + len) be.  0 or -errno.  NULL: it is. */
	int (*provide)(struct gmem *mem, uint64_t va, uint64_t len);
};

/* `base`, `size` and `pt` are the caller's to set. */
void gmem_init(struct gmem *mem);

/* For those who change mappings. */
void gmem_lock(struct gmem *mem);
void gmem_unlock(struct gmem *mem);

/* Before pages of [va, va + len) get rights, with the lock held: 0 or -errno.
 */
int gmem_provide(struct gmem *mem, uint64_t va, uint64_t len);

/* What the guest itself could do there. */
enum gmem_access {
	GMEM_READ,
	GMEM_WRITE,
};

/*
 * The host address of guest range [va, va + len), or NULL unless the guest
 * could access every byte of it that way.  An empty range is accessible
 * anywhere, as on Linux.  The pointer is good until guest mappings change.
 * Bytes behind it can change at any time: fetch once, then check the copy.
 */
void *gmem_range(
    const struct gmem *mem, uint64_t va, uint64_t len, enum gmem_access access);

/*
 * Of [va, va + len), how many bytes from the start the guest could access.
 */
uint64_t gmem_span(
    const struct gmem *mem, uint64_t va, uint64_t len, enum gmem_access access);

/* So much of [va, va + *len) as gmem_range(): NULL if there is nothing, else
 * *len becomes how much. */
void *gmem_part(const struct gmem *mem, uint64_t va, uint64_t *len,
    enum gmem_access access);

/*
 * What is handed out for writing can be unmapped before it is written, by
 * another thread.  The host's pages take it all the same, and it would stay
 * there, zero no more and counted for nobody.  So a thread says where it begins
 * to ask for memory, and where it, and the host for it, have done with all it
 * was given: what was unmapped in between is dropped again.
 */
void gmem_begin(const struct gmem *mem);
void gmem_settle(struct gmem *mem);

/*
 * Copy `len` bytes one of whose sides is guest memory: how many were copied.
 * Fewer only where pages are not there, although the guest's tables say so:
 * a file was made shorter under its mapping.  For that, whoever has the signal
 * handler for SIGBUS and SIGSEGV asks gmem_recover() first, with what the
 * handler got as its third argument: true if the copy goes on from here.
 */
size_t gmem_copy(void *dst, const void *src, size_t len);
bool gmem_recover(void *context);

/*
 * Others look at the word of guest memory at `word`: put `new` there if it is
 * *old.  1; 0, and *old is what it is; or -EFAULT as where a copy ends.
 */
int gmem_swap(uint32_t *word, uint32_t *old, uint32_t new);

/*
 * Copy out of, or into, guest memory: all of it, or -EFAULT and nothing.  (Of
 * pages that are lost, a part may have been copied.)
 */
int gmem_read(const struct gmem *mem, void *dst, uint64_t va, size_t len);
int
gmem_write(const struct gmem *mem, uint64_t va, const void *src, size_t len);

/*
 * Copy the NUL-terminated text at va into dst[cap].  Its length, or -EFAULT
 * when memory ends before the text, or -ENAMETOOLONG when dst does.
 */
int64_t gmem_string(const struct gmem *mem, char *dst, size_t cap, uint64_t va);

/*
 * Make [va, va + len) fresh zero pages again, on the host and for KVM: what is
 * anonymous loses its contents, a file is replaced.
 */
int gmem_discard(const struct gmem *mem, uint64_t va, uint64_t len);
int gmem_release(const struct gmem *mem, uint64_t va, uint64_t len);

/*
 * Whether the host may back [va, va + len) by large pages where they fit: fewer
 * faults, but memory that nobody has touched.  0 or -errno.
 */
int gmem_let_huge(const struct gmem *mem, uint64_t va, uint64_t len, bool huge);

/* Let [va, va + len) be the pages of the host's file `fd` from `offset` on;
 * `bits` are those of PTE_BACKING.  On failure they are what they were. */
int gmem_map_file(const struct gmem *mem, uint64_t va, uint64_t len, int fd,
    uint64_t offset, uint64_t bits);

/*
 * Move what is behind the `len` bytes at `from` to `to`, without copying where
 * the host can, and leave zero pages there.  The two do not overlap; bits are
 * those of PTE_BACKING, the same for all.
 */
int gmem_move(const struct gmem *mem, uint64_t from, uint64_t to, uint64_t len,
    uint64_t bits);

/* The same for the pages of a file, of which `new_len` bytes from the start of
 * the first on are then mapped.  `to` may be `from`: it grows in its place. */
int gmem_grow_file(const struct gmem *mem, uint64_t from, uint64_t to,
    uint64_t len, uint64_t new_len);

/*
 * Make every KVM forget what it cached of the page table entries of
 * [va, va + len): needed after taking rights away, with the lock held.  No
 * vCPU ioctl does that everywhere; a change of the host mapping, which KVM must
 * follow, does.
 *
 * For a moment KVM cannot map these pages, and a vCPU that wants one gets
 * -EFAULT from KVM_RUN: it shall look whether gmem_flushes() has changed, and
 * then try again.
 */
int gmem_flush(struct gmem *mem, uint64_t va, uint64_t len);

/* How many there were; waits for one that is under way. */
uint64_t gmem_flushes(struct gmem *mem);

#endif
