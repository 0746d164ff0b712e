/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The source line of an address, by an ELF file's DWARF line number
 * information.  This file must not know where the ELF file is loaded, who asks,
 * or the rest of DWARF.
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
	 * The directory of the file, unless its name is absolute.  It may be
	 * relative to the directory in which the compiler ran.  NULL if the
	 * line table does not have it: before DWARF 5 it does not for files in
	 * the compiler's directory.
	 */
	const char *dir;
	const char *file; /* as it was given to the compiler; not "" */
	uint32_t line;    /* from 1 */
};

/*
 * Find the line of the code at addr, an address as the file was linked: the
 * caller subtracts a PIE's load bias first, and 1 from a return address, to
 * stay in the line of the call.
 *
 * Reads .debug_line of DWARF 2 to 5, 32 and 64 bit.  Compressed sections are
 * not read, nor are names that a program defines (DW_LNE_define_file, which
 * DWARF 5 does not have).  The operation index of VLIW machines counts as 0.
 *
 * Returns 0; -ENOENT if the file has no line for it, or line 0, which means
 * that the code does not come from a line; -EINVAL if it is not a linked 64-bit
 * little-endian ELF file.  *line changes on success only.  The names are text
 * of the file, of any length and with any bytes: print them through
 * image_escape().
 */
int
lines_find(const uint8_t *file, size_t size, uint64_t addr, struct line *line);

#endif
