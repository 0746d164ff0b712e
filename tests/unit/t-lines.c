/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the lookup of source lines by address: in this program itself, as its
 * compiler wrote them, and in line number programs made to order.
 */
#include <errno.h>
#include <stdlib.h>

#include "elfbuild.h"
#include "selfelf.h"
#include "tap.h"

#include "image/elfview.h"
#include "image/lines.h"

#define CODE      UINT64_C(0x401000)
#define CODE_SIZE UINT64_C(0x1000)
#define MUTATIONS 10000

/* The sections made below, numbered as elfbuild adds them. */
enum {
	TEXT = 2,
	LINE = 3,
	LINE_STR = 4,
};

/* The codes used here: DWARF 5, 6.2.4.1, 6.2.5.2, 6.2.5.3 and 7.5.6. */
enum {
	COPY = 1,
	ADVANCE_PC = 2,
	ADVANCE_LINE = 3,
	SET_FILE = 4,
	SET_COLUMN = 5,
	CONST_ADD_PC = 8,
	FIXED_ADVANCE_PC = 9,
	END_SEQUENCE = 1,
	SET_ADDRESS = 2,
	PATH = 1,
	DIRECTORY = 2,
	MD5 = 5,
	FORM_STRING = 0x08,
	FORM_BLOCK = 0x09,
	FORM_DATA1 = 0x0b,
	FORM_STRP = 0x0e,
	FORM_UDATA = 0x0f,
	FORM_DATA16 = 0x1e,
	FORM_LINE_STRP = 0x1f,
};

#define LINE_BASE   (-5)
#define LINE_RANGE  14
#define OPCODE_BASE 13

/* Bytes in the making. */
struct bytes {
	uint8_t at[1024];
	size_t size;
};

static void
put(struct bytes *b, const void *bytes, size_t size)
{
	if (size > sizeof(b->at) - b->size)
		bail("a line section of more than %zu bytes", sizeof(b->at));
	memcpy(b->at + b->size, bytes, size);
	b->size += size;
}

static void
put_uint(struct bytes *b, uint64_t value, size_t size)
{
	put(b, &value, size); /* the host is also little-endian */
}

static void
put_string(struct bytes *b, const char *string)
{
	put(b, string, strlen(string) + 1);
}

