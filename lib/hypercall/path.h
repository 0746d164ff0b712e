/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's tree of files: host folders where the user put them, and nothing
 * else.  It must not know what is done with what is found.
 *
 * A name is resolved by the host's openat2(2) inside one folder: neither "..",
 * nor a symbolic link, nor a magic link of /proc leads out of it.  Where the
 * host has no openat2 the same is done here, a component at a time.  Folders
 * within folders (--volume beside --root) are found by the name alone, ".."
 * taken away first.
 *
 * Whatever is found is held by an O_PATH descriptor first: it can be looked
 * at without opening it, and then be opened, not the name, which may mean
 * something else by then.
 */
#ifndef HC_PATH_H
#define HC_PATH_H

#include "hypercall/fd.h"

#include <stddef.h>
#include <sys/stat.h>

#define HC_MOUNTS 16U

/* What a guest can give a file of a mode.  Set-user-ID and set-group-ID mean
 * nothing to a guest, which executes no files, and on the host that whoever
 * executes the guest's file becomes who runs novillo. */
#define HC_MODE 01777U

struct hc_guest;

struct hc_mount {
	char at[HC_PATH]; /* in the guest: "/a/b", or "" for the root */
	size_t len;
	int host; /* the folder, O_PATH */
	bool read_only;
};

struct hc_tree {
	struct hc_mount mount[HC_MOUNTS]; /* the longest names first */
	unsigned mounts;
	struct hc_file *cwd; /* NULL: there is no folder to be in */
	int self;        /* /proc/self/fd, by which what is held is opened */
	bool no_openat2; /* the host has none */
};

/*
 * Put the host's folder `host` at `at`, an absolute name without "." and "..",
 * into the guest's tree.  0 or -errno: -EEXIST if something is there, -ENOSPC,
 * -ENOSYS without /proc, -EMEDIUMTYPE of it.  The guest starts in the folder
 * that is at "/", or else in the first.
 */
int hc_tree_mount(
    struct hc_guest *guest, const char *host, const char *at, bool read_only);

/* The folder the guest is in, held, or NULL; and another, handed over. */
struct hc_file *hc_tree_cwd(struct hc_guest *guest);
void hc_tree_move(struct hc_guest *guest, struct hc_file *cwd);

/* One of the files that novillo answers itself (own.h). */
struct hc_own {
	unsigned row; /* its place in the list, and one; 0: it is none */
	int number;   /* the thread or descriptor in its name */
};

/* A name as the guest gave it. */
struct hc_name_at {
	struct hc_file *dir; /* held; where a relative name starts, or NULL */
	char text[HC_PATH + 2]; /* hc_path_parent() wants two bytes */
};

/* What a name led to. */
struct hc_found {
	int fd; /* O_PATH and more, as asked for; or the folder of `name` */
	bool read_only;
	struct hc_own own;   /* what it is of novillo's; `fd` may be -1 then */
	const char *name;    /* of hc_path_parent(): the last component */
	char place[HC_PATH]; /* where that is in the guest's tree */
};

/*
 * Fetch the name at `va`, relative to descriptor `dirfd` or AT_FDCWD.  0 or
 * -errno; hc_path_put() in either case.
 */
int hc_path_get(struct hc_guest *guest, struct hc_name_at *name, uint64_t dirfd,
    uint64_t va);
void hc_path_put(struct hc_name_at *name);

/* The same for a name that is fetched already, relative to where the guest is:
 * less than HC_PATH bytes of text. */
int
hc_path_set(struct hc_guest *guest, struct hc_name_at *name, const char *text);

/*
 * Open what `name` leads to with the host's O_* `flags` (O_CLOEXEC is added)
 * and `mode`: for O_PATH, and where nothing is there yet.  0 or -errno.
 */
int hc_path_open(struct hc_guest *guest, const struct hc_name_at *name,
    unsigned flags, unsigned mode, struct hc_found *found);

/*
 * The folder that holds the last component, which is not followed: for what
 * makes and removes names.  -EROFS in a read-only volume.
 */
int hc_path_parent(
    struct hc_guest *guest, struct hc_name_at *name, struct hc_found *found);

/*
 * `path` from folder `from` on as an absolute name without ".", ".." and empty
 * components: "" for the root, else "/a/b".  0 or -ENAMETOOLONG.
 */
int hc_path_normalize(const char *from, const char *path, char out[HC_PATH]);

/* Is `place`, an absolute name, in a volume that is not the root? */
bool hc_tree_is_volume(const struct hc_tree *tree, const char *place);

/*
 * The walk that stands in for openat2(): from folder `root`, which is not
 * left; exported for its test.
 */
int hc_path_walk(int root, const char *path, unsigned flags, unsigned mode);

#endif
