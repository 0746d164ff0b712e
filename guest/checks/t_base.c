/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the hypercalls that describe the guest and its machine, and the signals
 * that do not end a guest.
 */
#include <errno.h>
#include <hcall.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <tap.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 0x7ffffff0 /* larger than any process number */

static void
test_limits(void)
{
	struct rlimit limit, again;

	same(getrlimit(RLIMIT_STACK, &limit), 0, "the stack has a limit");
	ok(limit.rlim_cur >= 64 * 1024, "of at least 64 KiB");
	same(hc_prlimit64(0, RLIMIT_STACK, 0, (long)&again), 0,
	    "both calls report it");
	same((long)again.rlim_cur, (long)limit.rlim_cur, "the same");
	same(getrlimit(RLIMIT_CPU, &limit), 0, "so has the time");
	limit.rlim_cur = 100000;
	same(setrlimit(RLIMIT_CPU, &limit), 0, "which can be made less");
	getrlimit(RLIMIT_CPU, &again);
	same((long)again.rlim_cur, 100000, "and then is");
	limit.rlim_cur = 2;
	limit.rlim_max = 1;
	same(hc_setrlimit(RLIMIT_CPU, (long)&limit), -EINVAL,
	    "more than it may become is EINVAL");
	same(hc_getrlimit(99, (long)&limit), -EINVAL, "there is no limit 99");
	same(hc_getrlimit(RLIMIT_CPU, 0), -EFAULT, "nowhere is EFAULT");
	same(hc_prlimit64(NOBODY, RLIMIT_CPU, 0, 0), -ESRCH,
	    "an unknown process has no limits");
}

static void
test_machine(void)
{
	unsigned long cpus[128] = { 0 };
	struct sysinfo info;
	struct rusage usage;
	long n = hc_sched_getaffinity(0, sizeof(cpus), (long)cpus);

	ok(n > 0 && n % 8 == 0, "sched_getaffinity fills whole words");
	ok(cpus[0] | cpus[n / 8 - 1], "and reports some processors");
	same(hc_sched_setaffinity(0, n, (long)cpus), 0,
	    "all can be asked for");
	memset(cpus, 0, sizeof(cpus));
	same(hc_sched_setaffinity(0, n, (long)cpus), -EINVAL, "none cannot");
	same(hc_sched_getaffinity(0, 4, (long)cpus), -EINVAL,
	    "4 bytes are too few for a set of processors");
	same(sysinfo(&info), 0, "sysinfo reports memory");
	ok(info.totalram > info.freeram && info.freeram > 0,
	    "and not all of it is used");
	same(getrusage(RUSAGE_SELF, &usage), 0,
	    "getrusage reports what was used");
	ok(usage.ru_maxrss > 0, "and it is some memory");
}

static void
test_time(void)
{
	struct timeval tv;
	struct timespec ts;
	long value[4] = { 1, 1, 1, 1 };

	same(gettimeofday(&tv, NULL), 0, "gettimeofday reports the time");
	clock_gettime(CLOCK_REALTIME, &ts);
	ok(ts.tv_sec - tv.tv_sec < 60, "and is the same for both calls");
	ok(hc_time(0) - tv.tv_sec < 60, "for the third as well");
	ok(tv.tv_usec >= 0 && tv.tv_usec < 1000000, "in microseconds");
	same(hc_clock_getres(CLOCK_MONOTONIC, (long)&ts), 0,
	    "a clock has a resolution");
	ok(ts.tv_sec == 0 && ts.tv_nsec > 0, "of less than a second");
	same(hc_clock_getres(99, (long)&ts), -EINVAL, "there is no clock 99");
	ok(hc_times(0) != 0, "times counts");
	same(hc_getitimer(0, (long)value), 0, "no timer is set");
	ok((value[0] | value[1] | value[2] | value[3]) == 0, "so it is 0");
	same(hc_alarm(0), 0, "nor is an alarm");
}

static void
test_identity(void)
{
	unsigned ids[3] = { 99, 99, 99 };

	same(hc_getresuid((long)&ids[0], (long)&ids[1], (long)&ids[2]), 0,
	    "getresuid reports users");
	ok(ids[0] == getuid() && ids[1] == geteuid(), "as one by one");
	same(hc_getresgid((long)&ids[0], (long)&ids[1], (long)&ids[2]), 0,
	    "getresgid reports groups");
	ok(ids[0] == getgid() && ids[1] == getegid(), "as one by one");
	ok(hc_getgroups(0, 0) >= 0, "and how many others there are");
	same(hc_getgroups(-1, 0), -EINVAL, "not -1");
	ok(hc_getpgrp() >= 0, "it is in a group, of a leader seen or not");
	same(hc_getpgid(0), hc_getpgrp(), "by either name");
	ok(hc_getsid(0) >= 0, "it is in a session, of a leader seen or not");
	same(hc_getpgid(NOBODY), -ESRCH,
	    "an unknown process is in none");
}

