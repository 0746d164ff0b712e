/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DWARF line number programs, run until they pass one address.  Nothing here
 * may know where the file is loaded, who asks, or the rest of DWARF.
 *
 * Section numbers are those of the DWARF 5 standard.  A line number section is
 * a list of units; a unit is a header, tables of directories and files, and a
 * program that appends rows (address, file, line) in sequences of rising
 * addresses.  Units are run in turn; the tables of a unit are read only after
 * its program has found the address, so no byte is read more than a few times.
 */
#include <elf.h>
#include <errno.h>
#include <stdbool.h>

#include "image/elfview.h"
#include "image/lines.h"

/* Standard and extended opcodes that change a row (6.2.5.2, 6.2.5.3). */
enum {
	DW_LNS_extended = 0,
	DW_LNS_copy = 1,
	DW_LNS_advance_pc = 2,
	DW_LNS_advance_line = 3,
	DW_LNS_set_file = 4,
	DW_LNS_const_add_pc = 8,
	DW_LNS_fixed_advance_pc = 9,
};

enum {
	DW_LNE_end_sequence = 1,
	DW_LNE_set_address = 2,
};

/* The content of a field of a directory or file entry (6.2.4.1). */
enum {
	DW_LNCT_path = 1,
	DW_LNCT_directory_index = 2,
};

/* The form of a field (7.5.6). */
enum {
	DW_FORM_block2 = 0x03,
	DW_FORM_block4 = 0x04,
	DW_FORM_data2 = 0x05,
	DW_FORM_data4 = 0x06,
	DW_FORM_data8 = 0x07,
	DW_FORM_string = 0x08,
	DW_FORM_block = 0x09,
	DW_FORM_block1 = 0x0a,
	DW_FORM_data1 = 0x0b,
	DW_FORM_strp = 0x0e,
	DW_FORM_udata = 0x0f,
	DW_FORM_strx = 0x1a,
	DW_FORM_data16 = 0x1e,
	DW_FORM_line_strp = 0x1f,
};

struct sections {
	struct cursor line;     /* .debug_line */
	struct cursor line_str; /* .debug_line_str */
	struct cursor str;      /* .debug_str */
};

struct unit {
	size_t offset_size; /* 4 in 32-bit DWARF, 8 in 64-bit */
	uint16_t version;
	uint8_t min_length; /* of an instruction */
	int8_t line_base;
	uint8_t line_range; /* not 0 */
	uint8_t opcode_base;
	const uint8_t *operands; /* of standard opcodes 1..opcode_base-1 */
	struct cursor tables;
	struct cursor program;
};

struct row {
	uint64_t address;
	uint64_t file;
	uint32_t line;
};

/* The address to be found, and the section that contains it. */
struct search {
	uint64_t addr;
	uint64_t section;
	uint64_t section_size;
};

/*
 * The line number state machine (6.2.2).  `now` is its registers.  `last` is
 * the previous row of the sequence, which begins at address `start`.  `hit` is
 * the row that the address belongs to: the next row is beyond it.
 */
struct line_machine {
	const struct unit *unit;
	struct cursor program;
	struct row now;
	bool in_sequence;
	uint64_t start;
	struct row last;
	bool found;
	struct row hit;
};

/* A field of an entry: the string, its offset in a section, or a number. */
struct value {
	uint64_t form;
	uint64_t number;
	const char *string;
};

struct entry {
	struct value path;
	uint64_t dir;
};

/* A version 5 table of entries: `count` of them, each with these fields. */
struct table {
	uint8_t fields;
	struct {
		uint64_t content;
		uint64_t form;
	} field[UINT8_MAX];
	uint64_t count;
};

/*
 * The first 4 bytes of a unit's length state the size of the length and of
 * offsets (7.4); the other values from 0xfffffff0 on are reserved.
 */
