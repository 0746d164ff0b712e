/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's tree of files as it is kept: volumes, which are host folders or
 * files, and their places in the tree.  It must not know how a name is resolved
 * (file/path.h).
 *
 * A volume hangs in its base: the folder of the guest's tree above its place.
 * The base is held, and the volume is found by the base's identity and the
 * volume's name in it, as Linux finds a mount: a folder above may be renamed.
 * Where the volume's place has no folder on the host, names between the base
 * and the volume are made up: they exist for the guest alone.
 */
#ifndef HC_TREE_H
#define HC_TREE_H

#include "hypercall/core/fd.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HC_MOUNTS 16U

/* A folder of the host's, or another file. */
struct hc_identity {
	dev_t dev;
	ino_t ino;
};

static inline bool
hc_identity_is(const struct hc_identity *a, const struct hc_identity *b)
{
	return a->ino == b->ino && a->dev == b->dev;
}

/* Where in a volume other volumes, or novillo's own files, hang. */
enum hc_points {
	HC_POINTS_NONE,
	HC_POINTS_TOP, /* in its uppermost folder only */
	HC_POINTS_DEEP,
};

struct hc_mount {
	char at[HC_PATH]; /* in the guest: "/a/b", or "" for the root */
	size_t len;
	int host; /* the folder or file, O_PATH */
	struct hc_identity id;
	uint64_t mount; /* the host's number of its mount; 0: unknown */
	bool read_only;
	bool file;  /* it is not a folder */
	bool ready; /* its base is known */
	/* The base: a folder of a volume, held; or -1: novillo's own or a
	 * made-up one, whose name is that of the volume without its last
	 * part. */
	int base;
	unsigned base_mount;
	struct hc_identity base_id;
	size_t base_len; /* at + base_len + 1: the names from the base on */
	enum hc_points points;
	bool closed; /* the host lets no name into what hangs at the top */
};

struct hc_tree {
	struct hc_mount mount[HC_MOUNTS]; /* in the order in which they came */
	/* Small, and last: see struct hc_guest. */
	unsigned mounts;
	struct hc_file *cwd; /* the working folder; NULL: there is none */
	int self; /* /proc/self/fd, through which held files are opened */
	pthread_mutex_t entered; /* by hc_held_enter() */
	bool no_openat2;         /* the host has none */
};

/* The name in hc_tree.self of the file that descriptor `fd` holds. */
struct hc_held_name {
	char text[16];
};

struct hc_held_name hc_held_name(int fd);

/*
 * For calls of the host that take no folder's descriptor: make held folder
 * `fd` novillo's working folder, for one thread at a time: 0 or -errno.
 * hc_held_leave() makes it hc_tree.self again, which keeps no volume busy.
 */
int hc_held_enter(struct hc_tree *tree, int fd);
void hc_held_leave(struct hc_tree *tree);

struct hc_guest;

/* The volume at `place`, an absolute name of `len` bytes without "." and "..",
 * if its base is known; or NULL. */
const struct hc_mount *
hc_tree_at(const struct hc_tree *tree, const char *place, size_t len);

/* The first volume below `place` whose base is known, or NULL. */
const struct hc_mount *
hc_tree_below(const struct hc_tree *tree, const char *place, size_t len);

/*
 * The volume that the folder `id` of volume `in` leads to by `name`: the volume
 * there, or one below a made-up folder of that name; or NULL.  *len is the
 * length of that place in the volume's name.
 */
const struct hc_mount *hc_tree_point(const struct hc_tree *tree, unsigned in,
    const struct hc_identity *id, const char *name, size_t *len);

/* The guest's working folder, held, or NULL. */
struct hc_file *hc_tree_cwd(struct hc_guest *guest);

/* Make `cwd` the working folder, which takes the file over from its holder. */
void hc_tree_move(struct hc_guest *guest, struct hc_file *cwd);

/*
 * The present name in the guest's tree of a file of a volume, "/..." with a
 * NUL: its length, or -errno.  As on Linux, it ends in " (deleted)" if it has
 * no name any more; -ENOENT: it is outside of its volume now.
 */
int64_t hc_tree_name(
    const struct hc_tree *tree, const struct hc_file *file, char name[HC_PATH]);

/*
 * `path` from folder `from` on ("" or "/" for the root) as an absolute name
 * without ".", ".." and empty components: "" for the root, else "/a/b".  `out`
 * may be `from`.  0 or -ENAMETOOLONG.
 */
int hc_tree_normalize(const char *from, const char *path, char out[HC_PATH]);

#endif
