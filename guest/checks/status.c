/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends with the status, and in the way, that its arguments give.
 */
#include <hcall.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	int status = argc > 1 ? atoi(argv[1]) : 0;
	const char *way = argc > 2 ? argv[2] : "return";

	if (strcmp(way, "exit") == 0)
		exit(status);
	if (strcmp(way, "_exit") == 0) /* exit_group: the whole guest */
		_exit(status);
	if (strcmp(way, "thread") == 0) /* exit: its only thread */
		hc_exit(status);
	if (strcmp(way, "abort") == 0)
		abort();
	if (strcmp(way, "kill") == 0)
		return raise(status);
	if (strcmp(way, "return") == 0)
		return status;
	fprintf(stderr, "usage: status N [return|exit|_exit|thread|abort|kill]\n");
	return 2;
}
