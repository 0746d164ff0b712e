/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handlers, declared from the list of hypercalls, and what they share.
 * Only lib/hypercall includes this.
 */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "hypercall/hypercall.h"

#define HYPERCALL(number, name, ...) int64_t hc_do_##name(struct hc_call *call);
#define FORWARD(...)
#include "abi/hypercall.def"
#undef FORWARD
#undef HYPERCALL

/* A guest is the only process of its world, and leads its group. */
#define HC_PID 1

/* `call` answers -EPIPE: where Linux would raise SIGPIPE, so do we. */
void hc_broken_pipe(struct hc_call *call, uint32_t number);

/* The limits of a guest that has made none. */
void hc_limits_init(struct hc_guest *guest);

/* Two descriptors for two of the host's, written to `va`, which was checked:
 * 0, or -errno with both closed. */
int64_t
hc_fd_pair(struct hc_call *call, const int host[2], bool cloexec, uint64_t va);

#endif
