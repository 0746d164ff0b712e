/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps standard input, a file, and adds up the first byte of each page: a
 * benchmark of mappings.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL

int
main(void)
{
	off_t size = lseek(STDIN_FILENO, 0, SEEK_END);
	const unsigned char *file;
	unsigned long sum = 0, i;

	if (size <= 0) {
		fprintf(stderr, "standard input is not a file\n");
		return 1;
	}
	file = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, STDIN_FILENO, 0);
	if (file == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (i = 0; i < (unsigned long)size; i += PAGE)
		sum += file[i];
	printf("%lu pages, sum %lu\n", i / PAGE, sum);
	return 0;
}
