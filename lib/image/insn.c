/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decodes x86-64 machine code by the rows of insn.def.  It must not know an
 * opcode that a row could state.
 */
#include "image/insn.h"

#include "image/cursor.h"

#include <stdatomic.h>
#include <string.h>

/* Conditions of a row, in groups of alternatives. */
enum when {
	LEG = 1 << 0, /* encodings: legacy, VEX, EVEX, XOP */
	VEX = 1 << 1,
	EVX = 1 << 2,
	XOP = 1 << 3,
	P0 = 1 << 4, /* the mandatory prefix, by struct insn's pp */
	P66 = 1 << 5,
	PF3 = 1 << 6,
	PF2 = 1 << 7,
	W0 = 1 << 8, /* W and vector length; a legacy encoding matches any */
	W1 = 1 << 9,
	L0 = 1 << 10,
	L1 = 1 << 11,
	L2 = 1 << 12,
	MEM = 1 << 13, /* what ModRM.mod says */
	REG = 1 << 14,
	FORCE_REG = 1 << 15, /* a register, whatever ModRM.mod says */
	LV = LEG | VEX,
	LVE = LEG | VEX | EVX,
	VE = VEX | EVX,
};
#define WHEN_ENCODING (LEG | VEX | EVX | XOP)
#define WHEN_PREFIX   (P0 | P66 | PF3 | PF2)
#define WHEN_W        (W0 | W1)
#define WHEN_L        (L0 | L1 | L2)
#define WHEN_MOD      (MEM | REG)

/* Sets of values of ModRM.reg and ModRM.rm. */
enum modrm_set {
	NO_MODRM,
	R0 = 1 << 0,
	R1 = 1 << 1,
	R2 = 1 << 2,
	R3 = 1 << 3,
	R4 = 1 << 4,
	R5 = 1 << 5,
	R6 = 1 << 6,
	R7 = 1 << 7,
	ANY = 0xff,
};

/* A memory operand: its size, one of these, and flags. */
enum operand {
	S0,
	S1,
	S2,
	S4,
	S8,
	S10,
	S16,
	S24,
	S32,
	S48,
	S64,
	S512,
	S_XSAVE, /* legacy region and header, SDM vol. 1, 13.4 */
	SV,      /* the operand size */
	SZ,      /* the same, 4 at most */
	SY,      /* 8 with W, else 4 */
	S_PAIR,  /* twice that */
	S_STACK, /* 8, or 2 with 66 */
	S_FAR,   /* an offset of the operand size, a selector */
	S_ENV,   /* x87 environment, 14 or 28 */
	S_X87,   /* x87 state, 94 or 108 */
	VL,      /* the vector length, its half, fourth, eighth */
	VL2,
	VL4,
	VL8,
	S_DUP,   /* VL, but 8 of 16 */
	S_PACK,  /* up to VL, in elements of SY */
	S_PACKB, /* the same of 2 with W, else 1 */
	S_TILE,  /* an AMX tile: at least a row of 64 bytes */
	SIZE = 0x3f,
	RD = 1 << 6,
	WR = 1 << 7,
	RW = RD | WR,
	BW = 1 << 8,    /* may broadcast an element of SY */
	BH = 1 << 9,    /* may broadcast one of 2 bytes */
	BIT = 1 << 10,  /* ModRM.reg holds a bit offset */
	VSIB = 1 << 11, /* the index is a vector */
	MASK = 1 << 12, /* a register masks elements */
};

/* Immediates. */
enum immediate {
	IB = 1,
	IW,
	IZ, /* 2 with 66, else 4 */
	IV, /* the operand size */
	I4,
	REL,   /* an offset of 4 */
	MOFFS, /* an address */
	IWIB,
	IBIB,
};

