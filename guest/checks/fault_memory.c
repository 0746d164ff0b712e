/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of using more memory than there is, of a mapping that counts only as far
 * as it is used.  With an argument it handles the signal, and ends well.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include "frame.h"

#define PAGE 4096UL
#define SIZE (512UL << 20)

static __attribute__((noinline)) void
use_all(volatile char *memory)
{
	unsigned long at;

	KEEP_FRAME();
	for (at = 0; at < SIZE; at += PAGE)
		memory[at] = 1;
}

static char *memory;

static void
on_signal(int signal, siginfo_t *info, void *context)
{
	unsigned long at = (unsigned long)info->si_addr;

	(void)signal;
	(void)context;
	printf("code %d, %s\n", info->si_code,
	    at - (unsigned long)memory < SIZE ? "in the mapping" : "elsewhere");
	_exit(0);
}

int
main(int argc, char **argv)
{
	const struct sigaction action = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO,
	};

	(void)argv;
	if (argc > 1)
		sigaction(SIGBUS, &action, NULL);
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	use_all(memory);
	return 0;
}
