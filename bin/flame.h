/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A profile as text: folded stacks, or a flame graph in SVG with zoom and
 * search.  It must not know how samples come about, nor what a name stands for.
 */
#ifndef FLAME_H
#define FLAME_H

#include "output/output.h"

#include <stdint.h>

#define FLAME_NAME 96 /* bytes of a name that are shown */

/* The colour of a frame, and for a hypercall the brackets of its name. */
enum flame_kind {
	FLAME_ALL,
	FLAME_THREAD,
	FLAME_CODE,
	FLAME_CALL,
	FLAME_OTHER,
};

/* A function, called by those on the way to the root.  Children are sorted by
 * their names. */
struct flame_node {
	enum flame_kind kind;
	const char *name; /* any bytes, of any length */
	uint64_t self, total;
	struct flame_node *child, *next;
};

/* A line for each stack that has samples: "main;work;[read] 17". */
void flame_fold(struct output *out, const struct flame_node *root);

/* The graph.  The page shows `title`, which is ASCII. */
void flame_draw(
    struct output *out, const struct flame_node *root, const char *title);

#endif
