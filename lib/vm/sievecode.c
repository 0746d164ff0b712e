/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making the code of sieves.  Nothing here may know when a vCPU runs it.
 */
#include "vm/sievecode.h"

#include "vm/x86.h"

#include <string.h>

#define INT3S UINT32_C(0xcccccccc)

/* Room that the body needs besides the tests. */
#define REST (288U + MOVED_ROOM)

_Static_assert(2 * SIEVE_TEST + REST <= SIEVE_BODY, "a body has two tests");

struct code {
	uint8_t *out;
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
	s->run.at = c->n;
}

static bool
make_jump(uint8_t jump[MOVED_JUMP], uint64_t from, uint64_t to)
{
	const int64_t far = (int64_t)(to - from - MOVED_JUMP);
	const int32_t disp = (int32_t)far;

	jump[0] = 0xe9;
	memcpy(jump + 1, &disp, sizeof(disp));
	return disp == far;
}

static bool
make_jumps(struct sieve_code *s)
{
	const uint64_t from = s->run.address, body = s->run.base;

	s->enters = s->run.parts > 1;
	if (!s->enters)
		return make_jump(s->jump, from, body);
	s->entry = from + MOVED_JUMP + (uint64_t)(int32_t)INT3S;
	return make_jump(s->jump, from, s->entry) &&
	       make_jump(s->entry_jump, s->entry, body);
}

bool
sievecode_make(struct sieve_code *s, uint8_t *out, uint64_t body,
    uint64_t address, const uint8_t *code, size_t n,
    const struct sieve_test *const test[], unsigned tests)
{
	struct code c = { .out = out };
	struct insn_run run;

	*s = (struct sieve_code){ .run = { .address = address, .base = body } };
	if (!insn_run_find(&run, code, n))
		return false;
	put_begin(s, &c);
	put_tests(s, &c, test, tests);
	return moved_make(&s->run, out, &run, code) && make_jumps(s);
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
	regs->rflags = (regs->rflags & ~(uint64_t)RFLAGS_STATUS) |
		       (kept >> 8 & RFLAGS_LOW) | (kept & 1 ? RFLAGS_OF : 0);
}

bool
sievecode_leave(const struct sieve_code *s, struct sieve_registers *regs)
{
	const uint64_t offset = regs->rip - s->run.base;

	if (regs->rip == s->entry || offset < s->run.at) {
		if (regs->rip != s->entry)
			restore(s, regs, offset);
		regs->rip = s->run.address;
		return true;
	}
	regs->rip = moved_original(&s->run, offset);
	return false;
}
