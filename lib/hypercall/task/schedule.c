/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on scheduling, which is up to the host: common requests are
 * answered as by Linux, privileged ones are refused.  Nothing here may know
 * vCPUs or KVM.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/signal/send.h"
#include "hypercall/task/task.h"

#include <sched.h>
#include <sys/resource.h>

/* getpriority() returns no negative numbers: 20 stands for 0, 1 for 19. */
#define NICE_ZERO 20
#define NICE_MOST 19

bool
hc_is_task(const struct hc_call *call, int pid)
{
	bool known = pid == 0 || pid == HC_PID || pid == call->thread->tid;

	if (known || pid < 0)
		return known;
	hc_signals_lock(call->guest);
	known = hc_signal_thread(call->guest, pid) != NULL;
	hc_signals_unlock(call->guest);
	return known;
}

/* 0, or why the scheduling of that thread is not known. */
static int
check_thread(struct hc_call *call, uint64_t pid)
{
	if ((int)pid < 0)
		return -EINVAL;
	return hc_is_task(call, (int)pid) ? 0 : -ESRCH;
}

int64_t
hc_do_sched_getscheduler(struct hc_call *call)
{
	int r = check_thread(call, call->sched_getscheduler.pid);

	return r < 0 ? r : SCHED_OTHER;
}

int64_t
hc_do_sched_getparam(struct hc_call *call)
{
	const struct sched_param none = { 0 };
	int r = check_thread(call, call->sched_getparam.pid);

	if (!call->sched_getparam.param)
		return -EINVAL;
	return r < 0 ? r
		     : gmem_write(call->guest->mem, call->sched_getparam.param,
			   &none, sizeof(none));
}

static int64_t
set_param(struct hc_call *call, uint64_t pid, int policy, uint64_t va)
{
	struct sched_param param;
	int r;

	if (!va)
		return -EINVAL;
	if (gmem_read(call->guest->mem, &param, va, sizeof(param)) < 0)
		return -EFAULT;
	r = check_thread(call, pid);
	if (r < 0)
		return r;
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
	return set_param(call, call->sched_setparam.pid, SCHED_OTHER,
	    call->sched_setparam.param);
}

int64_t
hc_do_sched_setscheduler(struct hc_call *call)
{
	return set_param(call, call->sched_setscheduler.pid,
	    (int)call->sched_setscheduler.policy & ~SCHED_RESET_ON_FORK,
	    call->sched_setscheduler.param);
}

/* The guest is one process and one group; any number names its user. */
static int
check_process(struct hc_call *call, int which, int who)
{
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	return which == PRIO_USER || hc_is_task(call, who) ? 0 : -ESRCH;
}

int64_t
hc_do_getpriority(struct hc_call *call)
{
	int r = check_process(
	    call, (int)call->getpriority.which, (int)call->getpriority.who);

	return r < 0 ? r : NICE_ZERO - call->guest->nice;
}

/* The value is kept and reported: a guest can only raise it. */
int64_t
hc_do_setpriority(struct hc_call *call)
{
	int nice = (int)call->setpriority.nice;
	int r = check_process(
	    call, (int)call->setpriority.which, (int)call->setpriority.who);

	if (r < 0)
		return r;
	if (nice < call->guest->nice)
		return -EACCES;
	call->guest->nice = nice > NICE_MOST ? NICE_MOST : nice;
	return 0;
}

/* A thread's processor changes at any time, and the host's numbers are not the
 * guest's: 0 is as good an answer as any. */
int64_t
hc_do_getcpu(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	const unsigned first = 0;
	uint64_t cpu = call->getcpu.cpu, node = call->getcpu.node;

	if (cpu && gmem_write(mem, cpu, &first, sizeof(first)) < 0)
		return -EFAULT;
	if (node && gmem_write(mem, node, &first, sizeof(first)) < 0)
		return -EFAULT;
	return 0;
}
