/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares the decoder with objdump's output, one line per instruction.
 */
#include "objdump.h"

#include "image/insn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMAND "objdump -w -M intel "
#define SHOWN   40 /* differences printed at most */

/* A line of objdump's output. */
struct line {
	uint64_t addr;
	uint8_t code[32];
	size_t size;
	const char *text;
	bool joined; /* objdump has put prefixes on lines of their own */
};

/*
 * Differences by design: a text that objdump's line contains.
 *
 * UNKNOWN: only objdump accepts the instruction.  LENIENT: only we accept it.
 * SIZE, ADDRESS: objdump's size or address is not that of the access.
 */
static const struct design {
	const char *text;
	enum { UNKNOWN, LENIENT, SIZE, ADDRESS } what;
} designs[] = {
	/* Undefined: SDM vol. 2, MOV. */
	{ " cs,", UNKNOWN },
	/* A prefix without a meaning, where the SDM says NP. */
	{ "repz ", UNKNOWN },
	{ "repnz ", UNKNOWN },
	{ "data16 ", UNKNOWN },
	/* AVX-VNNI-INT8 has no EVEX form, nontemporal stores have no form with
	 * a register, and the next ones have no form with these prefixes. */
	{ "vpdpb", UNKNOWN },
	{ "vmovnt", UNKNOWN },
	{ "vrsqrt14", UNKNOWN },
	{ "vdbpsadbw", UNKNOWN },
	{ "vpshldw", UNKNOWN },
	{ "vpshrdw", UNKNOWN },
	{ "pmovmskb", UNKNOWN },
	{ "2m ", UNKNOWN },
	/* AMX: ModRM.reg is 0. */
	{ "tilecfg", UNKNOWN },
	{ "tilezero", UNKNOWN },
	/* A broadcast of an operand that has no broadcast form. */
	{ " BCST ", UNKNOWN },
	{ "287 only", UNKNOWN },
	/* Without MPX, these are nops with any register. */
	{ "bnd", LENIENT },
	/* m16:64 with REX.W, on Intel. */
	{ "FWORD PTR", SIZE },
	{ "lfs ", SIZE },
	{ "lgs ", SIZE },
	{ "lss ", SIZE },
	/* Intel ignores the prefix 66. */
	{ "jmp    WORD", SIZE },
	{ "jmp WORD", SIZE },
	{ "call   WORD", SIZE },
	{ "call WORD", SIZE },
	{ "jmp DWORD", SIZE },
	{ "call DWORD", SIZE },
	/* 3DNow! has 8 bytes with the prefix 66 also. */
	{ "pf", SIZE },
	{ "pi2f", SIZE },
	{ "pavgusb", SIZE },
	{ "pmulhrw", SIZE },
	{ "pswapd", SIZE },
	/* objdump does not show the addition of AL, a bit offset, the pop of
	 * RSP, or that the index is the distance of rows. */
	{ "xlat ", ADDRESS },
	{ "bt", ADDRESS },
	{ "pop ", ADDRESS },
	{ "tile", ADDRESS },
	/* objdump takes the prefix for a segment that replaces FS or GS. */
	{ "notrack", ADDRESS },
};

static bool
is_design(const char *text, unsigned what)
{
	size_t i;

	for (i = 0; i < sizeof(designs) / sizeof(designs[0]); i++)
		if (designs[i].what == what && strstr(text, designs[i].text))
			return true;
	return false;
}

/* Return the offset of the opcode, and report the prefixes before it. */
static size_t
skip_prefixes(const uint8_t *code, size_t size, bool *opsize, bool *other)
{
	size_t i;

	for (i = 0; i + 1 < size; i++) {
		if (code[i] == 0x66)
			*opsize = true;
		else if (memchr("\xf0\xf2\xf3", code[i], 3) ||
			 (code[i] & 0xf0) == 0x40)
			*other = true;
		else if (!memchr("\x26\x2e\x36\x3e\x64\x65\x67", code[i], 7))
			break;
	}
	return i;
}

