/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hot loop for debuggers: as many rounds as the first argument says, each one
 * write to a page at WATCHED.  The second argument is the byte of the page that
 * is written.
 */
#include <stdlib.h>
#include <sys/mman.h>

#define WATCHED ((void *)0x10000000)
#define PAGE    4096

int
main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000;
	unsigned long at = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	volatile unsigned char *page = mmap(WATCHED, PAGE,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
	    0);
	unsigned long n;

	if (page != WATCHED || at >= PAGE)
		return 1;
	for (n = 0; n < rounds; n++)
		page[at] = (unsigned char)n;
	return 0;
}
