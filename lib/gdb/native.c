/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compiler of agent expressions.  Nothing here may know how the code is
 * entered.
 *
 * The value on top of the stack is in rax, those below it are in memory: at
 * each instruction the height is known, since no way leads there with another.
 * Jumps lead forwards alone, so the code ends.
 */
#include "gdb/native.h"

#include "gdb/agentinsn.h"
#include "gdb/regs.h"

#include <string.h>

#define CODE_MAX  512 /* bytes of one expression */
#define JUMPS_MAX 64
#define NO_HEIGHT UINT8_MAX
#define PAGE_BITS 12

enum reg86 { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

/* A jump whose displacement ends at `end` of the output. */
struct jump {
	size_t end;
	size_t to; /* a place of the expression */
};

struct compiler {
	const struct native_place *place;
	uint8_t *out;
	size_t size, used;
	bool right; /* until room or code is lacking */
	unsigned height;
	size_t jumps, fails, holds;
	struct jump jump[JUMPS_MAX];
	size_t fail[JUMPS_MAX]; /* ends of jumps: the value is not 0; */
	size_t hold[JUMPS_MAX]; /* it is in rax */
	uint8_t heights[CODE_MAX];
	size_t at[CODE_MAX + 1]; /* of the output */
};

#define PUT(c, ...)                              \
	put(c, (const uint8_t[]){ __VA_ARGS__ }, \
	    sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void
put(struct compiler *c, const void *bytes, size_t n)
{
	if (n > c->size - c->used) {
		c->right = false;
		return;
	}
	memcpy(c->out + c->used, bytes, n);
	c->used += n;
}

/* mov disp(%rsp), reg, or (store) the other way. */
static void
put_stack(struct compiler *c, bool store, enum reg86 reg, int32_t disp)
{
	PUT(c, 0x48, store ? 0x89 : 0x8b, (uint8_t)(0x84 | reg << 3), 0x24);
	put(c, &disp, sizeof(disp));
}

/* A value of the stack, the lowest of which is number 0. */
static void
put_value(struct compiler *c, bool store, enum reg86 reg, unsigned number)
{
	put_stack(c, store, reg, c->place->stack - 8 * (int32_t)number);
}

/* Make room in rax for one more value. */
static void
put_room(struct compiler *c)
{
	if (c->height > 0)
		put_value(c, true, RAX, c->height - 1);
}

/* The value below the top. */
static void
put_second(struct compiler *c, enum reg86 reg)
{
	put_value(c, false, reg, c->height - 2);
}

/* movabs $value, %rax */
static void
put_const(struct compiler *c, uint64_t value)
{
	put_room(c);
	PUT(c, 0x48, 0xb8);
	put(c, &value, sizeof(value));
}

static void
note_jump(struct compiler *c, size_t to)
{
	const uint32_t none = 0;

	put(c, &none, sizeof(none));
	if (c->jumps == JUMPS_MAX)
		c->right = false;
	else
		c->jump[c->jumps++] = (struct jump){ c->used, to };
}

static void
note_end(struct compiler *c, size_t ends[], size_t *n)
{
	const uint32_t none = 0;

	put(c, &none, sizeof(none));
	if (*n == JUMPS_MAX)
		c->right = false;
	else
		ends[(*n)++] = c->used;
}

static void
lead(struct compiler *c, size_t end, size_t to)
{
	const int32_t disp = (int32_t)(to - end);

	if (c->right)
		memcpy(c->out + end - sizeof(disp), &disp, sizeof(disp));
}

static void
lead_here(struct compiler *c, size_t ends[], size_t *n)
{
	while (*n > 0)
		lead(c, ends[--*n], c->used);
}

static void
put_register(struct compiler *c, uint64_t number)
{
	static const struct {
		enum reg_number number;
		uint8_t reg;
	} regs[] = {
		{ REG_rax, 0 },
		{ REG_rcx, 1 },
		{ REG_rdx, 2 },
		{ REG_rbx, 3 },
		{ REG_rsp, 4 },
		{ REG_rbp, 5 },
		{ REG_rsi, 6 },
		{ REG_rdi, 7 },
		{ REG_r8, 8 },
		{ REG_r9, 9 },
		{ REG_r10, 10 },
		{ REG_r11, 11 },
		{ REG_r12, 12 },
		{ REG_r13, 13 },
		{ REG_r14, 14 },
		{ REG_r15, 15 },
	};
	size_t i = 0;

	if (number == REG_rip) {
		put_const(c, c->place->rip);
		return;
	}
	while (i < sizeof(regs) / sizeof(regs[0]) &&
	       (uint64_t)regs[i].number != number)
		i++;
	if (i == sizeof(regs) / sizeof(regs[0])) {
		c->right = false;
		return;
	}
	put_room(c);
	if (regs[i].reg < NATIVE_REGISTERS)
		put_stack(c, false, RAX, c->place->saved[regs[i].reg]);
	else /* mov reg, %rax */
		PUT(c, (uint8_t)(0x48 | regs[i].reg >> 3 << 2), 0x89,
		    (uint8_t)(0xc0 | (regs[i].reg & 7) << 3));
}

/* The shim's memory, and pages where something is planted, are not read. */
static void
put_address_check(struct compiler *c)
{
	const uint32_t mask = NATIVE_PAGES - 1;

	PUT(c, 0x48, 0x85, 0xc0); /* test %rax, %rax; js */
	PUT(c, 0x0f, 0x88);
	note_end(c, c->fail, &c->fails);
	PUT(c, 0x48, 0x89, 0xc1);            /* mov %rax, %rcx */
	PUT(c, 0x48, 0xc1, 0xe9, PAGE_BITS); /* shr */
	PUT(c, 0x81, 0xe1);                  /* and $mask, %ecx */
	put(c, &mask, sizeof(mask));
	PUT(c, 0x48, 0x0f, 0xa3, 0x0c, 0x25); /* bt %rcx, pages; jc */
	put(c, &c->place->pages, sizeof(c->place->pages));
	PUT(c, 0x0f, 0x82);
	note_end(c, c->fail, &c->fails);
}

/* Shift rax by 64 - bits, and back by the instruction with `modrm`. */
static void
put_extension(struct compiler *c, uint64_t bits, uint8_t modrm)
{
	const uint8_t spare = (uint8_t)(64 - bits);

	if (spare == 0)
		return;
	PUT(c, 0x48, 0xc1, 0xe0, spare);
	PUT(c, 0x48, 0xc1, modrm, spare);
}

/* The second value by the first. */
static void
put_division(struct compiler *c, bool with_sign, bool remainder)
{
	PUT(c, 0x48, 0x89, 0xc1); /* mov %rax, %rcx */
	put_second(c, RAX);
	if (with_sign)
		PUT(c, 0x48, 0x99, 0x48, 0xf7, 0xf9); /* cqo; idiv %rcx */
	else
		PUT(c, 0x31, 0xd2, 0x48, 0xf7, 0xf1); /* xor; div %rcx */
	if (remainder)
		PUT(c, 0x48, 0x89, 0xd0); /* mov %rdx, %rax */
}

/* The second value by the first: none is left after 64. */
static void
put_shift(struct compiler *c, uint8_t modrm)
{
	PUT(c, 0x48, 0x89, 0xc1);
	put_second(c, RAX);
	PUT(c, 0x48, 0xd3, modrm);    /* shl or shr %cl, %rax */
	PUT(c, 0x48, 0x83, 0xf9, 64); /* cmp $64, %rcx */
	PUT(c, 0x72, 2, 0x31, 0xc0);  /* jb over; xor %eax, %eax; over: */
}

static void
put_signed_shift(struct compiler *c)
{
	PUT(c, 0x48, 0x89, 0xc1);
	put_second(c, RAX);
	PUT(c, 0x48, 0x83, 0xf9, 63);       /* cmp $63, %rcx */
	PUT(c, 0x76, 5, 0xb9, 63, 0, 0, 0); /* jbe over; mov $63, %ecx */
	PUT(c, 0x48, 0xd3, 0xf8);           /* over: sar %cl, %rax */
}

/* The second value is compared with the first. */
static void
put_comparison(struct compiler *c, uint8_t set)
{
	put_second(c, RCX);
	PUT(c, 0x48, 0x39, 0xc1); /* cmp %rax, %rcx */
	PUT(c, 0x0f, set, 0xc0);  /* set %al */
	PUT(c, 0x0f, 0xb6, 0xc0); /* movzx %al, %eax */
}

/* op %rcx, %rax */
static void
put_symmetric(struct compiler *c, uint8_t opcode)
{
	put_second(c, RCX);
	PUT(c, 0x48, opcode, 0xc8);
}

static void
put_rotation(struct compiler *c)
{
	put_second(c, RCX);
	put_value(c, false, RDX, c->height - 3);
	put_value(c, true, RAX, c->height - 3);
	put_value(c, true, RDX, c->height - 2);
	PUT(c, 0x48, 0x89, 0xc8);
}

static void
put_pick(struct compiler *c, uint64_t depth)
{
	put_room(c);
	if (depth > 0)
		put_value(c, false, RAX, c->height - 1 - (unsigned)depth);
}

static void
put_end(struct compiler *c)
{
	if (c->height == 0)
		PUT(c, 0x31, 0xc0);
	PUT(c, 0xe9);
	note_jump(c, CODE_MAX);
}

/* Remove the top. */
static void
put_pop(struct compiler *c)
{
	if (c->height > 1)
		put_second(c, RAX);
}

static void
put_branch(struct compiler *c, size_t to)
{
	PUT(c, 0x48, 0x85, 0xc0); /* test %rax, %rax */
	put_pop(c);
	PUT(c, 0x0f, 0x85); /* jnz */
	note_jump(c, to);
}

static void
put_swap(struct compiler *c)
{
	put_second(c, RCX);
	put_value(c, true, RAX, c->height - 2);
	PUT(c, 0x48, 0x89, 0xc8);
}

static void
put_difference(struct compiler *c)
{
	put_second(c, RCX);
	PUT(c, 0x48, 0x29, 0xc1); /* sub %rax, %rcx */
	PUT(c, 0x48, 0x89, 0xc8);
}

static void
put_product(struct compiler *c)
{
	put_second(c, RCX);
	PUT(c, 0x48, 0x0f, 0xaf, 0xc1); /* imul %rcx, %rax */
}

static void
put_load(struct compiler *c, uint8_t opcode)
{
	put_address_check(c);
	switch (opcode) {
	case OP_ref8: PUT(c, 0x0f, 0xb6, 0x00); break;
	case OP_ref16: PUT(c, 0x0f, 0xb7, 0x00); break;
	case OP_ref32: PUT(c, 0x8b, 0x00); break;
	case OP_ref64: PUT(c, 0x48, 0x8b, 0x00); break;
	}
}

static void
put_insn(struct compiler *c, const struct agent_insn *i)
{
	switch (i->opcode) {
	case OP_add: put_symmetric(c, 0x01); break;
	case OP_sub: put_difference(c); break;
	case OP_mul: put_product(c); break;
	case OP_div_signed: put_division(c, true, false); break;
	case OP_div_unsigned: put_division(c, false, false); break;
	case OP_rem_signed: put_division(c, true, true); break;
	case OP_rem_unsigned: put_division(c, false, true); break;
	case OP_lsh: put_shift(c, 0xe0); break;
	case OP_rsh_unsigned: put_shift(c, 0xe8); break;
	case OP_rsh_signed: put_signed_shift(c); break;
	case OP_log_not: /* test; sete; movzx */
		PUT(c, 0x48, 0x85, 0xc0, 0x0f, 0x94, 0xc0, 0x0f, 0xb6, 0xc0);
		break;
	case OP_bit_and: put_symmetric(c, 0x21); break;
	case OP_bit_or: put_symmetric(c, 0x09); break;
	case OP_bit_xor: put_symmetric(c, 0x31); break;
	case OP_bit_not: PUT(c, 0x48, 0xf7, 0xd0); break;
	case OP_equal: put_comparison(c, 0x94); break;
	case OP_less_signed: put_comparison(c, 0x9c); break;
	case OP_less_unsigned: put_comparison(c, 0x92); break;
	case OP_ext: put_extension(c, i->operand, 0xf8); break;
	case OP_zero_ext: put_extension(c, i->operand, 0xe8); break;
	case OP_ref8:
	case OP_ref16:
	case OP_ref32:
	case OP_ref64: put_load(c, i->opcode); break;
	case OP_const8:
	case OP_const16:
	case OP_const32:
	case OP_const64: put_const(c, i->operand); break;
	case OP_reg: put_register(c, i->operand); break;
	case OP_if_goto: put_branch(c, i->operand); break;
	case OP_goto:
		PUT(c, 0xe9);
		note_jump(c, i->operand);
		break;
	case OP_end: put_end(c); break;
	case OP_dup: put_pick(c, 0); break;
	case OP_pick: put_pick(c, i->operand); break;
	case OP_pop: put_pop(c); break;
	case OP_swap: put_swap(c); break;
	case OP_rot: put_rotation(c); break;
	default: c->right = false; break;
	}
}

/* A way leads there. */
static void
reach(struct compiler *c, size_t from, size_t to)
{
	if (to <= from || to >= CODE_MAX)
		c->right = false;
	else
		c->heights[to] = (uint8_t)c->height;
}

/* The instruction at `at`, to which a way leads. */
static void
compile_insn(struct compiler *c, size_t at, const struct agent_insn *i)
{
	c->height = c->heights[at];
	put_insn(c, i);
	c->height = c->height - i->consumed + i->produced;
	if (i->opcode == OP_goto || i->opcode == OP_if_goto)
		reach(c, at, (size_t)i->operand);
	if (i->opcode != OP_goto && i->opcode != OP_end)
		reach(c, at, i->next);
}

static void
compile(struct compiler *c, const uint8_t *code, size_t n)
{
	struct agent_insn insn;
	size_t at;

	if (n >= CODE_MAX) {
		c->right = false;
		return;
	}
	memset(c->heights, NO_HEIGHT, sizeof(c->heights));
	c->heights[0] = 0;
	for (at = 0; c->right && at < n; at = insn.next) {
		if (agent_decode(code, n, at, &insn) != AGENT_NONE) {
			c->right = false;
			return;
		}
		c->at[at] = c->used;
		if (c->heights[at] != NO_HEIGHT)
			compile_insn(c, at, &insn);
	}
	c->at[CODE_MAX] = c->used;
	for (; c->jumps > 0; c->jumps--)
		lead(c, c->jump[c->jumps - 1].end,
		    c->at[c->jump[c->jumps - 1].to]);
}

size_t
native_compile(uint8_t *out, size_t size,
    const struct native_condition *condition, size_t n,
    const struct native_place *place)
{
	struct compiler c; /* not zeroed: what is used is set first */
	size_t i;

	c.place = place;
	c.out = out;
	c.size = size;
	c.used = c.jumps = c.fails = c.holds = 0;
	c.right = n > 0;
	for (i = 0; i < n; i++) {
		compile(&c, condition[i].code, condition[i].n);
		PUT(&c, 0x48, 0x85, 0xc0, 0x0f, 0x85); /* test; jnz */
		note_end(&c, c.hold, &c.holds);
	}
	PUT(&c, 0xeb, 5); /* jmp over */
	lead_here(&c, c.fail, &c.fails);
	PUT(&c, 0xb8, 1, 0, 0, 0); /* mov $1, %eax; over: */
	lead_here(&c, c.hold, &c.holds);
	return c.right ? c.used : 0;
}
