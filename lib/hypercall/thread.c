/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on threads: their making, their end, and the futex by which they
 * wait for each other.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/handlers.h"
#include "hypercall/host.h"
#include "hypercall/refused.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What makes a thread of the guest's only process, and not another process. */
#define THREAD_FLAGS \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)

/* What else a thread may be asked for with.  The second line means nothing
 * here: no semaphores, no tracer, and an exit is never a child's. */
#define THREAD_OPTIONS                                              \
	(CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |  \
	    CLONE_CHILD_CLEARTID | CLONE_SYSVSEM | CLONE_DETACHED | \
	    CLONE_UNTRACED | CLONE_PTRACE)

/* Linux gives up on a list of robust locks after so many (its
 * ROBUST_LIST_LIMIT): it may be a circle. */
#define ROBUST_LIMIT 2048

/* What a thread is made with, whichever call asks. */
struct request {
	uint64_t flags;
	uint64_t stack; /* 0: the parent's */
	uint64_t parent_tid, child_tid;
	uint64_t tls;
};

/* As Linux does it, a number that cannot be written is not written.  Others may
 * be looking for it. */
static void
tell_tid(const struct hc_call *call, uint64_t at, int tid)
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
	if (!call->thread->create)
		return -ENOSYS;
	r = call->thread->create(call->thread, &child);
	if (r < 0)
		return r;
	/* Once it runs it may be gone before we look again. */
	tid = child->tid;
	hc_signals_join(call->guest, child, call->thread);
	if (req->flags & CLONE_PARENT_SETTID)
		tell_tid(call, req->parent_tid, tid);
	if (req->flags & CLONE_CHILD_SETTID)
		tell_tid(call, req->child_tid, tid);
	if (req->flags & CLONE_CHILD_CLEARTID)
		child->clear_tid = req->child_tid;
	call->thread->start(
	    child, req->stack, req->flags & CLONE_SETTLS ? &req->tls : NULL);
	return tid;
}

int64_t
hc_do_clone(struct hc_call *call)
{
	const struct request req = {
		/* The low byte is the signal of a child's exit. */
		.flags = call->arg[0] & ~(uint64_t)CSIGNAL,
		.stack = call->arg[1],
		.parent_tid = call->arg[2],
		.child_tid = call->arg[3],
		.tls = call->arg[4],
	};

	return make_thread(call, &req);
}

/* The structure as it was when it was new: all that a thread needs. */
#define CLONE_ARGS_MIN 64U

/*
 * struct clone_args of the caller's size: what it knows and we do not must be
 * 0.  0 or -errno.
 */
static int
fetch_args(const struct hc_call *call, struct clone_args *args)
{
	uint64_t size = call->arg[1];
	uint8_t bytes[PAGE_4K] = { 0 };
	size_t i;

	if (size < CLONE_ARGS_MIN)
		return -EINVAL;
	if (size > sizeof(bytes))
		return -E2BIG;
	if (gmem_read(call->guest->mem, bytes, call->arg[0], size) < 0)
		return -EFAULT;
	for (i = sizeof(*args); i < size; i++)
		if (bytes[i])
			return -E2BIG;
	memcpy(args, bytes, sizeof(*args));
	return 0;
}

int64_t
hc_do_clone3(struct hc_call *call)
{
	struct clone_args args;
	struct request req;
	int r = fetch_args(call, &args);

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
	call->thread->clear_tid = call->arg[0];
	return call->thread->tid;
}

int64_t
hc_do_set_robust_list(struct hc_call *call)
{
	if (call->arg[1] != sizeof(struct robust_list_head))
		return -EINVAL;
	call->thread->robust = call->arg[0];
	return 0;
}

/* Of the calling thread alone. */
int64_t
hc_do_get_robust_list(struct hc_call *call)
{
	const struct hc_thread *thread = call->thread;
	const struct gmem *mem = call->guest->mem;
	int pid = (int)call->arg[0];
	uint64_t len = sizeof(struct robust_list_head);

	if (pid != 0 && pid != thread->tid)
		return pid > 0 ? -EPERM : -ESRCH;
	if (gmem_write(mem, call->arg[2], &len, sizeof(len)) < 0 ||
	    gmem_write(
		mem, call->arg[1], &thread->robust, sizeof(thread->robust)) < 0)
		return -EFAULT;
	return 0;
}

/*
 * The host's futex.  All waiters are threads of this process, and nobody else
 * has the memory, so it is always the private kind.
 */
static int64_t
host_futex(uint32_t *word, int op, uint32_t val, const void *timeout,
    uint32_t *word2, uint32_t val3)
{
	return hc_host(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, val, timeout,
	    word2, val3);
}

static uint32_t *
futex_word(const struct hc_call *call, uint64_t va, enum gmem_access access)
{
	return gmem_range(call->guest->mem, va, sizeof(uint32_t), access);
}

