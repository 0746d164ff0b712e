/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The futex, by which threads wait for each other, and the release of a
 * thread's locks at its end.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/signal/send.h"
#include "hypercall/task/task.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

/* The longest list of robust locks, as on Linux (ROBUST_LIST_LIMIT): the list
 * may be circular. */
#define ROBUST_LIMIT 2048

int64_t
hc_do_set_robust_list(struct hc_call *call)
{
	if (call->set_robust_list.len != sizeof(struct robust_list_head))
		return -EINVAL;
	/* Another thread may read it meanwhile. */
	__atomic_store_n(&call->thread->robust, call->set_robust_list.head,
	    __ATOMIC_RELAXED);
	return 0;
}

int64_t
hc_do_get_robust_list(struct hc_call *call)
{
	const struct hc_thread *thread = call->thread;
	const struct gmem *mem = call->guest->mem;
	int pid = (int)call->get_robust_list.pid;
	uint64_t len = sizeof(struct robust_list_head), head = 0;

	hc_signals_lock(call->guest);
	if (pid != 0 && pid != thread->tid)
		thread = hc_signal_thread(call->guest, pid);
	if (thread)
		head = __atomic_load_n(&thread->robust, __ATOMIC_RELAXED);
	hc_signals_unlock(call->guest);
	if (!thread)
		return -ESRCH;
	if (gmem_write(mem, call->get_robust_list.len, &len, sizeof(len)) < 0 ||
	    gmem_write(mem, call->get_robust_list.head, &head, sizeof(head)) <
		0)
		return -EFAULT;
	return 0;
}

/*
 * The host's futex, always the private kind: all waiters are threads of this
 * process, and no other process shares the memory.
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

void
hc_futex_wake(const struct hc_call *call, uint64_t va)
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
 * The timeout of a wait as an absolute time; *ever if there is none.  A
 * relative time is converted and kept, so that a call that is made again after
 * an interruption has the same end.
 */
static int
wait_until(struct hc_call *call, int op, struct timespec *until, bool *ever)
{
	clockid_t clock = op & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME
						    : CLOCK_MONOTONIC;

	*ever = call->futex.timeout == 0;
	if (*ever)
		return 0;
	if (gmem_read(call->guest->mem, until, call->futex.timeout,
		sizeof(*until)) < 0)
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
	    (uint32_t)call->futex.val, ever ? NULL : &until, NULL,
	    bits ? (uint32_t)call->futex.val3 : FUTEX_BITSET_MATCH_ANY);
	return hc_wait_end(&call->thread->wait, r);
}

/* Operations on two words, which take a second number in place of a timeout. */
static int64_t
futex_two(struct hc_call *call, uint32_t *word, int op)
{
	uint64_t va = call->futex.uaddr2;
	uint32_t *word2 = futex_word(
	    call, va, op == FUTEX_WAKE_OP ? GMEM_WRITE : GMEM_READ);

	if (va % sizeof(*word2))
		return -EINVAL;
	if (!word2)
		return -EFAULT;
	return host_futex(word, op, (uint32_t)call->futex.val,
	    (const void *)(uintptr_t)(uint32_t)call->futex.timeout, word2,
	    (uint32_t)call->futex.val3);
}

/*
 * Locks with priority inheritance: the word is the owner's thread ID, or 0 if
 * the lock is free (futex(2), "Priority-inheritance futexes").  The host would
 * look for a host thread with that ID, so these are made of plain waits.  The
 * threads of a guest have no priorities to inherit.
 */

/*
 * Take the lock if it is free, or else set FUTEX_WAITERS; *old is the new value
 * of the word.  1 if the lock is taken, 0 if it has another owner, or -errno.
 */
static int
take_lock(const struct hc_call *call, uint32_t *old)
{
	const uint32_t tid = (uint32_t)call->thread->tid;
	uint32_t *word = futex_word(call, call->futex.uaddr, GMEM_WRITE);
	uint32_t new;
	bool free;
	int r;

	if (!word)
		return -EFAULT;
	*old = 0;
	do {
		if ((*old & FUTEX_TID_MASK) == tid)
			return -EDEADLK;
		free = (*old & FUTEX_TID_MASK) == 0;
		new = *old | (free ? tid : FUTEX_WAITERS);
		r = gmem_swap(word, old, new);
	} while (r == 0);
	*old = new;
	return r < 0 ? r : free;
}

