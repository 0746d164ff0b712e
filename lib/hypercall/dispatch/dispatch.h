/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Serving hypercalls.  Only this room knows all handlers, and no other room of
 * lib/hypercall may know this one.
 */
#ifndef HC_DISPATCH_H
#define HC_DISPATCH_H

#include "hypercall/core/hypercall.h"

/* Make a guest with this memory and the standard streams, which may make the
 * calls of @base. */
void hc_guest_init(struct hc_guest *guest, struct gmem *mem);

/* Make one that has nothing of this process and may make no call, for code of
 * novillo's own.  That takes no system call: the sandbox may be closed. */
void hc_guest_init_bare(struct hc_guest *guest, struct gmem *mem);

/* Serve call `number`; return its result as Linux does, -errno on error. */
int64_t hc_dispatch(struct hc_call *call, uint32_t number);

#endif
