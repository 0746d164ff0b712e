/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks, with Linux's numbers.
 */
#ifndef TIME_H
#define TIME_H

#include <sys/types.h>

#define CLOCK_REALTIME		 0
#define CLOCK_MONOTONIC		 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID	 3
#define CLOCK_MONOTONIC_RAW	 4
#define CLOCK_BOOTTIME		 7

#define TIMER_ABSTIME 1

struct timespec {
	time_t tv_sec;
	long tv_nsec; /* 0 to 999999999 */
};

int clock_gettime(clockid_t clock, struct timespec *now);
int nanosleep(const struct timespec *length, struct timespec *remaining);

/* Returns the error number and does not set errno, as POSIX requires. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until,
    struct timespec *remaining);
time_t time(time_t *now);

#endif
