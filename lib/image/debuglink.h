/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names by which an ELF file leads to its separate debug file (GDB manual,
 * "Separate Debug Files").  This file must not know where that lies.
 *
 * Pure: it reads the file's bytes and nothing else, and allocates nothing.
 */
#ifndef IMAGE_DEBUGLINK_H
#define IMAGE_DEBUGLINK_H

#include <stddef.h>
#include <stdint.h>

#define DEBUGLINK_NAME 256 /* bytes of a name, with its NUL */

struct debuglink {
	/* From .gnu_debuglink, a name in a folder of debug files, or "". */
	char name[DEBUGLINK_NAME];
	/* From the build id, a name below .build-id: "ab/cdef.debug", or "". */
	char id[DEBUGLINK_NAME];
};

/* A name that has a slash, or is too long, is left out. */
void debuglink_find(const uint8_t *file, size_t size, struct debuglink *link);

#endif
