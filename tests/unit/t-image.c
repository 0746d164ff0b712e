/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the checks on guest images: each kind of bad file has its own
 * sentence, and good files are accepted.
 */
#include "elfmaker.h"
#include "tap.h"

#include "image/calls.h"
#include "image/image.h"

#include <errno.h>
#include <sys/mman.h>

#define RAM (UINT64_C(8) << 30)

/* Check the header, then the program headers it names, as bin/open.c does. */
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
	if (r == 0 && image->interp_len > 0)
		r = image_interp(
		    image, (const char *)file + image->interp_at, error);
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
	is_int(image.end, 0x402800, "the image ends after its zeros");
	size = elfmaker_make(1, file);
	check(file, size, &image, &error);
	is_int(image.bias, IMAGE_PIE_BASE, "a PIE is moved to its base");
}

/* The request of an empty segment counts for nothing. */
static void
test_empty_segment(void)
{
	uint8_t file[ELFMAKER_SIZE];
	size_t size = elfmaker_make(1, file);
	struct image_error error;
	struct image image;
	Elf64_Phdr p;

	memcpy(&p, file + sizeof(Elf64_Ehdr) + sizeof(p), sizeof(p));
	p.p_memsz = p.p_filesz = 0;
	p.p_align = UINT64_C(0xfffffffff0000000);
	memcpy(file + sizeof(Elf64_Ehdr) + sizeof(p), &p, sizeof(p));
	is_int(check(file, size, &image, &error), 0, "a segment may be empty");
	is_int(image.segments, 1, "there is one segment then");
	is_int(image.bias, IMAGE_PIE_BASE, "the empty one does not move it");
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
	/* Segments count in whole pages, as they are mapped. */
	for (i = 0; i < image.segments; i++) {
		const struct image_segment *s = &image.segment[i];

		size += ((s->vaddr + s->memsz + 0xfff) & ~UINT64_C(0xfff)) -
			(s->vaddr & ~UINT64_C(0xfff));
	}
	is_int(image_fits(&image, 0x402800, size, &error), 0,
	    "an image may end where addresses do, and need all memory");
	is_int(image_fits(&image, 0x4027ff, size, &error), -ENOEXEC,
	    "an image may not end one byte after all addresses");
	is_int(image_fits(&image, 0x402800, size - 1, &error), -ENOEXEC,
	    "an image may not need one byte more");
}

/* Thread-local variables end at the thread pointer, rounded up to their
 * alignment. */
static void
test_tls(void)
{
	struct image image = { .tls_size = 0x21, .tls_align = 16 };

	is_int(image_tls_address(&image, 0x10000, 0), 0x10000 - 0x30,
	    "thread-local variables lie below the thread pointer");
	is_int(image_tls_address(&image, 0x10000, 0x20), 0x10000 - 0x10,
	    "the last thread-local variable has an address");
	is_int(image_tls_address(&image, 0x10000, 0x21), 0,
	    "an offset past the last variable has no address");
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
	is_int(image.segment[0].vaddr, 0, "it has memory from 0");
	is_int(image.segment[1].vaddr + image.segment[1].memsz, 0xc00000,
	    "to ToroV's end");
	is_int(image.entry, IMAGE_FLAT_BASE,
	    "a flat image may start at its first byte");
	is_int(image_flat(&image, IMAGE_FLAT_BASE + 99, 100, &error), 0,
	    "a flat image may start at its last byte");
	is_int(image_flat(&image, IMAGE_FLAT_BASE + 100, 100, &error), -ENOEXEC,
	    "a flat image may not start after its last byte");
	is_int(image_flat(&image, IMAGE_FLAT_BASE - 1, 100, &error), -ENOEXEC,
	    "a flat image may not start before its first byte");
	is_int(image_flat(&image, IMAGE_FLAT_BASE, 0, &error), -ENOEXEC,
	    "an empty flat image is refused");
	is_int(image_flat(&image, IMAGE_FLAT_BASE, UINT64_MAX, &error),
	    -ENOEXEC, "a flat image that is too large is refused");
}

/* The numbers of the calls that these bytes show, as text. */
static const char *
shows(const void *code, size_t size)
{
	static char text[256];
	struct image_calls calls = { 0 };
	size_t used = 0;
	uint32_t n;

	/* The code ends at a page's end, so that an overread ends the test. */
	uint8_t *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(page + 4096, 4096, PROT_NONE);
	memcpy(page + 4096 - size, code, size);
	image_calls_add(&calls, page + 4096 - size, size, 0);
	munmap(page, 8192);
	text[0] = '\0';
	for (n = 0; n < IMAGE_CALLS; n++)
		if (image_calls_has(&calls, n))
			used += (size_t)sprintf(text + used, "%u ", n);
	sprintf(text + used, "of %u, %u blind", calls.sites, calls.blind);
	return text;
}

/* Code in two pieces, divided anywhere, shows what it shows as a whole. */
static void
test_pieces(void)
{
	/* Loads at all distances from their gates, and two gates in a row. */
	static const char calls[] = "\xb8\x01\0\0\0\x0f\x05\x0f\x05";
	uint8_t code[4 * IMAGE_CALLS_BEFORE];
	struct image_calls whole = { 0 };
	unsigned wrong = 0;
	size_t i, cut;

	memset(code, 0x90, sizeof(code));
	for (i = 0; i < 3; i++)
		memcpy(code + 11 + 61 * i, calls, sizeof(calls) - 1);
	memcpy(code + 240, "\x6a\x3c\x58", 3);
	memcpy(code + sizeof(code) - 2, "\xe7\x10", 2);
	image_calls_add(&whole, code, sizeof(code), 0);
	is_int(whole.sites, 7, "the whole has seven calls");
	for (cut = 0; cut <= sizeof(code); cut++) {
		struct image_calls parts = { 0 };
		size_t before = cut < IMAGE_CALLS_BEFORE ? cut
							 : IMAGE_CALLS_BEFORE;

		image_calls_add(&parts, code, cut, 0);
		image_calls_add(&parts, code + cut - before,
		    sizeof(code) - cut + before, before);
		wrong +=
		    parts.sites != whole.sites || parts.blind != whole.blind ||
		    memcmp(parts.bits, whole.bits, sizeof(whole.bits)) != 0;
	}
	is_int(wrong, 0, "so have its two pieces, wherever it is cut");
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
	    "a pop into another register is not a call");
	SHOWS("\xb8\x01\0\0\0\xe7\x10", "1 of 1, 0 blind",
	    "the gate also makes a call");
	SHOWS("\xb8\x01\0\0\0\xe7\x11", "of 0, 0 blind",
	    "another port is not a gate");
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
	test_empty_segment();
	test_fits();
	test_tls();
	test_flat();
	test_calls();
	test_pieces();
	return done_testing();
}
