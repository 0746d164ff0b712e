/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock: which files this process can reach at all.  It must not know who
 * needs which.
 *
 * What a kernel's Landlock does not know yet it does not forbid; the table in
 * landlock.c tells from which ABI on what is forbidden.  Descriptors that are
 * open already stay as they are.
 */
#ifndef SANDBOX_LANDLOCK_H
#define SANDBOX_LANDLOCK_H

#include <stddef.h>

enum landlock_right {
	LANDLOCK_READ = 1 << 0,   /* read files, list folders */
	LANDLOCK_WRITE = 1 << 1,  /* write, make, rename and remove them */
	LANDLOCK_CREATE = 1 << 2, /* make or rewrite regular files */
	LANDLOCK_REMOVE = 1 << 3, /* remove what is no folder */
};

/* What may be done below `fd`, a folder, or to it, a file. */
struct landlock_rule {
	int fd;
	unsigned rights; /* enum landlock_right */
};

struct landlock_policy {
	const struct landlock_rule *rules;
	size_t n;
	int bind, connect; /* TCP may be bound, connected */
};

/* The version of the kernel's ABI, 1 and up; or -errno: it has none, or it is
 * switched off. */
int landlock_abi(void);

/*
 * Forbid this thread, and those it makes, everything but what the policy says.
 * no_new_privs must be set.  The ABI, or -errno with *call telling which call
 * failed.
 */
int landlock_confine(const struct landlock_policy *policy, const char **call);

#endif
