/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads from a page of a mapping past the end of its file, which is standard
 * input: SIGBUS.
 */
#include <stdio.h>
#include <sys/mman.h>

#define PAGE 4096UL

int
main(void)
{
	volatile char *file = mmap(
	    NULL, 64 * PAGE, PROT_READ, MAP_PRIVATE, 0, 0);

	if (file == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	printf("it begins with '%c'\n", file[0]);
	fflush(stdout);
	return file[63 * PAGE];
}
