/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Confining this process, step by step, for good.  It must not know what the
 * process is for.
 */
#ifndef CONFINE_H
#define CONFINE_H

#include "sandbox/filter.h"
#include "sandbox/landlock.h"

#include <stdbool.h>

#define CONFINE_KEEP 64 /* descriptors to keep, and rules */

struct confine {
	/* The first step that this kernel has not fails; else it is left
	 * out. */
	bool strict;
	unsigned files; /* descriptors there can be from now on */
	/* Beside the standard streams those that stay open; -1 is none.  A
	 * rule's descriptor that is not kept is closed when it has served. */
	const int *keep;
	size_t keeps;
	struct landlock_policy policy;
	const struct filter_program *filter;
};

/* What there is when it is done, and what was missing first. */
struct confined {
	bool closed;      /* no descriptor but those to keep */
	bool no_privs;    /* no_new_privs */
	int landlock;     /* its ABI, or 0 */
	bool filtered;    /* all threads */
	const char *call; /* the first call that failed; NULL: none */
	int error;        /* and its errno */
};

/*
 * All steps, in the order of the table in confine.c.  To be called by the only
 * thread: Landlock holds for the caller and the threads it makes.  0, or
 * -errno with got->call told.
 */
int confine(const struct confine *how, struct confined *got);

#endif
