/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests small calls on the process, its threads and their rights.
 */
#include <errno.h>
#include <hcall.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <tap.h>
#include <thread.h>
#include <time.h>
#include <unistd.h>

#define NOBODY_IS 999999
#define MS	  1000000L

struct header {
	unsigned version;
	int pid;
};

struct caps {
	unsigned effective, permitted, inheritable;
};

#define CAPS_1 0x19980330U
#define CAPS_3 0x20080522U

/* A program that runs natively as root may do more than a guest. */
static int privileged;

static void
test_caps(void)
{
	struct header h = { CAPS_3, 0 };
	struct caps caps[2], none[2] = { { 0 } };
	const char *root = "root has all capabilities";

	memset(caps, 0xff, sizeof(caps));
	same(hc_capget((long)&h, (long)caps), 0, "capget");
	privileged = memcmp(caps, none, sizeof(caps)) != 0;
	if (privileged)
		skip(root, "there are no capabilities");
	else
		ok(1, "there are no capabilities");
	same(hc_capset((long)&h, (long)caps), 0, "as many can be set");
	caps[0].effective = caps[0].permitted = ~0U;
	caps[1].effective = caps[1].permitted = ~0U;
	if (privileged)
		skip(root, "but no more");
	else
		same(hc_capset((long)&h, (long)caps), -EPERM, "but no more");
	h.pid = getpid();
	same(hc_capget((long)&h, (long)caps), 0, "by number");
	h.pid = NOBODY_IS;
	same(hc_capset((long)&h, (long)caps), -EPERM, "of another: EPERM");
	h.pid = 4000000;
	same(hc_capget((long)&h, (long)caps), -ESRCH, "of nobody: ESRCH");
	h.pid = -1;
	same(hc_capget((long)&h, (long)caps), -EINVAL, "a negative number");
	h = (struct header){ 1, 0 };
	same(hc_capget((long)&h, 0), 0, "without a place it is a question");
	same((long)h.version, CAPS_3, "for the version");
	h.version = 1;
	same(hc_capget((long)&h, (long)caps), -EINVAL, "a wrong version");
	same((long)h.version, CAPS_3, "is put right");
	h.version = CAPS_1;
	same(hc_capget((long)&h, (long)caps), 0, "the first version");
	same(hc_capget(8, (long)caps), -EFAULT, "no header");
	h.version = CAPS_3;
	same(hc_capget((long)&h, 8), -EFAULT, "nowhere to write to");
}

static void
test_ids(void)
{
	unsigned groups[64];
	long n = hc_getgroups(64, (long)groups);
	long uid = hc_geteuid(), gid = hc_getegid();

	same(hc_setfsuid(-1), uid, "setfsuid asks");
	same(hc_setfsgid(-1), gid, "setfsgid also");
	same(hc_setfsuid(uid), uid, "what is there can be set");
	same(hc_setuid(uid), 0, "by setuid");
	same(hc_setresgid(-1, gid, gid), 0, "by setresgid");
	same(hc_setuid(-1), -EINVAL, "-1 is not a user");
	same(hc_setgid(-1), -EINVAL, "and not a group");
	same(hc_setgroups(-1, (long)groups), privileged ? -EINVAL : -EPERM,
	    "fewer than no groups");
	if (n < 0) {
		skip("too many groups", "setgroups");
		return;
	}
	groups[n] = 54321;
	if (privileged) {
		skip("root may", "more groups than there are");
		return;
	}
	same(hc_setgroups(n + 1, (long)groups), -EPERM,
	    "more groups than there are");
}

static void
test_prctl(void)
{
	int value = 0;

	same(hc_prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), 50000, "50 us of slack");
	same(hc_prctl(PR_SET_TIMERSLACK, 1234, 0, 0, 0), 0, "are changed");
	same(hc_prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), 1234, "as asked");
	hc_prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0);
	same(hc_prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), 50000, "and back");
	same(hc_prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0, "large pages are on");
	same(hc_prctl(PR_SET_THP_DISABLE, 7, 0, 0, 0), 0, "are put off");
	same(hc_prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1, "as asked");
	same(hc_prctl(PR_SET_THP_DISABLE, 0, 0, 1, 0), -EINVAL,
	    "an argument that means nothing is 0");
	same(hc_prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0), -EINVAL, "each");
	hc_prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	same(hc_prctl(PR_SET_PDEATHSIG, 65, 0, 0, 0), -EINVAL, "no signal");
	same(hc_prctl(PR_SET_PDEATHSIG, 10, 0, 0, 0), 0, "PR_SET_PDEATHSIG");
	same(hc_prctl(PR_GET_PDEATHSIG, (long)&value, 0, 0, 0), 0, "asked");
	same(value, 10, "as set");
	hc_prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	same(hc_personality(0xffffffff), 0, "the personality is Linux's");
	same(hc_personality(0x40000), 0, "addresses need not be random");
	same(hc_personality(0), 0x40000, "which is kept");
}

