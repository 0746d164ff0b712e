/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ordinary program of the system's C library, for t-static.sh: it must not
 * know that it is a guest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
	char *copy = strdup(argc > 1 ? argv[1] : "nobody");

	printf("hello %s %.3f\n", copy, 1.5);
	free(copy);
	return 7;
}
