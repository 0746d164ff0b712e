/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts the lines, words and bytes of stdin, as wc(1) does.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

int
main(void)
{
	unsigned long lines = 0, words = 0, bytes = 0;
	bool in_word = false;
	int c;

	while ((c = getchar()) != EOF) {
		bytes++;
		if (c == '\n')
			lines++;
		if (!in_word && !isspace(c))
			words++;
		in_word = !isspace(c);
	}
	if (ferror(stdin)) {
		perror("wc: stdin");
		return 1;
	}
	printf("%lu %lu %lu\n", lines, words, bytes);
	return 0;
}
