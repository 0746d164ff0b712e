/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The search for the function that contains an address.  Nothing here may know
 * where the file is loaded, or who asks.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "image/elfview.h"
#include "image/symbols.h"

struct search {
	uint64_t addr;
	uint64_t section;      /* the section that contains addr */
	struct cursor strings; /* ends with a NUL, so every suffix does */
};

/*
 * IFUNC counts as a function: the symbol is the resolver's address, and the
 * resolver is code that can fault (System V ABI, GNU extensions).
 */
static bool
is_function(const Elf64_Sym *s)
{
	unsigned type = ELF64_ST_TYPE(s->st_info);

	return type == STT_FUNC || type == STT_GNU_IFUNC;
}

/*
 * Useless names are the empty name, the compiler's local labels (.L1), and the
 * mapping symbols ($x, $d.1) that some assemblers set between code and data.  A
 * function's name can begin with '$': Swift's do.
 */
static bool
has_useful_name(const struct search *search, const Elf64_Sym *s)
{
	struct cursor c = search->strings;
	const char *name;

	cursor_take(&c, s->st_name);
	name = (const char *)c.at;
	if (c.failed || c.left == 0 || name[0] == '\0')
		return false;
	if (name[0] == '$' && !is_function(s))
		return false;
	return name[0] != '.' || name[1] != 'L';
}

static bool
is_candidate(const struct search *search, const Elf64_Sym *s)
{
	if (s->st_shndx != search->section || s->st_value > search->addr)
		return false;
	if (!is_function(s) && ELF64_ST_TYPE(s->st_info) != STT_NOTYPE)
		return false;
	return has_useful_name(search, s);
}

static bool
covers(const Elf64_Sym *s, uint64_t addr)
{
	return is_function(s) && addr - s->st_value < s->st_size;
}

static int
binding_rank(const Elf64_Sym *s)
{
	switch (ELF64_ST_BIND(s->st_info)) {
	case STB_GLOBAL: return 2;
	case STB_WEAK: return 1;
	default: return 0;
	}
}

/* Does a name addr better than b does?  Both are candidates. */
static bool
is_better(const Elf64_Sym *a, const Elf64_Sym *b, uint64_t addr)
{
	if (covers(a, addr) != covers(b, addr))
		return covers(a, addr);
	if (a->st_value != b->st_value)
		return a->st_value > b->st_value;
	if (is_function(a) != is_function(b))
		return is_function(a);
	return binding_rank(a) > binding_rank(b);
}

/* The string table is NUL-terminated (gABI, chapter 4, "String Table"). */
static bool
open_strings(
    const struct elfview *view, const Elf64_Shdr *table, struct search *search)
{
	struct cursor *strings = &search->strings;
	Elf64_Shdr header;

	if (elfview_header(view, table->sh_link, &header) != 0)
		return false;
	*strings = elfview_bytes(view, &header);
	return strings->left > 0 && strings->at[strings->left - 1] == '\0';
}

static int
find_in_table(const struct elfview *view, uint32_t type, struct search *search,
    struct symbol *sym)
{
	Elf64_Shdr table;
	Elf64_Sym s, best = { 0 };
	struct cursor c;
	const uint8_t *bytes;
	bool found = false;

	if (elfview_find_type(view, type, &table) != 0 ||
	    table.sh_entsize != sizeof(s) ||
	    !open_strings(view, &table, search))
		return -ENOENT;
	c = elfview_bytes(view, &table);
	while ((bytes = cursor_take(&c, sizeof(s))) != NULL) {
		memcpy(&s, bytes, sizeof(s));
		if (!is_candidate(search, &s))
			continue;
		if (!found || is_better(&s, &best, search->addr))
			best = s;
		found = true;
	}
	if (!found)
		return -ENOENT;
	sym->name = (const char *)search->strings.at + best.st_name;
	sym->offset = search->addr - best.st_value;
	return 0;
}

int
symbols_find(
    const uint8_t *file, size_t size, uint64_t addr, struct symbol *sym)
{
	struct search search = { .addr = addr };
	struct elfview view;
	Elf64_Shdr code;
	int error;

	error = elfview_open(&view, file, size);
	if (error != 0)
		return error;
	error = elfview_find_code(&view, addr, &search.section, &code);
	if (error != 0)
		return error;
	error = find_in_table(&view, SHT_SYMTAB, &search, sym);
	if (error != 0)
		error = find_in_table(&view, SHT_DYNSYM, &search, sym);
	return error;
}

static bool
is_named(const struct search *search, const Elf64_Sym *s, const char *name)
{
	return s->st_shndx != SHN_UNDEF &&
	       ELF64_ST_TYPE(s->st_info) != STT_TLS &&
	       s->st_name < search->strings.left &&
	       strcmp((const char *)search->strings.at + s->st_name, name) == 0;
}

static int
value_in_table(const struct elfview *view, uint32_t type, const char *name,
    uint64_t *value)
{
	struct search search = { .addr = 0 };
	const uint8_t *bytes;
	struct cursor c;
	Elf64_Shdr table;
	Elf64_Sym s;

	if (elfview_find_type(view, type, &table) != 0 ||
	    table.sh_entsize != sizeof(s) ||
	    !open_strings(view, &table, &search))
		return -ENOENT;
	c = elfview_bytes(view, &table);
	while ((bytes = cursor_take(&c, sizeof(s))) != NULL) {
		memcpy(&s, bytes, sizeof(s));
		if (!is_named(&search, &s, name))
			continue;
		*value = s.st_value;
		return 0;
	}
	return -ENOENT;
}

int
symbols_exported(
    const uint8_t *file, size_t size, const char *name, uint64_t *value)
{
	struct elfview view;
	int error = elfview_open(&view, file, size);

	return error != 0 ? error
			  : value_in_table(&view, SHT_DYNSYM, name, value);
}

int
symbols_value(
    const uint8_t *file, size_t size, const char *name, uint64_t *value)
{
	struct elfview view;
	int error = elfview_open(&view, file, size);

	if (error == 0)
		error = value_in_table(&view, SHT_SYMTAB, name, value);
	if (error == -ENOENT)
		error = value_in_table(&view, SHT_DYNSYM, name, value);
	return error;
}

void
symbols_dynamic(const uint8_t *file, size_t size,
    void (*each)(void *ctx, const char *name, bool defined), void *ctx)
{
	struct search search = { .addr = 0 };
	struct elfview view;
	const uint8_t *bytes;
	struct cursor c;
	Elf64_Shdr table;
	Elf64_Sym s;

	if (elfview_open(&view, file, size) != 0 ||
	    elfview_find_type(&view, SHT_DYNSYM, &table) != 0 ||
	    table.sh_entsize != sizeof(s) ||
	    !open_strings(&view, &table, &search))
		return;
	c = elfview_bytes(&view, &table);
	while ((bytes = cursor_take(&c, sizeof(s))) != NULL) {
		memcpy(&s, bytes, sizeof(s));
		if (s.st_name > 0 && s.st_name < search.strings.left)
			each(ctx, (const char *)search.strings.at + s.st_name,
			    s.st_shndx != SHN_UNDEF);
	}
}
