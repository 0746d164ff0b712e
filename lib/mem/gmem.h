/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory: the one checked door to it.  It must not know who asks.
 *
 * RAM is one host mapping that starts at guest-physical 0; user addresses are
 * physical addresses (identity), so what the guest may touch is decided by its
 * page tables alone, and a range that is mapped is contiguous on the host.
 */
#ifndef GMEM_H
#define GMEM_H

#include "mem/pagetable.h"

#include <stddef.h>
#include <stdint.h>

struct gmem {
	uint8_t *base;       /* the host address of guest-physical 0 */
	uint64_t size;       /* bytes of RAM the guest may own */
	struct pagetable pt; /* what the guest sees of them */
};

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

/* Copy out of, or into, guest memory: all of it, or -EFAULT and nothing. */
int gmem_read(const struct gmem *mem, void *dst, uint64_t va, size_t len);
int
gmem_write(const struct gmem *mem, uint64_t va, const void *src, size_t len);

/*
 * Copy the NUL-terminated text at va into dst[cap].  Its length, or -EFAULT
 * when memory ends before the text, or -ENAMETOOLONG when dst does.
 */
int64_t gmem_string(const struct gmem *mem, char *dst, size_t cap, uint64_t va);

/* Make [va, va + len) fresh zero pages again, on the host and for KVM. */
int gmem_release(const struct gmem *mem, uint64_t va, uint64_t len);

/*
 * Make every KVM forget what it cached of the page table entries of
 * [va, va + len): needed after taking rights away.  No vCPU ioctl does that
 * everywhere; a change of the host mapping, which KVM must follow, does.
 */
int gmem_flush(const struct gmem *mem, uint64_t va, uint64_t len);

#endif
