/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making the code of sieves.  Nothing here may know when a vCPU runs it.
 */
#include "vm/sievecode.h"

#include "image/insn.h"
#include "vm/copies.h"
#include "vm/x86.h"

#include <string.h>

#define INT3S UINT32_C(0xcccccccc)

/* Room that the body needs besides the tests. */
#define REST 384U

/* CF, PF, AF, ZF and SF, which LAHF and SAHF move, and OF. */
#define RFLAGS_LOW  UINT64_C(0xd5)
#define RFLAGS_OVER (UINT64_C(1) << 11)

_Static_assert(2 * SIEVE_TEST + REST <= SIEVE_BODY, "a body has two tests");

struct code {
	uint8_t *out;
	uint64_t body;
	uint16_t n;
};

static void
put(struct code *c, const void *bytes, size_t n)
{
	memcpy(c->out + c->n, bytes, n);
	c->n = (uint16_t)(c->n + n);
}

#define PUT(c, ...)                              \
	put(c, (const uint8_t[]){ __VA_ARGS__ }, \
	    sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* mov reg, where(%rsp); or the other way. */
static void
put_save(struct code *c, unsigned reg, enum sieve_offset where)
{
	const int32_t disp = where;

	PUT(c, 0x48, 0x89, (uint8_t)(0x84 | reg << 3), 0x24);
	put(c, &disp, sizeof(disp));
}

static void
put_load(struct code *c, unsigned reg, enum sieve_offset where)
{
	const int32_t disp = where;

	PUT(c, 0x48, 0x8b, (uint8_t)(0x84 | reg << 3), 0x24);
	put(c, &disp, sizeof(disp));
}

/* LAHF does not bring the overflow flag, which becomes al. */
static void
put_begin(struct sieve_code *s, struct code *c)
{
	put_save(c, INSN_RAX, SIEVE_RAX);
	s->saved = c->n;
	put_save(c, INSN_RCX, SIEVE_RCX);
	put_save(c, INSN_RDX, SIEVE_RDX);
	PUT(c, 0x9f, 0x0f, 0x90, 0xc0); /* lahf; seto %al */
	put_save(c, INSN_RAX, SIEVE_FLAGS);
	s->tests = c->n;
}

/* 0x7f + 1 overflows. */
static void
put_restore(struct code *c)
{
	put_load(c, INSN_RAX, SIEVE_FLAGS);
	PUT(c, 0x04, 0x7f, 0x9e); /* add $0x7f, %al; sahf */
	put_load(c, INSN_RDX, SIEVE_RDX);
	put_load(c, INSN_RCX, SIEVE_RCX);
	put_load(c, INSN_RAX, SIEVE_RAX);
}

static void
set_disp(struct code *c, uint16_t end, uint16_t to)
{
	const int32_t disp = to - end;

	memcpy(c->out + end - sizeof(disp), &disp, sizeof(disp));
}

/* test %rax, %rax, and a jump by 0F and this opcode: the jump's end. */
static uint16_t
put_test(struct code *c, uint8_t opcode)
{
	PUT(c, 0x48, 0x85, 0xc0, 0x0f, opcode, 0, 0, 0, 0);
	return c->n;
}

/* The tests up to the INT3, and how `pass` begins. */
static void
put_tests(struct sieve_code *s, struct code *c,
    const struct sieve_test *const test[], unsigned tests)
{
	uint16_t hit = 0, pass;
	unsigned i;

	for (i = 0; i < tests; i++) {
		put(c, test[i]->code, test[i]->n);
		if (i + 1 < tests)
			hit = put_test(c, 0x85); /* jnz */
	}
	pass = put_test(c, 0x84); /* jz */
	if (hit)
		set_disp(c, hit, c->n);
	put_restore(c);
	s->holds = c->n;
	PUT(c, OPCODE_INT3, 0x90);
	set_disp(c, pass, c->n);
	s->pass = c->n;
	put_restore(c);
	s->at = c->n;
}

/* A relative branch by its address: `opcode` takes 32 bits.  0: it is out of
 * reach. */
static bool
put_branch(struct code *c, const struct insn *insn, uint64_t rip)
{
	const bool always = insn->kind == INSN_JMP;
	uint64_t to;
	int64_t far;
	int32_t disp;

	if (!insn_target(insn, rip, &to))
		return false;
	far = (int64_t)(to - (c->body + c->n + (always ? 5 : 6)));
	disp = (int32_t)far;
	if (always)
		PUT(c, 0xe9);
	else
		PUT(c, 0x0f, (uint8_t)(0x80 | (insn->opcode & 15)));
	put(c, &disp, sizeof(disp));
	return far == disp;
}

/* jcc, not jrcxz or loop, by either map; a jump. */
static bool
is_branch(const struct insn *insn)
{
	if (insn->kind == INSN_JMP)
		return true;
	return insn->kind == INSN_JCC &&
	       (insn->map == INSN_MAP_0F ||
		   (insn->map == INSN_MAP_ONE && insn->opcode >> 4 == 7));
}

/* Nothing follows it. */
static bool
is_last(const struct insn *insn)
{
	return insn->kind != INSN_PLAIN && insn->kind != INSN_JCC;
}

static bool
put_insn(
    struct code *c, const struct insn *insn, const uint8_t *code, uint64_t rip)
{
	size_t size;

	if (is_branch(insn))
		return put_branch(c, insn, rip);
	if (!insn_is_stepped(insn))
		return false;
	size = copies_move(
	    c->out + c->n, insn, code, rip + insn->length, c->body + c->n);
	c->n = (uint16_t)(c->n + size);
	return size > 0;
}

/* As many instructions as a jump replaces, and the way back. */
static bool
put_run(struct sieve_code *s, struct code *c, const uint8_t *code, size_t n)
{
	static const uint8_t back[] = { 0xff, 0x25, 0, 0, 0, 0 };
	struct insn insn = { .kind = INSN_PLAIN };
	uint64_t next;

	while (s->length < SIEVE_JUMP) {
		if (s->parts == SIEVE_RUN || is_last(&insn) ||
		    insn_decode(&insn, code + s->length, n - s->length) !=
			INSN_OK)
			return false;
		s->part[s->parts].from = s->length;
		s->part[s->parts++].at = c->n;
		if (!put_insn(
			c, &insn, code + s->length, s->address + s->length))
			return false;
		s->length = (uint8_t)(s->length + insn.length);
	}
	s->made = c->n;
	next = s->address + s->length;
	put(c, back, sizeof(back));
	put(c, &next, sizeof(next));
	s->end = c->n;
	return true;
}

static bool
make_jump(uint8_t jump[SIEVE_JUMP], uint64_t from, uint64_t to)
{
	const int64_t far = (int64_t)(to - from - SIEVE_JUMP);
	const int32_t disp = (int32_t)far;

	jump[0] = 0xe9;
	memcpy(jump + 1, &disp, sizeof(disp));
	return disp == far;
}

static bool
make_jumps(struct sieve_code *s)
{
	s->enters = s->parts > 1;
	if (!s->enters)
		return make_jump(s->jump, s->address, s->body);
	s->entry = s->address + SIEVE_JUMP + (uint64_t)(int32_t)INT3S;
	return make_jump(s->jump, s->address, s->entry) &&
	       make_jump(s->entry_jump, s->entry, s->body);
}

bool
sievecode_make(struct sieve_code *s, uint8_t *out, uint64_t body,
    uint64_t address, const uint8_t *code, size_t n,
    const struct sieve_test *const test[], unsigned tests)
{
	struct code c = { .out = out, .body = body };

	*s = (struct sieve_code){ .address = address, .body = body };
	put_begin(s, &c);
	put_tests(s, &c, test, tests);
	return put_run(s, &c, code, n) && make_jumps(s);
}

uint64_t
sievecode_place(const struct sieve_code *s, uint64_t rip)
{
	unsigned i;

	for (i = 0; i < s->parts; i++)
		if (rip == s->address + s->part[i].from)
			return s->body + s->part[i].at;
	return 0;
}

/* The registers as they were before the tests. */
static void
restore(
    const struct sieve_code *s, struct sieve_registers *regs, uint64_t offset)
{
	const uint64_t kept = regs->stack[0];

	if (offset < s->saved || offset - s->holds < 2)
		return;
	regs->rax = regs->stack[3];
	if (offset < s->tests)
		return;
	regs->rcx = regs->stack[2];
	regs->rdx = regs->stack[1];
	regs->rflags = (regs->rflags & ~(RFLAGS_LOW | RFLAGS_OVER)) |
		       (kept >> 8 & RFLAGS_LOW) | (kept & 1 ? RFLAGS_OVER : 0);
}

bool
sievecode_leave(const struct sieve_code *s, struct sieve_registers *regs)
{
	const uint64_t offset = regs->rip - s->body;
	unsigned i = s->parts;

	if (regs->rip == s->entry || offset < s->at) {
		if (regs->rip != s->entry)
			restore(s, regs, offset);
		regs->rip = s->address;
		return true;
	}
	regs->rip = s->address + s->length;
	if (offset >= s->made)
		return false;
	while (i-- > 0 && offset < s->part[i].at)
		continue;
	regs->rip = s->address + s->part[i].from;
	return false;
}
