/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loader's list of objects.  Nothing here may trust it: it is the guest's.
 */
#include "debugger/libraries.h"

#include "debugger/symbolfile.h"
#include "debugger/target.h"
#include "image/symbols.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* The beginnings of struct r_debug and struct link_map, which a C library
 * promises to debuggers. */
struct debug_map {
	int32_t version;
	uint64_t first;
};

struct link_map {
	uint64_t bias;
	uint64_t name;
	uint64_t dynamic;
	uint64_t next;
};

/* Those of a dynamic section that are read. */
#define DYNAMIC_ENTRIES 256

/* The symbol by which debuggers find the list in a loader without a DT_DEBUG
 * entry: the image is that loader. */
static const char r_debug_name[] = "_r_debug";

/* The address of struct r_debug, or 0: a program's interpreter writes it into
 * the program's dynamic section when it has made the list. */
static uint64_t
read_r_debug(const struct machine *m)
{
	const struct image *image = &m->image;
	const uint64_t end = image->dynamic_size / sizeof(Elf64_Dyn);
	Elf64_Dyn entry;
	uint64_t i;

	for (i = 0; i < end && i < DYNAMIC_ENTRIES; i++) {
		if (gmem_read(&m->mem, &entry,
			image->dynamic + image->bias + i * sizeof(entry),
			sizeof(entry)) < 0 ||
		    entry.d_tag == DT_NULL)
			return 0;
		if (entry.d_tag == DT_DEBUG)
			return entry.d_un.d_ptr;
	}
	return 0;
}

/* Does `va` lie in the image? */
static bool
is_in_image(const struct image *image, uint64_t va)
{
	unsigned i;

	for (i = 0; i < image->segments; i++)
		if (va - image->bias - image->segment[i].vaddr <
		    image->segment[i].memsz)
			return true;
	return false;
}

/* The file that is mapped at `va`.  The program's entry in the list has no
 * name. */
static void
name_by_mapping(struct machine *m, uint64_t va, char name[TARGET_PATH])
{
	const struct hc_mapped *mapped = &m->guest.mapped;
	const struct hc_mapped_range *range;
	uint64_t end = UINT64_MAX;

	_Static_assert(TARGET_PATH == HC_PATH, "both are Linux's");
	gmem_lock(&m->mem);
	range = hc_mapped_find(mapped, va, &end);
	if (range)
		strcpy(name, mapped->file[range->file].name);
	gmem_unlock(&m->mem);
}

/* The object after `map`; 0: there is none. */
static uint64_t
next_map(struct debugger_target *t, uint64_t map)
{
	const struct gmem *mem = &t->machine->mem;
	struct link_map link;
	struct debug_map debug;

	if (map)
		return gmem_read(mem, &link, map, sizeof(link)) < 0 ? 0
								    : link.next;
	if (t->machine->interp.segments > 0)
		t->r_debug = read_r_debug(t->machine);
	else if (!t->r_debug_sought)
		(void)debugger_symbol(t->image, symbols_exported, r_debug_name,
		    t->machine->image.bias, &t->r_debug);
	t->r_debug_sought = true;
	if (!t->r_debug ||
	    gmem_read(mem, &debug, t->r_debug, sizeof(debug)) < 0)
		return 0;
	return debug.first;
}

bool
debugger_next_library(void *ctx, struct target_library *library)
{
	struct debugger_target *t = ctx;
	struct machine *m = t->machine;
	struct link_map link;

	library->map = next_map(t, library->map);
	if (!library->map ||
	    gmem_read(&m->mem, &link, library->map, sizeof(link)) < 0)
		return false;
	library->bias = link.bias;
	library->dynamic = link.dynamic;
	library->image = is_in_image(&m->image, link.dynamic);
	if (gmem_string(
		&m->mem, library->name, sizeof(library->name), link.name) < 0)
		library->name[0] = '\0';
	if (!library->name[0])
		name_by_mapping(m, link.dynamic, library->name);
	return true;
}

/* By this glibc describes a field to debuggers (nptl_db): its bits, the number
 * of elements, and its offset. */
struct field {
	uint32_t bits, elements, offset;
};

/* glibc's name for the field of a link map with the number of its thread-local
 * block, and the library that exports it. */
static const char modid_name[] = "_thread_db_link_map_l_tls_modid";
static const char c_library[] = "/libc.so.6";

