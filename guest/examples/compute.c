/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Computes without a hypercall: counts the primes below its argument.  It shows
 * how fast guest code runs, and a debugger can interrupt it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool
is_prime(unsigned long n)
{
	unsigned long d;

	for (d = 2; d <= n / d; d++)
		if (n % d == 0)
			return false;
	return n >= 2;
}

int
main(int argc, char **argv)
{
	unsigned long limit = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
	unsigned long n, count = 0;

	for (n = 0; n < limit; n++)
		if (is_prime(n))
			count++;
	printf("%lu\n", count);
	return 0;
}
