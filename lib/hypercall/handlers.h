/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handlers, declared from the list of hypercalls, and what they share.
 * Only lib/hypercall includes this.
 */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "hypercall/hypercall.h"

#include <sys/types.h>
#include <sys/utsname.h>

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

/* What novillo's own files tell, before the machine has told more. */
void hc_world_init(struct hc_guest *guest);

/* A call that may look at novillo's own files alone leads elsewhere: what a
 * handler answers then, and no guest ever sees. */
#define HC_ELSEWHERE (-4096)

/* What uname() tells. */
extern const struct utsname hc_uname;

/* As many processors as the host lets novillo use, or -errno. */
int64_t hc_count_cpus(void);

/* What F_GETFL says of an open file: of what is novillo's own, how the guest
 * has opened it. */
int64_t hc_file_flags(const struct hc_file *file);

/* Two descriptors for two of the host's, written to `va`, which was checked:
 * 0, or -errno with both closed. */
int64_t
hc_fd_pair(struct hc_call *call, const int host[2], bool cloexec, uint64_t va);

/* Wake one who waits for the word at `va`, if there is such a word. */
void hc_futex_wake(const struct hc_call *call, uint64_t va);

/* The locks of a thread that ends: who gets one learns that its owner is dead.
 * First those on its list; and when it is on no list of threads any more, those
 * that others wait for. */
void hc_free_robust(const struct hc_call *call);
void hc_free_awaited(const struct hc_call *call);

/* What the end of a thread means to other threads: told in its memory. */
void hc_thread_ends(struct hc_call *call);

/*
 * Hold what (dirfd, path) names: found->fd, to be given to hc_drop(), which
 * hands on a result.  It may be -1 where found->own says what it is.  With
 * AT_EMPTY_PATH in `flags` an empty name is the descriptor itself.
 */
int hc_hold(struct hc_call *call, uint64_t dirfd, uint64_t path, unsigned flags,
    struct hc_found *found);
int64_t hc_drop(const struct hc_found *found, int64_t result);

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

#endif