/*
 * Differences that the text does not show: a near branch with 66, where AMD
 * (and objdump) reads 2 bytes and Intel 4; and VEX after a prefix that VEX
 * replaces.
 */
static bool
is_unknown_by_bytes(const struct line *line)
{
	bool opsize = false, other = false;
	size_t i = skip_prefixes(line->code, line->size, &opsize, &other);
	const uint8_t *op = line->code + i;

	if (op[0] == 0xe8 || op[0] == 0xe9 ||
	    (i + 1 < line->size && op[0] == 0x0f && (op[1] & 0xf0) == 0x80))
		return opsize;
	if (op[0] == 0xc4 || op[0] == 0xc5 || op[0] == 0x62 || op[0] == 0x8f)
		return opsize || other;
	return false;
}

/* objdump takes FWAIT for a prefix. */
static bool
is_fwait(const struct line *line)
{
	bool opsize, other;
	size_t i = skip_prefixes(line->code, line->size, &opsize, &other);

	return line->code[i] == 0x9b && i + 1 < line->size;
}

/* "  addr:\tbytes\ttext"; false for any other line. */
static bool
parse_line(char *s, struct line *line)
{
	char *end;

	line->addr = strtoull(s, &end, 16);
	if (end == s || strncmp(end, ":\t", 2) != 0)
		return false;
	end += 2;
	for (line->size = 0; line->size < sizeof(line->code);) {
		char *from = end;
		unsigned long byte = strtoul(from, &end, 16);

		if (end - from < 2 || *from == '\t')
			break;
		line->code[line->size++] = (uint8_t)byte;
		if (*end == ' ')
			end++;
	}
	while (*end == ' ')
		end++;
	if (line->size == 0 || *end != '\t')
		return false;
	line->text = end + 1;
	end[strcspn(end, "\n#<")] = '\0'; /* without the symbol's name */
	return true;
}

/* Whether a line of objdump is for an address that `slot`, a multiple of 16
 * below 256 or 1, divides.  It saves reading the nops between slots. */
static bool
begins_slot(const char *s, unsigned slot)
{
	size_t n = strcspn(s, ":");

	return slot == 1 || n < 2 || strtoul(s + n - 2, NULL, 16) % slot == 0;
}

/* Whether the line has only prefixes, which belong to the next line. */
static bool
is_prefix(const char *text)
{
	static const char *const names[] = { "rex", "repz", "repnz", "lock",
		"data16", "addr32", "cs", "ds", "es", "ss", "fs", "gs", "bnd",
		"notrack", "xacquire", "xrelease" };
	size_t n = strcspn(text, " ");
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(text, names[i], strlen(names[i])) == 0 &&
		    (n == strlen(names[i]) || text[strlen(names[i])] == '.'))
			break;
	if (i == sizeof(names) / sizeof(names[0]))
		return false;
	text += n + strspn(text + n, " ");
	return *text == '\0' || is_prefix(text);
}

/* Each register has a value of its own. */
static const struct insn_registers registers = {
	.gpr = { 0x1000000000000001, 0x0200000000000030, 0x0030000000000500,
	    0x0004000000007000, 0x0000500000090000, 0x0000060000b00000,
	    0x000000700d000000, 0x00000008f0000000, 0x0000009000001100,
	    0x00000a0000130000, 0x0000b00015000000, 0x000c000017000000,
	    0x00d0000000001900, 0x0e00000000001b00, 0xf000000000001d00,
	    0x1100000000001f00 },
	.rip = 0x400000,
	.fs_base = 0x7f0000000000,
	.gs_base = 0x6e0000000000,
};

static bool
register_named(const char *s, size_t n, uint64_t *value)
{
	static const char *const names[] = { "ax", "cx", "dx", "bx", "sp", "bp",
		"si", "di" };
	unsigned i;

	if (n >= 2 && *s == 'r' && s[1] >= '0' && s[1] <= '9') {
		*value = registers.gpr[strtoul(s + 1, NULL, 10) & 15];
		return true;
	}
	for (i = 0; n == 3 && i < 8; i++)
		if (memcmp(s + 1, names[i], 2) == 0) {
			*value = registers.gpr[i];
			return true;
		}
	*value = 0; /* riz, eiz */
	return n == 3 && memcmp(s + 1, "iz", 2) == 0;
}

