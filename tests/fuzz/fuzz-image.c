/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the checks on guest images, and the properties that loading relies on:
 * every accepted image keeps the promises of image.h.
 */
#include "image/image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define RAM (UINT64_C(8) << 30)
/* An input is the start of a file that is longer by this factor: checks look at
 * headers only, and so do changes of the input. */
#define LONGER 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Abort if an accepted image could be loaded out of place. */
static void
check_promises(const struct image *image, uint64_t size)
{
	uint64_t last = 0;
	unsigned i;

	for (i = 0; i < image->segments; i++) {
		const struct image_segment *s = &image->segment[i];
		uint64_t va = s->vaddr + image->bias;

		if (va < 4096 || va < last || s->memsz == 0 || va > RAM ||
		    s->memsz > RAM - va || s->filesz > s->memsz ||
		    s->offset > size || s->filesz > size - s->offset ||
		    (s->prot & (PROT_WRITE | PROT_EXEC)) ==
			(PROT_WRITE | PROT_EXEC))
			abort();
		last = va + s->memsz;
	}
	if (image->interp_len > IMAGE_INTERP || image->interp_at > size ||
	    image->interp_len > size - image->interp_at)
		abort();
	if (image->segments == 0 || last != image->end + image->bias)
		abort();
}

/* Is there no interpreter, or the name of one? */
static bool
has_name(const struct image *image, const uint8_t *data, size_t size,
    struct image_error *error)
{
	if (image->interp_len == 0)
		return true;
	return image->interp_at <= size &&
	       image->interp_len <= size - image->interp_at &&
	       image_interp(
		   image, (const char *)data + image->interp_at, error) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Elf64_Phdr phdrs[IMAGE_PHDRS];
	struct image_error error;
	struct image image;
	size_t head = size < sizeof(Elf64_Ehdr) ? size : sizeof(Elf64_Ehdr);
	size_t table;

	if (image_header(&image, data, head, size * LONGER, &error) < 0)
		return 0;
	table = image.phnum * sizeof(phdrs[0]);
	if (image.phoff > size || table > size - image.phoff)
		return 0;
	memcpy(phdrs, data + image.phoff, table);
	if (image_program(&image, phdrs, size * LONGER, &error) == 0 &&
	    has_name(&image, data, size, &error) &&
	    image_fits(&image, RAM, RAM, &error) == 0)
		check_promises(&image, size * LONGER);
	return 0;
}
