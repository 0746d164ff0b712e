/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals of every origin, one after the other, for t-programs.sh, which
 * compares novillo's trace of them with strace's.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static sigjmp_buf after;
static char *volatile page;

static void
note(int signal)
{
	(void)signal;
}

static void
leave(int signal)
{
	siglongjmp(after, signal);
}

static void
timers(void)
{
	const struct itimerval once = { { 0, 0 }, { 0, 1000 } };
	const struct itimerspec soon = { { 0, 0 }, { 0, 1000000 } };
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR2,
		.sigev_value.sival_int = 5,
	};
	sigset_t all, old;
	timer_t timer;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	setitimer(ITIMER_REAL, &once, NULL);
	sigsuspend(&old);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &soon, NULL);
	sigsuspend(&old);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void
sent(void)
{
	const union sigval value = { .sival_int = 7 };
	sigset_t one;

	kill(getpid(), SIGUSR1);
	raise(SIGUSR2);
	sigqueue(getpid(), SIGRTMIN + 1, value);
	sigemptyset(&one);
	sigaddset(&one, SIGUSR1);
	sigprocmask(SIG_BLOCK, &one, NULL);
	kill(getpid(), SIGUSR1);
	sigwaitinfo(&one, NULL); /* taken, not delivered */
	sigprocmask(SIG_UNBLOCK, &one, NULL);
}

static void
faults(void)
{
	volatile int one = 1, zero = 0;

	if (sigsetjmp(after, 1) == 0)
		*(volatile char *)page = 1;
	if (sigsetjmp(after, 1) == 0)
		*(volatile char *)16 = 1;
	if (sigsetjmp(after, 1) == 0)
		exit(one / zero);
	if (sigsetjmp(after, 1) == 0)
		__asm__ volatile("ud2");
}

int
main(void)
{
	static const int leaves[] = { SIGSEGV, SIGFPE, SIGILL };
	static const int notes[] = { SIGALRM, SIGUSR1, SIGUSR2 };
	unsigned i;

	for (i = 0; i < 3; i++) {
		signal(leaves[i], leave);
		signal(notes[i], note);
	}
	signal(SIGRTMIN + 1, note);
	/* The address is the same natively and in a guest. */
	page = mmap((void *)0x10000000, 4096, PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	timers();
	sent();
	faults();
	abort();
}