struct attributes {
	unsigned size, policy;
	unsigned long flags;
	int nice;
	unsigned priority;
	unsigned long runtime, deadline, period;
	unsigned least, most;
	unsigned long more;
};

static void
test_attributes(void)
{
	struct attributes a = { 0 }, mine;
	long at = (long)&a;

	same(hc_sched_getattr(0, at, 56, 0), 0, "sched_getattr");
	ok(a.size == 56 && a.policy == 0 && a.priority == 0,
	    "an ordinary thread");
	mine = a;
	same(hc_sched_getattr(0, at, 48, 0), 0, "the first version");
	same((long)a.size, 48, "is as large as asked for");
	same(hc_sched_getattr(0, at, 47, 0), -EINVAL, "not smaller");
	same(hc_sched_getattr(0, at, 4097, 0), -EINVAL, "nor that large");
	same(hc_sched_getattr(0, at, 56, 1), -EINVAL, "flags are 0");
	same(hc_sched_getattr(-1, at, 56, 0), -EINVAL, "a negative number");
	same(hc_sched_getattr(4000000, at, 56, 0), -ESRCH, "no thread");
	same(hc_sched_getattr(0, 0, 56, 0), -EINVAL, "a null pointer");
	same(hc_sched_getattr(0, 8, 56, 0), -EFAULT, "a bad one");
	a = (struct attributes){ .size = 48, .nice = mine.nice };
	same(hc_sched_setattr(0, at, 0), 0, "it is set to the same");
	a.size = 0;
	same(hc_sched_setattr(0, at, 0), 0, "size 0 is the first version");
	a.size = 47;
	same(hc_sched_setattr(0, at, 0), -E2BIG, "a smaller one is not");
	same((long)a.size, 56, "the right size is written");
	a.size = 64;
	a.more = 1;
	same(hc_sched_setattr(0, at, 0), -E2BIG, "what is not known is 0");
	a = (struct attributes){ .size = 48, .policy = 77 };
	same(hc_sched_setattr(0, at, 0), -EINVAL, "there is no such policy");
	a = (struct attributes){ .size = 48, .priority = 1 };
	same(hc_sched_setattr(0, at, 0), -EINVAL, "it has no priority");
	a = (struct attributes){ .size = 48, .policy = 1 };
	same(hc_sched_setattr(0, at, 0), -EINVAL, "real time has one");
	a.priority = 1;
	if (privileged)
		skip("root may", "real time is for others");
	else
		same(hc_sched_setattr(0, at, 0), -EPERM,
		    "real time is for others");
	same(hc_sched_setattr(0, at, 1), -EINVAL, "flags are 0");
}

#define IOPRIO(class, level) ((class) << 13 | (level))

static void
test_ioprio(void)
{
	same(hc_ioprio_get(1, 0), 0, "no I/O priority is set");
	same(hc_ioprio_set(1, 0, IOPRIO(2, 3)), 0, "one is");
	same(hc_ioprio_get(1, 0), IOPRIO(2, 3), "and asked");
	same(hc_ioprio_get(1, getpid()), IOPRIO(2, 3), "also by number");
	same(hc_ioprio_set(1, 0, IOPRIO(0, 5)), -EINVAL,
	    "the class of none has no level");
	same(hc_ioprio_set(1, 0, IOPRIO(4, 0)), -EINVAL, "an unknown class");
	same(hc_ioprio_set(9, 0, 0), -EINVAL, "an unknown kind");
	same(hc_ioprio_get(0, 0), -EINVAL, "the same");
	same(hc_ioprio_get(1, 4000000), -ESRCH, "nobody");
	if (privileged)
		skip("root may", "real time is for others");
	else
		same(hc_ioprio_set(1, 0, IOPRIO(1, 0)), -EPERM,
		    "real time is for others");
	same(hc_ioprio_set(1, 0, IOPRIO(3, 0)), 0, "the idle class");
	hc_ioprio_set(1, 0, 0);
}

struct waiter {
	unsigned long val, uaddr;
	unsigned flags, reserved;
};

static unsigned words[3];