/* "rax+r12*4+0x10" up to `]`, or "0x28"; false if a vector is in it. */
static bool
evaluate(const char *s, uint64_t end_of_insn, uint64_t *sum)
{
	int sign = 1;

	for (*sum = 0; *s && *s != ']' && *s != ' ' && *s != ',';) {
		size_t n = strcspn(s, "+-*], ");
		uint64_t value = end_of_insn;

		if (*s == '0')
			value = strtoull(s, NULL, 16);
		else if (strncmp(s + 1, "ip", 2) != 0 &&
			 !register_named(s, n, &value))
			return false;
		s += n;
		if (*s == '*') {
			value *= strtoull(s + 1, NULL, 10);
			s += 2;
		}
		*sum += sign < 0 ? -value : value;
		sign = *s == '-' ? -1 : 1;
		s += *s == '+' || *s == '-';
	}
	return true;
}

static uint64_t
size_named(const char *name)
{
	static const struct {
		const char *name;
		unsigned size;
	} sizes[] = { { "BYTE", 1 }, { "WORD", 2 }, { "DWORD", 4 },
		{ "QWORD", 8 }, { "FWORD", 6 }, { "TBYTE", 10 },
		{ "OWORD", 16 }, { "XMMWORD", 16 }, { "YMMWORD", 32 },
		{ "ZMMWORD", 64 } };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (strncmp(name, sizes[i].name, strlen(sizes[i].name)) == 0)
			return sizes[i].size;
	return 0;
}

/* The first memory operand of the text: its address, and its size or 0. */
static bool
parse_operand(
    const char *text, const struct insn *insn, uint64_t *addr, uint64_t *size)
{
	const char *at = strpbrk(text, "[:");
	const char *size_at = strstr(text, " PTR ");
	uint64_t base = 0;

	if (!size_at)
		size_at = strstr(text, " BCST ");
	*size = 0;
	if (!at)
		return false;
	if (size_at && size_at < at) {
		const char *from = size_at;

		while (from > text && from[-1] >= 'A' && from[-1] <= 'Z')
			from--;
		*size = size_named(from);
	}
	if (*at == ':') {
		if (strncmp(at - 2, "fs", 2) == 0)
			base = registers.fs_base;
		if (strncmp(at - 2, "gs", 2) == 0)
			base = registers.gs_base;
		at++;
	}
	at += *at == '[';
	if (!evaluate(at, registers.rip + insn->length, addr))
		return false;
	if (insn->prefixes & INSN_ADDR32)
		*addr = (uint32_t)*addr;
	*addr += base;
	return true;
}

static void
differ(const struct line *line, const char *what, uint64_t ours,
    uint64_t theirs, struct objdump_tally *tally)
{
	size_t i;

	if (tally->differ++ >= SHOWN)
		return;
	printf("# %s: %#llx, objdump %#llx:", what, (unsigned long long)ours,
	    (unsigned long long)theirs);
	for (i = 0; i < line->size; i++)
		printf(" %02x", line->code[i]);
	printf("  %s\n", line->text);
	fflush(stdout);
}

static void
compare_operand(const struct line *line, const struct insn *insn,
    struct objdump_tally *tally)
{
	const struct insn_access *access = &insn->access[0];
	uint64_t addr, size, ours;

	if (insn->accesses == 0 ||
	    !parse_operand(line->text, insn, &addr, &size))
		return;
	tally->operands++;
	ours = insn_address(insn, access, &registers);
	if (ours != addr && !is_design(line->text, ADDRESS))
		differ(line, "address", ours, addr, tally);
	if (size != 0 && size != access->size && !is_design(line->text, SIZE))
		differ(line, "size", access->size, size, tally);
}

