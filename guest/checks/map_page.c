/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps the first page of standard input, a file, reads a byte of it and unmaps
 * it, as many times as its argument says: a benchmark of short mappings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL

int
main(int argc, char **argv)
{
	int i, times = argc > 1 ? atoi(argv[1]) : 1;
	unsigned long sum = 0;

	for (i = 0; i < times; i++) {
		const unsigned char *page = mmap(
		    NULL, PAGE, PROT_READ, MAP_SHARED, STDIN_FILENO, 0);

		if (page == MAP_FAILED) {
			perror("mmap");
			return 1;
		}
		sum += *page;
		if (munmap((void *)page, PAGE) != 0) {
			perror("munmap");
			return 1;
		}
	}
	printf("%d times, sum %lu\n", i, sum);
	return 0;
}
