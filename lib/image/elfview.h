/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sections of an ELF file that lies in memory and may be hostile.  It must
 * not know who made the file, nor what the sections mean.
 *
 * Pure: it reads the file's bytes and nothing else, and allocates nothing.
 * The file need not be aligned.  Each search costs time in proportion to the
 * number of section headers the file really has room for.
 */
#ifndef IMAGE_ELFVIEW_H
#define IMAGE_ELFVIEW_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include "image/cursor.h"

/* Private; all pointers are into the caller's file. */
struct elfview {
	struct cursor file;
	struct cursor headers; /* the section headers, whole ones only */
	struct cursor names;   /* .shstrtab; empty if there is none */
};

/*
 * Look at the size bytes at file, which must outlive the view.
 * -EINVAL: not a linked (ET_EXEC or ET_DYN) 64-bit little-endian ELF file, or
 * its section headers lie outside; -ENOENT: it has none.
 */
int elfview_open(struct elfview *view, const uint8_t *file, size_t size);

/* The header with this index; -ENOENT if there is none. */
int
elfview_header(const struct elfview *view, uint64_t index, Elf64_Shdr *header);

/* The first header of this type; -ENOENT if there is none. */
int elfview_find_type(
    const struct elfview *view, uint32_t type, Elf64_Shdr *header);

/*
 * The index and header of the executable section that is loaded at link-time
 * address addr; -ENOENT if there is none.
 */
int elfview_find_code(const struct elfview *view, uint64_t addr,
    uint64_t *index, Elf64_Shdr *header);

/*
 * The bytes of a section, or of the first of this name: an empty cursor if it
 * is missing, has none in the file, or they lie outside the file or are
 * compressed.
 */
struct cursor
elfview_bytes(const struct elfview *view, const Elf64_Shdr *header);
struct cursor elfview_named(const struct elfview *view, const char *name);

#endif
