/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scratch folder, which is removed when the process exits.  Include it in a
 * test's one source file.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char scratch[] = "/tmp/novillo-unit.XXXXXX";

/* Restore rights that a guest may have removed from its folders. */
static inline void
scratch_remove(void)
{
	char command[128];

	snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s",
	    scratch, scratch);
	if (chdir("/") < 0 || system(command) != 0)
		fprintf(stderr, "%s is left\n", scratch);
}

/* Make the folder.  The working directory does not change. */
static inline bool
scratch_make(void)
{
	return mkdtemp(scratch) && atexit(scratch_remove) == 0;
}

#endif
