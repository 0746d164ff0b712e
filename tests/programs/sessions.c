/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program with threads and signals for t-gdb-static.sh to debug; the test
 * finds lines by the words in their comments.
 *
 * usage: sessions WHAT
 */
/* Line by line, also with a compiler that optimizes in spite of -O0. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O0")
#endif

#define _GNU_SOURCE
#include "parts.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 3

static pthread_t thread[WORKERS];
static pthread_barrier_t barrier;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile int done, own[WORKERS], handled, total;
static __thread volatile int mine;

__attribute__((noinline)) static int
work(int self, int n)
{
	mine = self * 100;
	own[self] += n; /* first */
	mine++;         /* second */
	own[self] += n; /* third */
	pthread_mutex_lock(&mutex);
	total += n;
	pthread_mutex_unlock(&mutex);
	return own[self];
}

__attribute__((noinline)) static void *
worker(void *arg)
{
	const int self = (int)(long)arg;
	char name[16];

	snprintf(name, sizeof(name), "worker-%d", self);
	pthread_setname_np(pthread_self(), name);
	pthread_barrier_wait(&barrier);
	work(self, self + 1);
	pthread_barrier_wait(&barrier);
	return arg;
}

static void
start(void *(*function)(void *))
{
	long i;

	pthread_barrier_init(&barrier, NULL, WORKERS + 1);
	for (i = 0; i < WORKERS; i++)
		pthread_create(&thread[i], NULL, function, (void *)i);
}

static void
finish(void)
{
	int i;

	for (i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
}

static void
threads(void)
{
	start(worker);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	finish();
	printf("total %d\n", total);
}

__attribute__((noinline)) static void
handler(int signal)
{
	handled = signal; /* in the handler */
	total++;
}

__attribute__((noinline)) static void
between(void)
{
	total += 10; /* after the signal */
}

static void
signals(void)
{
	signal(SIGUSR1, handler);
	signal(SIGALRM, handler);
	raise(SIGUSR1);
	between();
	printf("handled %d total %d\n", handled, total);
}

/* One thread sends a signal to another. */
static void *
wait_for_it(void *arg)
{
	pthread_setname_np(pthread_self(), "sleeper");
	pthread_barrier_wait(&barrier);
	while (!done)
		usleep(1000);
	return arg;
}

static void
targets(void)
{
	signal(SIGUSR1, handler);
	start(wait_for_it);
	pthread_barrier_wait(&barrier);
	pthread_kill(thread[1], SIGUSR1);
	while (!handled)
		usleep(1000);
	done = 1;
	finish();
	printf("handled %d total %d\n", handled, total);
}

__attribute__((noinline)) static void
write_badly(volatile int *at)
{
	*at = 1; /* the fault */
}

static void *
fault(void *arg)
{
	pthread_barrier_wait(&barrier);
	if ((long)arg == 1) {
		pthread_setname_np(pthread_self(), "culprit");
		write_badly(NULL);
	}
	pause();
	return NULL;
}

static void
faults(void)
{
	start(fault);
	pthread_barrier_wait(&barrier);
	finish();
}

__attribute__((noinline)) static void *
compute(void *arg)
{
	pthread_barrier_wait(&barrier);
	while (!done)
		own[(long)arg]++;
	return NULL;
}

static void
spin(void)
{
	start(compute);
	pthread_barrier_wait(&barrier);
	finish();
	puts("spun");
}

/* Ticks while a debugger steps. */
static void
ticks(void)
{
	const struct itimerval often = { { 0, 500 }, { 0, 500 } };
	int i;

	signal(SIGALRM, handler);
	setitimer(ITIMER_REAL, &often, NULL);
	for (i = 0; i < 20; i++)
		between();
	while (total < 210)
		usleep(100);
	printf("ticked %d\n", total >= 210);
}

/* Threads start and end while a debugger is attached. */
static void *
pass(void *arg)
{
	return arg;
}

static void
chain(void)
{
	pthread_t t;
	int i;

	for (i = 0; i < 200; i++) {
		pthread_create(&t, NULL, pass, NULL);
		pthread_join(t, NULL);
	}
	puts("passed");
}

/*
 * Waits of WAIT_S seconds, of all kinds at once.  A debugger stops them, makes
 * each thread call a function that waits, sets `resumed`, and lets them go on:
 * each ends when its time is up, and does not begin anew.
 */
#define WAIT_S 7

static volatile double resumed;
static double ended[4];

double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *
wait_one(void *arg)
{
	const int kind = (int)(intptr_t)arg;
	struct timespec ts = { WAIT_S, 0 };
	struct timeval tv = { WAIT_S, 0 };
	struct epoll_event event;

	switch (kind) {
	case 0: nanosleep(&ts, NULL); break;
	case 1: poll(NULL, 0, WAIT_S * 1000); break;
	case 2: select(0, NULL, NULL, NULL, &tv); break;
	default: epoll_wait(epoll_create1(0), &event, 1, WAIT_S * 1000); break;
	}
	ended[kind] = now();
	return NULL;
}

static void
waits(void)
{
	static const char *const names[] = { "nanosleep", "poll", "select",
		"epoll_wait" };
	pthread_t t[4];
	double begun = now();
	int i;

	for (i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, wait_one, (void *)(intptr_t)i);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	for (i = 0; i < 4; i++)
		printf("%s: %s, %s\n", names[i],
		    ended[i] - begun < WAIT_S ? "too short" : "all its time",
		    ended[i] - resumed > WAIT_S - 0.5 ? "and all of it again"
						      : "and no more");
}

/* Code that appears where a debugger has set a hardware breakpoint: by a change
 * of rights, and by a mapping of a file. */
#define LATE ((void *)0x70000000)

static int
call_late(void)
{
	return ((int (*)(void))LATE)();
}

static void
late(void)
{
	/* mov $7, %eax; ret */
	static const unsigned char code[] = { 0xb8, 7, 0, 0, 0, 0xc3 };
	const int fixed = MAP_PRIVATE | MAP_FIXED;
	int fd = memfd_create("code", 0);

	mmap(LATE, 4096, PROT_READ | PROT_WRITE, fixed | MAP_ANONYMOUS, -1, 0);
	memcpy(LATE, code, sizeof(code));
	mprotect(LATE, 4096, PROT_READ | PROT_EXEC);
	total = call_late();
	munmap(LATE, 4096);
	if (write(fd, code, sizeof(code)) != sizeof(code))
		return;
	mmap(LATE, 4096, PROT_READ | PROT_EXEC, fixed, fd, 0);
	total += call_late();
	printf("late %d\n", total);
}

int
main(int argc, char **argv)
{
	static const struct part parts[] = {
		{ "threads", threads },
		{ "signals", signals },
		{ "targets", targets },
		{ "faults", faults },
		{ "spin", spin },
		{ "ticks", ticks },
		{ "chain", chain },
		{ "waits", waits },
		{ "late", late },
	};

	return RUN_PART(parts, argc, argv, 7);
}
