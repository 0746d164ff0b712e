/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A timer that is a descriptor.
 */
#ifndef SYS_TIMERFD_H
#define SYS_TIMERFD_H

#include <time.h>

#define TFD_NONBLOCK 04000
#define TFD_CLOEXEC  02000000

#define TFD_TIMER_ABSTIME 1

struct itimerspec {
	struct timespec it_interval;
	struct timespec it_value;
};

int timerfd_create(clockid_t clock, int flags);
int timerfd_settime(int fd, int flags, const struct itimerspec *value,
    struct itimerspec *old);
int timerfd_gettime(int fd, struct itimerspec *value);

#endif
