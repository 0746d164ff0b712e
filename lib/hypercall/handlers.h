/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handlers, declared from the list of hypercalls, and what they share.
 * Only lib/hypercall includes this.
 */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "hypercall/hypercall.h"

#include <sys/types.h>

#define HYPERCALL(number, name, ...) int64_t hc_do_##name(struct hc_call *call);
#define FORWARD(...)
#include "abi/hypercall.def"
#undef FORWARD
#undef HYPERCALL

/* A guest is the only process of its world, and leads its group. */
#define HC_PID 1

/* `call` answers -EPIPE: where Linux would raise SIGPIPE, so do we. */
void hc_broken_pipe(struct hc_call *call, uint32_t number);

/* The same for -EFBIG and SIGXFSZ. */
void hc_too_large(struct hc_call *call, uint32_t number);

/*
 * The host's clock for the guest's: 0 or -EINVAL.  A negative number names the
 * clock of a process or thread by its number, or of a descriptor; the host's
 * are none of the guest's.
 */
int
hc_host_clock(const struct hc_call *call, uint64_t number, clockid_t *clock);

/* The limits of a guest that has made none. */
void hc_limits_init(struct hc_guest *guest);

/* Two descriptors for two of the host's, written to `va`, which was checked:
 * 0, or -errno with both closed. */
int64_t
hc_fd_pair(struct hc_call *call, const int host[2], bool cloexec, uint64_t va);

/* User addresses are below this (AMD APM vol. 2, 5.3.1: canonical form). */
#define HC_USER_END UINT64_C(0x7ffffffff000)

/* What the end of a thread means to other threads: told in its memory. */
void hc_thread_ends(struct hc_call *call);

/* Does the device do nothing but what it is read or written for? */
bool hc_is_harmless(dev_t device);

/* A descriptor for what the host's call gave, or its -errno. */
int64_t hc_fd_result(struct hc_call *call, int64_t host, bool cloexec);

/*
 * The signal mask of `size` bytes at `va`, or none at 0, counts until the call
 * ends.  0 or -errno.  The end with its result, which may be another then.
 */
#define HC_SIGSET 8U /* bytes of Linux' sigset_t */
int64_t hc_begin_mask(struct hc_call *call, uint64_t va, uint64_t size);
int64_t hc_end_swapped(struct hc_call *call, int64_t result);

/* The name of an option that setsockopt or getsockopt serves, or NULL. */
const char *hc_sockopt_name(int level, int option);

#endif
