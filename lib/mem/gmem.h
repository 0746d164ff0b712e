/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory: the one checked way to it.  This file must not know who asks.
 *
 * RAM is one host mapping that starts at guest-physical 0.  User addresses are
 * physical addresses (identity), so the guest's page tables alone decide what
 * the guest may touch, and a mapped range is contiguous on the host.
 *
 * Several threads may access guest memory while one changes mappings: the one
 * that changes them holds the lock, a reader needs none.  The host's pages are
 * readable and writable at every moment, so an access that races with a change
 * can see other bytes, but does not fault.
 */
#ifndef GMEM_H
#define GMEM_H

#include "mem/pagetable.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many of the last unmapped ranges are remembered. */
#define GMEM_UNMAPPED 256

/* The ranges that were handed out for writing since `n` was set to 0.  If
 * `more`, there were others. */
#define GMEM_LENDS 1100 /* IOV_MAX, and a few */

struct gmem_lends {
	unsigned n;
	bool more;
	struct {
		uint64_t va, len;
	} range[GMEM_LENDS];
};

/* Add a range. */
void gmem_note_lend(struct gmem_lends *lends, uint64_t va, uint64_t len);

struct gmem {
	/* The ranges that were unmapped last: range n is entry
	 * n % GMEM_UNMAPPED. */
	struct {
		uint64_t va, end;
	} unmapped[GMEM_UNMAPPED];
	_Atomic uint64_t unmaps; /* such ranges so far */
	uint8_t *base;           /* the host address of guest-physical 0 */
	uint64_t size;           /* bytes of RAM that the guest may own */
	struct pagetable pt;     /* what the guest sees of them */
	pthread_mutex_t lock;    /* held by the thread that changes pt */
	uint64_t flushes;        /* gmem_flush() calls, under the lock */
	/* Make [va, va + len) accessible to the processor, where not all of
	 * RAM is from the start: 0 or -errno.  NULL where all of it is. */
	int (*provide)(struct gmem *mem, uint64_t va, uint64_t len);
	/* Give the page at `va`, which pte_waits(), to the processor, and with
	 * it others of its mapping, with the lock held: 0 or -errno.  NULL
	 * where there are none. */
	int (*fill)(struct gmem *mem, uint64_t va);
	void *filler; /* for that function */
	/* Does nobody need the memory any more?  NULL where that cannot be. */
	bool (*over)(const struct gmem *mem);
	/* Kept up to date for a guest with one thread; NULL: not wanted. */
	struct gmem_lends *lends;
};

/* The caller sets `base`, `size` and `pt`. */
void gmem_init(struct gmem *mem);

/* Mappings are changed between these two. */
void gmem_lock(struct gmem *mem);
void gmem_unlock(struct gmem *mem);

/*
 * Does nobody need the memory any more?  Then work whose length depends on the
 * guest ends early: other threads may queue for the lock with as much, and the
 * guest's end waits for them.
 */
bool gmem_is_over(const struct gmem *mem);

/* Call this with the lock held, before pages of [va, va + len) get rights: 0
 * or -errno. */
int gmem_provide(struct gmem *mem, uint64_t va, uint64_t len);

/* An access that the guest itself could make. */
enum gmem_access {
	GMEM_READ,
	GMEM_WRITE,
};

/*
 * The host address of guest range [va, va + len), or NULL unless the guest
 * could access every byte of it that way.  An empty range is accessible
 * anywhere, as on Linux.  The pointer is valid until guest mappings change.
 * The bytes there can change at any time: fetch once, then check the copy.
 */
void *gmem_range(
    const struct gmem *mem, uint64_t va, uint64_t len, enum gmem_access access);

/*
 * How many bytes from the start of [va, va + len) the guest could access.
 */
uint64_t gmem_span(
    const struct gmem *mem, uint64_t va, uint64_t len, enum gmem_access access);

/* How many bytes from the start of [va, va + len), which is not empty, lie in
 * pages that agree in these PTE_* bits, and those bits; 0 outside of RAM. */
uint64_t gmem_extent(const struct gmem *mem, uint64_t va, uint64_t len,
    uint64_t mask, uint64_t *bits);

/* gmem_range() for as much of [va, va + *len) as is accessible, which *len is
 * set to: NULL if nothing is. */
void *gmem_part(const struct gmem *mem, uint64_t va, uint64_t *len,
    enum gmem_access access);

/*
 * Memory that was handed out for writing can be unmapped by another thread
 * before it is written.  The write then fills a page that counts for nobody
 * and is not zero.  So a thread calls gmem_begin() before it asks for memory,
 * and gmem_settle() after it, and the host for it, have finished with all of
 * it: pages that were unmapped in between are discarded again.
 */
void gmem_begin(const struct gmem *mem);
void gmem_settle(struct gmem *mem);

/* The same for memory that the VMM fills without asking for the guest's
 * rights: [va, va + len) counts as handed out. */
void gmem_lend(const struct gmem *mem, uint64_t va, uint64_t len);

/* The VMM will write to pages of [va, va + len) on its own account: their
 * contents stay until they are unmapped. */
void gmem_keep(struct gmem *mem, uint64_t va, uint64_t len);

/* The same for these bytes, whatever the guest's rights.  False: the last page
 * of a file is gone. */
