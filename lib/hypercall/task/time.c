/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on time.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/core/clock.h"
#include "hypercall/core/forward.h"
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"

#include <errno.h>
#include <sys/time.h>
#include <time.h>

int64_t
hc_do_clock_gettime(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;
	struct timespec now;
	clockid_t clock;
	int64_t r = hc_host_clock(call, call->clock_gettime.clock, &clock);

	if (r == 0 && !hc_timepage_read(&guest->time, clock, &now))
		r = hc_host(SYS_clock_gettime, clock, &now);
	return r < 0 ? r
		     : gmem_write(guest->mem, call->clock_gettime.tp, &now,
			   sizeof(now));
}

int64_t
hc_do_clock_getres(struct hc_call *call)
{
	uint64_t va = call->clock_getres.res;
	struct timespec finest;
	clockid_t clock;
	int64_t r = hc_host_clock(call, call->clock_getres.clock, &clock);

	if (r == 0)
		r = hc_host(SYS_clock_getres, clock, &finest);
	return r < 0 || !va
		   ? r
		   : gmem_write(call->guest->mem, va, &finest, sizeof(finest));
}

/* As clock_gettime(), where the page has the time. */
int64_t
hc_do_gettimeofday(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;
	uint64_t va = call->gettimeofday.tv;
	struct timespec now;
	struct timeval tv;

	if (!va || call->gettimeofday.tz ||
	    !hc_timepage_read(&guest->time, CLOCK_REALTIME, &now))
		return hc_forward(call, hc_row(HC_gettimeofday));
	tv = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return gmem_write(guest->mem, va, &tv, sizeof(tv));
}

int64_t
hc_do_time(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;
	uint64_t va = call->time.now;
	struct timespec now;

	if (!hc_timepage_read(&guest->time, CLOCK_REALTIME, &now))
		return hc_forward(call, hc_row(HC_time));
	if (va &&
	    gmem_write(guest->mem, va, &now.tv_sec, sizeof(now.tv_sec)) < 0)
		return -EFAULT;
	return now.tv_sec;
}

static int64_t
sleep_until(struct hc_call *call, clockid_t clock, const struct timespec *until)
{
	return hc_host_wait(call->thread, SYS_clock_nanosleep, clock,
	    TIMER_ABSTIME, until, NULL, 0, 0);
}

/*
 * Sleep for `want`.  The thread keeps the end of the sleep for a call that is
 * made again after an interruption.  The rest is written to `rem`.
 */
static int64_t
sleep_for(
    struct hc_call *call, clockid_t clock, struct timespec want, uint64_t rem)
{
	struct hc_wait *wait = &call->thread->wait;
	struct timespec left;
	int64_t r;

	if (!hc_is_timespec(&want))
		return -EINVAL;
	r = hc_wait_begin(wait, clock, want);
	if (r < 0)
		return r;
	r = hc_wait_end(wait, sleep_until(call, clock, &wait->until));
	if (r != -EINTR || !rem)
		return r;
	left = hc_wait_left(wait);
	if (gmem_write(call->guest->mem, rem, &left, sizeof(left)) < 0)
		return -EFAULT;
	return r;
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
		return sleep_until(call, clock, &want);
	return sleep_for(call, clock, want, rem);
}

int64_t
hc_do_nanosleep(struct hc_call *call)
{
	return sleep_call(
	    call, CLOCK_MONOTONIC, 0, call->nanosleep.req, call->nanosleep.rem);
}

int64_t
hc_do_clock_nanosleep(struct hc_call *call)
{
	clockid_t clock;
	int r = hc_host_clock(call, call->clock_nanosleep.clock, &clock);

	/* These clocks would wake the host from suspension. */
	if (r == 0 &&
	    (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM))
		r = -EPERM;
	return r < 0
		   ? r
		   : sleep_call(call, clock, (int)call->clock_nanosleep.flags,
			 call->clock_nanosleep.req, call->clock_nanosleep.rem);
}
