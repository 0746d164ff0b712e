/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long a call waits.  A call that was interrupted, for a debugger to look,
 * is made again and must not wait anew: its thread remembers until when.  It
 * must not know what is waited for.
 */
#ifndef HC_WAIT_H
#define HC_WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* The wait of a thread: one call at a time waits in it. */
struct hc_wait {
	bool interrupted; /* and may go on */
	clockid_t clock;
	struct timespec asked, until;
};

/* Seconds that are not negative, and nanoseconds that are less than one. */
bool hc_is_timespec(const struct timespec *ts);

/*
 * Wait for `asked`, which hc_is_timespec(): from now on, or from when the
 * interrupted call began that asked for the same.  0, or -EINVAL: there is no
 * such clock.
 */
int hc_wait_begin(struct hc_wait *wait, clockid_t clock, struct timespec asked);

/* What is left of it, or nothing. */
struct timespec hc_wait_left(const struct hc_wait *wait);

/* The call ends so; -EINTR is kept in mind.  `result` again. */
int64_t hc_wait_end(struct hc_wait *wait, int64_t result);

#endif