bool gmem_poke(struct gmem *mem, uint64_t va, const void *bytes, size_t len);

/*
 * The same for a processor: a page fault that is in flight while its page is
 * unmapped fills the page after it was discarded.  Read the number of unmapped
 * ranges before KVM_RUN, and pass it here after KVM_RUN has returned.
 */
uint64_t gmem_unmaps(const struct gmem *mem);
void gmem_left(struct gmem *mem, uint64_t unmaps);

/* [va, va + len) is not mapped any more and will be discarded.  Call this with
 * the lock held, after the entries have changed. */
void gmem_note_unmap(struct gmem *mem, uint64_t va, uint64_t len);

/*
 * Copy `len` bytes from or to guest memory: returns how many were copied.
 * They are fewer only where pages are missing although the guest's tables
 * have them: a file was truncated under its mapping.  For that case the
 * handler of SIGBUS and SIGSEGV calls gmem_recover() first, with the handler's
 * third argument: true if the copy continues from here.
 */
size_t gmem_copy(void *dst, const void *src, size_t len);
bool gmem_recover(void *context);

/*
 * Compare the word of guest memory at `word`, which others see, with *old and
 * replace it by `new`: returns 1.  Where it differs, returns 0 and stores it in
 * *old; -EFAULT where a copy would end.
 */
int gmem_swap(uint32_t *word, uint32_t *old, uint32_t new);

/*
 * Copy out of, or into, guest memory: all of it, or -EFAULT and nothing.  (If
 * pages are missing, a part may have been copied.)
 */
int gmem_read(const struct gmem *mem, void *dst, uint64_t va, size_t len);
int
gmem_write(const struct gmem *mem, uint64_t va, const void *src, size_t len);

/* These bytes will be read soon: fetch them into the cache meanwhile. */
void gmem_expect(const struct gmem *mem, uint64_t va, uint64_t len);

/*
 * Copy the NUL-terminated text at va into dst[cap].  Returns its length,
 * -EFAULT if memory ends before the text does, or -ENAMETOOLONG if dst does.
 */
int64_t gmem_string(const struct gmem *mem, char *dst, size_t cap, uint64_t va);

/*
 * Make [va, va + len) fresh zero pages, on the host and for KVM: discard the
 * contents of anonymous pages, or release pages of a file by replacing them.
 */
int gmem_discard(const struct gmem *mem, uint64_t va, uint64_t len);
int gmem_release(const struct gmem *mem, uint64_t va, uint64_t len);

/* Make [va, va + len) zero by writing: no page is given back to the host. */
void gmem_clear(const struct gmem *mem, uint64_t va, uint64_t len);

/*
 * Whether the host may back [va, va + len) by large pages where they fit: fewer
 * faults, but memory that nothing has touched.  0 or -errno.
 */
int gmem_let_huge(const struct gmem *mem, uint64_t va, uint64_t len, bool huge);

/* Map the host's file `fd` from `offset` on at [va, va + len); `bits` are those
 * of PTE_BACKING.  If this fails, the old pages are still there. */
int gmem_map_file(const struct gmem *mem, uint64_t va, uint64_t len, int fd,
    uint64_t offset, uint64_t bits);

/*
 * Move `len` bytes of anonymous memory from `from` to `to`, which do not
 * overlap, and leave zero pages at `from`.  gmem_move() moves the host's pages,
 * large ones with the rest of their block, and copies where it cannot;
 * gmem_move_bytes() always copies.
 */
int gmem_move(const struct gmem *mem, uint64_t from, uint64_t to, uint64_t len);
int gmem_move_bytes(
    const struct gmem *mem, uint64_t from, uint64_t to, uint64_t len);

/* Move the `len` bytes of a file's pages at `from` to `to`, and let the mapping
 * have `new_len` bytes.  If `to` is `from`, the mapping grows in place. */
int gmem_grow_file(const struct gmem *mem, uint64_t from, uint64_t to,
    uint64_t len, uint64_t new_len);

/*
 * Make every KVM forget what it cached of the page table entries of
 * [va, va + len): needed after rights were taken away, with the lock held.  No
 * vCPU ioctl does that on all hosts; a change of the host mapping, which KVM
 * must follow, does.
 *
 * KVM cannot map these pages for a moment, and a vCPU that needs one then gets
 * -EFAULT from KVM_RUN: it must check whether gmem_changes() has changed, and
 * try again if so.
 *
 * Only the first half, gmem_flush_begin(), can run out of host mappings.  A
 * caller that must not fail later calls it before the entries change, and
 * gmem_flush_end() afterwards; if it fails, everything is as it was.
 */
int gmem_flush(struct gmem *mem, uint64_t va, uint64_t len);
int gmem_flush_begin(struct gmem *mem, uint64_t va, uint64_t len);
int gmem_flush_end(struct gmem *mem, uint64_t va, uint64_t len);

/* The number of flushes and of unmapped ranges; waits for a change that is
 * under way. */
uint64_t gmem_changes(struct gmem *mem);

/*
 * The guest has touched the page at `va`.  If the page waits for that, it gets
 * its memory.  Returns the page's entry then, 0 outside RAM; waits in the same
 * way: while a mapping is replaced or moved, its pages are absent for a moment.
 */
uint64_t gmem_touch(struct gmem *mem, uint64_t va);

#endif
