/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the time stamp counter by both instructions, and shows what it read: a
 * replay shows the same.
 */
#include <stdio.h>

int
main(void)
{
	unsigned long low, high, aux;
	int i;

	for (i = 0; i < 4; i++) {
		__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
		printf("%lx ", high << 32 | low);
		__asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(aux));
		printf("%lx %lu\n", high << 32 | low, aux);
	}
	return 0;
}