/* objdump rejects the bytes.  The decoder ignores VEX's reserved bits. */
static void
compare_bad(const struct line *line, const struct insn *insn,
    struct objdump_tally *tally)
{
	tally->bad++;
	if (insn->length == 0)
		return;
	tally->lenient++;
	if (insn->encoding == INSN_LEGACY && !is_design(line->text, LENIENT))
		differ(line, "accepted", insn->length, 0, tally);
}

static bool
is_bad(const char *text)
{
	/* objdump may write a predicate into "{bad}". */
	return strstr(text, "(bad)") || strstr(text, "{ba") ||
	       strstr(text, "-bad}") || strchr(text, '?');
}

static void
compare(const struct line *line, struct objdump_tally *tally)
{
	struct insn insn;
	enum insn_status status = insn_decode(&insn, line->code, line->size);

	/* objdump forgets prefixes that it has put on lines of their own. */
	if (line->joined || is_fwait(line)) {
		tally->by_design++;
		return;
	}
	if (is_bad(line->text)) {
		compare_bad(line, &insn, tally);
		return;
	}
	tally->insns++;
	if (status == INSN_UNKNOWN &&
	    (is_design(line->text, UNKNOWN) || is_unknown_by_bytes(line)))
		tally->by_design++;
	else if (status != INSN_OK || insn.length != line->size)
		differ(line, "length", insn.length, line->size, tally);
	else
		compare_operand(line, &insn, tally);
}

/* Read a line, joined with the lines before it that are its prefixes. */
static bool
next_insn(FILE *f, char *buf, size_t size, unsigned slot, struct line *line)
{
	struct line part;
	uint8_t prefixes[15];
	size_t n = 0;

	while (fgets(buf, (int)size, f)) {
		if (n == 0 && !begins_slot(buf, slot))
			continue;
		if (!parse_line(buf, &part)) {
			n = 0;
			continue;
		}
		if (is_prefix(part.text) && n + part.size < sizeof(prefixes)) {
			memcpy(prefixes + n, part.code, part.size);
			n += part.size;
			continue;
		}
		*line = part;
		memcpy(line->code, prefixes, n);
		memcpy(line->code + n, part.code,
		    part.size < sizeof(part.code) - n ? part.size
						      : sizeof(part.code) - n);
		line->size = part.size + n;
		line->addr = part.addr - n;
		line->joined = n > 0;
		return true;
	}
	return false;
}

static bool
check(const char *command, unsigned long lines, unsigned slot,
    struct objdump_tally *tally)
{
	FILE *f = popen(command, "r");
	char buf[1024];
	struct line line;
	unsigned long n = 0;

	if (!f)
		return false;
	for (; n < lines && next_insn(f, buf, sizeof(buf), slot, &line); n++)
		if (line.addr % slot == 0 && line.text[0] != '.' &&
		    line.size <= INSN_LENGTH_MAX)
			compare(&line, tally);
	return (pclose(f) == 0 || n == lines) && n > 0;
}

bool
objdump_exists(void)
{
	return system("objdump -i 2>/dev/null | grep -q '^ *i386'") == 0;
}

bool
objdump_check_file(
    const char *path, unsigned long lines, struct objdump_tally *tally)
{
	char command[4096 + 64];

	snprintf(command, sizeof(command), COMMAND "-d '%s' 2>/dev/null", path);
	return check(command, lines, 1, tally);
}

/* Fill in the bytes before the opcode from the seed; return their number. */
static size_t
fill_legacy(uint8_t *slot, const uint8_t *seed)
{
	static const uint8_t prefixes[] = { 0x66, 0xf2, 0xf3, 0x67, 0x64, 0x65,
		0xf0, 0x2e };
	size_t n = 0;

	if (seed[1] < 0x60)
		slot[n++] = prefixes[seed[1] & 7];
	if (seed[2] < 0x20)
		slot[n++] = prefixes[seed[2] & 7];
	if (seed[3] < 0x60)
		slot[n++] = 0x40 | (seed[3] & 0xf);
	if (seed[0] & 0x30)
		slot[n++] = 0x0f;
	if ((seed[0] & 0x30) > 0x10)
		slot[n++] = seed[0] & 0x10 ? 0x3a : 0x38;
	return n;
}