/* Is the owner alive?  From now on a thread that ends sees that the caller
 * waits for the lock at `va`. */
static bool
owner_lives(const struct hc_call *call, uint32_t lock, uint64_t va)
{
	const int owner = (int)(lock & FUTEX_TID_MASK);
	bool lives;

	hc_signals_lock(call->guest);
	call->thread->lock = va;
	lives = hc_signal_thread(call->guest, owner) != NULL;
	hc_signals_unlock(call->guest);
	return lives;
}

/* Wait until the word differs from `old`.  0 or -errno. */
static int64_t
wait_for_lock(struct hc_call *call, uint32_t *word, uint32_t old, int clock,
    const struct timespec *until)
{
	int64_t r;

	if (owner_lives(call, old, call->futex.uaddr)) {
		r = hc_host_wait(call->thread, SYS_futex, word,
		    FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | clock, old, until,
		    NULL, FUTEX_BITSET_MATCH_ANY);
	} else {
		r = gmem_swap(word, &old, old);
		r = r == 1 ? -ESRCH : r;
	}
	call->thread->lock = 0;
	/* The lock is not taken yet: make the call again after any handler. */
	return r == -EAGAIN ? 0 : hc_is_interrupted(r) ? -HC_NOT_MADE : r;
}

/* FUTEX_LOCK_PI's timeout is by CLOCK_REALTIME, FUTEX_LOCK_PI2's by either. */
static int64_t
futex_lock(struct hc_call *call, uint32_t *word, int op)
{
	const int cmd = op & FUTEX_CMD_MASK;
	struct timespec until;
	uint32_t old;
	bool ever;
	int64_t r;

	if (cmd == FUTEX_LOCK_PI)
		op |= FUTEX_CLOCK_REALTIME;
	r = wait_until(call, op, &until, &ever);
	while (r == 0) {
		r = take_lock(call, &old);
		/* Other threads may change the word without end.  A thread that
		 * was woken tries at least once, as no other was woken. */
		if (r == 0 && call->thread->kicked)
			return -HC_NOT_MADE;
		if (r == 0)
			r = wait_for_lock(call, word, old,
			    op & FUTEX_CLOCK_REALTIME, ever ? NULL : &until);
	}
	return r == 1 ? 0 : r;
}

static int64_t
futex_try_lock(const struct hc_call *call)
{
	uint32_t old;
	int r = take_lock(call, &old);

	if (r == 0)
		return owner_lives(call, old, 0) ? -EAGAIN : -ESRCH;
	return r == 1 ? 0 : r;
}

static int64_t
futex_unlock(const struct hc_call *call, uint32_t *word)
{
	const uint32_t tid = (uint32_t)call->thread->tid;
	uint32_t old = tid;
	int r;

	do {
		if ((old & FUTEX_TID_MASK) != tid)
			return -EPERM;
		r = gmem_swap(word, &old, old & FUTEX_WAITERS);
	} while (r == 0);
	if (r < 0 || !(old & FUTEX_WAITERS))
		return r < 0 ? r : 0;
	old = FUTEX_WAITERS;
	if (host_futex(word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0)
		(void)gmem_swap(word, &old, 0);
	return 0;
}

/* Operations that write to the word. */
static bool
is_lock(int cmd)
{
	return cmd == FUTEX_LOCK_PI || cmd == FUTEX_LOCK_PI2 ||
	       cmd == FUTEX_TRYLOCK_PI || cmd == FUTEX_UNLOCK_PI;
}

static bool
has_clock(int cmd)
{
	return cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET ||
	       cmd == FUTEX_LOCK_PI2;
}

int64_t
hc_do_futex(struct hc_call *call)
{
	uint64_t va = call->futex.uaddr;
	int op = (int)call->futex.op & ~FUTEX_PRIVATE_FLAG;
	int cmd = op & FUTEX_CMD_MASK;
	uint32_t *word = futex_word(
	    call, va, is_lock(cmd) ? GMEM_WRITE : GMEM_READ);

	if ((op & FUTEX_CLOCK_REALTIME) && !has_clock(cmd))
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
		return host_futex(word, cmd, (uint32_t)call->futex.val, NULL,
		    NULL, (uint32_t)call->futex.val3);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
	case FUTEX_WAKE_OP: return futex_two(call, word, cmd);
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2: return futex_lock(call, word, op);
	case FUTEX_TRYLOCK_PI: return futex_try_lock(call);
	case FUTEX_UNLOCK_PI: return futex_unlock(call, word);
	default: return -ENOSYS; /* also requeueing to a PI lock (glibc 2.24) */
	}
}

