/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clocks of a guest.  Nothing here may know what they are read for.
 */
#include "hypercall/core/clock.h"

#include "hypercall/core/handlers.h"

#include <errno.h>

/* A clock of processor time is ~number << 3 | kind, or with 4 that of a thread
 * (Linux's MAKE_PROCESS_CPUCLOCK, MAKE_THREAD_CPUCLOCK).  Kind 3 is none of
 * processor time but the clock of a descriptor. */
#define KIND      3
#define OF_FILE   3
#define OF_THREAD 4
#define OWN       ((clockid_t)(~0U << 3))

int
hc_thread_clock(const struct hc_call *call, int tid, clockid_t *clock)
{
	const struct hc_thread *thread = call->thread;

	*clock = CLOCK_THREAD_CPUTIME_ID;
	if (thread->ops && thread->ops->cpu_clock)
		return thread->ops->cpu_clock(call->thread, tid, clock);
	return tid == thread->tid ? 0 : -EINVAL;
}

int
hc_host_clock(const struct hc_call *call, uint64_t number, clockid_t *clock)
{
	int id = (int)number;
	int of = ~(id >> 3), kind = id & KIND;
	int r;

	*clock = id;
	if (id >= 0)
		return id <= CLOCK_TAI ? 0 : -EINVAL;
	if (kind == OF_FILE)
		return -EINVAL;
	*clock = OWN | kind;
	if (!(id & OF_THREAD))
		return of == 0 || of == HC_PID ? 0 : -EINVAL;
	r = hc_thread_clock(call, of ? of : call->thread->tid, clock);
	if (r == 0 && *clock < 0)
		*clock = (*clock & ~KIND) | kind;
	return r;
}