/* Memory that ModRM does not name.  A row has up to two of them. */
enum implied {
	PUSH = 1,
	POP,
	PUSH_FAR,
	POP_FAR,
	POP_IRET,
	ENTER,
	LEAVE,
	FROM_RSI,
	FROM_RDI,
	TO_RDI,
	XLAT,
	MASKMOV,
	CLZERO,
	DIR64,
	VIA,
};
#define BOTH(a, b) ((a) | (b) << 4)

static const struct implied_row {
	uint8_t base, index;
	uint8_t flags;  /* enum insn_access_flag */
	uint8_t times;  /* its size in general operands; 0: the row's size */
	bool below;     /* it ends where the base points to */
	bool segmented; /* FS and GS count */
} implied_rows[] = {
#define N INSN_NO_REGISTER
	[PUSH] = { INSN_RSP, N, INSN_WRITE | INSN_STACK, 0, true, false },
	[POP] = { INSN_RSP, N, INSN_READ | INSN_STACK, 0, false, false },
	[PUSH_FAR] = { INSN_RSP, N, INSN_WRITE | INSN_STACK, 2, true, false },
	[POP_FAR] = { INSN_RSP, N, INSN_READ | INSN_STACK, 2, false, false },
	[POP_IRET] = { INSN_RSP, N, INSN_READ | INSN_STACK, 5, false, false },
	[LEAVE] = { INSN_RBP, N, INSN_READ | INSN_STACK, 0, false, false },
	[FROM_RSI] = { INSN_RSI, N, INSN_READ | INSN_STRING, 0, false, true },
	[FROM_RDI] = { INSN_RDI, N, INSN_READ | INSN_STRING, 0, false, false },
	[TO_RDI] = { INSN_RDI, N, INSN_WRITE | INSN_STRING, 0, false, false },
	[XLAT] = { INSN_RBX, INSN_RAX, INSN_READ | INSN_INDEX_AL, 0, false,
	    true },
	[MASKMOV] = { INSN_RDI, N, INSN_WRITE | INSN_MASKED, 0, false, true },
	[CLZERO] = { INSN_RAX, N, INSN_WRITE | INSN_ALIGNED, 0, false, true },
	[DIR64] = { N, N, INSN_WRITE, 0, false, false },
	[VIA] = { INSN_RSI, N, INSN_READ | INSN_WRITE | INSN_OPEN_ENDED, 0,
	    false, false },
#undef N
};

static const struct row {
	uint8_t map, first, last;
	uint8_t regs, rms;
	uint8_t imm, implied, kind;
	uint16_t when, operand;
} rows[] = {
#define ROW(first, last, when, regs, rms, operand, imm, implied, kind) \
	{ MAP, first, last, regs, rms, imm, implied, kind, when, operand },
#include "image/insn.def"
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Bits of struct insn's rex. */
#define REX_W 8U
#define REX_R 4U
#define REX_X 2U
#define REX_B 1U

/* An instruction that is being decoded. */
struct decoder {
	struct cursor in;
	const uint8_t *start;
	struct insn *insn;
	const struct row *row;
	struct insn_access mem; /* the operand by ModRM, if is_mem */
	bool is_mem;
	uint8_t vex_l; /* the vector length's bits */
	bool masked;   /* EVEX names a mask register */
	bool reserved; /* a reserved bit, or a prefix that must not be */
};

static uint8_t
peek(const struct decoder *d)
{
	return d->in.left > 0 ? *d->in.at : 0;
}

/* The offset of the next byte. */
static uint8_t
offset(const struct decoder *d)
{
	return (uint8_t)(d->in.at - d->start);
}

/*
 * Prefixes.  The last of F2 and F3 counts, as does the last of FS and GS; the
 * other segments mean nothing.  A REX counts right before the opcode only.
 */
static bool
read_prefix(struct insn *insn, uint8_t byte)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e: break;
	case 0x64: insn->segment = INSN_FS; break;
	case 0x65: insn->segment = INSN_GS; break;
	case 0x66: insn->prefixes |= INSN_OPSIZE; break;
	case 0x67: insn->prefixes |= INSN_ADDR32; break;
	case 0xf0: insn->prefixes |= INSN_LOCK; break;
	case 0xf2:
		insn->prefixes |= INSN_REPNE;
		insn->pp = 3;
		break;
	case 0xf3:
		insn->prefixes |= INSN_REP;
		insn->pp = 2;
		break;
	default: return false;
	}
	return true;
}

