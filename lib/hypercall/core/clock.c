/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clocks of a guest.  Nothing here may know what they are read for.
 */
#include "hypercall/core/clock.h"

#include "hypercall/core/handlers.h"

#include <errno.h>

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
	/* Kind 2 is CPU time; 0 and 1 are for timers, 3 is a descriptor. */
	if ((id & 3) != 2 ||
	    (of != 0 && of != (thread ? call->thread->tid : HC_PID)))
		return -EINVAL;
	*clock = thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID;
	return 0;
}
