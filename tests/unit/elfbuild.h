/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds ELF files with sections in memory, to test readers of sections: good
 * files unless a test changes them.  It knows nothing of the readers.
 *
 * The section headers stand before the sections' bytes, so that a file cut
 * short loses sections and not their headers.
 */
#ifndef ELFBUILD_H
#define ELFBUILD_H

#include <assert.h>
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ELFBUILD_SECTIONS 8
#define ELFBUILD_SIZE     (1 << 17)

struct elfbuild {
	struct {
		Elf64_Ehdr ehdr;
		Elf64_Shdr shdr[ELFBUILD_SECTIONS];
	} head;
	char names[128]; /* .shstrtab, section 1 */
	uint8_t bytes[ELFBUILD_SIZE];
	size_t names_size;
	size_t size; /* of the file */
};

/* The file is the struct, up to `size` bytes. */
#define ELFBUILD_NAMES_AT offsetof(struct elfbuild, names)
#define ELFBUILD_BYTES_AT offsetof(struct elfbuild, bytes)

static inline void
elfbuild_begin(struct elfbuild *b)
{
	Elf64_Ehdr *e = &b->head.ehdr;

	memset(&b->head, 0, sizeof(b->head));
	memset(b->names, 0, sizeof(b->names));
	memcpy(e->e_ident, ELFMAG, SELFMAG);
	e->e_ident[EI_CLASS] = ELFCLASS64;
	e->e_ident[EI_DATA] = ELFDATA2LSB;
	e->e_ident[EI_VERSION] = EV_CURRENT;
	e->e_type = ET_EXEC;
	e->e_machine = EM_X86_64;
	e->e_version = EV_CURRENT;
	e->e_ehsize = sizeof(*e);
	e->e_shoff = offsetof(struct elfbuild, head.shdr);
	e->e_shentsize = sizeof(Elf64_Shdr);
	e->e_shnum = 2;
	e->e_shstrndx = 1;
	b->head.shdr[1].sh_type = SHT_STRTAB;
	b->head.shdr[1].sh_offset = ELFBUILD_NAMES_AT;
	b->head.shdr[1].sh_size = sizeof(b->names);
	b->names_size = 1;
	b->size = ELFBUILD_BYTES_AT;
}

/* Append a section of these bytes; its header, which a test may change. */
static inline Elf64_Shdr *
elfbuild_section(struct elfbuild *b, const char *name, uint32_t type,
    const void *bytes, size_t size)
{
	Elf64_Shdr *s = &b->head.shdr[b->head.ehdr.e_shnum++];
	size_t name_size = strlen(name) + 1;

	assert(b->head.ehdr.e_shnum <= ELFBUILD_SECTIONS);
	assert(name_size <= sizeof(b->names) - b->names_size);
	assert(size <= ELFBUILD_BYTES_AT + ELFBUILD_SIZE - b->size);
	s->sh_name = (uint32_t)b->names_size;
	s->sh_type = type;
	s->sh_offset = b->size;
	s->sh_size = size;
	memcpy(b->names + b->names_size, name, name_size);
	b->names_size += name_size;
	if (size > 0)
		memcpy((uint8_t *)b + b->size, bytes, size);
	b->size += size;
	return s;
}

/* Append executable memory at this address, without bytes in the file. */
static inline Elf64_Shdr *
elfbuild_code(
    struct elfbuild *b, const char *name, uint64_t addr, uint64_t size)
{
	Elf64_Shdr *s = elfbuild_section(b, name, SHT_NOBITS, NULL, 0);

	s->sh_flags = SHF_ALLOC | SHF_EXECINSTR;
	s->sh_addr = addr;
	s->sh_size = size;
	return s;
}

/* A whole file whose .dynsym exports `name` as `value`. */
static inline void
elfbuild_exporter(struct elfbuild *b, const char *name, uint64_t value)
{
	const Elf64_Sym symbols[] = { { 0 },
		{ .st_name = 1,
		    .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
		    .st_shndx = 2,
		    .st_value = value,
		    .st_size = 16 } };
	char strings[128] = "";
	Elf64_Shdr *s;

	assert(strlen(name) < sizeof(strings) - 1);
	strcpy(strings + 1, name);
	elfbuild_begin(b);
	elfbuild_code(b, ".text", value, 16);
	elfbuild_section(b, ".dynstr", SHT_STRTAB, strings, sizeof(strings));
	s = elfbuild_section(
	    b, ".dynsym", SHT_DYNSYM, symbols, sizeof(symbols));
	s->sh_link = 3;
	s->sh_entsize = sizeof(symbols[0]);
}

static inline const uint8_t *
elfbuild_file(const struct elfbuild *b)
{
	return (const uint8_t *)b;
}

#endif
