/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks on guest images.  Pure: nothing here may read a file or know a
 * guest.
 */
#include "image/image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* An end up to this can be rounded up to its page. */
#define ADDRESS_END (UINT64_MAX - IMAGE_PAGE)

static __attribute__((format(printf, 2, 3))) int
bad(struct image_error *error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error->text, sizeof(error->text), format, ap);
	va_end(ap);
	return -ENOEXEC;
}

static const char *
machine_name(unsigned machine)
{
	switch (machine) {
	case EM_386: return "32-bit x86";
	case EM_ARM: return "32-bit ARM";
	case EM_AARCH64: return "64-bit ARM";
	case EM_RISCV: return "RISC-V";
	case EM_PPC64: return "64-bit PowerPC";
	case EM_S390: return "S/390";
	default: return "another machine";
	}
}

static int
check_ident(const unsigned char *ident, size_t len, uint64_t size,
    struct image_error *error)
{
	if (size == 0)
		return bad(error, "the file is empty");
	if (len < SELFMAG || memcmp(ident, ELFMAG, SELFMAG) != 0)
		return bad(
		    error, "not an ELF file (a ToroV flat image needs --flat)");
	if (len < sizeof(Elf64_Ehdr))
		return bad(error,
		    "truncated: %" PRIu64 " bytes do not hold an ELF header",
		    size);
	if (ident[EI_CLASS] != ELFCLASS64)
		return bad(error, "a 32-bit ELF file, 64-bit is needed");
	if (ident[EI_DATA] != ELFDATA2LSB)
		return bad(error, "a big-endian ELF file");
	if (ident[EI_VERSION] != EV_CURRENT)
		return bad(
		    error, "ELF version %u, 1 is needed", ident[EI_VERSION]);
	return 0;
}

static int
check_type(const Elf64_Ehdr *e, struct image_error *error)
{
	if (e->e_machine != EM_X86_64)
		return bad(error, "made for %s (ELF machine %u), not x86-64",
		    machine_name(e->e_machine), e->e_machine);
	if (e->e_type == ET_REL)
		return bad(error, "an object file that is not linked yet");
	if (e->e_type == ET_CORE)
		return bad(error, "a core file, not a program");
	if (e->e_type != ET_EXEC && e->e_type != ET_DYN)
		return bad(
		    error, "ELF type %u is not an executable", e->e_type);
	if (e->e_phentsize != sizeof(Elf64_Phdr))
		return bad(error, "program headers of %u bytes, not %zu",
		    e->e_phentsize, sizeof(Elf64_Phdr));
	if (e->e_phnum == 0)
		return bad(error, "no program headers");
	if (e->e_phnum > IMAGE_PHDRS)
		return bad(error, "%u program headers, at most %d are allowed",
		    e->e_phnum, IMAGE_PHDRS);
	return 0;
}

int
image_header(struct image *image, const void *head, size_t len, uint64_t size,
    struct image_error *error)
{
	Elf64_Ehdr e;
	int r = check_ident(head, len, size, error);

	if (r < 0)
		return r;
	memcpy(&e, head, sizeof(e));
	r = check_type(&e, error);
	if (r < 0)
		return r;
	if (e.e_phoff > size ||
	    e.e_phnum * sizeof(Elf64_Phdr) > size - e.e_phoff)
		return bad(error,
		    "truncated: program headers at %" PRIu64
		    " reach past the file's %" PRIu64 " bytes",
		    (uint64_t)e.e_phoff, size);
	*image = (struct image){
		.entry = e.e_entry,
		.pie = e.e_type == ET_DYN,
		.phoff = e.e_phoff,
		.phnum = e.e_phnum,
	};
	return 0;
}

static unsigned
prot_of(uint32_t flags)
{
	return (flags & PF_R ? PROT_READ : 0U) |
	       (flags & PF_W ? PROT_WRITE : 0U) |
	       (flags & PF_X ? PROT_EXEC : 0U);
}

/* Check one PT_LOAD by itself; `i` is the number of its program header. */
static int
check_segment(const Elf64_Phdr *p, unsigned i, bool pie, uint64_t size,
    struct image_error *error)
{
	if (p->p_filesz > p->p_memsz)
		return bad(error,
		    "segment %u has %" PRIu64 " bytes in the file but only"
		    " %" PRIu64 " in memory",
		    i, (uint64_t)p->p_filesz, (uint64_t)p->p_memsz);
	if (p->p_offset > size || p->p_filesz > size - p->p_offset)
		return bad(error,
		    "truncated: segment %u needs %" PRIu64 " bytes at %" PRIu64
		    ", the file has %" PRIu64,
		    i, (uint64_t)p->p_filesz, (uint64_t)p->p_offset, size);
	if (p->p_vaddr > ADDRESS_END || p->p_memsz > ADDRESS_END - p->p_vaddr)
		return bad(error,
		    "segment %u at 0x%" PRIx64 " wraps around the end of the"
		    " address space",
		    i, (uint64_t)p->p_vaddr);
	if (p->p_align & (p->p_align - 1))
		return bad(error,
		    "segment %u is misaligned: %" PRIu64
		    " is not a power of two",
		    i, (uint64_t)p->p_align);
	if (p->p_align > 1 &&
	    ((p->p_vaddr - p->p_offset) & (p->p_align - 1)) != 0)
		return bad(error,
		    "segment %u is misaligned: address 0x%" PRIx64
		    " and offset 0x%" PRIx64 " differ modulo 0x%" PRIx64,
		    i, (uint64_t)p->p_vaddr, (uint64_t)p->p_offset,
		    (uint64_t)p->p_align);
	if ((p->p_flags & PF_W) && (p->p_flags & PF_X))
		return bad(error, "segment %u is writable and executable", i);
	if (!pie && p->p_vaddr < IMAGE_PAGE)
		return bad(error,
		    "segment %u at 0x%" PRIx64
		    " lies in page 0, which stays absent",
		    i, (uint64_t)p->p_vaddr);
	return 0;
}

