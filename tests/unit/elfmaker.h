/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes ELF files, good ones and bad ones for each error of the image checks.
 * The tests of the checks and of the command line share them, and they are the
 * fuzzer's seeds.  It knows nothing of the loader.
 */
#ifndef ELFMAKER_H
#define ELFMAKER_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ELFMAKER_SIZE 8192

/* A text and a data segment in two pages, with headers before the first. */
struct elfmaker {
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr phdr[4];
	} elf;
	size_t size; /* of the file */
};

/* exit_group(7) by the gate: mov $231,%eax; mov $7,%edi; out %eax,$0x10 */
static const uint8_t elfmaker_code[] = {
	0xb8,
	231,
	0,
	0,
	0,
	0xbf,
	7,
	0,
	0,
	0,
	0xe7,
	0x10,
};

static const struct elfmaker elfmaker_good = {
	.elf = {
		.head = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
			    ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = 0x400800,
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 2,
		},
		.phdr = {
			{ .p_type = PT_LOAD, .p_flags = PF_R | PF_X,
			    .p_offset = 0, .p_vaddr = 0x400000,
			    .p_filesz = 0x1000, .p_memsz = 0x1000,
			    .p_align = 0x1000 },
			{ .p_type = PT_LOAD, .p_flags = PF_R | PF_W,
			    .p_offset = 0x1000, .p_vaddr = 0x401000,
			    .p_filesz = 0x1000, .p_memsz = 0x1800,
			    .p_align = 0x1000 },
		},
	},
	.size = ELFMAKER_SIZE,
};

#define CASE(name) static void make_##name(struct elfmaker *e)

CASE(good)
{
	(void)e;
}
CASE(pie)
{
	e->elf.head.e_type = ET_DYN;
	e->elf.head.e_entry = 0x800;
	e->elf.phdr[0].p_vaddr = 0;
	e->elf.phdr[1].p_vaddr = 0x1000;
}
CASE(unaligned) /* loadable, but only by copying */
{
	e->elf.phdr[1].p_offset = 0x1010;
	e->elf.phdr[1].p_filesz = 0x100;
	e->elf.phdr[1].p_align = 16;
	e->elf.phdr[1].p_vaddr = 0x401020;
}
CASE(empty)
{
	e->size = 0;
}
CASE(text)
{
	memcpy(e->elf.head.e_ident, "echo", 4);
}
CASE(short_header)
{
	e->size = 40;
}
CASE(class32)
{
	e->elf.head.e_ident[EI_CLASS] = ELFCLASS32;
}
CASE(big_endian)
{
	e->elf.head.e_ident[EI_DATA] = ELFDATA2MSB;
}
CASE(version)
{
	e->elf.head.e_ident[EI_VERSION] = 9;
}
CASE(foreign)
{
	e->elf.head.e_machine = EM_AARCH64;
}
CASE(object)
{
	e->elf.head.e_type = ET_REL;
}
CASE(core)
{
	e->elf.head.e_type = ET_CORE;
}
CASE(type)
{
	e->elf.head.e_type = 99;
}
CASE(phentsize)
{
	e->elf.head.e_phentsize = 32;
}
CASE(no_phdrs)
{
	e->elf.head.e_phnum = 0;
}
CASE(many_phdrs)
{
	e->elf.head.e_phnum = 60000;
}
CASE(phdrs_outside)
{
	e->elf.head.e_phoff = ELFMAKER_SIZE - 8;
}
CASE(phdrs_wrap)
{
	e->elf.head.e_phoff = UINT64_MAX - 8;
}
CASE(interp_long)
{
	e->elf.phdr[1].p_type = PT_INTERP;
	e->elf.phdr[1].p_filesz = 4097;
}
CASE(interp_outside)
{
	e->elf.phdr[1].p_type = PT_INTERP;
	e->elf.phdr[1].p_filesz = 16;
	e->elf.phdr[1].p_offset = UINT64_MAX - 8;
}
CASE(interp_empty)
{
	e->elf.phdr[1].p_type = PT_INTERP;
	e->elf.phdr[1].p_filesz = 16;
}
/* The name is the magic number. */
CASE(interp_endless)
{
	e->elf.phdr[1].p_type = PT_INTERP;
	e->elf.phdr[1].p_filesz = SELFMAG;
	e->elf.phdr[1].p_offset = 0;
}
CASE(truncated)
{
	e->size = 0x1800;
}
CASE(offset_wraps)
{
	e->elf.phdr[1].p_offset = UINT64_MAX - 0xfff;
}
CASE(filesz)
{
	e->elf.phdr[1].p_memsz = 0x10;
}
CASE(wraps)
{
	e->elf.phdr[1].p_vaddr = UINT64_MAX - 0xfff;
}
CASE(memsz_wraps)
{
	e->elf.phdr[1].p_memsz = UINT64_MAX - 0x1000;
}
CASE(align)
{
	e->elf.phdr[1].p_align = 0x1001;
}
CASE(misaligned)
{
	e->elf.phdr[1].p_vaddr = 0x401008;
}
CASE(wx)
{
	e->elf.phdr[0].p_flags = PF_R | PF_W | PF_X;
}
CASE(page_zero)
{
	e->elf.phdr[0].p_vaddr = 0;
	e->elf.head.e_entry = 0x800;
}
CASE(overlap)
{
	e->elf.phdr[1].p_vaddr = 0x400000;
}
CASE(shared_page)
{
	e->elf.phdr[0].p_filesz = e->elf.phdr[0].p_memsz = 0x900;
	e->elf.phdr[1].p_vaddr = 0x400a00;
	e->elf.phdr[1].p_align = 0x200;
}
CASE(nothing)
{
	e->elf.phdr[0].p_memsz = e->elf.phdr[0].p_filesz = 0;
	e->elf.phdr[1].p_type = PT_NOTE;
}
CASE(entry)
{
	e->elf.head.e_entry = 0x401000;
}
CASE(entry_outside)
{
	e->elf.head.e_entry = 0x10;
}
CASE(no_fit)
{
	e->elf.phdr[1].p_memsz = UINT64_C(1) << 40;
}

