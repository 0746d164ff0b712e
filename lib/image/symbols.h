/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an address to the function it lies in, by an ELF file's symbol table.
 * It must not know where the file is loaded, nor who asks.
 *
 * Pure: it reads the file's bytes and nothing else, allocates nothing, and
 * takes time in proportion to the file's size, whatever the bytes are.
 */
#ifndef IMAGE_SYMBOLS_H
#define IMAGE_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct symbol {
	const char *name; /* inside the file, NUL-terminated there; not "" */
	uint64_t offset;  /* from the symbol to the address, in bytes */
};

/*
 * Name the code at addr, an address as the file was linked: of a PIE's address
 * the caller subtracts the load bias first.
 *
 * A symbol names addresses of its own executable section only, from its value
 * upwards.  The best is a function whose size covers addr, then whatever
 * begins nearest; at one place a function beats an assembly label, and global
 * beats weak beats local.  .symtab is asked first, then .dynsym.
 *
 * Returns 0; -ENOENT if no symbol names addr; -EINVAL if the file is not a
 * linked 64-bit little-endian ELF file.  *sym changes on success only.  The
 * name is the file's text: whoever prints it decides what to do about control
 * characters and length.
 */
int symbols_find(
    const uint8_t *file, size_t size, uint64_t addr, struct symbol *sym);

#endif
