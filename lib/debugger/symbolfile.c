/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Searches in mapped ELF files.  Nothing here may know what they look for.
 */
#include "debugger/symbolfile.h"

#include <sys/mman.h>
#include <unistd.h>

bool
debugger_symbol(int fd, debugger_search *search, const char *name,
    uint64_t bias, uint64_t *value)
{
	off_t size = lseek(fd, 0, SEEK_END);
	uint8_t *file;
	int r;

	if (size <= 0)
		return false;
	file = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED)
		return false;
	r = search(file, (size_t)size, name, value);
	(void)munmap(file, (size_t)size);
	if (r == 0)
		*value += bias;
	return r == 0;
}