/* Check a PT_LOAD against the one before it. */
static int
check_order(const struct image_segment *last, const Elf64_Phdr *p, unsigned i,
    struct image_error *error)
{
	uint64_t end = last->vaddr + last->memsz;

	if (p->p_vaddr < end)
		return bad(error,
		    "segment %u at 0x%" PRIx64
		    " overlaps or precedes the segment that ends at 0x%" PRIx64,
		    i, (uint64_t)p->p_vaddr, end);
	if (p->p_vaddr / IMAGE_PAGE == (end - 1) / IMAGE_PAGE &&
	    prot_of(p->p_flags) != last->prot)
		return bad(error,
		    "segment %u shares the page at 0x%" PRIx64
		    " with a segment of other permissions",
		    i, (uint64_t)(p->p_vaddr & ~(IMAGE_PAGE - 1)));
	return 0;
}

static int
add_segment(struct image *image, const Elf64_Phdr *p, unsigned i, uint64_t size,
    struct image_error *error)
{
	struct image_segment *s = &image->segment[image->segments];
	int r;

	/* Linkers leave empty segments, which request nothing. */
	if (p->p_memsz == 0 && p->p_filesz == 0)
		return 0;
	r = check_segment(p, i, image->pie, size, error);
	if (r < 0)
		return r;
	if (image->segments == IMAGE_SEGMENTS)
		return bad(
		    error, "more than %d segments to load", IMAGE_SEGMENTS);
	if (image->segments > 0)
		r = check_order(s - 1, p, i, error);
	else
		image->lowest = p->p_vaddr & ~(IMAGE_PAGE - 1);
	if (r < 0)
		return r;
	*s = (struct image_segment){
		.vaddr = p->p_vaddr,
		.memsz = p->p_memsz,
		.offset = p->p_offset,
		.filesz = p->p_filesz,
		.prot = prot_of(p->p_flags),
	};
	image->segments++;
	image->end = p->p_vaddr + p->p_memsz;
	if (image->align < p->p_align)
		image->align = p->p_align;
	return 0;
}

/* The segment that loads [va, va + len) from the file, or NULL. */
static const struct image_segment *
segment_at(const struct image *image, uint64_t va, uint64_t len)
{
	unsigned i;

	for (i = 0; i < image->segments; i++) {
		const struct image_segment *s = &image->segment[i];

		if (va >= s->vaddr && va - s->vaddr <= s->filesz &&
		    len <= s->filesz - (va - s->vaddr))
			return s;
	}
	return NULL;
}

/* The address of the program headers in memory; 0 if no segment loads them. */
static uint64_t
phdr_address(const struct image *image)
{
	unsigned i;

	for (i = 0; i < image->segments; i++) {
		const struct image_segment *s = &image->segment[i];
		uint64_t len = image->phnum * sizeof(Elf64_Phdr);

		if (image->phoff >= s->offset &&
		    image->phoff - s->offset <= s->filesz &&
		    len <= s->filesz - (image->phoff - s->offset))
			return s->vaddr + (image->phoff - s->offset);
	}
	return 0;
}

/* Only the C library and debuggers use this: values that make no sense are
 * ignored. */
static void
note_tls(struct image *image, const Elf64_Phdr *p)
{
	uint64_t align = p->p_align ? p->p_align : 1;

	if (p->p_memsz > UINT32_MAX || align > UINT32_MAX ||
	    (align & (align - 1)))
		return;
	image->tls_size = p->p_memsz;
	image->tls_align = align;
}

uint64_t
image_tls_address(const struct image *image, uint64_t tp, uint64_t offset)
{
	uint64_t align = image->tls_align;
	uint64_t size;

	if (offset >= image->tls_size || tp == 0)
		return 0;
	size = (image->tls_size + align - 1) & ~(align - 1);
	return tp - size + offset;
}

