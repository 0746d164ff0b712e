/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the checks on guest images: each kind of bad file has its own
 * sentence, and good ones are understood.
 */
#include "elfmaker.h"
#include "tap.h"

#include "image/calls.h"
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
	return r < 0 ? r : image_fits(image, RAM, RAM, error);
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
	uint64_t size = 0;
	unsigned i;

	check(file, elfmaker_make(0, file), &image, &error);
	/* In whole pages, as they are mapped. */
	for (i = 0; i < image.segments; i++) {
		const struct image_segment *s = &image.segment[i];

		size += ((s->vaddr + s->memsz + 0xfff) & ~UINT64_C(0xfff)) -
			(s->vaddr & ~UINT64_C(0xfff));
	}
	is_int(image_fits(&image, 0x402800, size, &error), 0,
	    "an image may end where addresses do, and need all memory");
	is_int(image_fits(&image, 0x4027ff, size, &error), -ENOEXEC,
	    "and not end one byte behind them");
	is_int(image_fits(&image, 0x402800, size - 1, &error), -ENOEXEC,
	    "nor need one byte more");
}

/* They end at the thread pointer, rounded up to their alignment. */
static void
test_tls(void)
{
	struct image image = { .tls_size = 0x21, .tls_align = 16 };

	is_int(image_tls_address(&image, 0x10000, 0), 0x10000 - 0x30,
	    "thread-local variables lie below the thread pointer");
	is_int(image_tls_address(&image, 0x10000, 0x20), 0x10000 - 0x10,
	    "up to the last");
	is_int(image_tls_address(&image, 0x10000, 0x21), 0, "and no further");
	is_int(image_tls_address(&image, 0, 0), 0,
	    "none is there before there is a thread pointer");
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

/* Which calls do these bytes show?  The numbers, in a text. */
static const char *
shows(const void *code, size_t size)
{
	static char text[256];
	struct image_calls calls = { 0 };
	size_t used = 0;
	uint32_t n;

	/* At the end of a page, so that a look too far ends the test. */
	uint8_t *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(page + 4096, 4096, PROT_NONE);
	memcpy(page + 4096 - size, code, size);
	image_calls_add(&calls, page + 4096 - size, size);
	munmap(page, 8192);
	text[0] = '\0';
	for (n = 0; n < IMAGE_CALLS; n++)
		if (image_calls_has(&calls, n))
			used += (size_t)sprintf(text + used, "%u ", n);
	sprintf(text + used, "of %u, %u blind", calls.sites, calls.blind);
	return text;
}

#define SHOWS(code, text, name) \
	is_str(shows(code, sizeof(code) - 1), text, name)

static void
test_calls(void)
{
	SHOWS("\xb8\x39\0\0\0\x0f\x05", "57 of 1, 0 blind",
	    "mov $57, %%eax; syscall is a call");
	SHOWS("\x48\xc7\xc0\x3b\0\0\0\x31\xff\x0f\x05", "59 of 1, 0 blind",
	    "mov $59, %%rax is, with something between");
	SHOWS("\x31\xc0\x0f\x05", "0 of 1, 0 blind", "xor %%eax, %%eax is 0");
	SHOWS("\x6a\x3c\x58\x0f\x05", "60 of 1, 0 blind",
	    "push $60; pop %%rax is a call");
	SHOWS("\x6a\x3c\x5f\x0f\x05", "of 1, 1 blind",
	    "what is popped elsewhere is none");
	SHOWS("\xb8\x01\0\0\0\xe7\x10", "1 of 1, 0 blind",
	    "the gate makes a call, too");
	SHOWS("\xb8\x01\0\0\0\xe7\x11", "of 0, 0 blind",
	    "another port is no gate");
	SHOWS("\xb8\x01\0\0\0\xb8\x02\0\0\0\x0f\x05", "2 of 1, 0 blind",
	    "the last number counts");
	SHOWS("\xb8\x01\0\0\0\x0f\x05\x0f\x05", "1 of 2, 1 blind",
	    "a number is for one call");
	SHOWS("\xb8\xff\xff\0\0\x0f\x05", "of 1, 1 blind",
	    "no call has so large a number");
	SHOWS("\x0f\x05", "of 1, 1 blind", "code may begin with a call");
	SHOWS("\xb8\x0f", "of 0, 0 blind", "and may end in the middle");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ELFMAKER_CASES; i++)
		test_case(i);
	test_layout();
	test_fits();
	test_tls();
	test_flat();
	test_calls();
	return done_testing();
}
