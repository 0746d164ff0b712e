/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits that survive an interruption.  Nothing here may know what a call waits
 * for.
 */
#include "hypercall/core/wait.h"

#include "hypercall/core/hypercall.h"

#include <errno.h>

bool
hc_is_timespec(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && ts->tv_nsec >= 0 &&
	       ts->tv_nsec < HC_NS_PER_SECOND;
}

static bool
is_same(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* A sum that is too large is the latest time there is. */
static struct timespec
add(struct timespec a, struct timespec b)
{
	if (b.tv_sec > INT64_MAX - 1 - a.tv_sec)
		return (struct timespec){ .tv_sec = INT64_MAX };
	a.tv_sec += b.tv_sec;
	a.tv_nsec += b.tv_nsec;
	if (a.tv_nsec >= HC_NS_PER_SECOND) {
		a.tv_sec++;
		a.tv_nsec -= HC_NS_PER_SECOND;
	}
	return a;
}

int
hc_wait_begin(struct hc_wait *wait, clockid_t clock, struct timespec asked)
{
	struct timespec now;

	if (wait->interrupted && wait->clock == clock &&
	    is_same(wait->asked, asked))
		return 0;
	if (clock_gettime(clock, &now) < 0)
		return -errno;
	wait->clock = clock;
	wait->asked = asked;
	wait->until = add(now, asked);
	return 0;
}

struct timespec
hc_wait_left(const struct hc_wait *wait)
{
	struct timespec left = wait->until;
	struct timespec now;

	if (clock_gettime(wait->clock, &now) < 0 || now.tv_sec > left.tv_sec ||
	    (now.tv_sec == left.tv_sec && now.tv_nsec >= left.tv_nsec))
		return (struct timespec){ 0 };
	left.tv_sec -= now.tv_sec;
	left.tv_nsec -= now.tv_nsec;
	if (left.tv_nsec < 0) {
		left.tv_sec--;
		left.tv_nsec += HC_NS_PER_SECOND;
	}
	return left;
}

int64_t
hc_wait_end(struct hc_wait *wait, int64_t result)
{
	wait->interrupted = hc_is_interrupted(result);
	return result;
}
