/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on time.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/handlers.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000

static bool
is_timespec(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && ts->tv_nsec >= 0 && ts->tv_nsec < SECOND;
}

/* What is later than the last moment there is, is that moment. */
static struct timespec
add(struct timespec a, struct timespec b)
{
	if (b.tv_sec > INT64_MAX - 1 - a.tv_sec)
		return (struct timespec){ .tv_sec = INT64_MAX };
	a.tv_sec += b.tv_sec;
	a.tv_nsec += b.tv_nsec;
	if (a.tv_nsec >= SECOND) {
		a.tv_sec++;
		a.tv_nsec -= SECOND;
	}
	return a;
}

/* What is left until `until`, or nothing. */
static struct timespec
left_of(clockid_t clock, struct timespec until)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0 || now.tv_sec > until.tv_sec ||
	    (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec))
		return (struct timespec){ 0 };
	until.tv_sec -= now.tv_sec;
	until.tv_nsec -= now.tv_nsec;
	if (until.tv_nsec < 0) {
		until.tv_sec--;
		until.tv_nsec += SECOND;
	}
	return until;
}

/*
 * For a time: until a moment, which an interrupted call that is made again
 * finds again in its thread.  What is left goes to `rem`.
 */
static int64_t
sleep_for(
    struct hc_call *call, clockid_t clock, struct timespec want, uint64_t rem)
{
	struct hc_thread *thread = call->thread;
	struct timespec now, left;
	int r;

	if (!is_timespec(&want))
		return -EINVAL;
	if (memcmp(&thread->asked, &want, sizeof(want)) != 0) {
		if (clock_gettime(clock, &now) < 0)
			return -errno;
		thread->asked = want;
		thread->until = add(now, want);
	}
	r = clock_nanosleep(clock, TIMER_ABSTIME, &thread->until, NULL);
	if (r != EINTR) {
		thread->asked = (struct timespec){ 0 };
		return -r;
	}
	left = left_of(clock, thread->until);
	if (rem && gmem_write(call->guest->mem, rem, &left, sizeof(left)) < 0)
		return -EFAULT;
	return -EINTR;
}

static int64_t
sleep_call(struct hc_call *call, clockid_t clock, int flags, uint64_t req,
    uint64_t rem)
{
	struct timespec want;

	if (gmem_read(call->guest->mem, &want, req, sizeof(want)) < 0)
		return -EFAULT;
	if (flags & ~TIMER_ABSTIME)
		return -EINVAL;
	if (flags & TIMER_ABSTIME)
		return -clock_nanosleep(clock, TIMER_ABSTIME, &want, NULL);
	return sleep_for(call, clock, want, rem);
}

int64_t
hc_do_nanosleep(struct hc_call *call)
{
	return sleep_call(call, CLOCK_MONOTONIC, 0, call->arg[0], call->arg[1]);
}

int64_t
hc_do_clock_nanosleep(struct hc_call *call)
{
	return sleep_call(call, (clockid_t)call->arg[0], (int)call->arg[1],
	    call->arg[2], call->arg[3]);
}
