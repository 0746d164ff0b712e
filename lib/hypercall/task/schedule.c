/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on scheduling, which is up to the host: common requests are
 * answered as by Linux, privileged ones are refused.  Nothing here may know
 * vCPUs or KVM.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/sized.h"
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

/* Does a call on priorities name the thread?  The guest is one process and one
 * group, and any number names its user. */
static bool
is_named(
    const struct hc_call *call, const struct hc_thread *t, int which, int who)
{
	return which != PRIO_PROCESS ||
	       t->tid == (who ? who : call->thread->tid);
}

/* The lowest nice value of the named threads. */
static int
lowest_nice(const struct hc_call *call, int which, int who)
{
	const struct hc_thread *t;
	int lowest = NICE_MOST;

	hc_signals_lock(call->guest);
	for (t = call->guest->signals.threads; t; t = t->signals.next)
		if (is_named(call, t, which, who) && t->nice < lowest)
			lowest = t->nice;
	hc_signals_unlock(call->guest);
	return lowest;
}

/* The value is kept and reported: a thread's can only be raised.  False: it
 * would be lower for one of them. */
static bool
raise_nice(struct hc_call *call, int which, int who, int nice)
{
	struct hc_thread *t;
	bool raised = true;

	hc_signals_lock(call->guest);
	for (t = call->guest->signals.threads; t; t = t->signals.next) {
		if (!is_named(call, t, which, who))
			continue;
		if (nice < t->nice)
			raised = false;
		else
			t->nice = nice > NICE_MOST ? NICE_MOST : nice;
	}
	hc_signals_unlock(call->guest);
	return raised;
}

/* A slice of a thread that has no real time, as Linux often gives it. */
int64_t
hc_do_sched_rr_get_interval(struct hc_call *call)
{
	const struct timespec slice = { 0, 4000000 };
	int r = check_thread(call, call->sched_rr_get_interval.pid);

	return r < 0
		   ? r
		   : gmem_write(call->guest->mem,
			 call->sched_rr_get_interval.tp, &slice, sizeof(slice));
}

/* As in Linux since 5.3 (include/uapi/linux/sched/types.h), by the names of
 * which a C library may have another structure. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t least, most; /* utilization */
};

#define ATTRIBUTES_FIRST 48U /* bytes of the first version */
#define POLICY_DEADLINE  6

/* Those that mean something without a privilege: RESET_ON_FORK, KEEP_POLICY,
 * KEEP_PARAMS. */
#define ATTRIBUTE_FLAGS UINT64_C(0x19)
#define KEEP_POLICY     UINT64_C(0x08)
#define KEEP_PARAMS     UINT64_C(0x10)

int64_t
hc_do_sched_getattr(struct hc_call *call)
{
	const struct hc_args_sched_getattr *a = &call->sched_getattr;
	uint32_t size = (uint32_t)a->size;
	struct attributes now = { .policy = SCHED_OTHER };
	int r;

	if (!a->attr || (int)a->pid < 0 || size > PAGE_4K ||
	    size < ATTRIBUTES_FIRST || (uint32_t)a->flags)
		return -EINVAL;
	r = check_thread(call, a->pid);
	if (r < 0)
		return r;
	now.size = size < sizeof(now) ? size : sizeof(now);
	now.nice = lowest_nice(call, PRIO_PROCESS, (int)a->pid);
	return gmem_write(call->guest->mem, a->attr, &now, now.size);
}

/* Fetch attributes; for too large ones, the size that is known is written. */
static int
get_attributes(struct hc_call *call, struct attributes *new)
{
	const uint32_t known = sizeof(*new);
	const uint64_t va = call->sched_setattr.attr;
	uint32_t size;
	int r;

	if (gmem_read(call->guest->mem, &size, va, sizeof(size)) < 0)
		return -EFAULT;
	if (size == 0)
		size = ATTRIBUTES_FIRST;
	r = size < ATTRIBUTES_FIRST
		? -E2BIG
		: hc_fetch_sized(call, new, sizeof(*new), va, size);
	if (r == -E2BIG &&
	    gmem_write(call->guest->mem, va, &known, sizeof(known)) < 0)
		return -EFAULT;
	return r;
}

