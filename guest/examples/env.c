/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints the arguments and then the environment that the guest received, one a
 * line.
 */
#include <stdio.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	char **entry;
	int i;

	for (i = 0; i < argc; i++)
		printf("argv[%d]=%s\n", i, argv[i]);
	for (entry = environ; *entry != NULL; entry++)
		puts(*entry);
	return 0;
}
