/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making trampolines.  Nothing here may know when a vCPU runs through one.
 */
#include "vm/trampoline.h"

#include "vm/x86.h"

#include <string.h>

#define PAGE 4096U

/* The page of data follows those of code.  The registers that the code uses, on
 * it. */
#define DATA        (2 * PAGE)
#define SAVED_RCX   0U
#define SAVED_RAX   8U
#define SAVED_COUNT 16U

/* Offsets after the code that saves them. */
#define HAS_RCX 7U
#define HAS_RAX 14U

/* Room for what is not a test: restoring twice, the INT3, counting, a jump. */
#define TAIL 96U

#define COUNT_JUMPS 12U /* bytes */

/* SF, ZF, AF, PF, CF and bit 1, which is set. */
#define LAHF_FLAGS 0xd7U

/* There is one for each general register, vector register and word, and for the
 * flags. */
#define TESTS (HC_POSITION_RIP + 16 + HC_POSITION_WORDS + 1)

/* Code in the making; `out` are places of jumps to the instruction. */
struct code {
	uint8_t *page;
	uint32_t n, outs;
	uint32_t out[TESTS];
};

static void
put(struct code *c, const void *bytes, size_t len)
{
	memcpy(c->page + c->n, bytes, len);
	c->n += (uint32_t)len;
}

/* An instruction whose operand is on the page of data: 3 bytes and a
 * displacement from its end. */
static void
put_saved(struct code *c, uint8_t opcode, uint8_t modrm, uint32_t where)
{
	const uint8_t head[] = { 0x48, opcode, modrm };
	const uint32_t disp = DATA + where - (c->n + 7);

	put(c, head, sizeof(head));
	put(c, &disp, sizeof(disp));
}

static void
put_save(struct code *c)
{
	put_saved(c, 0x89, 0x0d, SAVED_RCX); /* mov %rcx, SAVED_RCX(%rip) */
	put_saved(c, 0x89, 0x05, SAVED_RAX);
}

static void
put_restore(struct code *c)
{
	put_saved(c, 0x8b, 0x05, SAVED_RAX); /* mov SAVED_RAX(%rip), %rax */
	put_saved(c, 0x8b, 0x0d, SAVED_RCX);
}

/* Count down, and go to the INT3 at 0: the offset of that jump's end.  None of
 * these has to do with flags. */
static uint32_t
put_count(struct code *c)
{
	static const uint8_t less[] = { 0x48, 0x8d, 0x49, 0xff }; /* lea */
	/* jrcxz over; jmp on; over: jmp to the INT3; on: */
	static const uint8_t jumps[COUNT_JUMPS] = { 0xe3, 0x05, 0xe9, 5, 0, 0,
		0, 0xe9, 0, 0, 0, 0 };

	put_saved(c, 0x8b, 0x0d, SAVED_COUNT); /* mov COUNT(%rip), %rcx */
	put(c, less, sizeof(less));
	put_saved(c, 0x89, 0x0d, SAVED_COUNT);
	put(c, jumps, sizeof(jumps));
	return c->n;
}

/* Go to the instruction unless the register has this value: movabs $-value,
 * %rcx; lea (reg, %rcx), %rcx; jrcxz over; jmp out.  None of these has to do
 * with flags. */
static void
put_test(struct code *c, unsigned reg, uint64_t value)
{
	static const uint8_t movabs[] = { 0x48, 0xb9 };
	static const uint8_t jumps[] = { 0xe3, 0x05, 0xe9, 0, 0, 0, 0 };
	const uint8_t lea[] = { (uint8_t)(0x48 | reg >> 3), 0x8d, 0x4c,
		(uint8_t)(INSN_RCX << 3 | (reg & 7)), 0 };
	const uint64_t minus = -value;

	put(c, movabs, sizeof(movabs));
	put(c, &minus, sizeof(minus));
	put(c, lea, sizeof(lea));
	put(c, jumps, sizeof(jumps));
	c->out[c->outs++] = c->n;
}

static void
put_register(struct code *c, unsigned reg, uint64_t value)
{
	const bool saved = reg == INSN_RAX || reg == INSN_RCX;

	if (saved)
		put_saved(
		    c, 0x8b, 0x05, reg == INSN_RAX ? SAVED_RAX : SAVED_RCX);
	put_test(c, saved ? INSN_RAX : reg, value);
}

static void
put_word(struct code *c, const struct hc_witness *word)
{
	static const uint8_t load[] = { 0x48, 0xa1 }; /* movabs word, %rax */

	put(c, load, sizeof(load));
	put(c, &word->address, sizeof(word->address));
	put_test(c, INSN_RAX, word->value);
}

static void
put_vector(struct code *c, unsigned i, uint64_t value)
{
	/* movq %xmm, %rax */
	const uint8_t move[] = { 0x66, (uint8_t)(0x48 | i >> 3 << 2), 0x0f,
		0x7e, (uint8_t)(0xc0 | (i & 7) << 3) };

	put(c, move, sizeof(move));
	put_test(c, INSN_RAX, value);
}

/* LAHF and SETO do not change them. */
static void
put_flags(struct code *c, uint64_t rflags)
{
	static const uint8_t load[] = { 0x9f, 0x0f, 0x90, 0xc0, /* seto %al */
		0x0f, 0xb7, 0xc0 }; /* movzwl %ax, %eax */

	put(c, load, sizeof(load));
	put_test(
	    c, INSN_RAX, (rflags & LAHF_FLAGS) << 8 | !!(rflags & RFLAGS_OF));
}

/* Those registers, or all others. */
static void
put_registers(
    struct code *c, const struct hc_position *to, uint32_t which, bool those)
{
	unsigned i;

