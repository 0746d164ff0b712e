/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sleeps for the seconds of its argument; a fraction is allowed.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct timespec
parse_seconds(const char *text)
{
	struct timespec length = { 0, 0 };
	char *p;
	long unit = 100000000;

	length.tv_sec = strtol(text, &p, 10);
	if (*p == '.')
		for (p++; isdigit(*p); p++, unit /= 10)
			length.tv_nsec += (*p - '0') * unit;
	return length;
}

int
main(int argc, char **argv)
{
	struct timespec length = parse_seconds(argc > 1 ? argv[1] : "1");

	if (nanosleep(&length, NULL) != 0) {
		perror("nanosleep");
		return 1;
	}
	return 0;
}