static void
wake(const struct hc_call *call, uint64_t va)
{
	uint32_t *word = futex_word(call, va, GMEM_READ);

	if (word && va % sizeof(*word) == 0)
		(void)host_futex(word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static int
begin_wait(struct hc_call *call, clockid_t clock, struct timespec *time)
{
	int r = hc_wait_begin(&call->thread->wait, clock, *time);

	*time = call->thread->wait.until;
	return r;
}

/*
 * The timeout of a wait as a moment, NULL for none.  A time to wait becomes
 * one, which a call that was interrupted and is made again finds again.
 */
static int
wait_until(struct hc_call *call, int op, struct timespec *until, bool *ever)
{
	clockid_t clock = op & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME
						    : CLOCK_MONOTONIC;

	*ever = call->arg[3] == 0;
	if (*ever)
		return 0;
	if (gmem_read(call->guest->mem, until, call->arg[3], sizeof(*until)) <
	    0)
		return -EFAULT;
	if (!hc_is_timespec(until))
		return -EINVAL;
	if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT)
		return begin_wait(call, clock, until);
	return 0;
}

static int64_t
futex_wait(struct hc_call *call, uint32_t *word, int op)
{
	bool bits = (op & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
	struct timespec until;
	bool ever;
	int64_t r = wait_until(call, op, &until, &ever);

	if (r < 0)
		return r;
	r = hc_host_wait(call->thread, SYS_futex, word,
	    FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG |
		(op & FUTEX_CLOCK_REALTIME),
	    (uint32_t)call->arg[2], ever ? NULL : &until, NULL,
	    bits ? (uint32_t)call->arg[5] : FUTEX_BITSET_MATCH_ANY);
	return hc_wait_end(&call->thread->wait, r);
}

/* Those on two words; the timeout's place holds a second number. */
static int64_t
futex_two(struct hc_call *call, uint32_t *word, int op)
{
	uint64_t va = call->arg[4];
	uint32_t *word2 = futex_word(
	    call, va, op == FUTEX_WAKE_OP ? GMEM_WRITE : GMEM_READ);

	if (va % sizeof(*word2))
		return -EINVAL;
	if (!word2)
		return -EFAULT;
	return host_futex(word, op, (uint32_t)call->arg[2],
	    (const void *)(uintptr_t)(uint32_t)call->arg[3], word2,
	    (uint32_t)call->arg[5]);
}

int64_t
hc_do_futex(struct hc_call *call)
{
	uint64_t va = call->arg[0];
	uint32_t *word = futex_word(call, va, GMEM_READ);
	int op = (int)call->arg[1] & ~FUTEX_PRIVATE_FLAG;
	int cmd = op & FUTEX_CMD_MASK;

	if ((op & FUTEX_CLOCK_REALTIME) && cmd != FUTEX_WAIT &&
	    cmd != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	if (va % sizeof(*word))
		return -EINVAL;
	if (!word)
		return -EFAULT;
	switch (cmd) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET: return futex_wait(call, word, op);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		return host_futex(word, cmd, (uint32_t)call->arg[2], NULL, NULL,
		    (uint32_t)call->arg[5]);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
	case FUTEX_WAKE_OP: return futex_two(call, word, cmd);
	default: return -ENOSYS; /* priority inheritance */
	}
}

/*
 * The owner of a robust lock is gone: its next owner shall know (Linux,
 * Documentation/locking/robust-futexes.rst).  A lock the thread was about to
 * take or to give back (`pending`) may be free already, with a waiter that
 * nobody would wake.
 */
static void
free_lock(const struct hc_call *call, uint64_t va, bool pending)
{
	uint32_t tid = (uint32_t)call->thread->tid;
	uint32_t *word = futex_word(call, va, GMEM_WRITE);
	uint32_t old = tid;
	int r;

	if (!word || va % sizeof(*word))
		return;
	do {
		if (pending && old == 0)
			wake(call, va);
		if ((old & FUTEX_TID_MASK) != tid)
			return;
		r = gmem_swap(
		    word, &old, (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
	} while (r == 0);
	if (r > 0 && (old & FUTEX_WAITERS))
		wake(call, va);
}

/* The lowest bit of an entry's address marks a lock with priority inheritance,
 * which nobody can take here. */
#define ROBUST_ADDR(entry) ((entry) & ~UINT64_C(1))

static void
walk_robust_list(const struct hc_call *call, uint64_t head)
{
	const struct gmem *mem = call->guest->mem;
	struct {
		uint64_t next;
		int64_t offset;
		uint64_t pending;
	} list;
	uint64_t entry, next;
	unsigned n;

	_Static_assert(sizeof(list) == sizeof(struct robust_list_head),
	    "the head of the list as Linux has it");
	if (gmem_read(mem, &list, head, sizeof(list)) < 0)
		return;
	entry = list.next;
	for (n = 0; ROBUST_ADDR(entry) != head && n < ROBUST_LIMIT; n++) {
		/* Read on first: an entry that is free may be used again. */
		bool last = gmem_read(mem, &next, ROBUST_ADDR(entry),
				sizeof(next)) < 0;

		if (ROBUST_ADDR(entry) != ROBUST_ADDR(list.pending))
			free_lock(call,
			    ROBUST_ADDR(entry) + (uint64_t)list.offset, false);
		if (last)
			break;
		entry = next;
	}
	if (list.pending)
		free_lock(call,
		    ROBUST_ADDR(list.pending) + (uint64_t)list.offset, true);
}

void
hc_thread_ends(struct hc_call *call)
{
	struct hc_thread *thread = call->thread;

	hc_signals_leave(call->guest, thread);
	if (thread->robust)
		walk_robust_list(call, thread->robust);
	if (thread->clear_tid) {
		tell_tid(call, thread->clear_tid, 0);
		wake(call, thread->clear_tid);
	}
	thread->robust = 0;
	thread->clear_tid = 0;
}