static void
read_prefixes(struct decoder *d)
{
	struct insn *insn = d->insn;
	uint8_t rex = 0;

	for (;; cursor_u8(&d->in)) {
		uint8_t byte = peek(d);

		if (read_prefix(insn, byte))
			rex = 0;
		else if ((byte & 0xf0) == 0x40)
			rex = byte;
		else
			break;
	}
	if (rex)
		insn->prefixes |= INSN_REX;
	insn->rex = rex & 0xf;
	if (insn->pp == 0 && (insn->prefixes & INSN_OPSIZE))
		insn->pp = 1;
}

/* VEX, EVEX and XOP.  R, X and B are stored inverted (SDM vol. 2, 2.3.5). */
static void
read_vex2(struct decoder *d)
{
	uint8_t p = cursor_u8(&d->in);

	d->insn->encoding = INSN_VEX2;
	d->insn->map = INSN_MAP_0F;
	d->insn->rex = p & 0x80 ? 0 : REX_R;
	d->vex_l = p >> 2 & 1;
	d->insn->pp = p & 3;
}

static void
read_vex3(struct decoder *d, enum insn_encoding encoding)
{
	uint8_t p0 = cursor_u8(&d->in);
	uint8_t p1 = cursor_u8(&d->in);

	d->insn->encoding = (uint8_t)encoding;
	d->insn->map = p0 & 0x1f;
	d->insn->rex = (uint8_t)((~p0 >> 5 & 7) | (p1 >> 7) << 3);
	d->vex_l = p1 >> 2 & 1;
	d->insn->pp = p1 & 3;
	d->reserved = encoding == INSN_VEX3 ? d->insn->map > INSN_MAP_0F3A
					    : d->insn->map > INSN_MAP_XOPA;
}

static void
read_evex(struct decoder *d)
{
	uint8_t p0 = cursor_u8(&d->in);
	uint8_t p1 = cursor_u8(&d->in);
	uint8_t p2 = cursor_u8(&d->in);

	d->insn->encoding = INSN_EVEX;
	d->insn->map = p0 & 7;
	d->insn->rex = (uint8_t)((~p0 >> 5 & 7) | (p1 >> 7) << 3);
	d->insn->pp = p1 & 3;
	d->vex_l = p2 >> 5 & 3;
	d->insn->broadcast = p2 >> 4 & 1;
	d->masked = p2 & 7;
	d->reserved = (p0 & 8) || !(p1 & 4) || d->insn->map == 0 ||
		      d->insn->map == INSN_MAP_3DNOW;
}

/* No prefix that VEX replaces may come before it. */
static bool
read_vex(struct decoder *d, uint8_t byte)
{
	unsigned wrong = d->insn->prefixes & ~(unsigned)INSN_ADDR32;

	if (byte == 0xc5)
		read_vex2(d);
	else if (byte == 0xc4)
		read_vex3(d, INSN_VEX3);
	else if (byte == 0x62)
		read_evex(d);
	else if (byte == 0x8f && (peek(d) & 0x1f) >= INSN_MAP_XOP8)
		read_vex3(d, INSN_XOP);
	else
		return false;
	d->reserved |= wrong != 0;
	return true;
}

