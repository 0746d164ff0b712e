/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ordinary program with threads of the system's C library, for t-static.sh:
 * it must not know that it is a guest.  It runs the part that its argument
 * names and prints a line.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 8

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_t thread[THREADS];
static long sum;

static void
run_all(void *(*function)(void *))
{
	long i;

	for (i = 0; i < THREADS; i++) {
		int r = pthread_create(&thread[i], NULL, function, (void *)i);

		if (r != 0) {
			printf("pthread_create: %s\n", strerror(r));
			exit(1);
		}
	}
	for (i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(thread[i], &result);
		sum += (long)result;
	}
}

/* Eight threads count to a thousand each, under one lock. */
static long counter;

static void *
count(void *arg)
{
	int i;

	(void)arg;

	for (i = 0; i < 1000; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

/* Each thread waits for its turn, and passes it on. */
static long turn;

static void *
take_turn(void *arg)
{
	pthread_mutex_lock(&mutex);
	while (turn != (long)arg)
		pthread_cond_wait(&cond, &mutex);
	printf("%ld", turn);
	turn++;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	return arg;
}

/* Thread-local variables. */
static _Thread_local long own = 100;
static _Thread_local char text[4000];

static void *
use_own(void *arg)
{
	own += (long)arg;
	snprintf(text, sizeof(text), "%ld", own);
	sched_yield();
	return (void *)strtol(text, NULL, 10);
}

/* All threads meet, many times. */
static pthread_barrier_t barrier;

static void *
meet(void *arg)
{
	long served = 0;
	int i;

	(void)arg;
	for (i = 0; i < 50; i++)
		served += pthread_barrier_wait(&barrier) ==
			  PTHREAD_BARRIER_SERIAL_THREAD;
	return (void *)served;
}

/* As many threads as a GiB would hold whole stacks of: all are there at once,
 * and use a part of theirs. */
#define CROWD 125

static pthread_barrier_t crowd;

static void *
use_stack(void *arg)
{
	volatile char bytes[50000];

	memset((char *)bytes, (int)(long)arg, sizeof(bytes));
	pthread_barrier_wait(&crowd);
	return (void *)(long)bytes[sizeof(bytes) / 2];
}

static void
test_crowd(void)
{
	static pthread_t t[CROWD];
	void *result;
	long i;

	pthread_barrier_init(&crowd, NULL, CROWD);
	for (i = 0; i < CROWD; i++)
		if (pthread_create(&t[i], NULL, use_stack, (void *)i) != 0) {
			printf("thread %ld: no room\n", i);
			exit(1);
		}
	for (i = 0; i < CROWD; i++) {
		pthread_join(t[i], &result);
		sum += (long)result;
	}
	printf("%ld\n", sum);
}

/* A thread ends while it holds a robust mutex. */
static pthread_mutex_t robust;

static void *
die_holding(void *arg)
{
	pthread_mutex_lock(&robust);
	return arg;
}

static void
test_robust(void)
{
	pthread_mutexattr_t attr;
	pthread_t t;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attr);
	pthread_create(&t, NULL, die_holding, NULL);
	pthread_join(t, NULL);
	puts(pthread_mutex_lock(&robust) == EOWNERDEAD ? "owner dead"
						       : "no answer");
}

static void
test_timeout(void)
{
	struct timespec soon;
	int r;

	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 20000000;
	soon.tv_sec += soon.tv_nsec / 1000000000;
	soon.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	r = pthread_cond_timedwait(&cond, &mutex, &soon);
	puts(r == ETIMEDOUT ? "timed out" : "no timeout");
}

static void *
allocate(void *arg)
{
	long i, good = 0;

	for (i = 0; i < 200; i++) {
		char *p = malloc((size_t)(i * 37 + 1));

		memset(p, (int)(long)arg, (size_t)(i * 37 + 1));
		good += p[i * 36] == (char)(long)arg;
		free(p);
	}
	return (void *)good;
}

/* The first thread ends; the program ends with the last. */
static void *
end_later(void *arg)
{
	struct timespec t = { 0, 50000000 };

	nanosleep(&t, NULL);
	puts("last");
	return arg;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "mutex") == 0) {
		run_all(count);
		printf("%ld\n", counter);
	} else if (strcmp(what, "cond") == 0) {
		run_all(take_turn);
		printf(" %ld\n", sum);
	} else if (strcmp(what, "tls") == 0) {
		run_all(use_own);
		printf("%ld %ld\n", sum, own);
	} else if (strcmp(what, "barrier") == 0) {
		pthread_barrier_init(&barrier, NULL, THREADS);
		run_all(meet);
		printf("%ld\n", sum);
	} else if (strcmp(what, "crowd") == 0) {
		test_crowd();
	} else if (strcmp(what, "malloc") == 0) {
		run_all(allocate);
		printf("%ld\n", sum);
	} else if (strcmp(what, "robust") == 0) {
		test_robust();
	} else if (strcmp(what, "timeout") == 0) {
		test_timeout();
	} else if (strcmp(what, "leave") == 0) {
		pthread_create(&thread[0], NULL, end_later, NULL);
		pthread_exit(NULL);
	} else {
		return 2;
	}
	return 0;
}