/* A futex of futex_waitv(): this size is the only one. */
struct waiter {
	uint64_t val, uaddr;
	uint32_t flags, reserved;
};

#define WAITERS_MOST 128U /* FUTEX_WAITV_MAX */
#define WAITER_U32   2U   /* FUTEX_32 */

/* The host's list for the guest's. */
static int
get_waiters(struct hc_call *call, struct waiter *list, uint32_t n)
{
	uint32_t i;

	if (gmem_read(call->guest->mem, list, call->futex_waitv.waiters,
		n * sizeof(*list)) < 0)
		return -EFAULT;
	for (i = 0; i < n; i++)
		if ((list[i].flags & ~(uint32_t)FUTEX_PRIVATE_FLAG) !=
			WAITER_U32 ||
		    list[i].reserved || list[i].uaddr % sizeof(uint32_t))
			return -EINVAL;
	for (i = 0; i < n; i++) {
		uint32_t *word = futex_word(call, list[i].uaddr, GMEM_READ);

		if (!word)
			return -EFAULT;
		list[i].uaddr = (uintptr_t)word;
		list[i].flags |= FUTEX_PRIVATE_FLAG;
	}
	return 0;
}

static int
get_end(struct hc_call *call, struct timespec *end)
{
	const int clock = (int)call->futex_waitv.clock;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return -EINVAL;
	if (gmem_read(call->guest->mem, end, call->futex_waitv.timeout,
		sizeof(*end)) < 0)
		return -EFAULT;
	return hc_is_timespec(end) ? 0 : -EINVAL;
}

/* The timeout is a time of the clock, so the call can be made again. */
int64_t
hc_do_futex_waitv(struct hc_call *call)
{
	const uint32_t n = (uint32_t)call->futex_waitv.count;
	const bool ends = call->futex_waitv.timeout != 0;
	struct waiter list[WAITERS_MOST];
	struct timespec end;
	int r = 0;

	if ((uint32_t)call->futex_waitv.flags || n == 0 || n > WAITERS_MOST ||
	    !call->futex_waitv.waiters)
		return -EINVAL;
	if (ends)
		r = get_end(call, &end);
	if (r == 0)
		r = get_waiters(call, list, n);
	return r < 0 ? r
		     : hc_host_wait(call->thread, SYS_futex_waitv, list, n, 0,
			   ends ? &end : NULL, (int)call->futex_waitv.clock, 0);
}

/*
 * Mark a robust lock of the ending thread with FUTEX_OWNER_DIED for its next
 * owner (Linux, Documentation/locking/robust-futexes.rst).  A lock that the
 * thread was about to take or release (`pending`) may be free already, with a
 * waiter that no other thread would wake.
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
		if (pending && (old & FUTEX_TID_MASK) == 0)
			hc_futex_wake(call, va);
		if ((old & FUTEX_TID_MASK) != tid)
			return;
		r = gmem_swap(
		    word, &old, (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
	} while (r == 0);
	if (r > 0 && (old & FUTEX_WAITERS))
		hc_futex_wake(call, va);
}

/* The lowest bit of an entry's address marks a lock with priority inheritance,
 * which needs no other treatment. */
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
	    "the head of the list as on Linux");
	if (gmem_read(mem, &list, head, sizeof(list)) < 0)
		return;
	entry = list.next;
	for (n = 0; ROBUST_ADDR(entry) != head && n < ROBUST_LIMIT; n++) {
		/* Read the next entry first: a free entry may be reused. */
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
hc_free_robust(const struct hc_call *call)
{
	if (call->thread->robust)
		walk_robust_list(call, call->thread->robust);
}

void
hc_free_awaited(const struct hc_call *call)
{
	const struct hc_thread *t;

	hc_signals_lock(call->guest);
	for (t = call->guest->signals.threads; t; t = t->signals.next)
		if (t->lock)
			free_lock(call, t->lock, false);
	hc_signals_unlock(call->guest);
}
