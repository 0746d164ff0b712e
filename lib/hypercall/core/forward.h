/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that the host's call of the same name serves.  It must not know a call
 * except by its row.  Only lib/hypercall includes this.
 */
#ifndef HC_FORWARD_H
#define HC_FORWARD_H

#include "hypercall/core/hypercall.h"

#include <limits.h>
#include <sys/uio.h>

#define HC_STRING 256 /* bytes of text other than file names */

/* The most that one read or write transfers, as on Linux (MAX_RW_COUNT). */
#define HC_MAX_RW (INT_MAX & ~PAGE_4K_MASK)

int64_t hc_forward(struct hc_call *call, const struct hc_row *row);

/* May bytes that nobody has checked be written to the file?  0 or -EBADF. */
int hc_may_write(const struct hc_file *file);

/* The same on `file`, which the caller holds and has looked at, in place of the
 * first descriptor: another thread may have made that lead elsewhere. */
int64_t hc_forward_on(
    struct hc_call *call, const struct hc_row *row, struct hc_file *file);

/*
 * The accessible start of a guest buffer; *len is cut to it.  NULL, which
 * stands for EFAULT, if the first byte is not accessible: as on Linux, a call
 * serves a buffer up to its first bad page.
 */
void *hc_buffer(const struct hc_call *call, uint64_t va, uint64_t *len,
    enum gmem_access access);

/*
 * Fetch the guest's vector of `parts` parts at `va` once, and translate each
 * part to the host.  A part that is cut ends the vector.  The number of parts,
 * or -errno.
 */
int hc_vector(const struct hc_call *call, struct iovec iov[IOV_MAX],
    uint64_t va, uint64_t parts, enum gmem_access access);

#endif
