/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes as many hypercalls as its argument says: a benchmark of the way to the
 * VMM and back.  With the second argument "time" it also prints how many
 * nanoseconds one call took.
 */
#include <hcall.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long
nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

int
main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 1000;
	long start = argc > 2 ? nanoseconds() : 0;
	long i;

	for (i = 0; i < count; i++)
		hc_getpid();
	if (argc > 2 && count > 0)
		printf("%ld ns\n", (nanoseconds() - start) / count);
	return 0;
}
