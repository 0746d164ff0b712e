/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's system calls that a run needs, from the list in needs.def and from
 * the needs of hypercalls.  It must not know options, or how rows are
 * enforced.
 */
#ifndef NEEDS_H
#define NEEDS_H

#include "sandbox/filter.h"

#include <stdint.h>

/* The conditions of rows; a run meets some of them. */
enum needs_when {
	NEEDS_ALWAYS = 1 << 0,
	NEEDS_CORE = 1 << 1,
	NEEDS_GDB = 1 << 2,
	NEEDS_SOCKET = 1 << 3,
	NEEDS_THREADS = 1 << 4,
	NEEDS_MEMORY = 1 << 5,
	NEEDS_RECORD = 1 << 6,
	NEEDS_REPLAY = 1 << 7,
	NEEDS_OUTFILE = 1 << 8,
	NEEDS_ALL = (1 << 9) - 1, /* of a guest */
	NEEDS_FRONT = 1 << 9,
	NEEDS_GUEST = 1 << 10, /* of rows only: see needs_call() */
};

struct needs {
	unsigned asked; /* enum needs_when */
	int pid;        /* the only process that signals may be sent to */
	uint64_t calls[FILTER_CALLS / 64];
};

/*
 * A hypercall needs the host's call `nr`.  Rows with NEEDS_ALWAYS or
 * NEEDS_GUEST restrict its arguments; without such a row any arguments pass.
 */
void needs_call(struct needs *needs, int nr);

/* Write the rows for *needs, the most frequent first: how many, or 0 if they
 * do not fit. */
size_t
needs_rules(const struct needs *needs, struct filter_rule rules[FILTER_RULES]);

#endif