static bool
read_word(const struct gmem *mem, uint64_t at, uint64_t *word)
{
	return gmem_read(mem, word, at, sizeof(*word)) == 0;
}

/* The field's description, in the C library that the loader has loaded. */
static bool
find_modid(struct debugger_target *t, struct field *field)
{
	struct target_library library = { .map = 0 };
	struct machine *m = t->machine;
	uint64_t at = 0;
	size_t len;
	unsigned n;
	int fd;

	for (n = 0;
	     !at && n < TARGET_LIBRARIES && debugger_next_library(t, &library);
	     n++) {
		len = strlen(library.name);
		if (len < strlen(c_library) ||
		    strcmp(library.name + len - strlen(c_library), c_library) !=
			0)
			continue;
		fd = hc_look_open(
		    &t->look, &m->vcpu[0].thread, library.name, O_RDONLY, 0);
		if (fd < 0)
			return false;
		(void)debugger_symbol(
		    fd, symbols_exported, modid_name, library.bias, &at);
		close(fd);
	}
	return at && gmem_read(&m->mem, field, at, sizeof(*field)) == 0 &&
	       field->bits == 64;
}

/* With glibc an entry of the vector has two words: the block's address, or -1
 * (ELF Handling For Thread-Local Storage, 3).  The number of entries is before
 * the vector's first: a thread that has used no later object has fewer. */
static uint64_t
glibc_block(struct debugger_target *t, uint64_t map, uint64_t vector)
{
	const struct gmem *mem = &t->machine->mem;
	const uint64_t entry = 2 * sizeof(uint64_t);
	uint64_t id, entries, block;
	struct field field;

	if (!find_modid(t, &field) ||
	    !read_word(mem, map + field.offset, &id) || id == 0 ||
	    !read_word(mem, vector - entry, &entries) || id > entries ||
	    !read_word(mem, vector + entry * id, &block) || block == UINT64_MAX)
		return 0;
	return block;
}

/* Has the object thread-local variables?  Its headers are mapped with it. */
static bool
has_block(const struct machine *m, const struct target_library *library)
{
	Elf64_Ehdr header;
	Elf64_Phdr phdr;
	unsigned i;

	if (library->image)
		return m->image.tls_size > 0;
	if (gmem_read(&m->mem, &header, library->bias, sizeof(header)) < 0 ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return false;
	for (i = 0; i < header.e_phnum && i < IMAGE_PHDRS; i++)
		if (gmem_read(&m->mem, &phdr,
			library->bias + header.e_phoff + i * sizeof(phdr),
			sizeof(phdr)) == 0 &&
		    phdr.p_type == PT_TLS && phdr.p_memsz > 0)
			return true;
	return false;
}

/* musl's loader, which is its C library also. */
static const char musl[] = "ld-musl-";

/* musl numbers these objects in the order of the list.  The first word of its
 * vector is how many there are, and an entry is the block's address. */
static uint64_t
musl_block(struct debugger_target *t, uint64_t map, uint64_t vector)
{
	const struct gmem *mem = &t->machine->mem;
	struct target_library library = { .map = 0 };
	uint64_t blocks = 0, id = 0, known, block;
	bool is_musl = false;
	unsigned n;

	for (n = 0; n < TARGET_LIBRARIES && debugger_next_library(t, &library);
	     n++) {
		is_musl |= strstr(library.name, musl) != NULL;
		if (!has_block(t->machine, &library))
			continue;
		blocks++;
		if (library.map == map)
			id = blocks;
	}
	if (!is_musl || id == 0 || !read_word(mem, vector, &known) ||
	    known != blocks ||
	    !read_word(mem, vector + sizeof(uint64_t) * id, &block))
		return 0;
	return block;
}

bool
debugger_map_is_image(const struct debugger_target *t, uint64_t map)
{
	const struct machine *m = t->machine;
	struct link_map link;

	return gmem_read(&m->mem, &link, map, sizeof(link)) == 0 &&
	       is_in_image(&m->image, link.dynamic);
}

/* The thread control block has the dynamic thread vector in its second word. */
uint64_t
debugger_library_tls(struct debugger_target *t, uint64_t map, uint64_t tp)
{
	uint64_t vector, block;

	if (!read_word(&t->machine->mem, tp + sizeof(uint64_t), &vector))
		return 0;
	block = glibc_block(t, map, vector);
	return block ? block : musl_block(t, map, vector);
}
