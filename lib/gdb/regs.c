/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers: tables expanded from regs.def, and the few registers that
 * need conversion.  It must not know packets, nor where the registers are kept.
 */
#include "gdb/regs.h"

#include "gdb/text.h"

#include <assert.h>
#include <string.h>

/* Fields of the XSAVE area (SDM vol. 1, table 10-2 and 13.4). */
#define FCW            0
#define FTW            4
#define FSW            2
#define MXCSR          24
#define MXCSR_MASK     28
#define ST0            32
#define XMM0           160
#define LEGACY_END     416
#define XSTATE_BV      512
#define EXTENDED_START 576

/* Their values after reset or FNINIT (SDM vol. 1, 13.6). */
#define FCW_INIT        0x37f
#define MXCSR_INIT      0x1f80
#define MXCSR_MASK_INIT 0xffbf /* if the mask reads 0: 11.6.6 */

#define FOP_BITS 0x7ff /* SDM vol. 1, 8.1.9 */

/* The part that a register's feature needs, times PER_PART: registers are
 * counted on from there. */
enum needs {
/* clang-format off */
#define PER_PART 256
#define FEATURE(name, part, id) NEEDS_##name = XSAVE_##part * PER_PART,
/* clang-format on */
#define CORE(field, bits, type, group)               NEEDS_REG_##field,
#define FLAGS(name, field, bits, type, group)        NEEDS_REG_##name,
#define XSAVE(name, part, offset, bits, type, group) NEEDS_REG_##name,
#define FPU(name, offset, bytes, group)              NEEDS_REG_##name,
#define CONTROL(field, bits, type, access)           NEEDS_REG_##field,
#include "gdb/regs.def"
};
#define NEEDED_BY(name) (enum xsave_part)(NEEDS_REG_##name / PER_PART)
_Static_assert(REG_COUNT < PER_PART, "counting does not reach the next part");

/* Rows hold their texts: a start would make a page fault for each page of
 * pointers that the loader relocates. */
struct row {
	char name[16];
	char type[16];
	char group[12];
	uint16_t bits;
	uint16_t offset; /* in struct regs, or in the XSAVE part */
	uint8_t bytes;   /* of the field that holds the register */
	enum regs_place place;
	enum xsave_part part;
	bool read_only;
	enum xsave_part needs; /* of its feature */
};

