/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that go on for ever, for a debugger that stops one of them: the first
 * counts without a pause, and two others visit a function now and then.  They
 * end when a debugger sets `enough`.
 */
#include <stdio.h>
#include <thread.h>
#include <time.h>

volatile int enough;
volatile long ticks;
volatile long visits[2];

__attribute__((noinline)) void
visit(long me)
{
	visits[me]++;
	__asm__ volatile("" ::: "memory");
}

static void
visitor(void *arg)
{
	const struct timespec pause = { 0, 1000000 };

	while (!enough) {
		visit((long)arg);
		nanosleep(&pause, NULL);
	}
}

int
main(void)
{
	struct thread threads[2];
	long i;

	for (i = 0; i < 2; i++)
		if (thread_start(&threads[i], visitor, (void *)i) < 0)
			return 1;
	while (!enough)
		ticks++;
	for (i = 0; i < 2; i++)
		thread_join(&threads[i]);
	puts("enough");
	return 0;
}