static void
wake_second(void *unused)
{
	struct timespec t = { 0, 20 * MS };

	(void)unused;
	nanosleep(&t, NULL);
	while (hc_futex((long)&words[1], 129, 1, 0, 0, 0) == 0)
		nanosleep(&t, NULL);
}

static void
test_waitv(void)
{
	struct waiter w[3];
	struct timespec end;
	static struct thread thread;
	int i;

	for (i = 0; i < 3; i++)
		w[i] = (struct waiter){ 0, (unsigned long)&words[i], 0x82, 0 };
	same(hc_futex_waitv((long)w, 0, 0, 0, 0), -EINVAL, "none to wait for");
	if (hc_futex_waitv((long)w, 0, 0, 0, 0) == -ENOSYS) {
		skip("Linux before 5.16", "futex_waitv");
		return;
	}
	same(hc_futex_waitv((long)w, 129, 0, 0, 0), -EINVAL, "too many");
	same(hc_futex_waitv((long)w, 3, 1, 0, 0), -EINVAL, "flags are 0");
	same(hc_futex_waitv(0, 3, 0, 0, 0), -EINVAL, "a null pointer");
	same(hc_futex_waitv(8, 3, 0, 0, 0), -EFAULT, "a bad one");
	words[2] = 7;
	same(hc_futex_waitv((long)w, 3, 0, 0, 0), -EAGAIN, "another value");
	words[2] = 0;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += 20 * MS;
	if (end.tv_nsec >= 1000 * MS) {
		end.tv_sec++;
		end.tv_nsec -= 1000 * MS;
	}
	same(hc_futex_waitv((long)w, 3, 0, (long)&end, CLOCK_MONOTONIC),
	    -ETIMEDOUT, "nothing happens in time");
	same(hc_futex_waitv((long)w, 3, 0, (long)&end, 7), -EINVAL,
	    "a clock that is not for it");
	end.tv_nsec = 1000 * MS;
	same(hc_futex_waitv((long)w, 3, 0, (long)&end, CLOCK_MONOTONIC),
	    -EINVAL, "a second has fewer nanoseconds");
	w[0].flags = 0;
	same(hc_futex_waitv((long)w, 3, 0, 0, 0), -EINVAL, "an unknown size");
	w[0].flags = 0x82;
	w[1].uaddr++;
	same(hc_futex_waitv((long)w, 3, 0, 0, 0), -EINVAL, "no word");
	w[1].uaddr--;
	w[2].uaddr = 8;
	same(hc_futex_waitv((long)w, 3, 0, 0, 0), -EFAULT, "no memory");
	w[2].uaddr = (unsigned long)&words[2];
	ok(thread_start(&thread, wake_second, NULL) >= 0, "a thread");
	same(hc_futex_waitv((long)w, 3, 0, 0, 0), 1, "wakes by the second");
	thread_join(&thread);
}

static void
test_pidfd(void)
{
	struct pollfd p = { .events = POLLIN };
	char byte;

	p.fd = (int)hc_pidfd_open(getpid(), 0);
	ok(p.fd > 2, "a descriptor of the process");
	same(hc_read(p.fd, (long)&byte, 1), -EINVAL, "is not read");
	same(hc_pidfd_open(0, 0), -EINVAL, "0 is not a process");
	same(hc_pidfd_open(-1, 0), -EINVAL, "and neither is -1");
	same(hc_pidfd_open(getpid(), 1), -EINVAL, "an unknown flag");
	same(hc_pidfd_open(4000000, 0), -ESRCH, "nobody");
	close(p.fd);
}

/* The clock of processor time of a process or, with 4, of a thread
 * (clock_getcpuclockid(3)). */
#define CLOCK_OF(id, kind) (~(long)(id)*8 | (kind))
#define THREADS_TIME	   6
#define PROCESS_TIME	   2

static int clock_flag;

static void
await_clock_flag(int value)
{
	int now;

	while ((now = __atomic_load_n(&clock_flag, __ATOMIC_ACQUIRE)) != value)
		futex_wait(&clock_flag, now, -1);
}

static void
set_clock_flag(int value)
{
	__atomic_store_n(&clock_flag, value, __ATOMIC_RELEASE);
	futex_wake(&clock_flag, 1);
}

static long
cpu_ns(long clock)
{
	struct timespec t;
	long r = hc_clock_gettime(clock, (long)&t);

	return r < 0 ? r : t.tv_sec * 1000 * MS + t.tv_nsec;
}

