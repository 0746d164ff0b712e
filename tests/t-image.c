/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the checks on guest images: each kind of bad file has its own
 * sentence, and good ones are understood.
 */
#include "elfmaker.h"
#include "tap.h"

#include "image/image.h"

#include <errno.h>
#include <sys/mman.h>

#define RAM (UINT64_C(64) << 20)

/* As bin/open.c does it: the header, then the program headers it names. */
static int
check(const uint8_t *file, size_t size, struct image *image,
    struct image_error *error)
{
	Elf64_Phdr phdrs[IMAGE_PHDRS];
	int r = image_header(image, file,
	    size < sizeof(Elf64_Ehdr) ? size : sizeof(Elf64_Ehdr), size, error);

	if (r < 0)
		return r;
	memcpy(phdrs, file + image->phoff, image->phnum * sizeof(phdrs[0]));
	r = image_program(image, phdrs, size, error);
	return r < 0 ? r : image_fits(image, RAM, error);
}

static void
test_case(size_t i)
{
	uint8_t file[ELFMAKER_SIZE];
	size_t size = elfmaker_make(i, file);
	struct image_error error = { "" };
	struct image image;
	int r = check(file, size, &image, &error);

	if (!elfmaker_cases[i].sentence) {
		is_int(r, 0, "a %s file is accepted", elfmaker_cases[i].name);
		return;
	}
	ok(r == -ENOEXEC && strstr(error.text, elfmaker_cases[i].sentence),
	    "%s is refused: %s", elfmaker_cases[i].name, error.text);
}

static void
test_layout(void)
{
	uint8_t file[ELFMAKER_SIZE];
	struct image_error error;
	struct image image;
	size_t size = elfmaker_make(0, file);

	check(file, size, &image, &error);
	is_int(image.segments, 2, "two segments are found");
	is_int(image.phdr, 0x400040, "program headers are found in memory");
	is_int(image.bias, 0, "an ET_EXEC image stays where it is linked");
	is_int(image.segment[0].prot, PROT_READ | PROT_EXEC,
	    "text is readable and executable");
	is_int(image.segment[1].prot, PROT_READ | PROT_WRITE,
	    "data is readable and writable");
	is_int(image.end, 0x402800, "the image ends behind its zeros");
	size = elfmaker_make(1, file);
	check(file, size, &image, &error);
	is_int(image.bias, IMAGE_PIE_BASE, "a PIE is moved to its base");
}

static void
test_fits(void)
{
	uint8_t file[ELFMAKER_SIZE];
	struct image_error error;
	struct image image;

	check(file, elfmaker_make(0, file), &image, &error);
	is_int(image_fits(&image, 0x402800, &error), 0,
	    "an image may end where memory does");
	is_int(image_fits(&image, 0x4027ff, &error), -ENOEXEC,
	    "and not one byte behind it");
}

static void
test_flat(void)
{
	struct image_error error;
	struct image image;

	is_int(image_flat(&image, IMAGE_FLAT_BASE, 100, &error), 0,
	    "a flat image is taken");
	is_int(image.entry, IMAGE_FLAT_BASE, "and starts at its start");
	is_int(image_flat(&image, IMAGE_FLAT_BASE + 99, 100, &error), 0,
	    "or at its last byte");
	is_int(image_flat(&image, IMAGE_FLAT_BASE + 100, 100, &error), -ENOEXEC,
	    "but not behind it");
	is_int(image_flat(&image, IMAGE_FLAT_BASE - 1, 100, &error), -ENOEXEC,
	    "nor before it");
	is_int(image_flat(&image, IMAGE_FLAT_BASE, 0, &error), -ENOEXEC,
	    "an empty flat image is refused");
	is_int(image_flat(&image, IMAGE_FLAT_BASE, UINT64_MAX, &error),
	    -ENOEXEC, "and one that is too large");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ELFMAKER_CASES; i++)
		test_case(i);
	test_layout();
	test_fits();
	test_flat();
	return done_testing();
}