static void
test_names(void)
{
	char name[16] = "";

	same(hc_prctl(15, (long)"bull fighting, noon", 0, 0, 0), 0,
	    "a thread can be named");
	same(hc_prctl(16, (long)name, 0, 0, 0), 0, "and called");
	ok(strcmp(name, "bull fighting, ") == 0, "by 15 letters of it");
	same(hc_prctl(3, 0, 0, 0, 0), 1, "it is dumpable");
	same(hc_prctl(-1, 0, 0, 0, 0), -EINVAL, "there is no option -1");
}

static void
on_signal(int signal)
{
	(void)signal;
}

static void
test_actions(void)
{
	struct sigaction action = { .sa_handler = on_signal }, old;

	same(sigaction(SIGUSR1, &action, NULL), 0, "a handler is accepted");
	same(sigaction(SIGUSR1, NULL, &old), 0, "and kept");
	ok(old.sa_handler == on_signal, "as it is");
	action.sa_handler = SIG_IGN;
	same(sigaction(SIGUSR1, &action, &old), 0, "a signal can be ignored");
	ok(old.sa_handler == on_signal, "instead");
	same(raise(SIGUSR1), 0, "and does nothing then");
	same(hc_rt_sigaction(SIGKILL, (long)&action, 0, 8), -EINVAL,
	    "but not SIGKILL");
	same(hc_rt_sigaction(0, (long)&action, 0, 8), -EINVAL, "nor 0");
	same(hc_rt_sigaction(65, (long)&action, 0, 8), -EINVAL, "nor 65");
	same(hc_rt_sigaction(SIGUSR1, (long)&action, 0, 4), -EINVAL,
	    "nor with another kind of mask");
	same(hc_rt_sigaction(SIGUSR1, 8, 0, 8), -EFAULT,
	    "nor from nowhere");
	same(raise(SIGCHLD), 0, "SIGCHLD does nothing");
	same(raise(SIGURG), 0, "nor SIGURG");
	same(kill(getpid(), 0), 0, "signal 0 finds the guest");
	same(hc_kill(NOBODY, 0), -ESRCH, "and nobody else");
	same(hc_kill(getpid(), 99), -EINVAL, "99 is not a signal");
	same(hc_tgkill(getpid(), NOBODY, 0), -ESRCH,
	    "an unknown number is not a thread");
	same(hc_tgkill(getpid(), 0, 0), -EINVAL, "0 is not a thread's number");
}

static void
test_masks(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set, old, pending;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGKILL);
	same(sigprocmask(SIG_BLOCK, &set, &old), 0, "a signal is blocked");
	same(raise(SIGTERM), 0, "and sent");
	same(sigpending(&pending), 0, "then it waits");
	ok(sigismember(&pending, SIGTERM), "and can be asked for");
	sigaction(SIGTERM, &ignore, NULL);
	sigpending(&pending);
	ok(!sigismember(&pending, SIGTERM), "ignored, it waits no more");
	same(sigprocmask(SIG_SETMASK, &old, &set), 0, "and can be let through");
	ok(sigismember(&set, SIGTERM) && !sigismember(&set, SIGKILL),
	    "SIGKILL was never blocked");
	same(hc_rt_sigprocmask(9, (long)&set, 0, 8), -EINVAL,
	    "there is no way 9 to do it");
	same(hc_rt_sigprocmask(0, 8, 0, 8), -EFAULT, "nor one from nowhere");
}

/* The kernel's stack_t. */
struct stack {
	void *base;
	int flags;
	size_t size;
};

static void
test_stack(void)
{
	static char memory[16384];
	const struct stack mine = { memory, 0, sizeof(memory) };
	const struct stack small = { memory, 0, 100 };
	const struct stack none = { NULL, 2, 0 };
	struct stack old;

	same(hc_sigaltstack((long)&mine, (long)&old), 0,
	    "signals can have a stack");
	same(old.flags, 2, "and had none");
	same(hc_sigaltstack(0, (long)&old), 0, "it is kept");
	ok(old.base == memory && old.size == sizeof(memory) && !old.flags,
	    "as it is");
	same(hc_sigaltstack((long)&small, 0), -ENOMEM, "100 bytes are too few");
	same(hc_sigaltstack((long)&none, 0), 0, "it can be given up");
}

/* A pipe whose other end is closed. */
static void
test_broken_pipe(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int fds[2];

	sigaction(SIGPIPE, &ignore, NULL);
	if (hc_pipe((long)fds) < 0) {
		skip("pipe is not allowed", "a broken pipe is EPIPE");
		return;
	}
	hc_close(fds[0]);
	same(hc_write(fds[1], (long)"x", 1), -EPIPE,
	    "a broken pipe is EPIPE where SIGPIPE is ignored");
	hc_close(fds[1]);
}

int
main(void)
{
	test_limits();
	test_machine();
	test_time();
	test_identity();
	test_names();
	test_actions();
	test_masks();
	test_stack();
	test_broken_pipe();
	return tap_done();
}
