/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads standard input, a file, from start to end in blocks of 1 MiB, as many
 * times as its argument says: a benchmark of read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char block[1 << 20];

int
main(int argc, char **argv)
{
	int passes = argc > 1 ? atoi(argv[1]) : 1;
	unsigned long bytes = 0;
	ssize_t n;

	while (passes-- > 0) {
		if (lseek(STDIN_FILENO, 0, SEEK_SET) != 0) {
			fprintf(stderr, "standard input is not a file\n");
			return 1;
		}
		while ((n = read(STDIN_FILENO, block, sizeof(block))) > 0)
			bytes += (unsigned long)n;
		if (n < 0) {
			perror("read");
			return 1;
		}
	}
	printf("%lu bytes\n", bytes);
	return 0;
}
