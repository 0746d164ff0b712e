/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests threads: their start and end, the state that they share and the state
 * of each, and the futex.
 */
#include <errno.h>
#include <hcall.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <tap.h>
#include <thread.h>
#include <time.h>
#include <unistd.h>

#define THREAD_FLAGS    0x00010f00 /* VM FS FILES SIGHAND THREAD */
#define CHILD_SETTID    0x01000000
#define CHILD_CLEARTID  0x00200000
#define SETTLS          0x00080000
#define CLONE_FORK      17 /* SIGCHLD */
#define MILLISECOND     1000000L
#define KERNEL_ADDRESS  (-4096L)

enum futex_op {
	FUTEX_REQUEUE = 3,
	FUTEX_CMP_REQUEUE = 4,
	FUTEX_WAKE_OP = 5,
	FUTEX_LOCK_PI = 6,
	FUTEX_UNLOCK_PI = 7,
	FUTEX_TRYLOCK_PI = 8,
	FUTEX_WAIT_BITSET = 9,
	FUTEX_WAKE_BITSET = 10,
	FUTEX_PRIVATE = 128,
};

#define FUTEX_WAITERS    0x80000000U
#define FUTEX_OWNER_DIED 0x40000000U

long guest_clone(long flags, void *stack, int *parent_tid, int *child_tid,
    void *tls, long number);
void guest_thread(void);

static int flag; /* threads set it, and wait for it */

static void
set_flag(int value)
{
	__atomic_store_n(&flag, value, __ATOMIC_RELEASE);
	futex_wake(&flag, 1000);
}

static void
await_flag(int value)
{
	int now;

	while ((now = __atomic_load_n(&flag, __ATOMIC_ACQUIRE)) != value)
		futex_wait(&flag, now, -1);
}

/* The state in which a thread starts. */
static struct {
	long tid;
	long arg;
	unsigned long stack;
	unsigned long xmm;
	unsigned long fs;
	int *shared;
} seen;

static void
look(void *arg)
{
	seen.tid = hc_gettid();
	seen.arg = (long)arg;
	seen.stack = (unsigned long)__builtin_frame_address(0);
	__asm__("movq %%xmm7, %0" : "=r"(seen.xmm));
	if (hc_arch_prctl(ARCH_GET_FS, (long)&seen.fs) < 0)
		seen.fs = 1;
	seen.shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (seen.shared != MAP_FAILED)
		*seen.shared = 4711;
}

static void
test_start(void)
{
	static struct thread t;
	static long tls[4];
	unsigned long mark = 0x1234567890abcdef;

	t.tls = tls;
	__asm__ volatile("movq %0, %%xmm7" : : "r"(mark));
	same(thread_start(&t, look, (void *)42), 0, "a thread can be started");
	ok(t.id > 1 && t.id != hc_gettid(), "it has an id of its own");
	thread_join(&t);
	same(t.tid, 0, "its end clears the word that was given");
	same(seen.tid, t.id, "it knows its id");
	same(seen.arg, 42, "it gets its argument");
	ok(seen.stack > (unsigned long)t.stack &&
		seen.stack < (unsigned long)t.stack + THREAD_STACK,
	    "and runs on the stack it was given");
	same((long)seen.xmm, (long)mark, "it starts with its parent's SSE state");
	same((long)seen.fs, (long)tls, "and the FS base it was given");
	ok(seen.shared != MAP_FAILED && *seen.shared == 4711,
	    "what it maps is there for all");
}

static void
nothing(void *arg)
{
	(void)arg;
}

static void
test_inherited_base(void)
{
	struct thread t = { 0 };
	long old;

	if (hc_arch_prctl(ARCH_GET_FS, (long)&old) < 0)
		old = 0;
	hc_arch_prctl(ARCH_SET_FS, (long)&t);
	thread_start(&t, look, NULL);
	thread_join(&t);
	same((long)seen.fs, (long)&t, "without one it has its parent's");
	hc_arch_prctl(ARCH_SET_FS, old);
}

static void
stay(void *arg)
{
	(void)arg;
	await_flag(1);
	hc_exit(0);
}

