/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints its working folder.
 */
#include <stdio.h>
#include <unistd.h>

int
main(void)
{
	char folder[256];

	if (!getcwd(folder, sizeof(folder))) {
		perror("getcwd");
		return 1;
	}
	puts(folder);
	return 0;
}
