/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's own /dev/shm: names of files in memory, which C libraries make by
 * shm_open() and sem_open().  This file must not know how a name is resolved.
 *
 * The folder holds a descriptor of each of its files.  Without a name a file
 * stays until no descriptor and no call has it, and until the host confirms,
 * by the seal F_SEAL_WRITE, that no shared mapping can write to it; its memory
 * is given back then.  That is looked at when a name is made or removed.  The
 * host does not confirm the end of other mappings, nor that of a descriptor
 * which was sent over a socket: such a file stays until the guest ends.
 */
#ifndef HC_SHARED_H
#define HC_SHARED_H

#include "hypercall/core/fd.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/vfs.h>

#define HC_SHARED       1024U /* files, and names of them */
#define HC_SHARED_PLACE "/dev/shm"

struct hc_shared {
	int host;
	uint64_t inode;          /* 0: without a file */
	unsigned names;          /* that lead to it */
	atomic_uint holders;     /* open files, and calls with it */
	atomic_bool stays;       /* until the guest ends */
	char last[NAME_MAX + 1]; /* the name that was removed last */
};

struct hc_shared_name {
	struct hc_shared *file; /* NULL: without a name */
	char text[NAME_MAX + 1];
};

struct hc_shared_folder {
	struct hc_shared file[HC_SHARED];
	struct hc_shared_name name[HC_SHARED];
	/* Small, and last: see struct hc_guest. */
	pthread_mutex_t lock;
	uint64_t freed; /* bytes that do not count any more */
};

struct hc_guest;

void hc_shared_init(struct hc_shared_folder *folder);

/* The file of this name, held, and a new descriptor of the host's for it;
 * -ENOENT, or another -errno. */
int hc_shared_find(
    struct hc_guest *guest, const char *name, struct hc_shared **file);

/* Make it: the same, or -EEXIST, or -ENOSPC. */
int hc_shared_make(
    struct hc_guest *guest, const char *name, struct hc_shared **file);

/* Make one that never has a name, for a segment of System V's, of `size` bytes,
 * which count: 0 or -errno.  hc_shared_sweep() gives back what nothing leads to
 * any more. */
int hc_shared_make_segment(
    struct hc_guest *guest, uint64_t size, struct hc_shared **file);
void hc_shared_sweep(struct hc_guest *guest);

/* Hold it once more, and hold it no more; NULL is none. */
void hc_shared_hold(struct hc_shared *file);
void hc_shared_put(struct hc_shared *file);

/* Does the name exist? */
bool hc_shared_has(struct hc_guest *guest, const char *name);

/* Give a held file a name.  -ENOENT: it has none any more.  Remove a name.
 * Give a file another name, also in place of another file's with `replace`; or
 * exchange the names of two.  0 or -errno. */
int hc_shared_link(
    struct hc_guest *guest, struct hc_shared *file, const char *name);
int hc_shared_unlink(struct hc_guest *guest, const char *name);
int hc_shared_rename(
    struct hc_guest *guest, const char *from, const char *to, bool replace);
int
hc_shared_exchange(struct hc_guest *guest, const char *one, const char *other);

/* The first name from place *at on, which becomes the place of it, and its
 * file's inode. */
bool hc_shared_next(struct hc_guest *guest, unsigned *at,
    char text[NAME_MAX + 1], uint64_t *inode);

/* The name of a held file in the guest's tree: its length. */
int64_t hc_shared_path(
    struct hc_guest *guest, const struct hc_shared *file, char path[HC_PATH]);

/* The guest's memory as a file system. */
void hc_shared_statfs(struct hc_guest *guest, struct statfs *fs);

#endif
