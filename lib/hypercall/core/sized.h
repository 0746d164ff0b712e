/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structures whose size a call states, because they grow from one Linux to the
 * next (openat2(2), clone3(2), sched_setattr(2)).  It must not know their
 * fields.  Only lib/hypercall includes this.
 */
#ifndef HC_SIZED_H
#define HC_SIZED_H

#include "hypercall/core/hypercall.h"

/*
 * Fetch a structure of `size` bytes at `va` into the `known` bytes at `to`.
 * Bytes that the caller does not give are 0; those that are not known must be
 * 0, or -E2BIG, as more than a page is.  0 or -errno.
 */
int hc_fetch_sized(const struct hc_call *call, void *to, size_t known,
    uint64_t va, uint64_t size);

#endif
