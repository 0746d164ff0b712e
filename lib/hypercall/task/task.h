/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads, limits and the system's identity, for other rooms.  Only
 * lib/hypercall includes this.
 */
#ifndef HC_TASK_H
#define HC_TASK_H

#include "hypercall/core/hypercall.h"

#include <sys/utsname.h>

/* Set the limits that a guest starts with. */
void hc_limits_init(struct hc_guest *guest);

/* The limits have changed: those that others enforce become theirs. */
void hc_limits_apply(struct hc_guest *guest);

/* Bytes in [from, to) that are mapped, and those of them that Linux counts as
 * data: private, writable and not the first stack. */
struct hc_pages {
	uint64_t all, data;
};
struct hc_pages
hc_count_pages(const struct hc_guest *guest, uint64_t from, uint64_t to);

/* Do RLIMIT_AS and RLIMIT_DATA, if the guest has set them, allow it to map so
 * many more bytes? */
bool hc_may_map(const struct hc_guest *guest, uint64_t all, uint64_t data);

/* Does `pid` name the guest or one of its threads: by number, or as 0 the
 * caller?  Others are ESRCH. */
bool hc_is_task(const struct hc_call *call, int pid);

/* The answer of uname(). */
extern const struct utsname hc_uname;

/* The number of processors that the guest sees, or -errno: of those that the
 * host lets novillo use, unless the guest's world has another number. */
int64_t hc_count_cpus(const struct hc_guest *guest);

/* Wake a thread that waits for the word at `va`; a bad address has no
 * effect. */
void hc_futex_wake(const struct hc_call *call, uint64_t va);

/* Release the locks of a thread that ends, so that the next owner learns of it:
 * first those on its robust list; then, after the thread has left the list of
 * threads, those for which others wait. */
void hc_free_robust(const struct hc_call *call);
void hc_free_awaited(const struct hc_call *call);

/* Report the end of the calling thread to others: release its locks, and clear
 * the word that set_tid_address() named. */
void hc_thread_ends(struct hc_call *call);

#endif