/* As on Linux, the first such header counts. */
static int
note_interp(struct image *image, const Elf64_Phdr *p, uint64_t size,
    struct image_error *error)
{
	if (image->interp_len > 0)
		return 0;
	if (p->p_filesz < 2 || p->p_filesz > IMAGE_INTERP)
		return bad(error,
		    "the name of its interpreter has %" PRIu64
		    " bytes, 2 to %d are allowed",
		    (uint64_t)p->p_filesz, IMAGE_INTERP);
	if (p->p_offset > size || p->p_filesz > size - p->p_offset)
		return bad(error,
		    "truncated: the name of its interpreter at %" PRIu64
		    " reaches past the file's %" PRIu64 " bytes",
		    (uint64_t)p->p_offset, size);
	image->interp_at = p->p_offset;
	image->interp_len = p->p_filesz;
	return 0;
}

int
image_interp(
    const struct image *image, const char *name, struct image_error *error)
{
	if (name[0] && strnlen(name, image->interp_len) < image->interp_len)
		return 0;
	return bad(error, "the name of its interpreter %s",
	    name[0] ? "does not end" : "is empty");
}

static int
add_header(struct image *image, const Elf64_Phdr *p, unsigned i, uint64_t size,
    struct image_error *error)
{
	switch (p->p_type) {
	case PT_LOAD: return add_segment(image, p, i, size, error);
	case PT_INTERP: return note_interp(image, p, size, error);
	case PT_TLS: note_tls(image, p); return 0;
	case PT_DYNAMIC:
		image->dynamic = p->p_vaddr;
		image->dynamic_size = p->p_memsz;
		return 0;
	default: return 0;
	}
}

int
image_program(struct image *image, const Elf64_Phdr *phdrs, uint64_t size,
    struct image_error *error)
{
	const struct image_segment *s;
	unsigned i;
	int r;

	image->align = IMAGE_PAGE;
	for (i = 0; i < image->phnum; i++) {
		r = add_header(image, &phdrs[i], i, size, error);
		if (r < 0)
			return r;
	}
	if (image->segments == 0)
		return bad(error, "there is no segment to load");
	s = segment_at(image, image->entry, 1);
	if (!s || !(s->prot & PROT_EXEC))
		return bad(error,
		    "entry point 0x%" PRIx64 " is not in an executable segment",
		    image->entry);
	image->phdr = phdr_address(image);
	image_place(image, IMAGE_PIE_BASE);
	return 0;
}

void
image_place(struct image *image, uint64_t base)
{
	const uint64_t inside = image->align - 1;

	if (image->pie)
		image->bias = ((base + inside) & ~inside) -
			      (image->lowest & ~inside);
}

int
image_flat(struct image *image, uint64_t entry, uint64_t size,
    struct image_error *error)
{
	const unsigned all = PROT_READ | PROT_WRITE | PROT_EXEC;

	if (size == 0)
		return bad(error, "the file is empty");
	if (size > IMAGE_FLAT_SPACE - IMAGE_FLAT_BASE)
		return bad(error,
		    "a flat image of %" PRIu64 " bytes, at most %" PRIu64
		    " are allowed",
		    size, IMAGE_FLAT_SPACE - IMAGE_FLAT_BASE);
	if (entry < IMAGE_FLAT_BASE || entry - IMAGE_FLAT_BASE >= size)
		return bad(error,
		    "start address 0x%" PRIx64 " lies outside the flat image",
		    entry);
	*image = (struct image){
		.entry = entry,
		.end = IMAGE_FLAT_SPACE,
		.flat = true,
		.segments = 2,
		.segment[0] = {
			.memsz = IMAGE_FLAT_BASE & ~(IMAGE_PAGE - 1),
			.prot = all,
		},
		.segment[1] = {
			.vaddr = IMAGE_FLAT_BASE,
			.memsz = IMAGE_FLAT_SPACE - IMAGE_FLAT_BASE,
			.filesz = size,
			.prot = all,
		},
	};
	return 0;
}

/* The bytes of all segments' pages; a page that two share counts twice. */
static uint64_t
bytes_of_pages(const struct image *image)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < image->segments; i++) {
		const struct image_segment *s = &image->segment[i];
		uint64_t first = s->vaddr & ~(IMAGE_PAGE - 1);

		sum += (s->vaddr + s->memsz - first + IMAGE_PAGE - 1) &
		       ~(IMAGE_PAGE - 1);
	}
	return sum;
}

int
image_fits(const struct image *image, uint64_t ram, uint64_t memory,
    struct image_error *error)
{
	uint64_t end = image->end + image->bias;

	/* An end that wrapped around by the bias does not fit either. */
	if (end > ram || end <= image->lowest + image->bias)
		return bad(error,
		    "does not fit: it ends at 0x%" PRIx64
		    ", guest addresses at 0x%" PRIx64,
		    end, ram);
	if (bytes_of_pages(image) > memory)
		return bad(error,
		    "does not fit: it needs %" PRIu64 " KiB, and %" PRIu64
		    " KiB are free; give it more with --memory",
		    bytes_of_pages(image) >> 10, memory >> 10);
	return 0;
}
