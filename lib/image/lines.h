/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an address to the source line it was made from, by an ELF file's
 * DWARF line number information.  It must not know where the file is loaded,
 * nor who asks, nor the rest of DWARF.
 *
 * Pure: it reads the file's bytes and nothing else, allocates nothing, and
 * takes time in proportion to the file's size, whatever the bytes are.
 */
#ifndef IMAGE_LINES_H
#define IMAGE_LINES_H

#include <stddef.h>
#include <stdint.h>

/* Strings are inside the file, and NUL-terminated there. */
struct line {
	/*
	 * Where the file is, unless its name is absolute.  May itself be
	 * relative to the directory the compiler ran in.  NULL if the line
	 * table does not say, as before DWARF 5 it does not for files in that
	 * directory.
	 */
	const char *dir;
	const char *file; /* as the compiler was given it; not "" */
	uint32_t line;    /* from 1 */
};

/*
 * Find the line of the code at addr, an address as the file was linked: of a
 * PIE's address the caller subtracts the load bias first.  Of a return address
 * the caller subtracts 1, to stay in the call's line.
 *
 * Reads .debug_line of DWARF 2 to 5, 32 and 64 bit.  Not read: compressed
 * sections, and names a program defines on its way (DW_LNE_define_file, which
 * DWARF 5 has no more).  The operation index of VLIW machines is taken for 0.
 *
 * Returns 0; -ENOENT if the file does not say, or says line 0, which means that
 * the code comes from no line; -EINVAL if it is not a linked 64-bit
 * little-endian ELF file.  *line changes on success only.  The names are the
 * file's text: whoever prints them decides what to do about control characters
 * and length.
 */
int
lines_find(const uint8_t *file, size_t size, uint64_t addr, struct line *line);

#endif