/* The map and the opcode; 3DNow! has its opcode later. */
static void
read_opcode(struct decoder *d)
{
	struct insn *insn = d->insn;
	uint8_t byte = cursor_u8(&d->in);

	insn->opcode_at = (uint8_t)(offset(d) - 1);
	if (read_vex(d, byte) || byte == 0x0f) {
		insn->opcode_at = offset(d);
		if (byte == 0x0f)
			insn->map = INSN_MAP_0F;
		byte = cursor_u8(&d->in);
	}
	insn->opcode = byte;
	if (insn->map != INSN_MAP_0F || insn->encoding != INSN_LEGACY)
		return;
	if (byte == 0x38 || byte == 0x3a) {
		insn->map = byte == 0x38 ? INSN_MAP_0F38 : INSN_MAP_0F3A;
		insn->opcode_at = offset(d);
		insn->opcode = cursor_u8(&d->in);
	} else if (byte == 0x0f) {
		insn->map = INSN_MAP_3DNOW;
	}
}

static void
set_sizes(struct decoder *d)
{
	struct insn *insn = d->insn;
	bool rounds = insn->encoding == INSN_EVEX && insn->broadcast &&
		      peek(d) >= 0xc0;

	insn->operand_size = 4;
	if (insn->rex & REX_W)
		insn->operand_size = 8;
	else if (insn->prefixes & INSN_OPSIZE)
		insn->operand_size = 2;
	/* With a register operand, EVEX.b turns L into a rounding mode. */
	if (rounds) {
		d->vex_l = 2;
		insn->broadcast = false;
	}
	d->reserved |= d->vex_l == 3;
	insn->vl = (uint8_t)(16 << (d->vex_l & 3));
}

/* The search for the row. */
static bool
in_group(const struct row *row, unsigned group, unsigned bit)
{
	return !(row->when & group) || (row->when & bit);
}

static bool
matches_modrm(const struct row *row, uint8_t modrm)
{
	bool is_reg = modrm >= 0xc0;

	if (row->when & FORCE_REG)
		return true;
	return in_group(row, WHEN_MOD, is_reg ? REG : MEM) &&
	       (row->regs >> (modrm >> 3 & 7) & 1) &&
	       (!is_reg || (row->rms >> (modrm & 7) & 1));
}

static bool
has_opcode(const struct row *row, const struct insn *insn)
{
	return insn->opcode >= row->first && insn->opcode <= row->last;
}

static bool
matches(const struct row *row, const struct decoder *d)
{
	static const uint8_t encodings[] = { LEG, VEX, VEX, EVX, XOP };
	const struct insn *insn = d->insn;
	unsigned encoding = row->when & WHEN_ENCODING;

	if (!has_opcode(row, insn) ||
	    !((encoding ? encoding : LEG) & encodings[insn->encoding]) ||
	    !in_group(row, WHEN_PREFIX, (unsigned)P0 << insn->pp))
		return false;
	if (insn->encoding != INSN_LEGACY &&
	    (!in_group(row, WHEN_W, insn->rex & REX_W ? W1 : W0) ||
		!in_group(row, WHEN_L, (unsigned)L0 << d->vex_l)))
		return false;
	/* If ModRM is missing, read_modrm() fails. */
	return row->regs == NO_MODRM || d->in.left == 0 ||
	       matches_modrm(row, *d->in.at);
}

