/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of names in a whole ELF file, which is open.  It must not know what a
 * name stands for.
 */
#ifndef DEBUGGER_SYMBOLFILE_H
#define DEBUGGER_SYMBOLFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* symbols_exported() or symbols_value() of image/symbols.h. */
typedef int debugger_search(
    const uint8_t *file, size_t size, const char *name, uint64_t *value);

/*
 * The value of `name` in the file `fd`, as the file is loaded with `bias`.
 * False: the search does not find it, or the file cannot be mapped.  A file
 * that becomes shorter during the search reads as zeros from there on
 * (bin/lostpage.c).
 */
bool debugger_symbol(int fd, debugger_search *search, const char *name,
    uint64_t bias, uint64_t *value);

#endif
