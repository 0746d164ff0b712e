/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sections of an ELF file in memory that may be hostile.  This file must
 * not know who made the ELF file, nor what the sections mean.
 *
 * Pure: it reads the file's bytes and nothing else, and allocates nothing.
 * The file need not be aligned.  Each search costs time in proportion to the
 * number of section headers that the file has room for.
 */
#ifndef IMAGE_ELFVIEW_H
#define IMAGE_ELFVIEW_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include "image/cursor.h"

/* A file has only as many section headers, and a section as many bytes, as real
 * programs do: a sparse file may claim more than can be read in a lifetime. */
#define ELFVIEW_HEADERS (UINT64_C(1) << 20)
#define ELFVIEW_SECTION (UINT64_C(512) << 20)

/* Private; all pointers point into the caller's file. */
struct elfview {
	struct cursor file;
	struct cursor headers; /* the section headers, whole ones only */
	struct cursor names;   /* .shstrtab; empty if there is none */
};

/*
 * Open a view of the size bytes at file, which must outlive the view.  0;
 * -EINVAL if they are not a linked (ET_EXEC or ET_DYN) 64-bit little-endian ELF
 * file, or its section headers lie outside; -ENOENT if it has none.
 */
int elfview_open(struct elfview *view, const uint8_t *file, size_t size);

/* Copy the header with this index; -ENOENT if there is none. */
int
elfview_header(const struct elfview *view, uint64_t index, Elf64_Shdr *header);

/* Copy the first header of this type; -ENOENT if there is none. */
int elfview_find_type(
    const struct elfview *view, uint32_t type, Elf64_Shdr *header);

/*
 * Store the index and header of the executable section that contains link-time
 * address addr; -ENOENT if there is none.
 */
int elfview_find_code(const struct elfview *view, uint64_t addr,
    uint64_t *index, Elf64_Shdr *header);

/*
 * The bytes of a section, or of the first section of this name.  The cursor is
 * empty if the section is missing, has no bytes in the file or more than
 * ELFVIEW_SECTION, lies outside the file or is compressed.
 */
struct cursor
elfview_bytes(const struct elfview *view, const Elf64_Shdr *header);
struct cursor elfview_named(const struct elfview *view, const char *name);

#endif
