/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time in microseconds.
 */
#ifndef SYS_TIME_H
#define SYS_TIME_H

#include <sys/types.h>

struct timeval {
	time_t tv_sec;
	long tv_usec;
};

int gettimeofday(struct timeval *now, void *zone);

#endif