static uint64_t
read_length(struct cursor *c, size_t *offset_size)
{
	uint64_t length = cursor_uint(c, 4);

	*offset_size = 4;
	if (length == 0xffffffff) {
		*offset_size = 8;
		length = cursor_uint(c, 8);
	} else if (length >= 0xfffffff0) {
		cursor_fail(c);
	}
	return length;
}

/* The header of a unit (6.2.4) up to its tables. */
static bool
read_unit(struct cursor body, struct unit *unit)
{
	unit->version = cursor_u16(&body);
	if (unit->version < 2 || unit->version > 5)
		return false;
	if (unit->version >= 5)
		cursor_take(&body, 2); /* sizes of address and selector */
	unit->tables = cursor_slice(
	    &body, cursor_uint(&body, unit->offset_size));
	unit->program = body;

	unit->min_length = cursor_u8(&unit->tables);
	if (unit->version >= 4)
		cursor_u8(&unit->tables); /* operations per instruction */
	cursor_u8(&unit->tables);         /* default_is_stmt */
	unit->line_base = (int8_t)cursor_u8(&unit->tables);
	unit->line_range = cursor_u8(&unit->tables);
	unit->opcode_base = cursor_u8(&unit->tables);
	if (unit->line_range == 0 || unit->opcode_base == 0)
		return false;
	unit->operands = cursor_take(
	    &unit->tables, unit->opcode_base - UINT64_C(1));
	return !unit->program.failed && !unit->tables.failed;
}

static void
begin_sequence(struct line_machine *m)
{
	m->now = (struct row){ .file = 1, .line = 1 };
	m->in_sequence = false;
}

/*
 * The sequence of code that the linker discarded remains at an address near 0,
 * where it may cover other code.  So a sequence counts only if it begins in the
 * section that contains the address.
 */
static bool
begins_in_section(const struct line_machine *m, const struct search *search)
{
	return m->start >= search->section &&
	       m->start - search->section < search->section_size;
}

static void
append_row(struct line_machine *m, const struct search *search)
{
	if (!m->in_sequence) {
		m->start = m->now.address;
	} else if (m->last.address <= search->addr &&
		   search->addr < m->now.address &&
		   begins_in_section(m, search)) {
		m->found = true;
		m->hit = m->last;
	}
	m->in_sequence = true;
	m->last = m->now;
}

static void
advance_pc(struct line_machine *m, uint64_t operations)
{
	m->now.address += operations * m->unit->min_length;
}

/* The part of a special opcode that encodes the advances (6.2.5.1). */
static uint8_t
adjusted_opcode(const struct unit *u, uint8_t opcode)
{
	return (uint8_t)(opcode - u->opcode_base);
}

/* A special opcode advances address and line and appends a row. */
static void
run_special(struct line_machine *m, const struct search *search, uint8_t opcode)
{
	const struct unit *u = m->unit;
	uint8_t adjusted = adjusted_opcode(u, opcode);

	advance_pc(m, adjusted / u->line_range);
	m->now.line += (uint32_t)(u->line_base + adjusted % u->line_range);
	append_row(m, search);
}

/* An extended opcode has its length, so unknown ones are skipped (6.2.5.3). */
static void
run_extended(struct line_machine *m, const struct search *search)
{
	struct cursor c = cursor_slice(&m->program, cursor_uleb(&m->program));

	if (c.left == 0)
		return;
	switch (cursor_u8(&c)) {
	case DW_LNE_end_sequence:
		append_row(m, search);
		begin_sequence(m);
		break;
	case DW_LNE_set_address:
		m->now.address = cursor_uint(&c, c.left);
		if (c.failed)
			cursor_fail(&m->program);
		break;
	}
}

/*
 * Opcodes that do not matter here are skipped like unknown ones, by the
 * header's count of their LEB128 operands.
 */
static void
skip_standard(struct line_machine *m, uint8_t opcode)
{
	unsigned n;

	for (n = m->unit->operands[opcode - 1]; n > 0; n--)
		cursor_uleb(&m->program);
}

