/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes hypercalls for a debugger to catch, as its argument says: `calls` by
 * both gates; `many`, N of them; `base`, of GS; `sleep`; `wait` and `wait
 * restart`, which a signal interrupts.
 */
#include <hcall.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <thread.h>
#include <time.h>

#define NO_SUCH_CALL 5000
#define A_WHILE      300000000 /* nanoseconds */

/* By the instruction of Linux's programs, whichever gate the guest has. */
__attribute__((noinline)) static long
by_syscall(long number)
{
	long result;

	__asm__ volatile("syscall\n"
			 ".globl after_syscall\n"
			 "after_syscall:"
			 : "=a"(result)
			 : "a"(number)
			 : "rcx", "r11", "memory");
	return result;
}

__attribute__((noinline)) long
twice(long n)
{
	return 2 * n;
}

static int
make_calls(void)
{
	long gate = hc_getppid();
	long door = by_syscall(HC_getpid);
	long none = by_syscall(NO_SUCH_CALL);

	printf("%ld %ld %ld\n", gate, door, none);
	return (int)twice(2);
}

/* Nearly all of its time is spent in calls. */
static int
make_many(long n)
{
	long sum = 0;

	while (n-- > 0)
		sum += by_syscall(HC_getpid);
	printf("%ld\n", sum);
	return 0;
}

static void
sleep_ns(long ns)
{
	const struct timespec t = { ns / 1000000000, ns % 1000000000 };

	nanosleep(&t, NULL);
}

/* A sleep that begins again after a quarter of its time is noticed. */
static int
sleep_long(long seconds)
{
	struct timespec from, to;
	long ms;

	clock_gettime(CLOCK_MONOTONIC, &from);
	sleep_ns(seconds * 1000000000);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ms = (to.tv_sec - from.tv_sec) * 1000 +
	     (to.tv_nsec - from.tv_nsec) / 1000000;
	printf("slept %s\n", ms < seconds * 1200 ? "once" : "again");
	return 6;
}

static int word;
static volatile int handled;

static void
handler(int signal)
{
	(void)signal;
	handled++;
}

static void
worker(void *arg)
{
	long *result = arg;

	*result = futex_wait(&word, 0, -1);
}

/* Without a flag only the worker uses futex. */
static int
be_interrupted(unsigned long flags)
{
	const struct sigaction action = {
		.sa_handler = handler,
		.sa_flags = flags,
	};
	static struct thread t;
	long result;

	sigaction(SIGUSR1, &action, NULL);
	if (thread_start(&t, worker, &result) < 0)
		return 1;
	sleep_ns(A_WHILE);
	hc_tgkill(hc_getpid(), t.id, SIGUSR1);
	sleep_ns(A_WHILE);
	while (__atomic_load_n(&t.tid, __ATOMIC_ACQUIRE)) {
		sleep_ns(A_WHILE);
		if (flags)
			futex_wake(&word, 1);
	}
	printf("result %ld, handled %d\n", result, handled);
	return 3;
}

/* A call that changes a register of the processor, by Linux's gate, and one
 * that reads it, by the guest's. */
static int
set_base(void)
{
	unsigned long seen = 0;
	long result;
	int read;

	word = 42;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(HC_arch_prctl), "D"(ARCH_SET_GS), "S"(&word)
			 : "rcx", "r11", "memory");
	__asm__ volatile("movl %%gs:0, %0" : "=r"(read));
	arch_prctl(ARCH_GET_GS, (unsigned long)&seen);
	printf(
	    "%ld %d %ld\n", result, read, (long)(seen - (unsigned long)&word));
	return 7;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "calls") == 0)
		return make_calls();
	if (strcmp(what, "many") == 0)
		return make_many(argc > 2 ? atol(argv[2]) : 10);
	if (strcmp(what, "sleep") == 0)
		return sleep_long(argc > 2 ? atol(argv[2]) : 4);
	if (strcmp(what, "wait") == 0)
		return be_interrupted(argc > 2 ? SA_RESTART : 0);
	if (strcmp(what, "base") == 0)
		return set_base();
	puts("caught: which calls?");
	return 2;
}
