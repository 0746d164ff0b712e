/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs many threads against each other: `torture WHAT [N]`.  It ends with
 * status 0 on success.
 *
 *	chain N		N threads, one after the other
 *	crowd N		N threads at once
 *	flood N		as many as possible, N at most; prints how many
 *	fight N		one thread takes away, N times, the pages that another
 *			hands to hypercalls, and a third reads others that are
 *			only made read-only; reads standard input, writes to
 *			standard output
 *	withdraw	one thread takes away pages into which a read of another
 *			waits; prints what the read has left in them
 *	last N		the first thread ends itself with status N, another last
 *	all N		a thread ends all with status N while others wait
 *	spin		two threads compute without end
 *	doze		one thread waits for a futex, another for input
 *	beat N		one thread waits while another counts to N, with pauses
 */
#include <hcall.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <thread.h>
#include <time.h>
#include <unistd.h>

#define CROWD_MAX 1000

static struct thread threads[CROWD_MAX];
static int go; /* a crowd waits for it */
static int done;

static void
count(void *arg)
{
	(void)arg;
	__atomic_add_fetch(&done, 1, __ATOMIC_ACQ_REL);
}

static int
chain(long n)
{
	long i;

	for (i = 0; i < n; i++) {
		memset(&threads[0], 0, sizeof(threads[0]));
		if (thread_start(&threads[0], count, NULL) < 0)
			return 1;
		thread_join(&threads[0]);
	}
	return done == n ? 0 : 1;
}

static void
wait_to_count(void *arg)
{
	while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
		futex_wait(&go, 0, -1);
	count(arg);
}

static long
gather(long n)
{
	long i;

	for (i = 0; i < n && i < CROWD_MAX; i++)
		if (thread_start(&threads[i], wait_to_count, NULL) < 0)
			break;
	return i;
}

static int
scatter(long n)
{
	long i;

	__atomic_store_n(&go, 1, __ATOMIC_RELEASE);
	futex_wake(&go, CROWD_MAX);
	for (i = 0; i < n; i++)
		thread_join(&threads[i]);
	return done == n ? 0 : 1;
}

static int
crowd(long n)
{
	long there = gather(n);

	return scatter(there) || there != n;
}

static int
flood(long n)
{
	long there = gather(n);

	printf("%ld\n", there);
	return scatter(there);
}

#define FIELD (64 * 4096)

static char *field;
static char *shelf; /* readable always, writable at times */

static void
read_shelf(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
		(void)*(volatile char *)shelf;
}

/* Hypercalls into pages that come and go: any result is right. */
static void
use_field(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; !__atomic_load_n(&done, __ATOMIC_ACQUIRE); i++) {
		char *at = field + (i % 64) * 4096;

		hc_uname((long)at);
		hc_getrandom((long)at, 4096, 0);
		hc_clock_gettime(CLOCK_MONOTONIC, (long)(at + 8));
		hc_futex((long)at, 0, 1, 0, 0, 0);
		hc_read(0, (long)at, 8192);
		hc_write(1, (long)at, 8192);
		hc_readv(0, (long)at, 3);
	}
}