static void
test_tids(void)
{
	static int set, clear;
	void **top = (void **)((char *)mmap(NULL, THREAD_STACK,
				   PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) +
			       THREAD_STACK);
	long tid;

	flag = 0;
	top[-3] = (char *)guest_thread + 1;
	top[-2] = NULL;
	top[-1] = (void *)stay;
	clear = 1;
	tid = guest_clone(THREAD_FLAGS | CHILD_SETTID | CHILD_CLEARTID, top - 3,
	    NULL, &set, NULL, HC_clone);
	ok(tid > 1, "clone answers the thread's id");
	while (__atomic_load_n(&set, __ATOMIC_ACQUIRE) != tid)
		sched_yield();
	ok(true, "CLONE_CHILD_SETTID stores it in memory");
	clear = set;
	set_flag(1);
	while (__atomic_load_n(&set, __ATOMIC_ACQUIRE) != 0)
		sched_yield();
	ok(true, "CLONE_CHILD_CLEARTID clears it");
	(void)clear;
}

/* struct clone_args of clone3(2), with room for a newer one. */
static struct {
	unsigned long flags, pidfd, child_tid, parent_tid, exit_signal;
	unsigned long stack, stack_size, tls, set_tid, set_tid_size, cgroup;
	unsigned long unknown;
} args;

static void
test_clone3(void)
{
	long self = hc_gettid();

	same(hc_clone3((long)&args, 63), -EINVAL,
	    "clone3 with too short a structure is -EINVAL");
	same(hc_clone3((long)&args, 4097), -E2BIG,
	    "one longer than a page is -E2BIG");
	same(hc_clone3(KERNEL_ADDRESS, 88), -EFAULT,
	    "one that is not there is -EFAULT");
	args.unknown = 1;
	same(hc_clone3((long)&args, sizeof(args)), -E2BIG,
	    "one that asks for what is not known is -E2BIG");
	args.unknown = 0;
	args.flags = THREAD_FLAGS;
	args.stack = 4096;
	same(hc_clone3((long)&args, 88), -EINVAL,
	    "a stack without a size is -EINVAL");
	args.stack_size = 4096;
	args.exit_signal = CLONE_FORK;
	same(hc_clone3((long)&args, 88), -EINVAL,
	    "a thread with an exit signal is -EINVAL");
	same(hc_gettid(), self, "and none of them made a thread");
}

/* clone3 returns twice, as clone does. */
static void
test_clone3_start(void)
{
	void **top = (void **)((char *)mmap(NULL, THREAD_STACK,
				   PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) +
			       THREAD_STACK);
	static int tid;
	long r;

	flag = 0;
	top[-3] = (char *)guest_thread + 1;
	top[-2] = NULL;
	top[-1] = (void *)stay;
	memset(&args, 0, sizeof(args));
	args.flags = THREAD_FLAGS | CHILD_CLEARTID;
	args.child_tid = (unsigned long)&tid;
	args.stack_size = THREAD_STACK - 24;
	args.stack = (unsigned long)(top - 3) - args.stack_size;
	tid = 1;
	/* Its first two arguments are in clone3's registers. */
	r = guest_clone((long)&args, (void *)88, NULL, NULL, NULL, HC_clone3);
	ok(r > 1, "clone3 also makes a thread");
	set_flag(1);
	while (__atomic_load_n(&tid, __ATOMIC_ACQUIRE) != 0)
		sched_yield();
	ok(true, "and it ends");
}

#ifndef HYPERCALL_BY_SYSCALL
static void
test_no_fork(void)
{
	same(hc_clone(CLONE_FORK, 0, 0, 0, 0), -ENOSYS,
	    "clone without thread flags, a fork, is -ENOSYS");
	same(hc_clone(0x4100 | CLONE_FORK, 0, 0, 0, 0), -ENOSYS,
	    "so is a vfork");
	same(hc_clone(THREAD_FLAGS | 0x20000, 0, 0, 0, 0), -ENOSYS,
	    "and a thread with a new namespace");
}
#endif