	for (i = 0; i < HC_POSITION_RIP; i++)
		if ((which >> i & 1) == those)
			put_register(c, i, to->reg[i]);
}

static void
put_tests(struct code *c, const struct hc_position *to, uint32_t first)
{
	unsigned i;

	put_registers(c, to, first, true);
	for (i = 0; i < to->words; i++)
		put_word(c, &to->word[i]);
	put_flags(c, to->reg[HC_POSITION_RFLAGS] | RFLAGS_FIXED);
	for (i = 0; i < 16; i++)
		put_vector(c, i, to->reg[HC_POSITION_XMM + i]);
	put_registers(c, to, first, false);
}

/* The jump that ends at `end` leads here. */
static void
lead_here(struct code *c, uint32_t end)
{
	const uint32_t disp = c->n - end;

	memcpy(c->page + end - sizeof(disp), &disp, sizeof(disp));
}

static void
set_outs(struct code *c)
{
	while (c->outs > 0)
		lead_here(c, c->out[--c->outs]);
}

/* Go to the instruction. */
static void
put_out(struct code *c)
{
	static const uint8_t jump[] = { 0xe9, 0, 0, 0, 0 };

	put(c, jump, sizeof(jump));
	c->out[c->outs++] = c->n;
}

const uint8_t trampoline_jump[MOVED_JUMP] = { 0xe9, OPCODE_INTO, OPCODE_INTO,
	OPCODE_INTO, OPCODE_INTO };

/* Begin with saving registers. */
static void
begin(struct trampoline *t, struct code *c, uint8_t *pages)
{
	const uint64_t to = trampoline_target(t->run.address);

	c->page = pages;
	c->n = to % PAGE;
	t->run.base = to - c->n;
	t->start = (uint16_t)c->n;
	put_save(c);
}

/* The INT3, to which a jump that ends at `met` leads also, the instructions,
 * and the way back. */
static bool
end(struct trampoline *t, struct code *c, const struct insn_run *run,
    const uint8_t *code, uint32_t met)
{
	static const uint8_t int3[] = { 0xcc, 0x90 };

	if (met > 0)
		lead_here(c, met);
	put_restore(c);
	/* A vCPU that is kicked in the guest's own way out has not met it. */
	put(c, int3, sizeof(int3));
	t->met = (uint16_t)(c->n - 1);
	set_outs(c);
	put_restore(c);
	t->run.at = (uint16_t)c->n;
	return moved_make(&t->run, c->page, run, code);
}

bool
trampoline_make(struct trampoline *t, uint8_t *pages, const uint8_t *code,
    size_t n, const struct hc_position *to, uint32_t first)
{
	struct code c = { .n = 0 };
	struct insn_run run;

	*t = (struct trampoline){ .run.address = to->reg[HC_POSITION_RIP] };
	if (!insn_run_find(&run, code, n))
		return false;
	begin(t, &c, pages);
	put_tests(&c, to, first);
	return end(t, &c, &run, code, 0);
}

bool
trampoline_make_count(struct trampoline *t, uint8_t *pages, const uint8_t *code,
    size_t n, uint64_t address, const struct hc_position *to, uint32_t first)
{
	struct code c = { .n = 0 };
	struct insn_run run;
	uint32_t met;

	*t = (struct trampoline){ .run.address = address };
	if (!insn_run_find(&run, code, n))
		return false;
	begin(t, &c, pages);
	met = put_count(&c);
	/* The jumps come after it is counted. */
	t->counted = (uint16_t)(met - COUNT_JUMPS);
	if (to)
		put_tests(&c, to, first);
	else
		put_out(&c);
	return end(t, &c, &run, code, met);
}

bool
trampoline_fits(const uint8_t *code, size_t n, uint64_t address)
{
	uint8_t pages[2 * PAGE];
	struct trampoline t;

	return trampoline_make_count(&t, pages, code, n, address, NULL, 0);
}

bool
trampoline_is_entered(
    const uint8_t *code, size_t n, uint64_t from, uint64_t address)
{
	uint64_t target;
	size_t i;

	for (i = 0; i + 1 < n; i++) {
		target = from + i + 2 + (uint64_t)(int8_t)code[i + 1];
		if ((code[i] == 0xeb || (code[i] & 0xf0) == 0x70) &&
		    trampoline_is_inside(target, address))
			return true;
	}
	return false;
}

uint64_t
trampoline_count(const uint8_t *pages)
{
	uint64_t count;

	memcpy(&count, pages + DATA + SAVED_COUNT, sizeof(count));
	return count;
}

void
trampoline_set_count(uint8_t *pages, uint64_t count)
{
	memcpy(pages + DATA + SAVED_COUNT, &count, sizeof(count));
}

/* A test takes 34 bytes at most. */
_Static_assert(
    TESTS * 34 + HAS_RAX + TAIL + MOVED_ROOM < PAGE, "the code fits a page");

bool
trampoline_holds(const struct trampoline *t, uint64_t rip)
{
	return t->run.length > 0 &&
	       rip - t->run.base - t->start < (uint64_t)(t->run.end - t->start);
}

uint64_t
trampoline_leave(const struct trampoline *t, uint64_t rip, const uint8_t *pages,
    uint64_t *rax, uint64_t *rcx)
{
	const uint64_t offset = rip - t->run.base;
	const uint64_t done = offset - t->start;

	if (offset < t->run.at && done >= HAS_RCX)
		memcpy(rcx, pages + DATA + SAVED_RCX, sizeof(*rcx));
	if (offset < t->run.at && done >= HAS_RAX)
		memcpy(rax, pages + DATA + SAVED_RAX, sizeof(*rax));
	return moved_original(&t->run, offset);
}
