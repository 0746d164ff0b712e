/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on how threads are scheduled, which is the host's affair: what is
 * asked for in the common way is answered as Linux would, what would be a
 * privilege is refused.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/handlers.h"
#include "hypercall/host.h"

#include <sched.h>
#include <sys/resource.h>

/* getpriority() gives no negative numbers: 20 stands for 0, 1 for 19. */
#define NICE_ZERO 20
#define NICE_MOST 19

/* Of whom: itself or, by a number we need not know, a thread beside it. */
static bool
is_known(uint64_t pid)
{
	return (int)pid >= 0;
}

int64_t
hc_do_sched_getscheduler(struct hc_call *call)
{
	return is_known(call->arg[0]) ? SCHED_OTHER : -EINVAL;
}

int64_t
hc_do_sched_getparam(struct hc_call *call)
{
	const struct sched_param none = { 0 };

	if (!is_known(call->arg[0]) || !call->arg[1])
		return -EINVAL;
	return gmem_write(call->guest->mem, call->arg[1], &none, sizeof(none));
}

static int64_t
set_param(struct hc_call *call, int policy, uint64_t va)
{
	struct sched_param param;

	if (!is_known(call->arg[0]) || !va)
		return -EINVAL;
	if (gmem_read(call->guest->mem, &param, va, sizeof(param)) < 0)
		return -EFAULT;
	switch (policy) {
	case SCHED_OTHER:
	case SCHED_BATCH:
	case SCHED_IDLE: return param.sched_priority == 0 ? 0 : -EINVAL;
	case SCHED_FIFO:
	case SCHED_RR: return -EPERM;
	default: return -EINVAL;
	}
}

int64_t
hc_do_sched_setparam(struct hc_call *call)
{
	return set_param(call, SCHED_OTHER, call->arg[1]);
}

int64_t
hc_do_sched_setscheduler(struct hc_call *call)
{
	return set_param(
	    call, (int)call->arg[1] & ~SCHED_RESET_ON_FORK, call->arg[2]);
}

/* The guest is one process, whoever is asked about. */
int64_t
hc_do_getpriority(struct hc_call *call)
{
	int which = (int)call->arg[0];

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	return NICE_ZERO - call->guest->nice;
}

/* Kept and told: a guest can be nicer, and not less nice again. */
int64_t
hc_do_setpriority(struct hc_call *call)
{
	int which = (int)call->arg[0];
	int nice = (int)call->arg[2];

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	if (nice < call->guest->nice)
		return -EACCES;
	call->guest->nice = nice > NICE_MOST ? NICE_MOST : nice;
	return 0;
}

/* Which processor a thread is on changes at any time, and the host's numbers
 * are not the guest's: the first is as true as any. */
int64_t
hc_do_getcpu(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	const unsigned first = 0;
	int i;

	for (i = 0; i < 2; i++)
		if (call->arg[i] &&
		    gmem_write(mem, call->arg[i], &first, sizeof(first)) < 0)
			return -EFAULT;
	return 0;
}
