/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long a call waits.  A call that was interrupted, for example by a
 * debugger, is made again and must not wait for the whole time again: its
 * thread keeps the end of the wait.  It must not know what a call waits for.
 */
#ifndef HC_WAIT_H
#define HC_WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define HC_NS_PER_SECOND INT64_C(1000000000)

/* The wait of a thread, in which one call waits at a time. */
struct hc_wait {
	bool interrupted; /* and may be continued */
	clockid_t clock;
	struct timespec asked, until;
};

/* Seconds are not negative, and nanoseconds are less than a second. */
bool hc_is_timespec(const struct timespec *ts);

/*
 * Begin a wait for `asked`, which hc_is_timespec(): from now on or, if the
 * interrupted call asked for the same, from when that call began.  0, or
 * -EINVAL if there is no such clock.
 */
int hc_wait_begin(struct hc_wait *wait, clockid_t clock, struct timespec asked);

/* The rest of the wait, or 0. */
struct timespec hc_wait_left(const struct hc_wait *wait);

/* End the wait with `result`, which is returned; note an interruption. */
int64_t hc_wait_end(struct hc_wait *wait, int64_t result);

#endif
