/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on time.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/handlers.h"
#include "hypercall/host.h"

#include <errno.h>
#include <time.h>

/* ~pid << 3 | kind (Linux' MAKE_PROCESS_CPUCLOCK). */
int
hc_host_clock(const struct hc_call *call, uint64_t number, clockid_t *clock)
{
	int id = (int)number;
	int of = ~(id >> 3);
	bool thread = id & 4;

	*clock = id;
	if (id >= 0)
		return id <= CLOCK_TAI ? 0 : -EINVAL;
	/* Kind 2 is the time it ran; 0 and 1 are of timers, 3 descriptors. */
	if ((id & 3) != 2 ||
	    (of != 0 && of != (thread ? call->thread->tid : HC_PID)))
		return -EINVAL;
	*clock = thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID;
	return 0;
}

static int64_t
ask_clock(struct hc_call *call, long number, bool may_be_null)
{
	struct timespec ts;
	clockid_t clock;
	int64_t r = hc_host_clock(call, call->arg[0], &clock);

	if (r == 0)
		r = hc_host(number, clock, &ts);
	if (r < 0 || (may_be_null && !call->arg[1]))
		return r;
	return gmem_write(call->guest->mem, call->arg[1], &ts, sizeof(ts));
}

int64_t
hc_do_clock_gettime(struct hc_call *call)
{
	return ask_clock(call, SYS_clock_gettime, false);
}

int64_t
hc_do_clock_getres(struct hc_call *call)
{
	return ask_clock(call, SYS_clock_getres, true);
}

static int64_t
sleep_until(struct hc_call *call, clockid_t clock, const struct timespec *until)
{
	return hc_host_wait(call->thread, SYS_clock_nanosleep, clock,
	    TIMER_ABSTIME, until, NULL, 0, 0);
}

/*
 * For a time: until a moment, which an interrupted call that is made again
 * finds again in its thread.  What is left goes to `rem`.
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
	return sleep_call(call, CLOCK_MONOTONIC, 0, call->arg[0], call->arg[1]);
}

int64_t
hc_do_clock_nanosleep(struct hc_call *call)
{
	clockid_t clock;
	int r = hc_host_clock(call, call->arg[0], &clock);

	/* They would wake the host. */
	if (r == 0 &&
	    (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM))
		r = -EPERM;
	return r < 0 ? r
		     : sleep_call(call, clock, (int)call->arg[1], call->arg[2],
			   call->arg[3]);
}