/* Use 2 ms of the processor. */
static void
burn(void)
{
	long end = cpu_ns(CLOCK_THREAD_CPUTIME_ID) + 2 * MS;

	while (cpu_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

static long own_time;

/* Spend time, look at its own clock, and wait. */
static void
spend(void *arg)
{
	long start = cpu_ns(CLOCK_THREAD_CPUTIME_ID);

	(void)arg;
	do
		own_time = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	while (own_time < start + 20 * MS);
	set_clock_flag(1);
	await_clock_flag(2);
}

static void
test_clocks(void)
{
	struct timespec t = { 1, 1 };
	struct thread thread;
	long clock, before, seen, own = CLOCK_OF(hc_gettid(), THREADS_TIME);

	same(thread_start(&thread, spend, 0), 0, "a thread spends time");
	clock = CLOCK_OF(thread.id, THREADS_TIME);
	await_clock_flag(1);
	seen = cpu_ns(clock);
	ok(seen >= own_time, "which another reads by its number");
	before = cpu_ns(own);
	ok(before <= cpu_ns(CLOCK_THREAD_CPUTIME_ID) && before > 0,
	    "as its own");
	burn();
	ok(cpu_ns(own) >= before + 2 * MS, "which goes on");
	/* It may not have begun to wait. */
	do {
		seen = cpu_ns(clock);
		burn();
	} while (cpu_ns(clock) != seen);
	ok(seen >= own_time, "that of a thread that waits stands still");
	ok(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) >=
		cpu_ns(clock) + cpu_ns(own) - before,
	    "the process's counts both");
	same(hc_clock_getres(clock, (long)&t), 0, "it has a resolution");
	ok(t.tv_sec == 0 && t.tv_nsec == 1, "of a nanosecond");
	ok(cpu_ns(CLOCK_OF(thread.id, 5)) >= 0, "user mode has a clock");
	ok(cpu_ns(CLOCK_OF(hc_getpid(), 0)) >= 0, "of the process also");
	same(hc_clock_getres(CLOCK_OF(thread.id, 7), (long)&t), -EINVAL,
	    "there is no fourth");
	same(hc_clock_gettime(CLOCK_OF(thread.id, PROCESS_TIME), (long)&t),
	    -EINVAL, "a thread that is not a process has no process's");
	same(hc_clock_gettime(clock, 8), -EFAULT, "nowhere to write to");
	same(hc_clock_nanosleep(own, 0, (long)&t, 0), -EINVAL,
	    "nobody sleeps by its own");
	set_clock_flag(2);
	thread_join(&thread);
	same(hc_clock_gettime(CLOCK_OF(4000000, THREADS_TIME), (long)&t),
	    -EINVAL, "an unknown number: EINVAL");
	same(hc_clock_getres(CLOCK_OF(4000000, THREADS_TIME), (long)&t),
	    -EINVAL, "for both calls");
	same(hc_clock_getres(CLOCK_OF(-5, THREADS_TIME), (long)&t), -EINVAL,
	    "a negative one");
}

static void
wait_for_flag(void *unused)
{
	(void)unused;
	await_clock_flag(4);
}

#define PRIO_PROCESS 0

/* getpriority() returns 20 less the nice value. */
static void
test_nice(void)
{
	struct timespec slice = { 9, 0 };
	struct thread thread;
	long mine = hc_getpriority(PRIO_PROCESS, 0);
	long other = mine > 1 ? mine - 1 : mine;

	same(thread_start(&thread, wait_for_flag, 0), 0, "a thread waits");
	same(hc_getpriority(PRIO_PROCESS, thread.id), mine,
	    "its nice value is that of its creator");
	same(hc_setpriority(PRIO_PROCESS, thread.id, 20 - other), 0,
	    "it is raised");
	same(hc_getpriority(PRIO_PROCESS, thread.id), other, "for the thread");
	same(hc_getpriority(PRIO_PROCESS, 0), mine, "alone");
	same(hc_sched_rr_get_interval(thread.id, (long)&slice), 0,
	    "a slice is known by the thread's number");
	/* It is 0 if the processor on which the thread sleeps is idle. */
	ok(slice.tv_sec == 0 && slice.tv_nsec >= 0, "a short one");
	same(hc_sched_rr_get_interval(4000000, (long)&slice), -ESRCH,
	    "but not of nobody");
	set_clock_flag(4);
	thread_join(&thread);
}

int
main(void)
{
	test_caps();
	test_ids();
	test_prctl();
	test_attributes();
	test_ioprio();
	test_waitv();
	test_pidfd();
	test_clocks();
	test_nice();
	return tap_done();
}