static void
run_standard(
    struct line_machine *m, const struct search *search, uint8_t opcode)
{
	struct cursor *c = &m->program;
	const struct unit *u = m->unit;

	switch (opcode) {
	case DW_LNS_extended: run_extended(m, search); break;
	case DW_LNS_copy: append_row(m, search); break;
	case DW_LNS_advance_pc: advance_pc(m, cursor_uleb(c)); break;
	case DW_LNS_advance_line:
		m->now.line += (uint32_t)cursor_sleb(c);
		break;
	case DW_LNS_set_file: m->now.file = cursor_uleb(c); break;
	case DW_LNS_const_add_pc:
		advance_pc(m, adjusted_opcode(u, 255) / u->line_range);
		break;
	case DW_LNS_fixed_advance_pc: m->now.address += cursor_u16(c); break;
	default: skip_standard(m, opcode); break;
	}
}

static bool
run_program(
    const struct unit *unit, const struct search *search, struct row *hit)
{
	struct line_machine m = { .unit = unit, .program = unit->program };
	uint8_t opcode;

	begin_sequence(&m);
	while (m.program.left > 0 && !m.found) {
		opcode = cursor_u8(&m.program);
		if (opcode < unit->opcode_base)
			run_standard(&m, search, opcode);
		else
			run_special(&m, search, opcode);
	}
	*hit = m.hit;
	return m.found;
}

/*
 * Versions 2 to 4 (DWARF 4, 6.2.4, include_directories and file_names): two
 * lists, both ended by an empty name.  Directory 0 is the compiler's, which
 * only other sections name; so both count from 1.
 */
static void
read_names(struct cursor c, uint64_t file, struct line *line)
{
	struct cursor dirs = c;
	const char *name;
	uint64_t i, dir = 0;

	while (*cursor_string(&c) != '\0')
		continue;
	for (i = 1; *(name = cursor_string(&c)) != '\0'; i++) {
		dir = cursor_uleb(&c);
		cursor_uleb(&c); /* time of modification */
		cursor_uleb(&c); /* size */
		if (i == file)
			break;
	}
	if (c.failed || *name == '\0')
		return;
	line->file = name;
	for (i = 1; i <= dir && *(name = cursor_string(&dirs)) != '\0'; i++)
		if (i == dir)
			line->dir = name;
}

/*
 * The formats are decoded once.  An entry without fields takes no bytes, and
 * then nothing in the file would bound their number.
 */
static void
read_table(struct cursor *c, struct table *table)
{
	unsigned i;

	table->fields = cursor_u8(c);
	for (i = 0; i < table->fields; i++) {
		table->field[i].content = cursor_uleb(c);
		table->field[i].form = cursor_uleb(c);
	}
	table->count = cursor_uleb(c);
	if (table->fields == 0 && table->count > 0)
		cursor_fail(c);
}

/* Every form takes at least one byte; an unknown form cannot be skipped. */
static struct value
read_value(struct cursor *c, uint64_t form, size_t offset_size)
{
	struct value v = { .form = form };

	switch (form) {
	case DW_FORM_string: v.string = cursor_string(c); break;
	case DW_FORM_line_strp:
	case DW_FORM_strp: v.number = cursor_uint(c, offset_size); break;
	case DW_FORM_strx:
	case DW_FORM_udata: v.number = cursor_uleb(c); break;
	case DW_FORM_data1: v.number = cursor_uint(c, 1); break;
	case DW_FORM_data2: v.number = cursor_uint(c, 2); break;
	case DW_FORM_data4: v.number = cursor_uint(c, 4); break;
	case DW_FORM_data8: v.number = cursor_uint(c, 8); break;
	case DW_FORM_data16: cursor_take(c, 16); break;
	case DW_FORM_block: cursor_take(c, cursor_uleb(c)); break;
	case DW_FORM_block1: cursor_take(c, cursor_uint(c, 1)); break;
	case DW_FORM_block2: cursor_take(c, cursor_uint(c, 2)); break;
	case DW_FORM_block4: cursor_take(c, cursor_uint(c, 4)); break;
	default: cursor_fail(c); break;
	}
	return v;
}

