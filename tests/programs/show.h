/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Results of calls as text, which is compared with the text of the same program
 * on Linux.  This header must not know the calls.
 */
#ifndef SHOW_H
#define SHOW_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* show("name", result): the number, or the error's name. */
static inline void
show(const char *what, long r)
{
	if (r == -1)
		printf("%s: %s\n", what, strerror(errno));
	else
		printf("%s: %ld\n", what, r);
}

#define SHOW(call) show(#call, (long)(call))

#endif
