/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does a round of work for each byte of its input and prints the number of
 * rounds.  At the end it prints whether its code changed since the start.
 */
#include <stdio.h>
#include <unistd.h>

#define WORK 1000000 /* a few milliseconds */

extern const unsigned char _start[], etext[];

volatile unsigned long watched;

static unsigned long
hash_code(void)
{
	const unsigned char *p = (const unsigned char *)
	    ((unsigned long)_start & ~4095UL);
	unsigned long hash = 0xcbf29ce484222325;

	for (; p < etext; p++)
		hash = (hash ^ *p) * 0x100000001b3;
	return hash;
}

static __attribute__((noinline)) unsigned long
work(unsigned long n)
{
	watched = n;
	return n * 2654435761u + 1;
}

int
main(void)
{
	unsigned long before = hash_code();
	unsigned long n, rounds, value = 0;
	char byte;

	printf("ready\n");
	fflush(stdout);
	for (rounds = 0; read(STDIN_FILENO, &byte, 1) == 1; rounds++) {
		for (n = 0; n < WORK; n++)
			value = work(value);
		printf("round %lu\n", rounds);
		fflush(stdout);
	}
	printf("%lu rounds, value %lu, code %s\n", rounds, value,
	    hash_code() == before ? "unchanged" : "changed");
	return 42;
}
