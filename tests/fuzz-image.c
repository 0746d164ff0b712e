/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the checks on guest images, and what loading relies on: whatever is
 * accepted keeps the promises of image.h.
 */
#include "image/image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define RAM UINT64_C(0x4000000)

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
	if (image->segments == 0 || last != image->end + image->bias)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Elf64_Phdr phdrs[IMAGE_PHDRS];
	struct image_error error;
	struct image image;
	size_t head = size < sizeof(Elf64_Ehdr) ? size : sizeof(Elf64_Ehdr);

	if (image_header(&image, data, head, size, &error) < 0)
		return 0;
	memcpy(phdrs, data + image.phoff, image.phnum * sizeof(phdrs[0]));
	if (image_program(&image, phdrs, size, &error) == 0 &&
	    image_fits(&image, RAM, RAM, &error) == 0)
		check_promises(&image, size);
	return 0;
}
