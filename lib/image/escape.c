/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes into escapes of C.  Nothing here may know where the text is shown.
 */
#include "image/escape.h"

#include <stdio.h>
#include <string.h>

/* The escape of one byte: its length. */
static size_t
escape(char to[5], unsigned char c)
{
	static const char letters[] = "tnvfr"; /* for 9 to 13 */
	int n;

	if (c >= 9 && c <= 13)
		n = snprintf(to, 5, "\\%c", letters[c - 9]);
	else if (c >= ' ' && c < 127)
		n = snprintf(to, 5, "%c", c);
	else
		n = snprintf(to, 5, "\\%03o", c);
	return (size_t)n;
}

size_t
image_escape(char *to, size_t room, const char *text)
{
	size_t used = 0;

	for (; *text; text++) {
		char part[5];
		size_t n = escape(part, (unsigned char)*text);

		if (n >= room - used)
			break;
		memcpy(to + used, part, n);
		used += n;
	}
	to[used] = '\0';
	return used;
}
