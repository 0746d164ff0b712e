/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ordinary static program that only does one kind of work, to be measured
 * natively, as a guest and on the floor.  It must not know which.
 *
 * usage: work			a greeting
 *	work calls COUNT	getppid, so often
 *	work hops COUNT		two threads hand each other a ball by futex
 *	work touch MIB		each page of fresh memory, once
 *	work write MIB		words of so much memory at random, WRITES times
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WRITES 400000000

static void
call(long count)
{
	long i;

	for (i = 0; i < count; i++)
		syscall(SYS_getppid);
}

/* One per player; apart, so that they share no cache line. */
static struct {
	_Alignas(128) atomic_uint ball;
} side[2];
static long hops;

static void
play(unsigned me)
{
	long i;

	for (i = 0; i < hops / 2; i++) {
		while (side[me].ball == 0)
			syscall(SYS_futex, &side[me].ball, FUTEX_WAIT_PRIVATE,
			    0, NULL, NULL, 0);
		side[me].ball = 0;
		side[!me].ball = 1;
		syscall(SYS_futex, &side[!me].ball, FUTEX_WAKE_PRIVATE, 1, NULL,
		    NULL, 0);
	}
}

static void *
second(void *arg)
{
	(void)arg;
	play(1);
	return NULL;
}

static int
hop(long count)
{
	pthread_t thread;

	hops = count;
	side[0].ball = 1;
	if (pthread_create(&thread, NULL, second, NULL) != 0)
		return 1;
	play(0);
	return pthread_join(thread, NULL);
}

static volatile void *
fresh(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int
touch(long mib)
{
	size_t size = (size_t)mib << 20;
	volatile char *p = fresh(size);
	size_t i;

	if (!p)
		return mib != 0;
	for (i = 0; i < size; i += 4096)
		p[i] = 1;
	return 0;
}

static int
write_at_random(long mib)
{
	size_t words = ((size_t)mib << 20) / sizeof(uint64_t);
	volatile uint64_t *p = fresh(words * sizeof(uint64_t));
	uint64_t x = 1;
	long i;

	if (!p)
		return 1;
	for (i = 0; i < WRITES; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[x % words] = x;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 0;

	if (argc < 3) {
		puts("hello");
		return 0;
	}
	if (strcmp(argv[1], "hops") == 0)
		return hop(count);
	if (strcmp(argv[1], "touch") == 0)
		return touch(count);
	if (strcmp(argv[1], "write") == 0)
		return write_at_random(count);
	call(count);
	return 0;
}
