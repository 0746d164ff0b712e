/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest images: what an ELF file or a ToroV flat image asks for, checked
 * before a byte of it is loaded.  Pure: it reads no file and knows no guest.
 *
 * The caller fetches the file header, then the program headers; what is
 * checked is the caller's private copy, and what is used is the result.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_PHDRS    64 /* program headers a guest may have */
#define IMAGE_SEGMENTS 16 /* of which loaded */

/* Where ToroV's flat images go and start (design of ToroV). */
#define IMAGE_FLAT_BASE UINT64_C(0x400200)
/* Memory a flat image may use from IMAGE_FLAT_BASE's page on. */
#define IMAGE_FLAT_SPACE UINT64_C(0x800000)
/* Where a position-independent image is put. */
#define IMAGE_PIE_BASE UINT64_C(0x400000)

/* PROT_* bits by their Linux values; a segment never has both of W and X. */
struct image_segment {
	uint64_t vaddr; /* as linked: add `bias` */
	uint64_t memsz;
	uint64_t offset; /* in the file */
	uint64_t filesz;
	unsigned prot;
};

struct image {
	uint64_t entry;       /* as linked */
	uint64_t bias;        /* what loading adds to every address */
	uint64_t lowest, end; /* all segments lie in [lowest, end), as linked */
	uint64_t phoff;       /* program headers in the file ... */
	unsigned phnum;       /* ... and how many */
	uint64_t phdr; /* ... and in memory, as linked; 0 if not loaded */
	/* Of the thread-local variables of each thread (PT_TLS); 0: none. */
	uint64_t tls_size, tls_align;
	bool pie;
	bool flat;
	unsigned segments;
	struct image_segment segment[IMAGE_SEGMENTS];
};

/* One sentence without newline: what is wrong and where. */
struct image_error {
	char text[160];
};

/*
 * Check the first `len` bytes of a file of `size` bytes and learn where its
 * program headers are: image->phoff, phnum.  0, or -ENOEXEC with *error told.
 */
int image_header(struct image *image, const void *head, size_t len,
    uint64_t size, struct image_error *error);

/*
 * Check image->phnum program headers of a file of `size` bytes and fill in
 * the rest.  0, or -ENOEXEC with *error told.
 */
int image_program(struct image *image, const Elf64_Phdr *phdrs, uint64_t size,
    struct image_error *error);

/* A flat image of `size` bytes that starts at `entry`. */
int image_flat(struct image *image, uint64_t entry, uint64_t size,
    struct image_error *error);

/*
 * Where the thread-local variable `offset` is of the thread whose FS base is
 * `tp`: the executable's come to an end there (psABI 3.4.6, ELF Handling For
 * Thread-Local Storage, variant II).  0: it has none such.
 */
uint64_t
image_tls_address(const struct image *image, uint64_t tp, uint64_t offset);

/* Does the image lie in [0, ram), and within `memory` bytes?  0, or -ENOEXEC
 * with *error told. */
int image_fits(const struct image *image, uint64_t ram, uint64_t memory,
    struct image_error *error);

#endif
