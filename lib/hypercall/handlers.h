/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handlers, declared from the list of hypercalls, and what they share.
 * Only lib/hypercall includes this.
 */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "hypercall/hypercall.h"

#define HYPERCALL(number, name, ...) int64_t hc_do_##name(struct hc_call *call);
#include "abi/hypercall.def"
#undef HYPERCALL

/* The host descriptor behind a guest's, or -EBADF. */
int hc_host_fd(const struct hc_guest *guest, uint64_t fd);

/* A host result as the guest gets it: errno becomes negative. */
int64_t hc_result(int64_t r);

#endif