static void
test_tls_range(void)
{
	same(hc_clone(THREAD_FLAGS | SETTLS, 0, 0, 0, KERNEL_ADDRESS), -EPERM,
	    "an FS base in the kernel's half is -EPERM");
}

static void
test_futex_refusals(void)
{
	static int word = 5;
	const struct timespec wrong = { 0, 1000000000 };
	long w = (long)&word;

	same(hc_futex(w, 0, 4, 0, 0, 0), -EAGAIN,
	    "a wait for another value than is there is -EAGAIN");
	same(futex_wait(&word, 5, 10 * MILLISECOND), -ETIMEDOUT,
	    "a wait ends when its time is over");
	same(hc_futex(w, 0, 5, (long)&wrong, 0, 0), -EINVAL,
	    "a time with too many nanoseconds is -EINVAL");
	same(hc_futex(w, 0, 5, KERNEL_ADDRESS, 0, 0), -EFAULT,
	    "a time that is not there is -EFAULT");
	same(hc_futex(w + 1, 0, 5, 0, 0, 0), -EINVAL,
	    "an address that is not a multiple of four is -EINVAL");
	same(hc_futex(KERNEL_ADDRESS, 0, 5, 0, 0, 0), -EFAULT,
	    "one that is not there is -EFAULT");
	same(hc_futex(w, 99, 5, 0, 0, 0), -ENOSYS,
	    "an unknown operation is -ENOSYS");
	same(futex_wake(&word, 1), 0, "waking where nobody sleeps wakes none");
	same(hc_futex(w, FUTEX_WAIT_BITSET, 5, 0, 0, 0), -EINVAL,
	    "a wait for no bit is -EINVAL");
	same(hc_set_robust_list(0, 23), -EINVAL,
	    "a robust list of another length is -EINVAL");
}

static void
test_absolute(void)
{
	static int word;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	same(hc_futex((long)&word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE, 0,
		 (long)&until, 0, -1),
	    -ETIMEDOUT, "a moment that is over ends a wait at once");
	clock_gettime(CLOCK_REALTIME, &until);
	same(hc_futex((long)&word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE | 256, 0,
		 (long)&until, 0, -1),
	    -ETIMEDOUT, "a past moment of the other clock does also");
}

/* Sleepers, for the operations that wake. */
#define SLEEPERS 3

static int beds[2];
static int asleep, awake;
static struct thread sleepers[SLEEPERS];

static void
sleeper(void *arg)
{
	__atomic_add_fetch(&asleep, 1, __ATOMIC_ACQ_REL);
	hc_futex((long)&beds[0], FUTEX_WAIT_BITSET | FUTEX_PRIVATE, 0, 0, 0,
	    (long)arg);
	__atomic_add_fetch(&awake, 1, __ATOMIC_ACQ_REL);
}

static void
doze(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * MILLISECOND };

	nanosleep(&t, NULL);
}

static void
lay_down(void)
{
	long i;

	asleep = awake = beds[0] = beds[1] = 0;
	for (i = 0; i < SLEEPERS; i++) {
		memset(&sleepers[i], 0, sizeof(sleepers[i]));
		thread_start(&sleepers[i], sleeper, (void *)(1L << i));
	}
	while (__atomic_load_n(&asleep, __ATOMIC_ACQUIRE) < SLEEPERS)
		sched_yield();
	doze(100);
}

static void
all_up(void)
{
	int i;

	for (i = 0; i < SLEEPERS; i++)
		thread_join(&sleepers[i]);
	same(awake, SLEEPERS, "in the end all are awake");
}

