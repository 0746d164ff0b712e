/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk of one name through the guest's tree (path.h says how).  Only this
 * room includes this.
 */
#ifndef HC_WALK_H
#define HC_WALK_H

#include "hypercall/file/path.h"

/* The number of folders on its way that a walk holds, for "..". */
#define WALK_HELD 16U

/* A folder of a volume, held; or one that novillo makes up, by its name. */
struct walk_spot {
	int fd;         /* -1: walk.place names it */
	bool owned;     /* `fd` is the walk's to close */
	bool top;       /* it is its volume's top */
	bool known;     /* `id` is set */
	unsigned mount; /* its volume's place in hc_tree.mount */
	struct hc_identity id;
};

struct walk {
	const struct hc_tree *tree;
	const struct hc_call *call; /* of the guest's tree */
	bool own_only;              /* no call of the host's is allowed */
	bool no_own;                /* no row of novillo's own files counts */
	bool others;                /* another tree than the guest's */
	unsigned how;               /* HC_PATH_* */
	struct hc_found *found;
	struct walk_spot at;
	struct walk_spot held[WALK_HELD]; /* the way to `at`, the last first */
	unsigned helds;
	bool unsure; /* ".." led to `at`: is it in its volume? */
	bool whole;  /* the rest may be given to the host at once */
	unsigned links;
	unsigned depth;         /* folders below the start, but for links */
	bool escapes;           /* HC_PATH_BENEATH does not permit the name */
	unsigned climbed;       /* folders looked at on ways up */
	char *rest;             /* what is still to be walked, in `text` */
	char text[2 * HC_PATH]; /* with the text of links */
	char place[HC_PATH];    /* of a made-up folder: "", or "/a/b" */
};

/* Begin at the root; or in the folder `dir`, which is held until the end. */
void walk_start(struct walk *w, const char *name, const struct hc_file *dir);

/* Set *id to a file's identity; return the host's number of the mount that it
 * is on, or 0. */
uint64_t walk_look(int fd, struct hc_identity *id);

/* Walk to the end, and fill in *found: 0 or -errno. */
int walk_run(struct walk *w);

#endif
