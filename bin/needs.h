/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's system calls that a run needs, from the list in needs.def and from
 * what hypercalls need.  It must not know options, nor what becomes of the
 * rows.
 */
#ifndef NEEDS_H
#define NEEDS_H

#include "sandbox/filter.h"

#include <stdint.h>

#define NEEDS_CALLS 512 /* numbers of the host's calls end below */

/* What was asked for, and so what a row is for. */
enum needs_when {
	NEEDS_ALWAYS = 1 << 0,
	NEEDS_CORE = 1 << 1,
	NEEDS_GDB = 1 << 2,
	NEEDS_SOCKET = 1 << 3,
	NEEDS_STATS = 1 << 4,
	NEEDS_THREADS = 1 << 5,
	NEEDS_MEMORY = 1 << 6,
	NEEDS_ALL = (1 << 7) - 1,
	NEEDS_GUEST = 1 << 7, /* only of a row: see needs_call() */
};

struct needs {
	unsigned asked; /* enum needs_when */
	int pid;        /* the only process that may be sent signals */
	uint64_t calls[NEEDS_CALLS / 64];
};

/*
 * A hypercall needs the host's call `nr`.  If there are rows for it that are
 * there always or for the guest, they say how it may be made; else it passes.
 */
void needs_call(struct needs *needs, int nr);

/* The rows for all that, the most frequent first; how many.  0: too many. */
size_t
needs_rules(const struct needs *needs, struct filter_rule rules[FILTER_RULES]);

#endif
