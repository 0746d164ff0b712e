/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The function that contains an address, and the value of a name, by an ELF
 * file's symbol tables.  This file must not know where the ELF file is loaded,
 * nor who asks.
 *
 * Pure: it reads the file's bytes and nothing else, allocates nothing, and
 * takes time in proportion to the file's size, whatever the bytes are.
 */
#ifndef IMAGE_SYMBOLS_H
#define IMAGE_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
	const char *name; /* inside the file, NUL-terminated there; not "" */
	uint64_t offset;  /* from the symbol to the address, in bytes */
};

/*
 * Name the code at addr, an address as the file was linked: the caller
 * subtracts a PIE's load bias first.
 *
 * A symbol names addresses of its own executable section only, from its value
 * upwards.  The best is a function whose size covers addr, then the symbol that
 * begins nearest; at the same address a function beats an assembly label, and
 * global beats weak beats local.  .symtab is searched first, then .dynsym.
 *
 * Returns 0; -ENOENT if no symbol names addr; -EINVAL if the file is not a
 * linked 64-bit little-endian ELF file.  *sym changes on success only.  The
 * name is text of the file, of any length and with any bytes: print it through
 * image_escape().
 */
int symbols_find(
    const uint8_t *file, size_t size, uint64_t addr, struct symbol *sym);

/*
 * The value, as the file was linked, of a defined symbol that .dynsym exports.
 * 0; -ENOENT; -EINVAL as above.
 */
int symbols_exported(
    const uint8_t *file, size_t size, const char *name, uint64_t *value);

/* The same for a symbol of .symtab, or else of .dynsym, that is not
 * thread-local. */
int symbols_value(
    const uint8_t *file, size_t size, const char *name, uint64_t *value);

/* Call each() for every named symbol of .dynsym: those that the file defines,
 * and those that it takes from others. */
void symbols_dynamic(const uint8_t *file, size_t size,
    void (*each)(void *ctx, const char *name, bool defined), void *ctx);

#endif
