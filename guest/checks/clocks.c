/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a clock argv[1] times by the vDSO, and shows the first and the last
 * time.  Tests observe the calls from outside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <frame.h>

__attribute__((noinline)) static long
read_clock(void)
{
	struct timespec now;

	KEEP_FRAME();
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

int
main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1;
	long first = read_clock(), last = first;

	while (--n > 0)
		last = read_clock();
	printf("%ld %ld\n", first, last);
	return last < first;
}
