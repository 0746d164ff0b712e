/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread wakes another, which comes for its turn, and has it at the next call
 * of the first, after which that goes on when the other waits again.
 */
#include <hcall.h>
#include <stdio.h>
#include <thread.h>

#define ROUNDS 4

static int word;
static volatile unsigned long spun;
unsigned long total;

__attribute__((noinline)) void
pass(void)
{
	hc_getpid();
	total = total * 3 + 1;
}

static void
count(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) == i)
			futex_wait(&word, i, -1);
		total = total * 3 + 2;
	}
}

/* Longer than a turn, and not long enough for a preemption. */
static void
compute(void)
{
	unsigned long i;

	for (i = 0; i < 12000000; i++)
		spun++;
}

int
main(void)
{
	static struct thread t;
	int i;

	thread_start(&t, count, NULL);
	for (i = 0; i < ROUNDS; i++) {
		compute();
		hc_getpid();
		__atomic_add_fetch(&word, 1, __ATOMIC_ACQ_REL);
		futex_wake(&word, 1);
		compute();
		pass();
	}
	thread_join(&t);
	printf("%lu\n", total);
	return 0;
}
