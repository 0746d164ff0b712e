/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Greets the world, or everybody that an argument names.
 */
#include <stdio.h>

int
main(int argc, char **argv)
{
	int i;

	if (argc < 2)
		printf("Hello, world!\n");
	for (i = 1; i < argc; i++)
		printf("Hello, %s!\n", argv[i]);
	return 0;
}
