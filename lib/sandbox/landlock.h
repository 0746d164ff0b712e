/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock: the files that this process can reach at all.  It must not know
 * what they are for.
 *
 * Each ABI of Landlock forbids more kinds of access than the one before, as the
 * table in landlock.c lists; an older kernel allows the others.  Descriptors
 * that are already open are not affected.
 */
#ifndef SANDBOX_LANDLOCK_H
#define SANDBOX_LANDLOCK_H

#include <stddef.h>

enum landlock_right {
	LANDLOCK_READ = 1 << 0,   /* read files, list folders */
	LANDLOCK_WRITE = 1 << 1,  /* write, make, rename and remove them */
	LANDLOCK_CREATE = 1 << 2, /* make or rewrite regular files */
	LANDLOCK_REMOVE = 1 << 3, /* remove all but folders */
};

/* The rights below the folder `fd`, or to the file `fd`. */
struct landlock_rule {
	int fd;
	unsigned rights; /* enum landlock_right */
};

struct landlock_policy {
	const struct landlock_rule *rules;
	size_t n;
	int bind, connect; /* TCP sockets may bind, connect */
};

/* The version of the kernel's ABI, > 0; -errno: the kernel lacks Landlock, or
 * it is disabled. */
int landlock_abi(void);

/*
 * Restrict this thread, and those it creates later, to the policy's rights.
 * no_new_privs must be set.  Returns the ABI, or -errno with *call set to the
 * call that failed.
 */
int landlock_confine(const struct landlock_policy *policy, const char **call);

#endif
