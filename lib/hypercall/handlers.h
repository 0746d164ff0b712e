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

/* User addresses are below this (AMD APM vol. 2, 5.3.1: canonical form). */
#define HC_USER_END UINT64_C(0x7ffffffff000)

/*
 * A time to wait, counted from now, becomes a moment.  A call that was
 * interrupted and is made again finds the moment again; hc_sleep_over() says
 * that it was not.  0 or -errno.
 */
bool hc_is_timespec(const struct timespec *ts);
int hc_sleep_until(
    struct hc_thread *thread, clockid_t clock, struct timespec *time);
void hc_sleep_over(struct hc_thread *thread);

/* What the end of a thread means to other threads: told in its memory. */
void hc_thread_ends(struct hc_call *call);

#endif
