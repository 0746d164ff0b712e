/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts our descriptors, so that a test sees one that stays open or is closed
 * by mistake.
 */
#ifndef OPENFILES_H
#define OPENFILES_H

#include <fcntl.h>

#define OPENFILES 1024 /* numbers that are tried */

static inline unsigned
count_open(void)
{
	unsigned n = 0;
	int fd;

	for (fd = 0; fd < OPENFILES; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

#endif
