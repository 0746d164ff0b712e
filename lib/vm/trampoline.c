/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making trampolines.  Nothing here may know when a vCPU runs through one.
 */
#include "vm/trampoline.h"

#include "image/insn.h"
#include "vm/copies.h"
#include "vm/shim.h"

#include <string.h>

#define PAGE 4096U

/* The registers that the code uses, on the second page. */
#define SAVED_RCX 0U
#define SAVED_RAX 8U

/* Offsets after the code that saves them. */
#define HAS_RCX 7U
#define HAS_RAX 14U

/* Room that the code's last parts need: restoring, the instruction, the jump
 * back, and as much for the INT3. */
#define TAIL 64U

/* There is one for each general register, vector register and word. */
#define TESTS (HC_POSITION_RIP + 16 + HC_POSITION_WORDS)

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

/* An instruction whose operand is on the second page: 3 bytes and a
 * displacement from its end. */
static void
put_saved(struct code *c, uint8_t opcode, uint8_t modrm, uint32_t where)
{
	const uint8_t head[] = { 0x48, opcode, modrm };
	const uint32_t disp = PAGE + where - (c->n + 7);

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
	for (i = 0; i < 16; i++)
		put_vector(c, i, to->reg[HC_POSITION_XMM + i]);
	put_registers(c, to, first, false);
}

static void
set_outs(struct code *c)
{
	uint32_t disp;

	while (c->outs > 0) {
		const uint32_t end = c->out[--c->outs];

		disp = c->n - end;
		memcpy(c->page + end - sizeof(disp), &disp, sizeof(disp));
	}
}

static bool
make_jump(struct trampoline *t)
{
	const int64_t far =
	    (int64_t)(SHIM_PROBE - t->address - TRAMPOLINE_JUMP);
	const int32_t disp = (int32_t)far;

	t->jump[0] = 0xe9;
	memcpy(t->jump + 1, &disp, sizeof(disp));
	return disp == far;
}

bool
trampoline_make(struct trampoline *t, uint8_t *page, const uint8_t *code,
    size_t n, const struct hc_position *to, uint32_t first)
{
	static const uint8_t int3[] = { 0xcc, 0x90 };
	static const uint8_t back[] = { 0xff, 0x25, 0, 0, 0, 0 };
	struct code c = { .page = page };
	struct insn insn;
	uint64_t next;
	size_t size;

	*t = (struct trampoline){ .address = to->reg[HC_POSITION_RIP] };
	if (insn_decode(&insn, code, n) != INSN_OK || insn.kind != INSN_PLAIN ||
	    insn.length < TRAMPOLINE_JUMP || !make_jump(t))
		return false;
	t->length = insn.length;
	next = t->address + insn.length;
	put_save(&c);
	put_tests(&c, to, first);
	put_restore(&c);
	/* A vCPU that is kicked in the guest's own way out has not met it. */
	put(&c, int3, sizeof(int3));
	t->met = (uint16_t)(c.n - 1);
	set_outs(&c);
	put_restore(&c);
	t->at = (uint16_t)c.n;
	size = copies_move(page + c.n, &insn, code, next);
	c.n += (uint32_t)size;
	t->made = (uint16_t)c.n;
	put(&c, back, sizeof(back));
	put(&c, &next, sizeof(next));
	return size > 0;
}

/* A test takes 34 bytes at most. */
_Static_assert(TESTS * 34 + HAS_RAX + 2 * TAIL < PAGE, "the code fits a page");

bool
trampoline_holds(const struct trampoline *t, uint64_t rip)
{
	return t->length > 0 && rip - SHIM_PROBE < PAGE;
}

uint64_t
trampoline_leave(const struct trampoline *t, uint64_t rip, const uint8_t *page,
    uint64_t *rax, uint64_t *rcx)
{
	const uint64_t offset = rip - SHIM_PROBE;

	if (offset >= t->made)
		return t->address + t->length;
	if (offset < t->at && offset >= HAS_RCX)
		memcpy(rcx, page + PAGE + SAVED_RCX, sizeof(*rcx));
	if (offset < t->at && offset >= HAS_RAX)
		memcpy(rax, page + PAGE + SAVED_RAX, sizeof(*rax));
	return t->address;
}