static void
take_field(long n)
{
	long i;

	for (i = 0; i < n; i++) {
		char *at = field + (i % 61) * 4096;

		mprotect(at, 3 * 4096, PROT_READ);
		mprotect(at, 3 * 4096, PROT_NONE);
		mprotect(at, 3 * 4096, PROT_READ | PROT_WRITE);
		mprotect(shelf, 4096, PROT_READ);
		mprotect(shelf, 4096, PROT_READ | PROT_WRITE);
		*shelf = 1;
		munmap(at, 4096);
		mmap(at, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	}
}

static int
fight(long n)
{
	field = mmap(NULL, FIELD + 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	shelf = field + FIELD;
	if (field == MAP_FAILED ||
	    thread_start(&threads[0], use_field, NULL) < 0 ||
	    thread_start(&threads[1], read_shelf, NULL) < 0)
		return 1;
	take_field(n);
	__atomic_store_n(&done, 1, __ATOMIC_RELEASE);
	thread_join(&threads[0]);
	thread_join(&threads[1]);
	return 0;
}

#define PAGE 4096

static int line[2]; /* a pipe */

/* The pages become read-only, become inaccessible, are unmapped, are replaced,
 * are replaced by inaccessible ones, and stay as they are, in this order. */
static void
withdraw_field(void)
{
	mprotect(field, PAGE, PROT_READ);
	mprotect(field + PAGE, PAGE, PROT_NONE);
	munmap(field + 2 * PAGE, PAGE);
	mmap(field + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	mmap(field + 4 * PAGE, PAGE, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void
withdraw_later(void *arg)
{
	static char bytes[6 * PAGE];
	const struct timespec while_longer = { 0, 50000000 };

	(void)arg;
	while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
		hc_sched_yield();
	nanosleep(&while_longer, NULL);
	withdraw_field();
	memset(bytes, 'w', sizeof(bytes));
	write(line[1], bytes, sizeof(bytes));
}

/* Any page may hold the bytes or not, and the read fail: but the same each time
 * that it is replayed. */
static int
withdraw(long n)
{
	long got;
	int i;

	(void)n;
	field = mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (field == MAP_FAILED || pipe(line) < 0 ||
	    thread_start(&threads[0], withdraw_later, NULL) < 0)
		return 1;
	__atomic_store_n(&go, 1, __ATOMIC_RELEASE);
	got = hc_read(line[0], (long)field, 6 * PAGE);
	thread_join(&threads[0]);
	mprotect(field + PAGE, PAGE, PROT_READ);
	mprotect(field + 4 * PAGE, PAGE, PROT_READ);
	mmap(field + 2 * PAGE, PAGE, PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	for (i = 0; i < 6; i++)
		printf("%d ", field[i * PAGE]);
	printf("after %ld\n", got);
	return 0;
}

static void
end_later(void *arg)
{
	const struct timespec while_longer = { 0, 50000000 };

	(void)arg;
	nanosleep(&while_longer, NULL);
	hc_exit(99);
}

static int
last(long n)
{
	thread_start(&threads[0], end_later, NULL);
	hc_exit(n);
	return 1;
}

static void
end_all(void *arg)
{
	hc_exit_group((long)arg);
}

static int
all(long n)
{
	gather(5);
	thread_start(&threads[5], end_all, (void *)n);
	for (;;)
		futex_wait(&go, 0, -1);
	return 1;
}

static void
compute(void *arg)
{
	volatile long *n = arg;

	for (;;)
		++*n;
}

static int
spin(long n)
{
	static long counts[2];

	(void)n;
	thread_start(&threads[0], compute, &counts[0]);
	compute(&counts[1]);
	return 1;
}

static void
read_on(void *arg)
{
	char c;

	(void)arg;
	while (hc_read(0, (long)&c, 1) == 1)
		;
}

static int
doze(long n)
{
	(void)n;
	thread_start(&threads[0], read_on, NULL);
	thread_start(&threads[1], wait_to_count, NULL);
	thread_join(&threads[1]);
	return 1;
}

static void beat_once(void) __attribute__((noinline));

static void
beat_once(void)
{
	const struct timespec pause = { 0, 5000000 };

	nanosleep(&pause, NULL);
	count(NULL);
}

static void
beat_on(void *arg)
{
	long n = (long)arg;

	while (n-- > 0)
		beat_once();
	__atomic_store_n(&go, 1, __ATOMIC_RELEASE);
	futex_wake(&go, 1);
}

static int
beat(long n)
{
	thread_start(&threads[0], beat_on, (void *)n);
	while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
		futex_wait(&go, 0, -1);
	thread_join(&threads[0]);
	return done == n ? 0 : 1;
}

static const struct {
	const char *name;
	int (*run)(long n);
} tortures[] = {
	{ "chain", chain },
	{ "crowd", crowd },
	{ "flood", flood },
	{ "fight", fight },
	{ "withdraw", withdraw },
	{ "last", last },
	{ "all", all },
	{ "spin", spin },
	{ "doze", doze },
	{ "beat", beat },
};

int
main(int argc, char **argv)
{
	long n = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(tortures) / sizeof(tortures[0]); i++)
		if (strcmp(argv[1], tortures[i].name) == 0)
			return tortures[i].run(n);
	puts("usage: torture WHAT [N]");
	return 2;
}