/* One change makes a good file bad; the sentence is the error for it. */
static const struct {
	const char *name;
	const char *sentence; /* NULL: the file is good */
	void (*change)(struct elfmaker *e);
} elfmaker_cases[] = {
	{ "good", NULL, make_good },
	{ "pie", NULL, make_pie },
	{ "unaligned", NULL, make_unaligned },
	{ "empty", "is empty", make_empty },
	{ "text", "not an ELF file", make_text },
	{ "short_header", "do not hold an ELF header", make_short_header },
	{ "class32", "32-bit ELF", make_class32 },
	{ "big_endian", "big-endian", make_big_endian },
	{ "version", "ELF version 9", make_version },
	{ "foreign", "made for 64-bit ARM", make_foreign },
	{ "object", "not linked yet", make_object },
	{ "core", "a core file", make_core },
	{ "type", "ELF type 99", make_type },
	{ "phentsize", "program headers of 32 bytes", make_phentsize },
	{ "no_phdrs", "no program headers", make_no_phdrs },
	{ "many_phdrs", "60000 program headers", make_many_phdrs },
	{ "phdrs_outside", "program headers at 8184", make_phdrs_outside },
	{ "phdrs_wrap", "truncated: program headers", make_phdrs_wrap },
	{ "interp_long", "interpreter has 4097 bytes", make_interp_long },
	{ "interp_outside", "truncated: the name of its interpreter",
	    make_interp_outside },
	{ "interp_empty", "interpreter is empty", make_interp_empty },
	{ "interp_endless", "interpreter does not end", make_interp_endless },
	{ "truncated", "truncated: segment 1", make_truncated },
	{ "offset_wraps", "truncated: segment 1", make_offset_wraps },
	{ "filesz", "segment 1 has 4096 bytes in the file", make_filesz },
	{ "wraps", "segment 1 at 0xfffffffffffff000 wraps", make_wraps },
	{ "memsz_wraps", "segment 1 at 0x401000 wraps", make_memsz_wraps },
	{ "align", "not a power of two", make_align },
	{ "misaligned", "differ modulo 0x1000", make_misaligned },
	{ "wx", "segment 0 is writable and executable", make_wx },
	{ "page_zero", "page 0", make_page_zero },
	{ "overlap", "overlaps or precedes", make_overlap },
	{ "shared_page", "shares the page at 0x400000", make_shared_page },
	{ "nothing", "no segment to load", make_nothing },
	{ "entry", "entry point 0x401000", make_entry },
	{ "entry_outside", "entry point 0x10", make_entry_outside },
	{ "no_fit", "does not fit", make_no_fit },
};

#define ELFMAKER_CASES (sizeof(elfmaker_cases) / sizeof(elfmaker_cases[0]))

/* Write case `i` into `file`; its size. */
static inline size_t
elfmaker_make(size_t i, uint8_t file[ELFMAKER_SIZE])
{
	struct elfmaker e = elfmaker_good;

	elfmaker_cases[i].change(&e);
	memset(file, 0, ELFMAKER_SIZE);
	memcpy(file, &e.elf, sizeof(e.elf));
	memcpy(file + 0x800, elfmaker_code, sizeof(elfmaker_code));
	return e.size;
}

#endif
