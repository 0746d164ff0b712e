/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dies of touching memory that it touched before and then unmapped or
 * protected, as its argument says: the processor must not use a stale
 * translation.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "frame.h"

#define PAGE 4096UL
#define SIZE (4 * PAGE)

static __attribute__((noinline)) void
touch(volatile char *memory)
{
	KEEP_FRAME();
	memory[2 * PAGE] = 1;
}

int
main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "munmap";
	char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(memory, 1, SIZE);
	if (strcmp(how, "munmap") == 0)
		munmap(memory + PAGE, 2 * PAGE);
	else if (strcmp(how, "mprotect") == 0)
		mprotect(memory + PAGE, 2 * PAGE, PROT_READ);
	else if (strcmp(how, "mremap") == 0)
		mremap(memory, SIZE, 2 * SIZE + (4UL << 20), MREMAP_MAYMOVE);
	else if (strcmp(how, "shrink") == 0)
		mremap(memory, SIZE, PAGE, 0);
	touch(memory);
	return 0;
}