static const struct row rows[REG_COUNT] = {
#define IN_REGS(name, field, bits, type, group, place, read_only)             \
	{ #name, type, group, bits, offsetof(struct regs, field), (bits) / 8, \
		place, XSAVE_X87, read_only, NEEDED_BY(name) },
#define CORE(field, bits, type, group) \
	IN_REGS(field, field, bits, type, group, PLACE_CORE, false)
#define FLAGS(name, field, bits, type, group) \
	IN_REGS(name, field, bits, type, group, PLACE_CORE, false)
#define XSAVE(name, part, offset, bits, type, group)                 \
	{ #name, type, group, bits, offset, (bits) / 8, PLACE_XSAVE, \
		XSAVE_##part, false, NEEDED_BY(name) },
#define FPU(name, offset, bytes, group)                                   \
	{ #name, "int", group, 32, offset, bytes, PLACE_XSAVE, XSAVE_X87, \
		false, NEEDED_BY(name) },
#define READ_ONLY true
#define STATUS    false
#define CONTROL(field, bits, type, access) \
	IN_REGS(field, field, bits, type, "system", PLACE_CONTROL, access)
#include "gdb/regs.def"
};

/* A feature's registers end where the next feature begins. */
enum first_number {
/* clang-format off */
#define FEATURE(name, part, id) \
	FIRST_##name, BEFORE_##name = FIRST_##name - 1,
/* clang-format on */
#define CORE(field, bits, type, group)               AFTER_##field,
#define FLAGS(name, field, bits, type, group)        AFTER_##name,
#define XSAVE(name, part, offset, bits, type, group) AFTER_##name,
#define FPU(name, offset, bytes, group)              AFTER_##name,
#define CONTROL(field, bits, type, access)           AFTER_##field,
#include "gdb/regs.def"
};

static const struct feature {
	const char *id;
	unsigned first;
	enum xsave_part part;
} features[] = {
#define FEATURE(name, part, id) { id, FIRST_##name, XSAVE_##part },
#include "gdb/regs.def"
};

#define FEATURES (sizeof(features) / sizeof(features[0]))

/* The parts' offsets in an area that has all of them, and their sizes. */
static const struct {
	uint16_t offset;
	uint16_t size;
} parts[XSAVE_PARTS] = {
	[XSAVE_X87] = { 0, ST0 + 8 * 16 },
	[XSAVE_SSE] = { 0, LEGACY_END },
	[XSAVE_AVX] = { EXTENDED_START, 256 },
	[XSAVE_OPMASK] = { 1088, 64 },
	[XSAVE_ZMM_HI256] = { 1152, 512 },
	[XSAVE_HI16_ZMM] = { 1664, 1024 },
	[XSAVE_PKRU] = { 2688, 8 },
};

static bool
has_part(const struct regs_layout *layout, enum xsave_part part)
{
	return part <= XSAVE_SSE || (layout->xcr0 >> part & 1) != 0;
}

bool
regs_has(const struct regs_layout *layout, unsigned number)
{
	return number < REG_COUNT && has_part(layout, rows[number].needs);
}

unsigned
regs_size(unsigned number)
{
	return rows[number].bits / 8;
}

const char *
regs_name(unsigned number)
{
	return rows[number].name;
}

enum regs_place
regs_place(unsigned number)
{
	return rows[number].place;
}

bool
regs_in_g(const struct regs_layout *layout, unsigned number)
{
	return regs_has(layout, number) && rows[number].place != PLACE_CONTROL;
}

bool
regs_is_read_only(unsigned number)
{
	return rows[number].read_only;
}

void
regs_layout_init(struct regs_layout *layout, uint64_t xcr0)
{
	*layout = (struct regs_layout){ .xcr0 = xcr0 };
	for (size_t i = 0; i < XSAVE_PARTS; i++)
		layout->offset[i] = parts[i].offset;
}

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static uint64_t
get_bytes(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

void
regs_init(struct regs *regs, const struct regs_layout *layout)
{
	memset(regs, 0, sizeof(*regs));
	regs->xsave_valid = layout->xcr0 | 3;
	regs->orig_rax = UINT64_MAX;
	put16(regs->xsave + FCW, FCW_INIT);
	put16(regs->xsave + MXCSR, MXCSR_INIT);
}

/*
 * A part whose bit in XSTATE_BV is clear is in its initial state, whatever its
 * bytes are (SDM vol. 1, 13.4.2); MXCSR does not follow that rule (13.5.2).
 */
static bool
in_use(const struct regs *regs, enum xsave_part part)
{
	return (regs->xsave[XSTATE_BV + part / 8] >> part % 8 & 1) != 0;
}

/* Set a part's bit; its bytes become the initial state that it was in. */
static void
take_into_use(
    struct regs *regs, const struct regs_layout *layout, enum xsave_part part)
{
	if (in_use(regs, part))
		return;
	if (part == XSAVE_X87) {
		memset(regs->xsave, 0, MXCSR);
		memset(regs->xsave + ST0, 0, XMM0 - ST0);
		put16(regs->xsave + FCW, FCW_INIT);
	} else if (part == XSAVE_SSE) {
		memset(regs->xsave + XMM0, 0, LEGACY_END - XMM0);
	} else {
		memset(regs->xsave + layout->offset[part], 0, parts[part].size);
	}
	regs->xsave[XSTATE_BV + part / 8] |= (uint8_t)(1 << part % 8);
}

/* The bytes that hold a register, or NULL if it is unavailable. */
static uint8_t *
field_of(
    struct regs *regs, const struct regs_layout *layout, const struct row *row)
{
	size_t at;

	if (row->place != PLACE_XSAVE)
		return (uint8_t *)regs + row->offset;
	if ((regs->xsave_valid >> row->part & 1) == 0 ||
	    !has_part(layout, row->part))
		return NULL;
	at = (size_t)layout->offset[row->part] + row->offset;
	if (at > sizeof(regs->xsave) || sizeof(regs->xsave) - at < row->bytes)
		return NULL;
	return regs->xsave + at;
}

/*
 * The two bits of the tag word for a register in use (SDM vol. 1, 8.1.7): 0
 * valid, 1 zero, 2 special: NaN, infinity, denormal, unnormal.
 */
static unsigned
tag_of(const uint8_t st[10])
{
	uint64_t mantissa = get_bytes(st, 8);
	unsigned exponent = get_bytes(st + 8, 2) & 0x7fff;

	if (exponent == 0)
		return mantissa == 0 ? 1 : 2;
	if (exponent == 0x7fff || mantissa >> 63 == 0)
		return 2;
	return 0;
}

/*
 * The full tag word from the abridged one, which has a bit per register in use
 * (SDM vol. 1, 10.5.1.1).  Both number the registers as the hardware does;
 * st(i) is register (TOP + i) modulo 8.
 */
static unsigned
tags_expand(const uint8_t *xsave)
{
	unsigned top = xsave[FSW + 1] >> 3 & 7;
	unsigned tags = 0;

	for (unsigned i = 0; i < 8; i++) {
		const uint8_t *st = xsave + ST0 + 16 * ((i - top) & 7);
		unsigned tag = xsave[FTW] >> i & 1 ? tag_of(st) : 3;

		tags |= tag << 2 * i;
	}
	return tags;
}

static uint8_t
tags_abridge(unsigned tags)
{
	unsigned used = 0;

	for (unsigned i = 0; i < 8; i++)
		if ((tags >> 2 * i & 3) != 3)
			used |= 1u << i;
	return (uint8_t)used;
}

bool
regs_get(const struct regs *regs, const struct regs_layout *layout,
    unsigned number, uint8_t *value)
{
	const struct row *row = &rows[number];
	const uint8_t *field = field_of((struct regs *)regs, layout, row);

	if (!field)
		return false;
	if (row->place != PLACE_XSAVE || number == REG_mxcsr ||
	    in_use(regs, row->part)) {
		memcpy(value, field, row->bytes);
		memset(value + row->bytes, 0, row->bits / 8U - row->bytes);
		if (number == REG_ftag)
			put16(value, tags_expand(regs->xsave));
		return true;
	}
	memset(value, 0, row->bits / 8);
	if (number == REG_fctrl)
		put16(value, FCW_INIT);
	else if (number == REG_ftag)
		put16(value, 0xffff);
	return true;
}

/*
 * MXCSR bits that the processor does not support must stay clear, or it
 * refuses the whole area (SDM vol. 1, 11.6.6).
 */
static void
set_mxcsr(uint8_t *xsave, const uint8_t *value)
{
	uint32_t mask = (uint32_t)get_bytes(xsave + MXCSR_MASK, 4);
	uint32_t bits = (uint32_t)get_bytes(value, 4);

	bits &= mask != 0 ? mask : MXCSR_MASK_INIT;
	put16(xsave + MXCSR, bits);
	put16(xsave + MXCSR + 2, bits >> 16);
}

bool
regs_set(struct regs *regs, const struct regs_layout *layout, unsigned number,
    const uint8_t *value)
{
	const struct row *row = &rows[number];
	uint8_t *field = field_of(regs, layout, row);

	if (!field)
		return false;
	if (row->place == PLACE_XSAVE)
		take_into_use(regs, layout, row->part);
	if (number == REG_ftag)
		*field = tags_abridge((unsigned)get_bytes(value, 2));
	else if (number == REG_fop)
		put16(field, get_bytes(value, 2) & FOP_BITS);
	else if (number == REG_mxcsr)
		set_mxcsr(regs->xsave, value);
	else
		memcpy(field, value, row->bytes);
	return true;
}

/*
 * The register types that GDB does not predefine.  Types and fields are named
 * as in gdb/features/i386/64bit-*.xml, since users type these names.
 */
static const struct regs_flag flags[] = {
#define FLAG(type, name, low, high) { #type, name, low, high },
#include "gdb/flags.def"
};

#define FLAGS_COUNT (sizeof(flags) / sizeof(flags[0]))

/* The first flag of a type, and how many it has. */
static const struct regs_flag *
flags_of(const char *type, size_t *n)
{
	size_t i = 0;

	*n = 0;
	while (i < FLAGS_COUNT && strcmp(flags[i].type, type) != 0)
		i++;
	while (i + *n < FLAGS_COUNT && strcmp(flags[i + *n].type, type) == 0)
		++*n;
	return &flags[i];
}

bool
regs_flag(unsigned number, size_t nth, struct regs_flag *flag)
{
	size_t n;
	const struct regs_flag *first = flags_of(rows[number].type, &n);

	if (nth >= n)
		return false;
	*flag = first[nth];
	return true;
}

static const struct lane {
	const char *name;
	const char *type;
	unsigned count;
} lanes[] = {
	{ "v4_float", "ieee_single", 4 },
	{ "v2_double", "ieee_double", 2 },
	{ "v16_int8", "int8", 16 },
	{ "v8_int16", "int16", 8 },
	{ "v4_int32", "int32", 4 },
	{ "v2_int64", "int64", 2 },
};

#define LANES (sizeof(lanes) / sizeof(lanes[0]))

static void
xml_flags(struct text *out, const struct row *row)
{
	size_t n;
	const struct regs_flag *flag = flags_of(row->type, &n);

	if (n == 0)
		return;
	text_printf(
	    out, "<flags id=\"%s\" size=\"%u\">\n", row->type, row->bits / 8U);
	for (; n > 0; n--, flag++)
		text_printf(out,
		    "<field name=\"%s\" start=\"%u\" end=\"%u\"/>\n",
		    flag->name, flag->low, flag->high);
	text_printf(out, "</flags>\n");
}

static void
xml_vec128(struct text *out)
{
	for (size_t i = 0; i < LANES; i++)
		text_printf(out,
		    "<vector id=\"%s\" type=\"%s\" count=\"%u\"/>\n",
		    lanes[i].name, lanes[i].type, lanes[i].count);
	text_printf(out, "<union id=\"vec128\">\n");
	for (size_t i = 0; i < LANES; i++)
		text_printf(out, "<field name=\"%s\" type=\"%s\"/>\n",
		    lanes[i].name, lanes[i].name);
	text_printf(
	    out, "<field name=\"uint128\" type=\"uint128\"/>\n</union>\n");
}

/* The scope of a type's name is its feature, so each feature defines it. */
static void
xml_type(struct text *out, const struct row *row)
{
	if (strcmp(row->type, "vec128") == 0)
		xml_vec128(out);
	else if (strcmp(row->type, "v2ui128") == 0)
		text_printf(out,
		    "<vector id=\"%s\" type=\"uint128\" count=\"2\"/>\n",
		    row->type);
	else
		xml_flags(out, row);
}

/* Whether the register is the first of its feature with its type. */
static bool
type_is_new(unsigned first, unsigned number)
{
	for (unsigned i = first; i < number; i++)
		if (strcmp(rows[i].type, rows[number].type) == 0)
			return false;
	return true;
}

static void
xml_feature(struct text *out, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++)
		if (type_is_new(first, i))
			xml_type(out, &rows[i]);
	for (unsigned i = first; i < end; i++) {
		text_printf(out,
		    "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" regnum=\"%u\"",
		    rows[i].name, rows[i].bits, rows[i].type, i);
		if (rows[i].group[0])
			text_printf(out, " group=\"%s\"", rows[i].group);
		/* LLDB does not deduce this from the type; GDB ignores it. */
		if (rows[i].bits > 128)
			text_printf(out,
			    " encoding=\"vector\" format=\"vector-uint8\"");
		text_printf(out, "/>\n");
	}
}

/*
 * The osabi, together with orig_rax, makes GDB treat the guest as a Linux
 * process: names in `catch syscall`, the type of $_siginfo,
 * relocation of position-independent images by the auxiliary vector, `info
 * proc`, `gcore` (gdb/amd64-linux-tdep.c, gdb/linux-tdep.c).
 */
void
regs_xml(const struct regs_layout *layout, struct text *out)
{
	text_printf(out, "<?xml version=\"1.0\"?>\n"
			 "<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
			 "<target version=\"1.0\">\n"
			 "<architecture>i386:x86-64</architecture>\n"
			 "<osabi>GNU/Linux</osabi>\n");
	for (size_t i = 0; i < FEATURES; i++) {
		unsigned end = i + 1 < FEATURES ? features[i + 1].first
						: REG_COUNT;

		if (!has_part(layout, features[i].part))
			continue;
		text_printf(out, "<feature name=\"%s\">\n", features[i].id);
		xml_feature(out, features[i].first, end);
		text_printf(out, "</feature>\n");
	}
	text_printf(out, "</target>\n");
}
