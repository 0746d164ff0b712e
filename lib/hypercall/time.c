/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on time.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/handlers.h"

#include <errno.h>
#include <time.h>

int64_t
hc_do_clock_gettime(struct hc_call *call)
{
	struct timespec now;

	if (clock_gettime((clockid_t)call->arg[0], &now) < 0)
		return -errno;
	return gmem_write(call->guest->mem, call->arg[1], &now, sizeof(now));
}

/*
 * Sleep until the host says it is over.  What is left after an interruption
 * goes to `rem`, unless the time was absolute or nobody wants it.
 */
static int64_t
sleep_for(struct hc_call *call, clockid_t clock, int flags, uint64_t req,
    uint64_t rem)
{
	struct timespec want, left = { 0 };
	int r;

	if (gmem_read(call->guest->mem, &want, req, sizeof(want)) < 0)
		return -EFAULT;
	r = clock_nanosleep(clock, flags, &want, &left);
	if (r == EINTR && rem && !(flags & TIMER_ABSTIME) &&
	    gmem_write(call->guest->mem, rem, &left, sizeof(left)) < 0)
		return -EFAULT;
	return -r;
}

int64_t
hc_do_nanosleep(struct hc_call *call)
{
	return sleep_for(call, CLOCK_MONOTONIC, 0, call->arg[0], call->arg[1]);
}

int64_t
hc_do_clock_nanosleep(struct hc_call *call)
{
	return sleep_for(call, (clockid_t)call->arg[0], (int)call->arg[1],
	    call->arg[2], call->arg[3]);
}
