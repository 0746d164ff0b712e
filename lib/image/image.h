/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest images: what an ELF file or a ToroV flat image requests, checked
 * before a byte of it is loaded.  Pure: it reads no file and knows no guest.
 *
 * The caller reads the file header, then the program headers, into private
 * copies.  The copies are checked, and only the result is used.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_PHDRS    64   /* program headers that a guest may have */
#define IMAGE_SEGMENTS 16   /* segments that may be loaded */
#define IMAGE_INTERP   4096 /* bytes of an interpreter's name, with its NUL */

/* Bytes of a page; segments with different rights never share one. */
#define IMAGE_PAGE UINT64_C(4096)
/* Where ToroV's flat images are loaded (design of ToroV). */
#define IMAGE_FLAT_BASE UINT64_C(0x400200)
/* Bytes that a flat image may use, from address 0 on, as ToroV's guests have
 * RAM: Free Pascal's library for them reads tables through null pointers. */
#define IMAGE_FLAT_SPACE UINT64_C(0xc00000)
/* Where a position-independent image is loaded: past the low 4 GiB, where
 * other programs are linked, which such an image may load; and where a host
 * gives no addresses so high. */
#define IMAGE_PIE_BASE UINT64_C(0x155554000)
#define IMAGE_PIE_LOW  UINT64_C(0x400000)

/* `prot` has PROT_* bits; only a flat image's segment has both W and X. */
struct image_segment {
	uint64_t vaddr; /* as linked: add `bias` */
	uint64_t memsz;
	uint64_t offset; /* in the file */
	uint64_t filesz;
	unsigned prot;
};

struct image {
	uint64_t entry;       /* as linked */
	uint64_t bias;        /* added to every address by loading */
	uint64_t lowest, end; /* all segments lie in [lowest, end), as linked */
	uint64_t align;       /* of a position-independent image */
	uint64_t phoff;       /* program headers in the file ... */
	unsigned phnum;       /* ... and how many */
	uint64_t phdr; /* ... and in memory, as linked; 0 if not loaded */
	/* The thread-local variables of a thread (PT_TLS); 0 if none. */
	uint64_t tls_size, tls_align;
	/* The name of its interpreter in the file, with its NUL, and where its
	 * dynamic section is, as linked; lengths of 0: it has none. */
	uint64_t interp_at, interp_len;
	uint64_t dynamic, dynamic_size;
	bool pie;
	bool flat;
	unsigned segments;
	struct image_segment segment[IMAGE_SEGMENTS];
};

/* One sentence without a newline: what is wrong and where. */
struct image_error {
	char text[160];
};

/*
 * Check the first `len` bytes of a file of `size` bytes and set image->phoff
 * and phnum, which locate its program headers.  0, or -ENOEXEC and *error.
 */
int image_header(struct image *image, const void *head, size_t len,
    uint64_t size, struct image_error *error);

/*
 * Check image->phnum program headers of a file of `size` bytes and set the
 * other fields.  0, or -ENOEXEC and *error.
 */
int image_program(struct image *image, const Elf64_Phdr *phdrs, uint64_t size,
    struct image_error *error);

/* Let a position-independent image be loaded at `base`, or the next multiple of
 * its alignment.  image_program() chooses IMAGE_PIE_BASE. */
void image_place(struct image *image, uint64_t base);

/* Check the name of the interpreter: `name` are the image->interp_len bytes of
 * the file.  0, or -ENOEXEC and *error. */
int image_interp(
    const struct image *image, const char *name, struct image_error *error);

/* Describe a flat image of `size` bytes that starts at `entry`.  0, or -ENOEXEC
 * and *error. */
int image_flat(struct image *image, uint64_t entry, uint64_t size,
    struct image_error *error);

/*
 * The address of the thread-local variable at `offset`, in the thread whose FS
 * base is `tp`: the executable's variables end there (psABI 3.4.6, ELF Handling
 * For Thread-Local Storage, variant II).  0 if there is no such variable.
 */
uint64_t
image_tls_address(const struct image *image, uint64_t tp, uint64_t offset);

/* Check that the image lies in [0, ram) and needs at most `memory` bytes.  0,
 * or -ENOEXEC and *error. */
int image_fits(const struct image *image, uint64_t ram, uint64_t memory,
    struct image_error *error);

#endif
