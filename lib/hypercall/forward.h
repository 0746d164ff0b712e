/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Serving a call by the host's of the same name.  It must not know what a call
 * means, but for what its row says.  Only lib/hypercall includes this.
 */
#ifndef HC_FORWARD_H
#define HC_FORWARD_H

#include "hypercall/hypercall.h"

#include <limits.h>
#include <sys/uio.h>

#define HC_STRING 256 /* of text that is no file's name */

/* What one read or write moves at most, as on Linux (MAX_RW_COUNT). */
#define HC_MAX_RW (INT_MAX & ~PAGE_4K_MASK)

int64_t hc_forward(struct hc_call *call, const struct hc_row *row);

/*
 * The part of a guest buffer that can be used, its length cut to that.  As on
 * Linux a buffer that starts well and ends badly is served up to where it ends,
 * and one whose first byte is bad is EFAULT: NULL.
 */
void *hc_buffer(const struct hc_call *call, uint64_t va, uint64_t *len,
    enum gmem_access access);

/*
 * The guest's vector of `parts` parts at `va` as the host's, fetched once and
 * each part checked.  A part that ends badly ends the vector.  The number of
 * parts, or -errno.
 */
int hc_vector(const struct hc_call *call, struct iovec iov[IOV_MAX],
    uint64_t va, uint64_t parts, enum gmem_access access);

#endif
