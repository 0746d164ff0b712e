/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's record locks, of which the host's kernel has a structure for
 * each: a copy of its list, so that they can be counted.  It must not know how
 * a lock is asked for.
 *
 * The host joins, splits and removes locks as fcntl(2) says, and so does the
 * list.  A lock that is missing on the host is in the list at worst for as long
 * as its file; but one that the host has is never missing in the list.
 */
#ifndef HC_LOCKS_H
#define HC_LOCKS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define HC_LOCKS 4096U /* record locks that a guest holds */

struct hc_file;

/* A lock on the bytes [from, to] of a file; or for F_UNLCK none. */
struct hc_lock {
	uint64_t device, inode;
	uint64_t from, to;
	uint32_t owner; /* 0: the guest, else a place in hc_fds.file plus 1 */
	short type;     /* F_* */
};

struct hc_locks {
	struct hc_lock list[HC_LOCKS];
	/* Small, and last: see struct hc_guest. */
	pthread_mutex_t lock;
	atomic_uint used;
	unsigned expected; /* that calls in progress may add */
};

void hc_locks_init(struct hc_locks *locks);

/* A call that places a lock begins: 0, or -ENOLCK with too many; it ends. */
int hc_locks_begin(struct hc_locks *locks);
void hc_locks_end(struct hc_locks *locks);

/* Place the lock on the host by fcntl(host, cmd, request), which does not wait:
 * its result, or -ENOLCK. */
int64_t hc_locks_place(struct hc_locks *locks, int host, int cmd,
    const void *request, const struct hc_lock *lock);

/* A descriptor of the file was closed: as on Linux, the guest itself has no
 * locks on the file any more, also not those placed through others. */
void hc_locks_release(struct hc_locks *locks, const struct hc_file *file);

/* The file, through which locks were placed, is about to be closed. */
void hc_locks_forget(struct hc_locks *locks, const struct hc_file *file);

#endif
