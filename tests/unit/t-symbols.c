/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the names of addresses: in this program's own functions, and in symbol
 * tables made to order.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "elfbuild.h"
#include "selfelf.h"
#include "tap.h"

#include "image/elfview.h"
#include "image/symbols.h"

#define CODE      UINT64_C(0x401000)
#define CODE_SIZE UINT64_C(0x1000)
#define MUTATIONS 30000

/* The sections made below, in elfbuild's order. */
enum {
	TEXT = 2,
	OTHER = 3,
	SYMBOLS = 4,
	STRINGS = 5,
};

static const char strings[] = "\0first\0second\0alias\0label\0.Llocal\0$x\0"
			      "$swift\0other";

static uint32_t
at_string(const char *name)
{
	size_t at = 1;

	while (strcmp(strings + at, name) != 0) {
		at += strlen(strings + at) + 1;
		if (at >= sizeof(strings))
			bail("no string %s", name);
	}
	return (uint32_t)at;
}

static Elf64_Sym
make_symbol(const char *name, unsigned bind, unsigned type, uint64_t offset,
    uint64_t size)
{
	return (Elf64_Sym){
		.st_name = at_string(name),
		.st_info = (unsigned char)ELF64_ST_INFO(bind, type),
		.st_shndx = TEXT,
		.st_value = CODE + offset,
		.st_size = size,
	};
}