static void
test_wakes(void)
{
	long bed = (long)&beds[0];

	lay_down();
	same(awake, 0, "three threads sleep");
	same(hc_futex(bed, FUTEX_WAKE_BITSET | FUTEX_PRIVATE, 9, 0, 0, 2), 1,
	    "a bit wakes the one that waits for it");
	same(futex_wake(&beds[0], 1), 1, "a number wakes so many");
	same(futex_wake(&beds[0], 99), 1, "and the rest is woken by more");
	all_up();
	lay_down();
	same(hc_futex(bed, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE, 1, 1,
		 (long)&beds[1], 7),
	    -EAGAIN, "requeueing compares the value");
	same(hc_futex(bed, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE, 1, 99,
		 (long)&beds[1], 0),
	    3, "one is woken and two go to another bed");
	same(futex_wake(&beds[0], 99), 0, "where they were is nobody");
	same(hc_futex((long)&beds[1], FUTEX_REQUEUE | FUTEX_PRIVATE, 1, 99, bed,
		 0),
	    2, "one more is woken, and one goes back");
	same(futex_wake(&beds[0], 99), 1, "where it is woken");
	all_up();
	lay_down();
	/* beds[1] += 5; if it was 0 before, wake its sleepers also. */
	same(hc_futex(bed, FUTEX_WAKE_OP | FUTEX_PRIVATE, 99, 99,
		 (long)&beds[1], 1 << 28 | 0 << 24 | 5 << 12 | 0),
	    3, "FUTEX_WAKE_OP wakes");
	same(beds[1], 5, "and has changed the other word");
	all_up();
}

static struct lock lock;
static long counter;

static void
add(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 500; i++) {
		lock_acquire(&lock);
		counter++;
		lock_release(&lock);
	}
}

static void
test_lock(void)
{
	static struct thread t[4];
	int i;

	memset(t, 0, sizeof(t));
	for (i = 0; i < 4; i++)
		thread_start(&t[i], add, NULL);
	for (i = 0; i < 4; i++)
		thread_join(&t[i]);
	same(counter, 2000, "four threads count under a lock and lose nothing");
}

/* Robust locks: the thread owns a list of them and its head. */
struct robust {
	struct robust *next;
	unsigned word;
};

static struct {
	struct robust *first;
	long offset;
	struct robust *pending;
} head;
static struct robust locks[3];
static long list_known;

static void
die_with_locks(void *arg)
{
	unsigned tid = (unsigned)hc_gettid();
	long len = 0;

	locks[0].word = tid;
	locks[1].word = tid | FUTEX_WAITERS;
	locks[2].word = tid;
	locks[0].next = &locks[1];
	/* A circle, or an end. */
	locks[1].next = arg ? &locks[0] : (struct robust *)&head;
	head.first = &locks[0];
	head.offset = (long)__builtin_offsetof(struct robust, word);
	head.pending = &locks[2];
	hc_set_robust_list((long)&head, sizeof(head));
	if (hc_get_robust_list(0, (long)&list_known, (long)&len) < 0)
		list_known = len;
}

static void
test_robust(void)
{
	struct thread t = { 0 };

	thread_start(&t, die_with_locks, NULL);
	thread_join(&t);
	same(list_known, (long)&head, "a thread reads its robust list back");
	same(locks[0].word, FUTEX_OWNER_DIED,
	    "a robust lock reports that its owner died");
	same(locks[1].word, FUTEX_OWNER_DIED | FUTEX_WAITERS,
	    "and keeps that there are waiters");
	same(locks[2].word, FUTEX_OWNER_DIED, "so does the one in the making");
	memset(&t, 0, sizeof(t));
	thread_start(&t, die_with_locks, (void *)1);
	thread_join(&t);
	ok(true, "a list that is a circle has an end");
}

/* A lock with priority inheritance: the owner's number. */
static unsigned owned;
static long tried, unlocked;

static long
own(int operation)
{
	return hc_futex((long)&owned, operation | FUTEX_PRIVATE, 0, 0, 0, 0);
}

static void
try_it(void *arg)
{
	(void)arg;
	tried = own(FUTEX_TRYLOCK_PI);
	unlocked = own(FUTEX_UNLOCK_PI);
}

static void
add_owned(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 500; i++) {
		own(FUTEX_LOCK_PI);
		counter++;
		own(FUTEX_UNLOCK_PI);
	}
}

/* An owner of the lock that dies: after so many milliseconds. */
static int lifetime, is_owned;

static void
die_with_it(void *arg)
{
	(void)arg;
	own(FUTEX_LOCK_PI);
	__atomic_store_n(&is_owned, 1, __ATOMIC_RELEASE);
	doze(lifetime);
}