static struct entry
read_entry(struct cursor *c, const struct table *table, size_t offset_size)
{
	struct entry entry = { .dir = 0 };
	struct value v;
	unsigned i;

	for (i = 0; i < table->fields; i++) {
		v = read_value(c, table->field[i].form, offset_size);
		if (table->field[i].content == DW_LNCT_path)
			entry.path = v;
		else if (table->field[i].content == DW_LNCT_directory_index)
			entry.dir = v.number;
	}
	return entry;
}

/* Read n entries and return the last. */
static struct entry
read_entries(
    struct cursor *c, const struct table *table, uint64_t n, size_t offset_size)
{
	struct entry entry = { .dir = 0 };

	while (n-- > 0 && !c->failed)
		entry = read_entry(c, table, offset_size);
	return entry;
}

/* The string of a path, NULL if it is empty or out of bounds. */
static const char *
path_string(const struct sections *sections, const struct value *path)
{
	struct cursor c;
	const char *string = path->string;

	if (path->form != DW_FORM_string) {
		if (path->form == DW_FORM_line_strp)
			c = sections->line_str;
		else if (path->form == DW_FORM_strp)
			c = sections->str;
		else
			return NULL;
		cursor_take(&c, path->number);
		string = cursor_string(&c);
	}
	return *string == '\0' ? NULL : string;
}

/* Version 5: two tables of entries, both counted from 0. */
static void
read_entry_tables(const struct sections *sections, const struct unit *unit,
    uint64_t file, struct line *line)
{
	struct cursor c = unit->tables, entries;
	struct table dirs, files;
	struct entry entry;

	read_table(&c, &dirs);
	entries = c;
	read_entries(&c, &dirs, dirs.count, unit->offset_size);
	read_table(&c, &files);
	if (c.failed || file >= files.count)
		return;
	entry = read_entries(&c, &files, file + 1, unit->offset_size);
	if (c.failed)
		return;
	line->file = path_string(sections, &entry.path);
	if (entry.dir >= dirs.count)
		return;
	entry = read_entries(&entries, &dirs, entry.dir + 1, unit->offset_size);
	line->dir = path_string(sections, &entry.path);
}

static int
name_row(const struct sections *sections, const struct unit *unit,
    const struct row *row, struct line *line)
{
	struct line named = { .line = row->line };

	if (unit->version >= 5)
		read_entry_tables(sections, unit, row->file, &named);
	else
		read_names(unit->tables, row->file, &named);
	if (named.file == NULL || named.line == 0)
		return -ENOENT;
	*line = named;
	return 0;
}

/* A unit that makes no sense is skipped by its length. */
static int
find_in_units(const struct sections *sections, const struct search *search,
    struct line *line)
{
	struct cursor units = sections->line, body;
	struct unit unit;
	struct row row;

	while (units.left > 0) {
		body = cursor_slice(
		    &units, read_length(&units, &unit.offset_size));
		if (!body.failed && read_unit(body, &unit) &&
		    run_program(&unit, search, &row))
			return name_row(sections, &unit, &row, line);
	}
	return -ENOENT;
}

int
lines_find(const uint8_t *file, size_t size, uint64_t addr, struct line *line)
{
	struct search search = { .addr = addr };
	struct sections sections;
	struct elfview view;
	Elf64_Shdr code;
	uint64_t index;
	int error;

	error = elfview_open(&view, file, size);
	if (error != 0)
		return error;
	error = elfview_find_code(&view, addr, &index, &code);
	if (error != 0)
		return error;
	search.section = code.sh_addr;
	search.section_size = code.sh_size;
	sections.line = elfview_named(&view, ".debug_line");
	sections.line_str = elfview_named(&view, ".debug_line_str");
	sections.str = elfview_named(&view, ".debug_str");
	return find_in_units(&sections, &search, line);
}
