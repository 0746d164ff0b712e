/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * getline() has a file of its own because it allocates: guests that read lines
 * into a buffer of their own need not link malloc.
 */
#include <stdio.h>
#include <stdlib.h>

/* Make room for one more byte; the old room stays valid without memory. */
static int
grow(char **line, size_t *size)
{
	size_t more = *line == NULL || *size == 0 ? 128 : *size * 2;
	char *bigger = realloc(*line, more);

	if (bigger == NULL)
		return -1;
	*line = bigger;
	*size = more;
	return 0;
}

ssize_t
getline(char **line, size_t *size, FILE *file)
{
	size_t n = 0;
	int c = 0;

	while (c != '\n' && (c = fgetc(file)) != EOF) {
		if ((*line == NULL || n + 1 >= *size) && grow(line, size) != 0)
			return -1;
		(*line)[n++] = (char)c;
	}
	if (n == 0)
		return -1;
	(*line)[n] = '\0';
	return (ssize_t)n;
}