/* The first row of the map, or of a later one. */
static size_t
first_row(unsigned map)
{
	size_t lo = 0, hi = ROWS;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (rows[mid].map < map)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/*
 * The first row of the opcode.  A map has hundreds of rows, and a thread that
 * is stepped decodes each instruction: so it is remembered, plus one, from the
 * first search on.  Threads that search at once find the same.
 */
static size_t
row_of_opcode(const struct insn *insn)
{
	static _Atomic uint16_t known[INSN_MAPS][256];
	_Atomic uint16_t *at = &known[insn->map][insn->opcode];
	size_t i = atomic_load_explicit(at, memory_order_relaxed);

	if (i > 0)
		return i - 1;
	for (i = first_row(insn->map); i < ROWS; i++)
		if (rows[i].map != insn->map || has_opcode(&rows[i], insn))
			break;
	atomic_store_explicit(at, (uint16_t)(i + 1), memory_order_relaxed);
	return i;
}

static const struct row *
find_row(const struct decoder *d)
{
	unsigned map = d->insn->map;
	size_t i;

	if (map >= INSN_MAPS)
		return NULL;
	for (i = row_of_opcode(d->insn); i < ROWS && rows[i].map == map; i++)
		if (matches(&rows[i], d))
			return &rows[i];
	return NULL;
}

/* ModRM, SIB and displacement. */
static int64_t
sign_extend(uint64_t value, unsigned bytes)
{
	unsigned shift = 64 - 8 * bytes;

	return bytes ? (int64_t)(value << shift) >> shift : 0;
}

/* A field's three bits, and a bit of REX. */
static uint8_t
register_number(unsigned field, unsigned extension)
{
	return (uint8_t)((field & 7) | (extension ? 8 : 0));
}

static void
read_sib(struct decoder *d)
{
	struct insn *insn = d->insn;
	uint8_t index;

	insn->has_sib = true;
	insn->sib_at = offset(d);
	insn->sib = cursor_u8(&d->in);
	index = register_number(insn->sib >> 3, insn->rex & REX_X);
	d->mem.base = register_number(insn->sib, insn->rex & REX_B);
	d->mem.scale = insn->sib >> 6;
	if (index != INSN_RSP)
		d->mem.index = index;
	if ((insn->sib & 7) == INSN_RBP && insn->modrm < 0x40)
		d->mem.base = INSN_NO_REGISTER;
}

static void
read_displacement(struct decoder *d)
{
	struct insn *insn = d->insn;
	unsigned mod = insn->modrm >> 6;

	insn->rip_relative = mod == 0 && (insn->modrm & 7) == INSN_RBP;
	if (insn->rip_relative)
		d->mem.base = INSN_RIP;
	if (mod == 1)
		insn->disp_size = 1;
	else if (mod == 2 || d->mem.base >= INSN_RIP)
		insn->disp_size = 4;
	if (insn->disp_size == 0)
		return;
	insn->disp_at = offset(d);
	d->mem.disp = sign_extend(
	    cursor_uint(&d->in, insn->disp_size), insn->disp_size);
}

static void
read_modrm(struct decoder *d)
{
	struct insn *insn = d->insn;

	insn->has_modrm = true;
	insn->modrm_at = offset(d);
	insn->modrm = cursor_u8(&d->in);
	d->is_mem = insn->modrm < 0xc0 &&
		    !(d->row && (d->row->when & FORCE_REG));
	if (!d->is_mem)
		return;
	d->mem.index = INSN_NO_REGISTER;
	d->mem.bit = INSN_NO_REGISTER;
	d->mem.segment = insn->segment;
	d->mem.base = register_number(insn->modrm, insn->rex & REX_B);
	if ((insn->modrm & 7) == INSN_RSP)
		read_sib(d);
	read_displacement(d);
}

/* Immediates. */
static unsigned
immediate_size(const struct insn *insn, enum immediate kind)
{
	unsigned z = insn->operand_size == 2 ? 2 : 4;

	switch (kind) {
	case IB: return 1;
	case IW:
	case IBIB: return 2;
	case IWIB: return 3;
	case IZ: return z;
	case IV: return insn->operand_size;
	case I4: return 4;
	case REL: return insn->kind == INSN_XBEGIN ? z : 4;
	case MOFFS: return insn->prefixes & INSN_ADDR32 ? 4 : 8;
	default: return 0;
	}
}

static void
read_immediate(struct decoder *d)
{
	struct insn *insn = d->insn;
	enum immediate kind = d->row->imm;

	insn->imm_size = (uint8_t)immediate_size(insn, kind);
	if (insn->imm_size == 0)
		return;
	/* Intel reads 4 bytes, AMD 2. */
	if (kind == REL && insn->kind != INSN_XBEGIN &&
	    insn->operand_size == 2) {
		d->reserved = true;
		return;
	}
	insn->imm_at = offset(d);
	insn->imm = sign_extend(
	    cursor_uint(&d->in, insn->imm_size), insn->imm_size);
	if (kind != MOFFS)
		return;
	d->is_mem = true;
	d->mem = (struct insn_access){
		.base = INSN_NO_REGISTER,
		.index = INSN_NO_REGISTER,
		.bit = INSN_NO_REGISTER,
		.segment = insn->segment,
		.disp = insn->imm,
	};
}

/* Accesses. */
static uint32_t
element_size(const struct insn *insn)
{
	return insn->rex & REX_W ? 8 : 4;
}

static uint32_t
size_of(const struct insn *insn, unsigned operand)
{
	static const uint16_t fixed[] = { [S1] = 1,
		[S2] = 2,
		[S4] = 4,
		[S8] = 8,
		[S10] = 10,
		[S16] = 16,
		[S24] = 24,
		[S32] = 32,
		[S48] = 48,
		[S64] = 64,
		[S512] = 512,
		[S_XSAVE] = 576,
		[S_TILE] = 64 };
	bool small = insn->operand_size == 2;

	switch (operand & SIZE) {
	case SV: return insn->operand_size;
	case SZ: return small ? 2 : 4;
	case SY: return element_size(insn);
	case S_PAIR: return 2 * element_size(insn);
	case S_STACK: return small ? 2 : 8;
	case S_FAR: return insn->operand_size + 2U;
	case S_ENV: return small ? 14 : 28;
	case S_X87: return small ? 94 : 108;
	case VL:
	case S_PACK:
	case S_PACKB: return insn->vl;
	case VL2: return insn->vl / 2U;
	case VL4: return insn->vl / 4U;
	case VL8: return insn->vl / 8U;
	case S_DUP: return insn->vl == 16 ? 8 : insn->vl;
	default: return fixed[operand & SIZE];
	}
}

/* The unit of disp8: an element if it is broadcast or packed, else all. */
static uint32_t
part_size(const struct insn *insn, unsigned operand)
{
	if (insn->broadcast)
		return operand & BH ? 2 : element_size(insn);
	switch (operand & SIZE) {
	case S_PACK: return element_size(insn);
	case S_PACKB: return element_size(insn) / 4;
	default: return size_of(insn, operand);
	}
}

static uint8_t
operand_flags(const struct decoder *d, unsigned operand)
{
	unsigned size = operand & SIZE;
	uint8_t flags = 0;

	if (operand & RD)
		flags |= INSN_READ;
	if (operand & WR)
		flags |= INSN_WRITE;
	if (d->masked || (operand & MASK) || size == S_PACK || size == S_PACKB)
		flags |= INSN_MASKED;
	if ((operand & VSIB) || size == S_TILE || size == S_XSAVE)
		flags |= INSN_OPEN_ENDED;
	return flags;
}

static void
add_access(struct insn *insn, const struct insn_access *access)
{
	insn->access[insn->accesses++] = *access;
}

static uint8_t
modrm_reg(const struct insn *insn)
{
	return register_number(insn->modrm >> 3, insn->rex & REX_R);
}

static void
add_operand(struct decoder *d)
{
	struct insn *insn = d->insn;
	unsigned operand = d->row->operand;
	struct insn_access *mem = &d->mem;

	if (insn->encoding == INSN_EVEX && insn->disp_size == 1)
		mem->disp *= part_size(insn, operand);
	if (!(operand & RW))
		return;
	mem->flags = operand_flags(d, operand);
	mem->size = insn->broadcast ? part_size(insn, operand)
				    : size_of(insn, operand);
	if (operand & BIT)
		mem->bit = modrm_reg(insn);
	/* The index is a vector, or the distance between rows. */
	if ((operand & VSIB) || (operand & SIZE) == S_TILE)
		mem->index = INSN_NO_REGISTER;
	/* pop (%rsp): the address is computed after the pop. */
	if (d->row->implied == POP && mem->base == INSN_RSP)
		mem->disp += size_of(insn, operand);
	add_access(insn, mem);
}

/* Pushes RBP, and by its level copies of the frame pointers below RBP. */
static void
add_enter(struct insn *insn)
{
	unsigned level = insn->imm >> 16 & 31;
	uint32_t size = size_of(insn, S_STACK);
	struct insn_access access = {
		.flags = INSN_WRITE | INSN_STACK,
		.base = INSN_RSP,
		.index = INSN_NO_REGISTER,
		.bit = INSN_NO_REGISTER,
		.size = size * (1 + level),
		.disp = -(int64_t)size * (1 + level),
	};

	add_access(insn, &access);
	if (level < 2)
		return;
	access.flags = INSN_READ | INSN_STACK;
	access.base = INSN_RBP;
	access.size = size * (level - 1);
	access.disp = -(int64_t)access.size;
	add_access(insn, &access);
}

static void
add_implied(struct decoder *d, unsigned implied)
{
	const struct implied_row *row = &implied_rows[implied];
	struct insn *insn = d->insn;
	struct insn_access access = {
		.flags = row->flags,
		.base = implied == DIR64 ? modrm_reg(insn) : row->base,
		.index = row->index,
		.bit = INSN_NO_REGISTER,
		.segment = row->segmented ? insn->segment : INSN_FLAT,
		.size = row->times ? row->times * insn->operand_size
				   : size_of(insn, d->row->operand),
	};

	if (row->below)
		access.disp = -(int64_t)access.size;
	add_access(insn, &access);
}

static void
add_accesses(struct decoder *d)
{
	unsigned implied;

	if (d->is_mem)
		add_operand(d);
	for (implied = d->row->implied; implied; implied >>= 4) {
		if ((implied & 0xf) == ENTER)
			add_enter(d->insn);
		else
			add_implied(d, implied & 0xf);
	}
}

/* The memory operand lacks SIB, or is broadcast where it cannot be. */
static bool
is_bad_operand(const struct decoder *d)
{
	unsigned operand = d->row->operand;
	bool needs_sib = (operand & VSIB) || (operand & SIZE) == S_TILE;

	return d->is_mem && ((needs_sib && !d->insn->has_sib) ||
				(d->insn->broadcast && !(operand & (BW | BH))));
}

static bool
decode(struct decoder *d)
{
	struct insn *insn = d->insn;

	read_prefixes(d);
	read_opcode(d);
	set_sizes(d);
	if (insn->map == INSN_MAP_3DNOW) {
		read_modrm(d);
		insn->opcode_at = offset(d);
		insn->opcode = cursor_u8(&d->in);
	}
	d->row = d->reserved ? NULL : find_row(d);
	if (!d->row || d->in.failed)
		return false;
	insn->kind = d->row->kind;
	if (d->row->regs != NO_MODRM && !insn->has_modrm)
		read_modrm(d);
	read_immediate(d);
	if (d->in.failed || d->reserved || is_bad_operand(d))
		return false;
	insn->length = offset(d);
	add_accesses(d);
	return true;
}

enum insn_status
insn_decode(struct insn *insn, const uint8_t *bytes, size_t size)
{
	bool cut = size < INSN_LENGTH_MAX;
	struct decoder d = {
		.in = cursor_over(bytes, cut ? size : INSN_LENGTH_MAX),
		.start = bytes,
		.insn = insn,
	};

	memset(insn, 0, sizeof(*insn));
	if (decode(&d))
		return INSN_OK;
	memset(insn, 0, sizeof(*insn));
	return d.in.failed && cut ? INSN_SHORT : INSN_UNKNOWN;
}

/* Addresses. */
static uint64_t
register_value(
    const struct insn *insn, const struct insn_registers *regs, unsigned number)
{
	if (number == INSN_RIP)
		return regs->rip + insn->length;
	return number < INSN_GPRS ? regs->gpr[number] : 0;
}

/* The distance in bytes that a bit offset in a register adds. */
static uint64_t
bit_distance(const struct insn_access *access, uint64_t value)
{
	int64_t offset = sign_extend(value, access->size);

	return (uint64_t)(offset >> 3) & ~(uint64_t)(access->size - 1);
}

uint64_t
insn_address(const struct insn *insn, const struct insn_access *access,
    const struct insn_registers *regs)
{
	uint64_t index = register_value(insn, regs, access->index);
	uint64_t at = register_value(insn, regs, access->base) +
		      (uint64_t)access->disp;

	if (access->flags & INSN_INDEX_AL)
		index &= 0xff;
	at += index << access->scale;
	if (access->bit != INSN_NO_REGISTER)
		at += bit_distance(access, regs->gpr[access->bit]);
	if ((insn->prefixes & INSN_ADDR32) && !(access->flags & INSN_STACK))
		at = (uint32_t)at;
	if (access->flags & INSN_ALIGNED)
		at &= ~(uint64_t)(access->size - 1);
	if (access->segment == INSN_FS)
		at += regs->fs_base;
	if (access->segment == INSN_GS)
		at += regs->gs_base;
	return at;
}

uint64_t
insn_extent(const struct insn *insn, const struct insn_access *access,
    const struct insn_registers *regs)
{
	uint64_t count = regs->gpr[INSN_RCX];

	if (insn->prefixes & INSN_ADDR32)
		count = (uint32_t)count;
	if ((access->flags & INSN_STRING) && count == 0 &&
	    (insn->prefixes & (INSN_REP | INSN_REPNE)))
		return 0;
	return access->size;
}

bool
insn_target(const struct insn *insn, uint64_t rip, uint64_t *target)
{
	switch (insn->kind) {
	case INSN_JCC:
	case INSN_JMP:
	case INSN_CALL:
	case INSN_XBEGIN:
		*target = rip + insn->length + (uint64_t)insn->imm;
		return true;
	default: return false;
	}
}

bool
insn_is_string(const struct insn *insn)
{
	unsigned i;

	for (i = 0; i < insn->accesses; i++)
		if (insn->access[i].flags & INSN_STRING)
			return true;
	return false;
}

bool
insn_is_stepped(const struct insn *insn)
{
	const bool to_segment = insn->map == INSN_MAP_ONE &&
				insn->opcode == 0x8e; /* mov */

	switch (insn->kind) {
	case INSN_PLAIN: return !to_segment;
	case INSN_JCC:
	case INSN_JMP:
	case INSN_CALL:
	case INSN_JMP_INDIRECT:
	case INSN_CALL_INDIRECT:
	case INSN_RET: return true;
	default: return false;
	}
}

/* Condition codes are pairs, and the odd one is the opposite (SDM vol. 2, app.
 * B.1.4.7). */
static bool
is_met(unsigned code, uint64_t rflags)
{
	const bool carry = rflags & 0x001, parity = rflags & 0x004;
	const bool zero = rflags & 0x040, sign = rflags & 0x080;
	const bool overflow = rflags & 0x800;
	const bool met[] = { overflow, carry, zero, carry || zero, sign, parity,
		sign != overflow, zero || sign != overflow };

	return met[code >> 1 & 7] != (code & 1);
}

bool
insn_branches(const struct insn *insn, uint64_t rflags, uint64_t *rcx)
{
	const bool narrow = insn->prefixes & INSN_ADDR32;
	uint64_t count = narrow ? (uint32_t)*rcx : *rcx;

	if (insn->map != INSN_MAP_ONE || insn->opcode < 0xe0)
		return is_met(insn->opcode & 15, rflags);
	if (insn->opcode == 0xe3) /* jrcxz */
		return count == 0;
	count = narrow ? (uint32_t)(count - 1) : count - 1;
	*rcx = count;
	switch (insn->opcode) {
	case 0xe0: return count != 0 && !is_met(4, rflags); /* loopne */
	case 0xe1: return count != 0 && is_met(4, rflags);  /* loope */
	default: return count != 0;
	}
}