#define FUNC(bind, name, offset, size) \
	make_symbol(name, STB_##bind, STT_FUNC, offset, size)
#define LABEL(bind, name, offset) \
	make_symbol(name, STB_##bind, STT_NOTYPE, offset, 0)

/* A file of two executable sections and one table of symbols. */
static void
make_file(struct elfbuild *b, uint32_t type, const Elf64_Sym *table, size_t n)
{
	Elf64_Shdr *s;

	elfbuild_begin(b);
	elfbuild_code(b, ".text", CODE, CODE_SIZE);
	elfbuild_code(b, ".other", CODE + CODE_SIZE, CODE_SIZE);
	s = elfbuild_section(b, ".symtab", type, table, n * sizeof(*table));
	s->sh_entsize = sizeof(*table);
	s->sh_link = STRINGS;
	elfbuild_section(b, ".strtab", SHT_STRTAB, strings, sizeof(strings));
}

static struct elfbuild built;

/* Return the name of CODE + offset, or NULL with errno set. */
static const char *
name_at(uint64_t offset)
{
	struct symbol sym = { NULL, 0 };
	int error = symbols_find(
	    elfbuild_file(&built), built.size, CODE + offset, &sym);

	errno = -error;
	return error == 0 ? sym.name : NULL;
}

#define MAKE(...)                                           \
	do {                                                \
		const Elf64_Sym table_[] = { __VA_ARGS__ }; \
		make_file(&built, SHT_SYMTAB, table_,       \
		    sizeof(table_) / sizeof(table_[0]));    \
	} while (0)

static void
test_nearest(void)
{
	struct symbol sym;

	MAKE(FUNC(GLOBAL, "second", 0x40, 0x10),
	    FUNC(GLOBAL, "first", 0x10, 0x20));
	is_str(name_at(0x10), "first", "a function begins at its value");
	is_str(name_at(0x2f), "first", "a function reaches to its size");
	is_str(name_at(0x3f), "first", "a byte after a function is near it");
	is_str(name_at(0x40), "second", "the next function begins a new name");
	is_str(name_at(0xf), NULL, "nothing precedes the first function");
	is_int(errno, ENOENT, "an address without a name is ENOENT");
	is_str(name_at(CODE_SIZE - 1), "second",
	    "a symbol names the rest of its section");
	is_str(name_at(CODE_SIZE), NULL,
	    "a symbol names nothing beyond its section");
	is_str(name_at(-CODE), NULL, "address 0 has no name");
	symbols_find(elfbuild_file(&built), built.size, CODE + 0x1f, &sym);
	is_int(sym.offset, 0xf, "the offset counts from the symbol");
}

static void
test_preferences(void)
{
	MAKE(FUNC(GLOBAL, "first", 0, 0x100), LABEL(GLOBAL, "label", 0x20),
	    FUNC(LOCAL, "second", 0x40, 0), FUNC(GLOBAL, "alias", 0x60, 8));
	is_str(name_at(0x30), "first", "a function beats a label inside it");
	is_str(name_at(0x50), "first", "a size beats a nearer beginning");
	is_str(name_at(0x64), "alias", "the inner of two functions wins");
	is_str(name_at(0x100), "alias", "beyond all sizes the nearest wins");

	MAKE(FUNC(LOCAL, "first", 0, 8), FUNC(WEAK, "second", 0, 8),
	    FUNC(GLOBAL, "alias", 0, 8), LABEL(GLOBAL, "label", 0));
	is_str(name_at(4), "alias", "global beats weak, local and label");
	MAKE(FUNC(WEAK, "second", 0, 8), FUNC(LOCAL, "first", 0, 8));
	is_str(name_at(4), "second", "weak beats local");
	MAKE(LABEL(GLOBAL, "label", 0), FUNC(LOCAL, "first", 0, 0));
	is_str(name_at(4), "first", "a local function beats a global label");
	MAKE(FUNC(GLOBAL, "first", 0, 0), LABEL(LOCAL, "label", 0x10));
	is_str(name_at(0x14), "label", "a nearer label beats an unsized one");
}

static void
test_ignored(void)
{
	Elf64_Sym object = FUNC(GLOBAL, "second", 8, 8);
	Elf64_Sym elsewhere = FUNC(GLOBAL, "other", 8, 8);
	Elf64_Sym nameless = FUNC(GLOBAL, "second", 8, 8);

	object.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
	elsewhere.st_shndx = OTHER;
	nameless.st_name = 0;
	MAKE(FUNC(LOCAL, "first", 0, 0), LABEL(LOCAL, ".Llocal", 8),
	    LABEL(LOCAL, "$x", 8), object, elsewhere, nameless);
	is_str(name_at(0xc), "first",
	    "local labels, mapping symbols, objects, other sections' and "
	    "nameless symbols name nothing");
	MAKE(FUNC(LOCAL, "$swift", 0, 0));
	is_str(name_at(0), "$swift", "a function's name may begin with $");
}

static void
test_tables(void)
{
	const Elf64_Sym dynamic = FUNC(GLOBAL, "other", 0, 8);
	Elf64_Shdr *s;

	make_file(&built, SHT_DYNSYM, &dynamic, 1);
	is_str(name_at(4), "other", "without .symtab, .dynsym is used");
	MAKE(FUNC(GLOBAL, "first", 0, 8));
	s = elfbuild_section(
	    &built, ".dynsym", SHT_DYNSYM, &dynamic, sizeof(dynamic));
	s->sh_entsize = sizeof(dynamic);
	s->sh_link = STRINGS;
	is_str(name_at(4), "first", ".symtab is used before .dynsym");
	built.head.shdr[SYMBOLS].sh_entsize = 1;
	is_str(name_at(4), "other", "a broken .symtab leaves .dynsym");
}

/* Section header 0 holds numbers too large for the ELF header's fields. */
static void
test_extended_numbers(void)
{
	MAKE(FUNC(GLOBAL, "first", 0, 8));
	built.head.shdr[0].sh_size = built.head.ehdr.e_shnum;
	built.head.shdr[0].sh_link = built.head.ehdr.e_shstrndx;
	built.head.ehdr.e_shnum = 0;
	built.head.ehdr.e_shstrndx = SHN_XINDEX;
	is_str(name_at(4), "first", "section header 0 may hold the count");
	built.head.shdr[0].sh_size = UINT64_MAX / sizeof(Elf64_Shdr) + 2;
	is_str(name_at(4), NULL, "a count that overflows is refused");
	is_int(errno, EINVAL, "a count that overflows is EINVAL");
}

/* Spoil one member of a good file, and compare the error. */
#define SPOIL(member, value, error, ...)           \
	do {                                       \
		MAKE(FUNC(GLOBAL, "first", 0, 8)); \
		built.head.member = (value);       \
		name_at(4);                        \
		is_int(errno, error, __VA_ARGS__); \
	} while (0)

static void
test_malformed(void)
{
	SPOIL(ehdr.e_ident[EI_MAG0], 0, EINVAL, "bad magic is EINVAL");
	SPOIL(ehdr.e_ident[EI_CLASS], ELFCLASS32, EINVAL, "32 bits are EINVAL");
	SPOIL(
	    ehdr.e_ident[EI_DATA], ELFDATA2MSB, EINVAL, "big-endian is EINVAL");
	SPOIL(ehdr.e_type, ET_REL, EINVAL, "an object file is EINVAL");
	SPOIL(ehdr.e_shentsize, 63, EINVAL, "odd section headers are EINVAL");
	SPOIL(ehdr.e_shoff, UINT64_MAX, EINVAL,
	    "section headers at the end of space are EINVAL");
	SPOIL(ehdr.e_shoff, built.size - 64, EINVAL,
	    "section headers past the end are EINVAL");
	SPOIL(ehdr.e_shoff, 0, ENOENT, "no section headers are ENOENT");
	SPOIL(shdr[SYMBOLS].sh_type, SHT_NULL, ENOENT,
	    "no symbol table is ENOENT");
	SPOIL(shdr[SYMBOLS].sh_offset, UINT64_MAX, ENOENT,
	    "a symbol table outside is ENOENT");
	SPOIL(shdr[SYMBOLS].sh_size, UINT64_MAX, ENOENT,
	    "a symbol table too long is ENOENT");
	SPOIL(shdr[SYMBOLS].sh_flags, SHF_COMPRESSED, ENOENT,
	    "a compressed symbol table is ENOENT");
	SPOIL(shdr[SYMBOLS].sh_link, 99, ENOENT, "no string table is ENOENT");
	SPOIL(shdr[STRINGS].sh_size, 0, ENOENT,
	    "an empty string table is ENOENT");
	SPOIL(shdr[STRINGS].sh_size, sizeof(strings) - 1, ENOENT,
	    "a string table without a NUL at its end is ENOENT");
	SPOIL(shdr[TEXT].sh_flags, SHF_ALLOC, ENOENT,
	    "an address outside code is ENOENT");
	SPOIL(shdr[TEXT].sh_addr, UINT64_MAX, ENOENT,
	    "a section at the end of space is ENOENT");
	MAKE(make_symbol("first", STB_GLOBAL, STT_FUNC, 0, 8));
	((Elf64_Sym *)((uint8_t *)&built + built.head.shdr[SYMBOLS].sh_offset))
	    ->st_name = sizeof(strings);
	is_str(name_at(4), NULL, "a name outside the string table is none");
}

/* A sparse file whose symbol table has a right entry at its beginning, and then
 * zeros up to this size. */
static const char *
name_in_table_of(uint64_t bytes)
{
	const uint64_t at = 2 * sizeof(built);
	struct symbol sym = { NULL, 0 };
	uint8_t *file = mmap(NULL, at + bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct elfbuild *head = (struct elfbuild *)file;

	if (file == MAP_FAILED)
		bail("no room for a sparse file: %s", strerror(errno));
	MAKE(make_symbol("first", STB_GLOBAL, STT_FUNC, 0, 8));
	memcpy(file, &built, sizeof(built));
	memcpy(file + at, file + built.head.shdr[SYMBOLS].sh_offset,
	    sizeof(Elf64_Sym));
	head->head.shdr[SYMBOLS].sh_offset = at;
	head->head.shdr[SYMBOLS].sh_size = bytes;
	errno = -symbols_find(file, at + bytes, CODE + 4, &sym);
	munmap(file, at + bytes);
	return sym.name ? "found" : NULL;
}

static void
test_sparse(void)
{
	const uint64_t entries = ELFVIEW_SECTION / sizeof(Elf64_Sym);

	is_str(
	    name_in_table_of(sizeof(Elf64_Sym)), "found", "a table has a name");
	is_str(name_in_table_of((entries + 1) * sizeof(Elf64_Sym)), NULL,
	    "a table that no program has is not read");
	is_int(errno, ENOENT, "there is no name then");
}

/* Whether an answer keeps the promises of symbols.h; its errors do. */
static bool
keeps_promises(const uint8_t *file, size_t size, uint64_t addr)
{
	struct symbol sym = { NULL, 0 };
	int error = symbols_find(file, size, addr, &sym);

	if (error != 0)
		return sym.name == NULL &&
		       (error == -ENOENT || error == -EINVAL);
	return is_inside(sym.name, file, size) && sym.name[0] != '\0';
}

static void
test_hostile(void)
{
	uint64_t state = 1;
	unsigned broken = 0, i;
	uint8_t *copy;
	size_t size;

	MAKE(FUNC(GLOBAL, "first", 0, 0x10), LABEL(LOCAL, "label", 0x10));
	for (size = 0; size <= built.size; size++) {
		copy = exact_copy(elfbuild_file(&built), size);
		broken += !keeps_promises(copy, size, CODE + 0x18);
		free(copy);
	}
	is_int(broken, 0, "no cut breaks a promise");
	copy = exact_copy(elfbuild_file(&built), built.size);
	for (i = 0, broken = 0; i < MUTATIONS; i++) {
		memcpy(copy, &built, built.size);
		flip_bits(copy, built.size, &state);
		broken += !keeps_promises(copy, built.size, CODE + 0x18);
	}
	free(copy);
	is_int(broken, 0, "no flipped bits break a promise");
}

__attribute__((noinline)) static int
a_static_function(int x)
{
	return x * 3 + 1;
}

__attribute__((noinline)) int a_global_function(int x);

int
a_global_function(int x)
{
	return x * 5 - 1;
}

/* The optimiser keeps functions whose address is taken. */
static int (*volatile const functions[])(int) = {
	a_static_function,
	a_global_function,
};

static void
test_self(void)
{
	static const char *const names[] = {
		"a_static_function",
		"a_global_function",
	};
	struct selfelf self = selfelf_open();
	struct symbol sym;
	unsigned i, offset;
	uint64_t addr;

	for (i = 0; i < 2; i++) {
		addr = (uint64_t)(uintptr_t)functions[i] - self.bias;
		for (offset = 0; offset < 2; offset++) {
			sym = (struct symbol){ NULL, 99 };
			symbols_find(
			    self.bytes, self.size, addr + offset, &sym);
			is_str(sym.name, names[i],
			    "byte %u of %s is in that function", offset,
			    names[i]);
			is_int(sym.offset, offset, "its offset is %u", offset);
		}
	}
}

/* The names that were called for: "first+ second-". */
static char called[64];

static void
call_name(void *ctx, const char *name, bool defined)
{
	size_t n = strlen(called);

	(void)ctx;
	snprintf(
	    called + n, sizeof(called) - n, "%s%c ", name, defined ? '+' : '-');
}

static void
test_exported(void)
{
	Elf64_Sym symbols[] = { { 0 }, FUNC(GLOBAL, "first", 0x10, 8),
		FUNC(GLOBAL, "second", 0x20, 8) };
	uint64_t value = 99;

	symbols[2].st_shndx = SHN_UNDEF;
	elfbuild_begin(&built);
	elfbuild_code(&built, ".text", CODE, CODE_SIZE);
	elfbuild_section(
	    &built, ".dynstr", SHT_STRTAB, strings, sizeof(strings));
	elfbuild_section(
	    &built, ".dynsym", SHT_DYNSYM, symbols, sizeof(symbols));
	built.head.shdr[4].sh_link = 3;
	built.head.shdr[4].sh_entsize = sizeof(symbols[0]);
	is_int(symbols_exported(
		   elfbuild_file(&built), built.size, "first", &value),
	    0, "an exported name is found");
	is_int((int64_t)value, CODE + 0x10, "with its value");
	is_int(symbols_exported(
		   elfbuild_file(&built), built.size, "second", &value),
	    -ENOENT, "one that is not defined is not");
	is_int(
	    symbols_exported(elfbuild_file(&built), built.size, "fir", &value),
	    -ENOENT, "nor the beginning of one");
	is_int(symbols_exported(elfbuild_file(&built), 100, "first", &value),
	    -EINVAL, "nor in half a file");
	symbols_dynamic(elfbuild_file(&built), built.size, call_name, NULL);
	is_str(called, "first+ second- ", "each name is called for");
	called[0] = '\0';
	symbols_dynamic(elfbuild_file(&built), 100, call_name, NULL);
	is_str(called, "", "none of half a file");
	is_int(
	    symbols_value(elfbuild_file(&built), built.size, "first", &value),
	    0, "without .symtab a value is that of .dynsym");
	is_int((int64_t)value, CODE + 0x10, "and the same");
	is_int(
	    symbols_value(elfbuild_file(&built), built.size, "third", &value),
	    -ENOENT, "no other symbol has one");
}

/* .symtab is before .dynsym, and a thread-local symbol has no address. */
static void
test_value(void)
{
	Elf64_Sym symbols[] = { { 0 }, FUNC(LOCAL, "first", 0x10, 8),
		FUNC(GLOBAL, "second", 0x20, 8) };
	uint64_t value = 99;

	symbols[2].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_TLS);
	elfbuild_begin(&built);
	elfbuild_code(&built, ".text", CODE, CODE_SIZE);
	elfbuild_section(
	    &built, ".strtab", SHT_STRTAB, strings, sizeof(strings));
	elfbuild_section(
	    &built, ".symtab", SHT_SYMTAB, symbols, sizeof(symbols));
	built.head.shdr[4].sh_link = 3;
	built.head.shdr[4].sh_entsize = sizeof(symbols[0]);
	is_int(
	    symbols_value(elfbuild_file(&built), built.size, "first", &value),
	    0, "a local name has a value");
	is_int((int64_t)value, CODE + 0x10, "which is the symbol's");
	is_int(
	    symbols_value(elfbuild_file(&built), built.size, "second", &value),
	    -ENOENT, "a thread-local one has not");
	is_int(symbols_exported(
		   elfbuild_file(&built), built.size, "first", &value),
	    -ENOENT, "and no name of .symtab is exported");
}

int
main(void)
{
	test_exported();
	test_value();
	test_nearest();
	test_preferences();
	test_ignored();
	test_tables();
	test_extended_numbers();
	test_malformed();
	test_sparse();
	test_hostile();
	test_self();
	return done_testing();
}
