/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Confining this process, step by step, for good.  It must not know what the
 * process is for.
 */
#ifndef CONFINE_H
#define CONFINE_H

#include "sandbox/capability.h"
#include "sandbox/filter.h"
#include "sandbox/landlock.h"

#include <stdbool.h>

#define CONFINE_KEEP 96 /* descriptors to keep, and rules */

struct confine {
	/* A step that the kernel does not support fails; otherwise it is left
	 * out. */
	bool strict;
	unsigned files; /* the most descriptors from now on */
	/* The descriptors that stay open besides the standard streams; -1 is
	 * ignored.  A rule's descriptor that is not among them is closed after
	 * the rule is made. */
	const int *keep;
	size_t keeps;
	uint64_t capabilities; /* the most that are kept */
	/* The filter lets no call open a file: Landlock is not needed, and
	 * would forbid signals to other processes. */
	bool opens_nothing;
	struct landlock_policy policy;
	const struct filter_program *filter;
};

/* The steps that were taken, and the first that failed. */
struct confined {
	bool closed;           /* only the descriptors to keep are open */
	bool no_privs;         /* no_new_privs is set */
	uint64_t capabilities; /* those that are left */
	int landlock;          /* Landlock's ABI, or 0 */
	bool filtered;         /* all threads have the filter */
	const char *call;      /* the first call that failed, or NULL */
	int error;             /* its errno */
};

/*
 * Take all steps, in the order of the table in confine.c.  The caller must be
 * the only thread: Landlock applies to it and to the threads it creates later.
 * 0, or -errno with got->call set.
 */
int confine(const struct confine *how, struct confined *got);

/*
 * In a child of a process that has done that: add how->filter, so that only
 * calls which both filters let pass do.  *got is that of the process.
 */
int confine_more(const struct confine *how, struct confined *got);

#endif