static size_t
fill_vex(uint8_t *slot, const uint8_t *seed)
{
	slot[0] = 0xc4;
	slot[1] = (seed[1] & 0xe0) | (uint8_t)(1 + seed[2] % 3);
	slot[2] = seed[3] | (seed[4] & 1 ? 0x78 : 0);
	if (seed[4] < 0xc0)
		return 3;
	slot[0] = 0xc5;
	slot[1] = slot[2];
	return 2;
}

static size_t
fill_evex(uint8_t *slot, const uint8_t *seed)
{
	static const uint8_t maps[] = { 1, 2, 3, 5, 6, 1, 2, 3 };

	slot[0] = 0x62;
	slot[1] = (seed[1] & 0xf0) | maps[seed[2] & 7];
	slot[2] = seed[3] | 4 | (seed[4] & 1 ? 0x78 : 0);
	slot[3] = (seed[5] & 0xf0) | 8 | (seed[4] & 2 ? seed[5] & 7 : 0);
	return 4;
}

static size_t
fill_xop(uint8_t *slot, const uint8_t *seed)
{
	slot[0] = 0x8f;
	slot[1] = (seed[1] & 0xe0) | (uint8_t)(8 + seed[2] % 3);
	slot[2] = (seed[3] & 0x84) | 0x78;
	return 3;
}

void
objdump_fill_slot(uint8_t *slot, const uint8_t *seed)
{
	static size_t (*const fills[])(uint8_t *,
	    const uint8_t *) = { fill_legacy, fill_legacy, fill_legacy,
		fill_vex, fill_vex, fill_evex, fill_evex, fill_xop };
	size_t n = fills[seed[0] & 7](slot, seed);

	if (seed[0] > 0xf0)
		n = 0;
	memcpy(slot + n, seed + 6, OBJDUMP_SEED - 6);
	n += OBJDUMP_SEED - 6;
	memset(slot + n, 0x90, OBJDUMP_SLOT - n);
}

void
objdump_pad_slot(uint8_t *slot, size_t used)
{
	/* Intel SDM vol. 2, NOP. */
	static const uint8_t nops[9][9] = {
		{ 0x90 },
		{ 0x66, 0x90 },
		{ 0x0f, 0x1f, 0x00 },
		{ 0x0f, 0x1f, 0x40 },
		{ 0x0f, 0x1f, 0x44 },
		{ 0x66, 0x0f, 0x1f, 0x44 },
		{ 0x0f, 0x1f, 0x80 },
		{ 0x0f, 0x1f, 0x84 },
		{ 0x66, 0x0f, 0x1f, 0x84 },
	};
	size_t n;

	for (; used < OBJDUMP_SLOT; used += n) {
		n = OBJDUMP_SLOT - used;
		if (n > sizeof(nops[0]))
			n = sizeof(nops[0]);
		memcpy(slot + used, nops[n - 1], n);
	}
}

/* xorshift64 (Marsaglia). */
void
objdump_next_seed(uint8_t *seed, uint64_t *state)
{
	size_t i;

	for (i = 0; i < OBJDUMP_SEED; i++) {
		*state ^= *state << 13;
		*state ^= *state >> 7;
		*state ^= *state << 17;
		seed[i] = (uint8_t)(*state >> 32);
	}
}

bool
objdump_check_slots(
    const uint8_t *bytes, size_t size, struct objdump_tally *tally)
{
	char name[] = "/tmp/objdump-XXXXXX";
	char command[256];
	int fd = mkstemp(name);
	bool good;

	if (fd < 0)
		return false;
	snprintf(command, sizeof(command),
	    COMMAND "-D -b binary -m i386:x86-64 %s", name);
	good = write(fd, bytes, size) == (ssize_t)size &&
	       check(command, -1UL, OBJDUMP_SLOT, tally);
	close(fd);
	unlink(name);
	return good;
}
