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

#define PAGE UINT64_C(4096)
/* Below this an end can be rounded up to its page. */
#define ADDRESS_END (UINT64_MAX - PAGE)

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
		return bad(error, "ELF type %u is no executable", e->e_type);
	if (e->e_phentsize != sizeof(Elf64_Phdr))
		return bad(error, "program headers of %u bytes, not %zu",
		    e->e_phentsize, sizeof(Elf64_Phdr));
	if (e->e_phnum == 0)
		return bad(error, "no program headers");
	if (e->e_phnum > IMAGE_PHDRS)
		return bad(error, "%u program headers, at most %d are taken",
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

/* What is wrong with one PT_LOAD by itself; `i` is its program header. */
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
	if (!pie && p->p_vaddr < PAGE)
		return bad(error,
		    "segment %u at 0x%" PRIx64
		    " lies in page 0, which stays absent",
		    i, (uint64_t)p->p_vaddr);
	return 0;
}

/* What is wrong between a PT_LOAD and the one before it. */
static int
check_order(const struct image_segment *last, const Elf64_Phdr *p, unsigned i,
    struct image_error *error)
{
	uint64_t end = last->vaddr + last->memsz;

	if (p->p_vaddr < end)
		return bad(error,
		    "segment %u at 0x%" PRIx64
		    " overlaps or precedes the one that ends at 0x%" PRIx64,
		    i, (uint64_t)p->p_vaddr, end);
	if (p->p_vaddr / PAGE == (end - 1) / PAGE &&
	    prot_of(p->p_flags) != last->prot)
		return bad(error,
		    "segment %u shares the page at 0x%" PRIx64
		    " with one of other permissions",
		    i, (uint64_t)(p->p_vaddr & ~(PAGE - 1)));
	return 0;
}

static int
add_segment(struct image *image, const Elf64_Phdr *p, unsigned i, uint64_t size,
    struct image_error *error)
{
	struct image_segment *s = &image->segment[image->segments];
	int r;

	/* Linkers leave empty ones behind; they ask for nothing. */
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
		image->lowest = p->p_vaddr & ~(PAGE - 1);
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
	return 0;
}

/* The segment that holds [va, va + len) of the file's bytes, if one does. */
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

/* Where the program headers stand in memory: the segment that loads them. */
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

/* Who uses it is the C library, and debuggers: what makes no sense is none. */
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

static uint64_t
largest_alignment(const Elf64_Phdr *phdrs, unsigned n)
{
	uint64_t align = PAGE;
	unsigned i;

	for (i = 0; i < n; i++)
		if (phdrs[i].p_type == PT_LOAD && phdrs[i].p_align > align)
			align = phdrs[i].p_align;
	return align;
}

int
image_program(struct image *image, const Elf64_Phdr *phdrs, uint64_t size,
    struct image_error *error)
{
	const struct image_segment *s;
	unsigned i;
	int r;

	for (i = 0; i < image->phnum; i++) {
		if (phdrs[i].p_type == PT_INTERP)
			return bad(error, "dynamically linked: it asks for an"
					  " interpreter; link it with -static");
		if (phdrs[i].p_type == PT_TLS)
			note_tls(image, &phdrs[i]);
		if (phdrs[i].p_type != PT_LOAD)
			continue;
		r = add_segment(image, &phdrs[i], i, size, error);
		if (r < 0)
			return r;
	}
	if (image->segments == 0)
		return bad(error, "no segment has anything to load");
	s = segment_at(image, image->entry, 1);
	if (!s || !(s->prot & PROT_EXEC))
		return bad(error,
		    "entry point 0x%" PRIx64 " lies in no executable segment",
		    image->entry);
	image->phdr = phdr_address(image);
	if (image->pie) {
		uint64_t align = largest_alignment(phdrs, image->phnum);
		uint64_t base = (IMAGE_PIE_BASE + align - 1) & ~(align - 1);

		image->bias = base - (image->lowest & ~(align - 1));
	}
	return 0;
}

int
image_flat(struct image *image, uint64_t entry, uint64_t size,
    struct image_error *error)
{
	const uint64_t base = IMAGE_FLAT_BASE & ~(PAGE - 1);

	if (size == 0)
		return bad(error, "the file is empty");
	if (size > IMAGE_FLAT_SPACE - (IMAGE_FLAT_BASE - base))
		return bad(error,
		    "a flat image of %" PRIu64 " bytes, at most %" PRIu64
		    " are taken",
		    size, IMAGE_FLAT_SPACE - (IMAGE_FLAT_BASE - base));
	if (entry < IMAGE_FLAT_BASE || entry - IMAGE_FLAT_BASE >= size)
		return bad(error,
		    "start address 0x%" PRIx64 " lies outside the flat image",
		    entry);
	*image = (struct image){
		.entry = entry,
		.lowest = base,
		.end = base + IMAGE_FLAT_SPACE,
		.flat = true,
		.segments = 1,
		.segment[0] = {
			.vaddr = IMAGE_FLAT_BASE,
			.memsz = base + IMAGE_FLAT_SPACE - IMAGE_FLAT_BASE,
			.filesz = size,
			.prot = PROT_READ | PROT_WRITE | PROT_EXEC,
		},
	};
	return 0;
}

/* The pages of all segments in bytes; two may have one in common. */
static uint64_t
size_of(const struct image *image)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < image->segments; i++) {
		const struct image_segment *s = &image->segment[i];
		uint64_t first = s->vaddr & ~(PAGE - 1);

		sum += (s->vaddr + s->memsz - first + PAGE - 1) & ~(PAGE - 1);
	}
	return sum;
}

int
image_fits(const struct image *image, uint64_t ram, uint64_t memory,
    struct image_error *error)
{
	uint64_t end = image->end + image->bias;

	/* A biased end that wrapped is one that does not fit either. */
	if (end > ram || end <= image->lowest + image->bias)
		return bad(error,
		    "does not fit: it ends at 0x%" PRIx64
		    ", guest addresses at 0x%" PRIx64,
		    end, ram);
	if (size_of(image) > memory)
		return bad(error,
		    "does not fit: it needs %" PRIu64 " KiB, and %" PRIu64
		    " KiB are there; give it more with --memory",
		    size_of(image) >> 10, memory >> 10);
	return 0;
}
