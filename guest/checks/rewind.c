/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest to go back in.  Its arguments are a number of rounds, how much work
 * each of them is, and whether they make no hypercalls.  Three quarters
 * through, one writes past the end of an array, into a variable that the last
 * one looks at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TRAIL 16

struct {
	volatile unsigned trail[TRAIL];
	volatile unsigned victim;
} state = { .victim = 1234 };

static __attribute__((noinline)) void
leave_trail(unsigned at, unsigned value)
{
	state.trail[at] = value;
}

/* It writes to the stack alone. */
static __attribute__((noinline)) unsigned long
work(unsigned long sum_before, unsigned long n)
{
	volatile unsigned long sum = sum_before;
	unsigned long i;

	for (i = 0; i < n; i++)
		sum = sum * 6364136223846793005 + i;
	return sum;
}

static __attribute__((noinline)) void
look_at_it(unsigned long sum)
{
	printf("victim %u, sum %lu\n", state.victim, sum);
}

int
main(int argc, char **argv)
{
	const unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	const unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	unsigned long i, sum = 0;

	for (i = 0; i < rounds; i++) {
		sum = work(sum, n);
		/* One too many. */
		leave_trail(
		    i == rounds * 3 / 4 ? TRAIL : i % TRAIL, (unsigned)i);
		if (argc < 4)
			(void)getppid();
	}
	look_at_it(sum);
	return state.victim == 1234 ? 1 : 0;
}