/*
 * Wait for its lock, for a moment and then until it dies.  If it dies without
 * a waiter, the lock has an owner that is none: the next owner lives longer, so
 * that a slow machine waits in time.
 */
static void
outlive(long *moment, long *end)
{
	struct timespec until;
	struct thread t;

	clock_gettime(CLOCK_REALTIME, &until);
	for (lifetime = 100; lifetime < 20000; lifetime *= 2) {
		owned = 0;
		is_owned = 0;
		memset(&t, 0, sizeof(t));
		thread_start(&t, die_with_it, NULL);
		while (!__atomic_load_n(&is_owned, __ATOMIC_ACQUIRE))
			sched_yield();
		*moment = hc_futex((long)&owned, FUTEX_LOCK_PI | FUTEX_PRIVATE,
		    0, (long)&until, 0, 0);
		*end = own(FUTEX_LOCK_PI);
		thread_join(&t);
		if (*end != -ESRCH)
			break;
	}
}

static void
test_owned(void)
{
	struct thread t = { 0 };
	long moment = 0, end = 0;

	same(own(FUTEX_UNLOCK_PI), -EPERM, "who does not own a lock is EPERM");
	same(own(FUTEX_LOCK_PI), 0, "a lock with priority inheritance");
	same(owned & ~FUTEX_WAITERS, hc_gettid(), "has its owner's number");
	same(own(FUTEX_LOCK_PI), -EDEADLK,
	    "a thread that would wait for itself gets EDEADLK");
	thread_start(&t, try_it, NULL);
	thread_join(&t);
	same(tried, -EAGAIN, "another thread that tries does not get it");
	same(unlocked, -EPERM, "and cannot unlock it");
	same(own(FUTEX_UNLOCK_PI), 0, "its owner can");
	same(owned, 0, "and it is free");
	owned = 0x123456;
	same(own(FUTEX_LOCK_PI), -ESRCH, "an owner that is none is ESRCH");
	same(own(FUTEX_TRYLOCK_PI), -ESRCH, "for FUTEX_TRYLOCK_PI also");
	same(hc_futex(KERNEL_ADDRESS, FUTEX_LOCK_PI, 0, 0, 0, 0), -EFAULT,
	    "a lock that is not there is EFAULT");
	outlive(&moment, &end);
	same(moment, -ETIMEDOUT, "a moment ends the wait for a lock");
	same(end, 0, "whose owner dies, goes to a waiter");
	ok((owned & FUTEX_OWNER_DIED) &&
		(owned & 0x3fffffff) == (unsigned)hc_gettid(),
	    "and reports it");
	own(FUTEX_UNLOCK_PI);
	same(owned, 0, "unlocked, it has forgotten that");
}

static void
test_owned_by_many(void)
{
	static struct thread t[4];
	int i;

	counter = 0;
	memset(t, 0, sizeof(t));
	for (i = 0; i < 4; i++)
		thread_start(&t[i], add_owned, NULL);
	for (i = 0; i < 4; i++)
		thread_join(&t[i]);
	same(counter, 2000, "four threads count under one and lose nothing");
	same(owned, 0, "and leave it free");
}

static void
test_many(void)
{
	static struct thread t[20];
	int round, i, started = 0;

	for (round = 0; round < 5; round++) {
		memset(t, 0, sizeof(t));
		for (i = 0; i < 20; i++)
			started += thread_start(&t[i], nothing, NULL) == 0;
		for (i = 0; i < 20; i++)
			thread_join(&t[i]);
	}
	same(started, 100, "a hundred threads, twenty at a time");
}

int
main(void)
{
	test_start();
	test_inherited_base();
	test_tids();
	test_clone3();
	test_clone3_start();
#ifndef HYPERCALL_BY_SYSCALL
	test_no_fork();
#endif
	test_tls_range();
	test_futex_refusals();
	test_absolute();
	test_wakes();
	test_lock();
	test_robust();
	test_owned();
	test_owned_by_many();
	test_many();
	return tap_done();
}