/* A guest has only what needs no privilege, as for setpriority(). */
static int64_t
set_attributes(struct hc_call *call, const struct attributes *new)
{
	int policy = new->flags &KEEP_POLICY ? SCHED_OTHER : (int)new->policy;
	int pid = (int)call->sched_setattr.pid;

	switch (policy) {
	case SCHED_OTHER:
	case SCHED_BATCH:
	case SCHED_IDLE: break;
	case SCHED_FIFO:
	case SCHED_RR:
		return new->priority >= 1 && new->priority <= 99 ? -EPERM
								 : -EINVAL;
	case POLICY_DEADLINE:
		return new->runtime &&new->runtime <= new->deadline ? -EPERM
								    : -EINVAL;
	default: return -EINVAL;
	}
	if (new->priority || (new->flags & ~ATTRIBUTE_FLAGS))
		return -EINVAL;
	if (new->flags & KEEP_PARAMS)
		return 0;
	return raise_nice(call, PRIO_PROCESS, pid, new->nice) ? 0 : -EPERM;
}

int64_t
hc_do_sched_setattr(struct hc_call *call)
{
	struct attributes new;
	int r;

	if (!call->sched_setattr.attr || (int)call->sched_setattr.pid < 0 ||
	    (uint32_t)call->sched_setattr.flags)
		return -EINVAL;
	r = get_attributes(call, &new);
	if (r == 0 && (int)new.policy < 0)
		r = -EINVAL;
	if (r == 0)
		r = check_thread(call, call->sched_setattr.pid);
	return r < 0 ? r : set_attributes(call, &new);
}

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
	int which = (int)call->getpriority.which;
	int who = (int)call->getpriority.who;
	int r = check_process(call, which, who);

	return r < 0 ? r : NICE_ZERO - lowest_nice(call, which, who);
}

int64_t
hc_do_setpriority(struct hc_call *call)
{
	int which = (int)call->setpriority.which;
	int who = (int)call->setpriority.who;
	int r = check_process(call, which, who);

	if (r < 0)
		return r;
	return raise_nice(call, which, who, (int)call->setpriority.nice)
		   ? 0
		   : -EACCES;
}

/* Priorities of input and output, as of linux/ioprio.h: a class, and a level in
 * it. */
#define IO_CLASS_SHIFT 13
#define IO_LEVELS      8

enum io_class { IO_NONE, IO_REAL_TIME, IO_BEST_EFFORT, IO_IDLE };
enum io_who { IO_PROCESS = 1, IO_GROUP, IO_USER };

static int
check_io(struct hc_call *call, int which, int who)
{
	if (which < IO_PROCESS || which > IO_USER)
		return -EINVAL;
	return which == IO_USER || hc_is_task(call, who) ? 0 : -ESRCH;
}

/* Recorded and reported; without one, that of a process by its nice value. */
int64_t
hc_do_ioprio_get(struct hc_call *call)
{
	int which = (int)call->ioprio_get.which;
	int r = check_io(call, which, (int)call->ioprio_get.who);
	int now = call->guest->io_priority;

	if (r < 0 || now || which == IO_PROCESS)
		return r < 0 ? r : now;
	return IO_BEST_EFFORT << IO_CLASS_SHIFT |
	       (call->thread->nice + NICE_ZERO) / 5;
}

int64_t
hc_do_ioprio_set(struct hc_call *call)
{
	int new = (int)call->ioprio_set.priority;
	int level = new &((1 << IO_CLASS_SHIFT) - 1);
	int r;

	switch (new >> IO_CLASS_SHIFT) {
	case IO_NONE: r = level ? -EINVAL : 0; break;
	case IO_REAL_TIME: r = -EPERM; break;
	case IO_BEST_EFFORT: r = level >= IO_LEVELS ? -EINVAL : 0; break;
	case IO_IDLE: r = 0; break;
	default: r = -EINVAL;
	}
	if (r == 0)
		r = check_io(call, (int)call->ioprio_set.which,
		    (int)call->ioprio_set.who);
	if (r == 0)
		call->guest->io_priority = new;
	return r;
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
