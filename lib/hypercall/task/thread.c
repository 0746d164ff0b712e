/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls that create and end threads.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/sized.h"
#include "hypercall/core/refused.h"
#include "hypercall/signal/signal.h"
#include "hypercall/task/task.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Flags that make the child a thread, and not another process. */
#define THREAD_FLAGS \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)

/* Other flags that are accepted.  Those from CLONE_SYSVSEM on have no effect:
 * threads share what semaphores undo in any case, and guests have neither a
 * tracer nor child processes. */
#define THREAD_OPTIONS                                              \
	(CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |  \
	    CLONE_CHILD_CLEARTID | CLONE_SYSVSEM | CLONE_DETACHED | \
	    CLONE_UNTRACED | CLONE_PTRACE)

/* The arguments of clone and clone3. */
struct request {
	uint64_t flags;
	uint64_t stack; /* 0: the parent's */
	uint64_t parent_tid, child_tid;
	uint64_t tls;
};

/* Store a thread ID, atomically, because other threads may read it.  As on
 * Linux, a bad address is ignored. */
static void
store_tid(const struct hc_call *call, uint64_t at, int tid)
{
	const struct gmem *mem = call->guest->mem;
	uint32_t *word = gmem_range(mem, at, sizeof(*word), GMEM_WRITE);
	uint32_t old = 0;

	if (at % sizeof(*word))
		(void)gmem_write(mem, at, &tid, sizeof(tid));
	else if (word)
		while (gmem_swap(word, &old, (uint32_t)tid) == 0)
			continue;
}

static int64_t
make_thread(struct hc_call *call, const struct request *req)
{
	struct hc_thread *child;
	int r, tid;

	if (!(req->flags & CLONE_THREAD))
		return hc_refuse(
		    call, req->flags & CLONE_VFORK ? SYS_vfork : SYS_fork);
	if ((req->flags & THREAD_FLAGS) != THREAD_FLAGS ||
	    (req->flags & ~(uint64_t)(THREAD_FLAGS | THREAD_OPTIONS)))
		return -ENOSYS;
	if ((req->flags & CLONE_SETTLS) && req->tls >= SPACE_END)
		return -EPERM;
	if (!call->thread->ops || !call->thread->ops->create)
		return -ENOSYS;
	r = call->thread->ops->create(call->thread, &child);
	if (r < 0)
		return r;
	/* The child may end as soon as it runs. */
	tid = child->tid;
	hc_signals_join(call->guest, child, call->thread);
	child->slack = call->thread->slack;
	child->nice = call->thread->nice;
	child->turns = call->thread->turns;
	child->has_turn = 0;
	child->awaits_turn = false;
	if (req->flags & CLONE_PARENT_SETTID)
		store_tid(call, req->parent_tid, tid);
	if (req->flags & CLONE_CHILD_SETTID)
		store_tid(call, req->child_tid, tid);
	if (req->flags & CLONE_CHILD_CLEARTID)
		child->clear_tid = req->child_tid;
	call->thread->ops->start(
	    child, req->stack, req->flags & CLONE_SETTLS ? &req->tls : NULL);
	return tid;
}

int64_t
hc_do_clone(struct hc_call *call)
{
	const struct request req = {
		/* The low byte is the signal of a child's exit. */
		.flags = call->clone.flags & ~(uint64_t)CSIGNAL,
		.stack = call->clone.stack,
		.parent_tid = call->clone.parent_tid,
		.child_tid = call->clone.child_tid,
		.tls = call->clone.tls,
	};

	return make_thread(call, &req);
}

/* The first version of the structure has all that a thread needs. */
#define CLONE_ARGS_MIN 64U

int64_t
hc_do_clone3(struct hc_call *call)
{
	struct clone_args args;
	struct request req;
	int r = -EINVAL;

	if (call->clone3.size >= CLONE_ARGS_MIN)
		r = hc_fetch_sized(call, &args, sizeof(args), call->clone3.args,
		    call->clone3.size);
	if (r < 0)
		return r;
	if (args.set_tid || args.set_tid_size || args.cgroup)
		return -ENOSYS;
	if ((args.flags & CSIGNAL) || !args.stack != !args.stack_size ||
	    args.stack_size > UINT64_MAX - args.stack)
		return -EINVAL;
	if ((args.flags & CLONE_THREAD) && args.exit_signal)
		return -EINVAL;
	req = (struct request){
		.flags = args.flags,
		.stack = args.stack + args.stack_size,
		.parent_tid = args.parent_tid,
		.child_tid = args.child_tid,
		.tls = args.tls,
	};
	return make_thread(call, &req);
}

int64_t
hc_do_set_tid_address(struct hc_call *call)
{
	call->thread->clear_tid = call->set_tid_address.tidptr;
	return call->thread->tid;
}

void
hc_thread_ends(struct hc_call *call)
{
	struct hc_thread *thread = call->thread;

	/* Mark robust locks while this is still a thread: others take a lock
	 * whose owner is not a thread for one that is never marked. */
	hc_free_robust(call);
	hc_signals_leave(call->guest, thread);
	hc_free_awaited(call);
	if (thread->clear_tid) {
		store_tid(call, thread->clear_tid, 0);
		hc_futex_wake(call, thread->clear_tid);
	}
	thread->robust = 0;
	thread->clear_tid = 0;
}
