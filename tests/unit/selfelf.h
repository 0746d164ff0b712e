/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A test's own executable file, the one ELF file whose contents the test's
 * source determines.  It knows nothing of the readers of the file.
 */
#ifndef SELFELF_H
#define SELFELF_H

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

struct selfelf {
	const uint8_t *bytes;
	size_t size;
	uint64_t bias; /* loading added it to every address */
};

/* The kernel reports the loaded entry point, the file the linked one. */
static inline struct selfelf
selfelf_open(void)
{
	struct selfelf self;
	struct stat st;
	Elf64_Ehdr ehdr;
	void *map;
	int fd;

	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		bail("open /proc/self/exe: %s", strerror(errno));
	self.size = (size_t)st.st_size;
	map = mmap(NULL, self.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED || self.size < sizeof(ehdr))
		bail("mmap /proc/self/exe: %s", strerror(errno));
	close(fd);
	self.bytes = map;
	memcpy(&ehdr, map, sizeof(ehdr));
	self.bias = getauxval(AT_ENTRY) - ehdr.e_entry;
	return self;
}

/* A copy of just that size, so that a sanitizer sees an access past it. */
static inline uint8_t *
exact_copy(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		bail("malloc of %zu bytes", size);
	memcpy(copy, bytes, size);
	return copy;
}

/* xorshift64*: the same numbers on every machine. */
static inline uint64_t
random_number(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* Change one to eight bits of the first `size` bytes. */
static inline void
flip_bits(uint8_t *bytes, size_t size, uint64_t *state)
{
	unsigned flips = 1 + random_number(state) % 8;

	while (flips-- > 0)
		bytes[random_number(state) % size] ^=
		    (uint8_t)(1U << random_number(state) % 8);
}

/* Whether a string begins and ends inside the file. */
static inline bool
is_inside(const char *string, const uint8_t *file, size_t size)
{
	const uint8_t *s = (const uint8_t *)string;

	return s >= file && s < file + size &&
	       memchr(s, '\0', size - (size_t)(s - file)) != NULL;
}

#endif
