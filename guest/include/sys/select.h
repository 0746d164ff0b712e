/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for sets of descriptors.
 */
#ifndef SYS_SELECT_H
#define SYS_SELECT_H

#include <sys/time.h>
#include <sys/types.h>

#define FD_SETSIZE 1024

typedef struct {
	unsigned long bits[FD_SETSIZE / 64];
} fd_set;

#define FD_ZERO(set)	  ((void)(*(set) = (fd_set){ { 0 } }))
#define FD_SET(fd, set)	  ((void)((set)->bits[(fd) / 64] |= 1UL << (fd) % 64))
#define FD_CLR(fd, set)	  ((void)((set)->bits[(fd) / 64] &= ~(1UL << (fd) % 64)))
#define FD_ISSET(fd, set) ((int)((set)->bits[(fd) / 64] >> (fd) % 64 & 1))

int select(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
    struct timeval *timeout);

#endif