#define PUT(b, ...)                              \
	put(b, (const uint8_t[]){ __VA_ARGS__ }, \
	    sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* The differences between units. */
struct kind {
	unsigned version;
	size_t offset_size;
	unsigned min_length;
};

static void
put_offset(struct bytes *b, struct kind kind, uint64_t value)
{
	put_uint(b, value, kind.offset_size);
}

/* Directories "one" and "two", a file in each, and one without directory. */
static void
put_names(struct bytes *b)
{
	put_string(b, "one");
	put_string(b, "two");
	put_string(b, "");
	put_string(b, "plain.c");
	PUT(b, 0, 0, 0);
	put_string(b, "first.c");
	PUT(b, 1, 0, 0);
	put_string(b, "second.c");
	PUT(b, 2, 0xff, 0x01, 0); /* modified at 255 */
	put_string(b, "");
}

static const char line_strings[] = "/build\0one\0two\0plain.c\0first.c";
static const char debug_strings[] = "x\0second.c";

enum { AT_BUILD = 0, AT_ONE = 7, AT_TWO = 11, AT_PLAIN = 15, AT_FIRST = 23 };

/* A file, and fields that a reader skips: a checksum, a block of 2 bytes. */
static void
put_file(struct bytes *b, struct kind kind, uint64_t name, uint8_t dir)
{
	put_offset(b, kind, name);
	PUT(b, 0x80 | dir, 0x00); /* padded */
	put(b, "0123456789abcdef", 16);
	PUT(b, 2, 0xff, 0xff);
}

/* The same names in version 5, whose entry 0 is the compiled file. */
static void
put_entry_tables(struct bytes *b, struct kind kind)
{
	PUT(b, 1, PATH, FORM_LINE_STRP, 3);
	put_offset(b, kind, AT_BUILD);
	put_offset(b, kind, AT_ONE);
	put_offset(b, kind, AT_TWO);
	PUT(b, 4, PATH, FORM_LINE_STRP, DIRECTORY, FORM_UDATA, MD5, FORM_DATA16,
	    0x80, 0x40 /* a vendor's */, FORM_BLOCK, 3);
	put_file(b, kind, AT_PLAIN, 0);
	put_file(b, kind, AT_PLAIN, 0);
	put_file(b, kind, AT_FIRST, 1);
}

/* Directories in inline strings, two files in .debug_str; `files` is the count
 * in the header. */
static void
put_mixed_tables(struct bytes *b, struct kind kind, uint8_t files)
{
	PUT(b, 1, PATH, FORM_STRING, 2);
	put_string(b, "/build");
	put_string(b, "one");
	PUT(b, 2, DIRECTORY, FORM_DATA1, PATH, FORM_STRP, files, 0);
	put_offset(b, kind, 2);
	PUT(b, 1);
	put_offset(b, kind, 2);
}

/* A unit: begin_unit(), end_tables(), a program, end_unit(). */
struct unit {
	size_t start;  /* the first byte that the length counts */
	size_t tables; /* the first byte that the header length counts */
	struct kind kind;
};

static struct unit
begin_unit(struct bytes *b, struct kind kind)
{
	struct unit u = { .kind = kind };

	if (kind.offset_size == 8)
		put_uint(b, 0xffffffff, 4);
	put_offset(b, kind, 0);
	u.start = b->size;
	put_uint(b, kind.version, 2);
	if (kind.version >= 5)
		PUT(b, 8, 0);
	put_offset(b, kind, 0);
	u.tables = b->size;
	put_uint(b, kind.min_length, 1);
	if (kind.version >= 4)
		PUT(b, 1);
	PUT(b, 1, (uint8_t)LINE_BASE, LINE_RANGE, OPCODE_BASE);
	PUT(b, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1);
	return u;
}

static void
end_tables(struct bytes *b, const struct unit *u)
{
	uint64_t length = b->size - u->tables;

	memcpy(b->at + u->tables - u->kind.offset_size, &length,
	    u->kind.offset_size);
}

static void
end_unit(struct bytes *b, const struct unit *u)
{
	uint64_t length = b->size - u->start;

	memcpy(b->at + u->start - u->kind.offset_size, &length,
	    u->kind.offset_size);
}

static struct unit
begin_program(struct bytes *b, struct kind kind)
{
	struct unit u = begin_unit(b, kind);

	if (kind.version >= 5)
		put_entry_tables(b, kind);
	else
		put_names(b);
	end_tables(b, &u);
	return u;
}

static void
put_address(struct bytes *b, uint64_t addr)
{
	PUT(b, 0, 9, SET_ADDRESS);
	put_uint(b, addr, 8);
}

/* The opcode that advances address and line, and makes a row. */
static uint8_t
special(unsigned operations, int lines)
{
	return (uint8_t)(OPCODE_BASE + operations * LINE_RANGE +
			 (unsigned)(lines - LINE_BASE));
}

static struct elfbuild built;

static void
make_file(const struct bytes *b)
{
	elfbuild_begin(&built);
	elfbuild_code(&built, ".text", CODE, CODE_SIZE);
	elfbuild_section(&built, ".debug_line", SHT_PROGBITS, b->at, b->size);
	elfbuild_section(&built, ".debug_line_str", SHT_PROGBITS, line_strings,
	    sizeof(line_strings));
	elfbuild_section(&built, ".debug_str", SHT_PROGBITS, debug_strings,
	    sizeof(debug_strings));
}

/* The line of CODE + offset; 0 and errno if there is none. */
static struct line
line_at(uint64_t offset)
{
	struct line line = { NULL, NULL, 0 };

	errno = -lines_find(
	    elfbuild_file(&built), built.size, CODE + offset, &line);
	return line;
}

/*
 *	offset	line
 *	0	10
 *	3	12	special
 *	8	7	special, back
 *	0x18	7, file 2	by LEB128
 *	0x29	8	constant, 17 operations
 *	0x129	9	fixed advance, 0x100 bytes
 *	0x130	end
 */
static void
put_program(struct bytes *b, uint64_t addr)
{
	put_address(b, addr);
	PUT(b, ADVANCE_LINE, 9, SET_COLUMN, 0x85, 0x01, COPY);
	PUT(b, special(3, 2), special(5, -5));
	PUT(b, SET_FILE, 2, ADVANCE_PC, 0x90, 0x00, COPY);
	PUT(b, CONST_ADD_PC, ADVANCE_LINE, 1, COPY);
	PUT(b, FIXED_ADVANCE_PC, 0x00, 0x01, ADVANCE_LINE, 1, COPY);
	PUT(b, ADVANCE_PC, 7, 0, 1, END_SEQUENCE);
}

static void
make_program(struct kind kind)
{
	struct bytes b = { .size = 0 };
	struct unit u = begin_program(&b, kind);

	put_program(&b, CODE);
	end_unit(&b, &u);
	make_file(&b);
}

static void
test_program(struct kind kind)
{
	static const struct {
		uint64_t offset;
		uint32_t line;
	} truth[] = {
		{ 0, 10 },
		{ 2, 10 },
		{ 3, 12 },
		{ 7, 12 },
		{ 8, 7 },
		{ 0x17, 7 },
		{ 0x18, 7 },
		{ 0x28, 7 },
		{ 0x29, 8 },
		{ 0x128, 8 },
		{ 0x129, 9 },
		{ 0x12f, 9 },
		{ 0x130, 0 },
	};
	size_t i;

	make_program(kind);
	for (i = 0; i < sizeof(truth) / sizeof(truth[0]); i++)
		is_int(line_at(truth[i].offset).line, truth[i].line,
		    "DWARF %u of %zu bits: +%#jx is line %u", kind.version,
		    kind.offset_size * 8, (uintmax_t)truth[i].offset,
		    truth[i].line);
	is_str(line_at(0).file, "plain.c", "the first rows are of file 1");
	is_str(line_at(0).dir, kind.version < 5 ? NULL : "/build",
	    "which is where the compiler ran");
	is_str(line_at(0x18).file, "first.c", "later rows are of file 2");
	is_str(line_at(0x18).dir, "one", "which is in directory 1");
}

static void
make_mixed(uint8_t files)
{
	const struct kind kind = { 5, 4, 1 };
	struct bytes b = { .size = 0 };
	struct unit u = begin_unit(&b, kind);

	put_mixed_tables(&b, kind, files);
	end_tables(&b, &u);
	put_program(&b, CODE);
	end_unit(&b, &u);
	make_file(&b);
}

static void
test_version_5_forms(void)
{
	make_mixed(2);
	is_str(line_at(0).file, "second.c", "a name may be in .debug_str");
	is_str(line_at(0).dir, "one", "a name may be in the table itself");
	is_int(line_at(0x18).line, 0, "a row of file 2 of 2 from 0 is none");
	make_mixed(1);
	is_int(
	    line_at(0).line, 0, "bytes after the last entry are not an entry");
}

static void
test_min_length(void)
{
	const struct kind kind = { 4, 4, 4 };

	make_program(kind);
	is_int(line_at(3 * 4 - 1).line, 10,
	    "operations count in instruction lengths");
	is_int(line_at(3 * 4).line, 12, "special opcodes do so too");
}

static void
test_sequences(void)
{
	const struct kind kind = { 4, 4, 1 };
	struct bytes b = { .size = 0 };
	struct unit u = begin_program(&b, kind);

	/* --gc-sections leaves dead code at 0, here longer than CODE. */
	put_address(&b, 0);
	PUT(&b, ADVANCE_LINE, 50, COPY, ADVANCE_PC, 0x80, 0x80, 0x80, 0x04);
	PUT(&b, 0, 1, END_SEQUENCE);
	put_program(&b, CODE + 0x200);
	end_unit(&b, &u);
	u = begin_program(&b, kind);
	put_program(&b, CODE);
	PUT(&b, 0, 3, 0x80, 1, 2); /* a vendor's extended opcode */
	put_address(&b, CODE + 0x400);
	PUT(&b, ADVANCE_LINE, 0x7f, COPY, special(9, 3));
	PUT(&b, 0, 1, END_SEQUENCE);
	end_unit(&b, &u);
	make_file(&b);
	is_int(line_at(0).line, 10, "a sequence of dead code does not count");
	is_int(line_at(0x200).line, 10, "sequences need not be in order");
	is_int(line_at(0x150).line, 0, "between sequences there is no line");
	is_int(line_at(0x400).line, 0, "line 0 is not a line");
	is_int(errno, ENOENT, "an address without a line is ENOENT");
	is_int(line_at(0x409).line, 0, "the last row covers nothing");
}

static void
test_bad_unit_between(void)
{
	const struct kind kind = { 4, 4, 1 }, future = { 6, 4, 1 };
	struct bytes b = { .size = 0 };
	struct unit u = begin_program(&b, future);

	put_program(&b, CODE);
	end_unit(&b, &u);
	u = begin_program(&b, kind);
	PUT(&b, 0, 0x7f); /* an extended opcode longer than the unit */
	end_unit(&b, &u);
	PUT(&b, 0, 0, 0, 0); /* padding reads as an empty unit */
	u = begin_program(&b, kind);
	put_program(&b, CODE);
	end_unit(&b, &u);
	make_file(&b);
	is_int(line_at(0).line, 10,
	    "units of another version, broken and empty are passed over");
}

/* The bytes of .debug_line, to be spoiled. */
static uint8_t *
line_bytes(void)
{
	return (uint8_t *)&built + built.head.shdr[LINE].sh_offset;
}

/*
 * Offsets in a 32-bit version 4 unit: length 0, version 4, header length 6,
 * least instruction length 10, operations 11, is_stmt 12, line base 13, line
 * range 14, opcode base 15, operand counts 16-27, tables 28.
 */
#define SPOIL(version, offset, value, ...)                    \
	do {                                                  \
		make_program((struct kind){ version, 4, 1 }); \
		memset(line_bytes() + (offset), (value), 1);  \
		line_at(0);                                   \
		is_int(errno, ENOENT, __VA_ARGS__);           \
	} while (0)

static void
test_malformed(void)
{
	SPOIL(4, 3, 0x80, "a unit longer than the section is ENOENT");
	SPOIL(4, 4, 9, "an unknown version is ENOENT");
	SPOIL(4, 9, 0x80, "a header longer than the unit is ENOENT");
	SPOIL(4, 14, 0, "a line range of 0 is ENOENT");
	SPOIL(4, 15, 0, "an opcode base of 0 is ENOENT");
	SPOIL(4, 15, 255, "operand counts outside the header are ENOENT");
	make_program((struct kind){ 4, 4, 1 });
	memset(line_bytes(), 0xff, 4);
	line_bytes()[0] = 0xf0;
	is_int(line_at(0).line, 0, "a reserved length ends the section");
	make_program((struct kind){ 4, 4, 1 });
	built.head.shdr[LINE].sh_flags = SHF_COMPRESSED;
	is_int(line_at(0).line, 0, "a compressed section is not read");
	make_program((struct kind){ 4, 4, 1 });
	built.head.ehdr.e_shstrndx = SHN_UNDEF;
	is_int(line_at(0).line, 0, "without section names there is no line");
	make_program((struct kind){ 5, 4, 1 });
	built.head.shdr[LINE_STR].sh_size = 0;
	is_int(line_at(0).line, 0, "a name outside its section is none");
	make_program((struct kind){ 5, 4, 1 });
	built.head.shdr[LINE_STR].sh_size = AT_FIRST - 1;
	is_int(line_at(0).line, 0, "a name without an end is none");
}

/* Entries without bytes would make a loop of 2^63 turns that reads nothing. */
static void
test_empty_entries(void)
{
	const struct kind kind = { 5, 4, 1 };
	struct bytes b = { .size = 0 };
	struct unit u = begin_unit(&b, kind);

	PUT(&b, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
	PUT(&b, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
	end_tables(&b, &u);
	put_program(&b, CODE);
	end_unit(&b, &u);
	make_file(&b);
	is_int(line_at(0).line, 0, "endless tables of nothing are refused");
}

static int64_t
sleb(const char *bytes, size_t size, bool *failed)
{
	struct cursor c = cursor_over((const uint8_t *)bytes, size);
	int64_t value = cursor_sleb(&c);

	*failed = c.failed || c.left > 0;
	return value;
}

static uint64_t
uleb(const char *bytes, size_t size, bool *failed)
{
	struct cursor c = cursor_over((const uint8_t *)bytes, size);
	uint64_t value = cursor_uleb(&c);

	*failed = c.failed || c.left > 0;
	return value;
}

#define LEB(type, bytes, value, fails)                                  \
	do {                                                            \
		bool failed_;                                           \
		is_int(type(bytes, sizeof(bytes) - 1, &failed_), value, \
		    #type " of " #bytes " is " #value);                 \
		ok(failed_ == (fails), "and it %s",                     \
		    (fails) ? "is refused" : "is read to its end");     \
	} while (0)

/* The examples of DWARF 5, tables 7.6 and 7.7, and the limits. */
static void
test_leb128(void)
{
	LEB(uleb, "\x02", 2, false);
	LEB(uleb, "\x80\x01", 128, false);
	LEB(uleb, "\xb9\x64", 12857, false);
	LEB(uleb, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", -1, false);
	LEB(uleb, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x03", 0, true);
	LEB(uleb, "\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 1,
	    false);
	LEB(uleb, "\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 0,
	    true);
	LEB(uleb, "\x80", 0, true);
	LEB(sleb, "\x02", 2, false);
	LEB(sleb, "\x7e", -2, false);
	LEB(sleb, "\xff\x00", 127, false);
	LEB(sleb, "\x81\x7f", -127, false);
	LEB(sleb, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f", INT64_MIN, false);
	LEB(sleb, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 0, true);
	LEB(sleb, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", -1, false);
	LEB(sleb, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", INT64_MAX, false);
}

/* Whether an answer or an error keeps the header's promises. */
static bool
keeps_promises(const uint8_t *file, size_t size, uint64_t addr)
{
	struct line line = { NULL, NULL, 0 };
	int error = lines_find(file, size, addr, &line);

	if (error != 0)
		return line.file == NULL &&
		       (error == -ENOENT || error == -EINVAL);
	return is_inside(line.file, file, size) && line.file[0] != '\0' &&
	       (line.dir == NULL || is_inside(line.dir, file, size)) &&
	       line.line > 0;
}

/* Cut the file, then the section, at every length; then flip bits. */
static void
test_hostile(const char *what, uint64_t addr)
{
	uint64_t state = 1, whole = built.head.shdr[LINE].sh_size;
	unsigned broken = 0, i;
	uint8_t *copy;
	size_t size;

	for (size = 0; size <= built.size; size++) {
		copy = exact_copy(elfbuild_file(&built), size);
		broken += !keeps_promises(copy, size, addr);
		free(copy);
	}
	is_int(broken, 0, "%s: no cut of the file breaks a promise", what);
	for (broken = 0, size = 0; size <= whole; size++) {
		built.head.shdr[LINE].sh_size = size;
		broken += !keeps_promises(
		    elfbuild_file(&built), built.size, addr);
	}
	is_int(broken, 0, "%s: no cut of its lines breaks a promise", what);
	built.head.shdr[LINE].sh_size = whole;
	copy = exact_copy(elfbuild_file(&built), built.size);
	for (i = 0, broken = 0; i < MUTATIONS; i++) {
		memcpy(copy, &built, built.size);
		flip_bits(
		    copy + built.head.shdr[LINE].sh_offset, whole, &state);
		if (i % 8 == 0)
			flip_bits(copy, built.size, &state);
		broken += !keeps_promises(copy, built.size, addr);
	}
	free(copy);
	is_int(broken, 0, "%s: no flipped bits break a promise", what);
}

struct place {
	uint64_t addr;
	int line;
};

/* The caller's place: inside the call instruction, so on the call's line. */
__attribute__((noinline)) static struct place
here(int line)
{
	return (struct place){
		.addr = (uint64_t)(uintptr_t)__builtin_return_address(0) - 1,
		.line = line,
	};
}

/* Note places that are far enough apart to show a row off by one. */
static void
note_places(struct place places[3])
{
	places[0] = here(__LINE__);

	places[1] = here(__LINE__);
	places[2] = here(__LINE__);
}

/* Copy this program's own line sections into `built`. */
static bool
repack(const struct selfelf *self, uint64_t addr)
{
	static const char *const names[] = { ".debug_line", ".debug_line_str",
		".debug_str" };
	struct elfview view;
	struct cursor c;
	Elf64_Shdr code;
	uint64_t index;
	size_t i, total = 0;

	if (elfview_open(&view, self->bytes, self->size) != 0 ||
	    elfview_find_code(&view, addr, &index, &code) != 0)
		return false;
	elfbuild_begin(&built);
	elfbuild_code(&built, ".text", code.sh_addr, code.sh_size);
	for (i = 0; i < 3; i++) {
		c = elfview_named(&view, names[i]);
		total += c.left;
		if ((i == 0 && c.left == 0) || total > 32768)
			return false;
		elfbuild_section(&built, names[i], SHT_PROGBITS, c.at, c.left);
	}
	return true;
}

/* The last component of a path; NULL of NULL. */
static const char *
last_part(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

static void
test_self(void)
{
	struct selfelf self = selfelf_open();
	struct place places[3];
	struct line line;
	unsigned i;

	note_places(places);
	if (!repack(&self, places[0].addr - self.bias)) {
		skip(9, "built without -g, or compressed");
		return;
	}
	for (i = 0; i < 3; i++) {
		line = (struct line){ NULL, NULL, 0 };
		lines_find(
		    self.bytes, self.size, places[i].addr - self.bias, &line);
		is_int(line.line, places[i].line,
		    "the call in line %d is in that line", places[i].line);
		is_str(
		    last_part(line.file), last_part(__FILE__), "of this file");
	}
	test_hostile("this program", places[2].addr - self.bias);
}

int
main(void)
{
	static const struct kind kinds[] = { { 2, 4, 1 }, { 3, 4, 1 },
		{ 4, 4, 1 }, { 5, 4, 1 }, { 3, 8, 1 }, { 4, 8, 1 },
		{ 5, 8, 1 } };
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		test_program(kinds[i]);
	test_version_5_forms();
	test_min_length();
	test_sequences();
	test_bad_unit_between();
	test_malformed();
	test_empty_entries();
	test_leb128();
	make_program((struct kind){ 4, 4, 1 });
	test_hostile("DWARF 4", CODE + 0x20);
	make_program((struct kind){ 5, 8, 1 });
	test_hostile("DWARF 5", CODE + 4);
	test_self();
	return done_testing();
}
