/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads in ways that other monitors get wrong, for t-programs.sh, which runs
 * this natively and as a guest.
 *
 * usage: threads WHAT
 */
#define _GNU_SOURCE
#include "parts.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* From <linux/futex.h>, which some C libraries lack. */
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1

#define ROUNDS 2000
#define CROWD  100

static _Atomic uint32_t word;
static atomic_int turn;

static long
futex(_Atomic uint32_t *at, int op, uint32_t val, const struct timespec *t)
{
	return syscall(SYS_futex, at, op, val, t, NULL, 0);
}

/* Both threads must run at once, or be preempted. */
static void *
spinner(void *arg)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		while (atomic_load(&turn) != 1)
			__builtin_ia32_pause();
		atomic_store(&turn, 0);
	}
	return arg;
}

static void
spin(void)
{
	pthread_t t;
	int i;

	pthread_create(&t, NULL, spinner, NULL);
	for (i = 0; i < ROUNDS; i++) {
		atomic_store(&turn, 1);
		while (atomic_load(&turn) != 0)
			__builtin_ia32_pause();
	}
	pthread_join(t, NULL);
	puts("handshakes without a call");
}

static void *
waker(void *arg)
{
	__asm__ volatile("pcmpeqd %%xmm15, %%xmm15" ::: "xmm15");
	usleep(20000);
	atomic_store(&word, 1);
	futex(&word, FUTEX_WAKE, 1, NULL);
	return arg;
}

/* A vector register keeps its value over a futex that blocks. */
static void
vectors(void)
{
	const uint64_t in[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };
	uint64_t out[2] = { 0, 0 };
	long r = SYS_futex;
	pthread_t t;

	pthread_create(&t, NULL, waker, NULL);
	__asm__ volatile("movdqu %2, %%xmm15\n\t"
			 "xorl %%r10d, %%r10d\n\t"
			 "syscall\n\t"
			 "movdqu %%xmm15, %1"
			 : "+a"(r), "=m"(out)
			 : "m"(in), "D"(&word), "S"((long)FUTEX_WAIT), "d"(0L)
			 : "rcx", "r10", "r11", "memory", "xmm15");
	pthread_join(t, NULL);
	printf("futex %ld, xmm15 %s\n", r,
	    memcmp(in, out, sizeof(in)) == 0 ? "kept" : "lost");
}

/* No thread ever wakes these waits: they time out, and the word is
 * unchanged. */
static void
timeouts(void)
{
	const struct timespec soon = { 0, 50000000 };
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	struct timespec t;

	atomic_store(&word, 5);
	printf("futex %ld", futex(&word, FUTEX_WAIT, 5, &soon));
	printf(" %s, word %u\n", strerror(errno), atomic_load(&word));
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += t.tv_nsec >= 950000000;
	t.tv_nsec = (t.tv_nsec + 50000000) % 1000000000;
	pthread_mutex_lock(&mutex);
	printf(
	    "cond %s\n", strerror(pthread_cond_timedwait(&cond, &mutex, &t)));
	printf("timedlock %s\n", strerror(pthread_mutex_timedlock(&mutex, &t)));
}

static void *
leaver(void *arg)
{
	(void)arg;
	puts("a thread leaves for all");
	exit(3);
}

static void
leave(void)
{
	pthread_t t;

	pthread_create(&t, NULL, leaver, NULL);
	pthread_join(t, NULL);
	puts("and nobody stays");
	exit(4);
}

static void *
member(void *arg)
{
	static _Thread_local char deep[4096];
	volatile char stack[64 * 1024];

	memset((char *)(uintptr_t)stack, 1, sizeof(stack));
	deep[0] = stack[5];
	/* Each thread gets its own arena from malloc, with its reservation. */
	free(malloc(1000));
	atomic_fetch_add(&word, (uint32_t)deep[0]);
	while (atomic_load(&turn) == 0)
		futex((_Atomic uint32_t *)&turn, FUTEX_WAIT, 0, NULL);
	return arg;
}

/* CROWD threads with the C library's default stacks, all alive. */
static void
crowd(void)
{
	static pthread_t t[CROWD];
	intptr_t sum = 0;
	void *back;
	int i, r;

	for (i = 0; i < CROWD; i++) {
		r = pthread_create(&t[i], NULL, member, (void *)(intptr_t)i);
		if (r) {
			printf("thread %d: %s\n", i, strerror(r));
			exit(1);
		}
	}
	while (atomic_load(&word) < CROWD)
		sched_yield();
	atomic_store(&turn, 1);
	futex((_Atomic uint32_t *)&turn, FUTEX_WAKE, CROWD, NULL);
	for (i = 0; i < CROWD; i++) {
		pthread_join(t[i], &back);
		sum += (intptr_t)back;
	}
	printf("%d threads, %ld\n", CROWD, (long)sum);
}

int
main(int argc, char **argv)
{
	static const struct part parts[] = {
		{ "spin", spin },
		{ "vectors", vectors },
		{ "timeouts", timeouts },
		{ "leave", leave },
		{ "crowd", crowd },
	};

	return RUN_PART(parts, argc, argv, 0);
}
