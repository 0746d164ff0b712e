/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program with threads and signals to be debugged by t-gdb-static.sh, which
 * knows its lines by the words in their comments.
 *
 * usage: sessions WHAT
 */
/* Line by line, also where a compiler is told to optimize whatever one says. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O0")
#endif

#define _GNU_SOURCE
#include "parts.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
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
	total += 10; /* behind the signal */
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

/* A signal that comes to a thread, by another. */
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

/* Threads come and go while a debugger is there. */
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
	};

	return RUN_PART(parts, argc, argv, 7);
}
