/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers the lines of stdin, of any length: input by lines.
 */
#include <stdio.h>
#include <stdlib.h>

int
main(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	unsigned long number = 0;

	while ((length = getline(&line, &size, stdin)) > 0) {
		printf("%6lu\t", ++number);
		fwrite(line, 1, (size_t)length, stdout);
	}
	free(line);
	return 0;
}
