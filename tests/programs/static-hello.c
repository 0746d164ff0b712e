/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ordinary program of the system's C library, for t-static.sh: it must not
 * know that it is a guest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	char *copy = strdup(argc > 1 ? argv[1] : "nobody");

	printf("hello %s %.3f\n", copy, 1.5);
	free(copy);
	printf("a cache of %ld bytes\n", sysconf(_SC_LEVEL1_DCACHE_SIZE));
	return 7;
}
