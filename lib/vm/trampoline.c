/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making trampolines.  Nothing here may know when a vCPU runs through one.
 */
#include "vm/trampoline.h"

#include "image/insn.h"
#include "vm/copies.h"
#include "vm/shim.h"
#include "vm/x86.h"

#include <string.h>

#define PAGE 4096U

/* The registers that the code uses, on the page of data. */
#define SAVED_RCX   0U
#define SAVED_RAX   8U
#define SAVED_COUNT 16U

/* Offsets after the code that saves them. */
#define HAS_RCX 7U
#define HAS_RAX 14U

/* Room that the code's last parts need: restoring, the instruction, the jump
 * back, and as much for the INT3. */
#define TAIL 128U

#define COUNT_JUMPS 12U /* bytes */
#define INT3S       UINT32_C(0xcccccccc)

/* A displacement of INT3s leads from below this to addresses between the shim
 * and its probe, for which there are page tables (SHIM_TABLES). */
#define RUN_REACH (UINT64_C(24) << 20)

/* There is one for each general register, vector register and word. */
#define TESTS (HC_POSITION_RIP + 16 + HC_POSITION_WORDS)

/* Code in the making; `out` are places of jumps to the instruction. */
struct code {
	uint8_t *page;
	uint32_t data; /* where the registers are, from there */
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
	const uint32_t disp = c->data + where - (c->n + 7);

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

/* Instructions that a trampoline makes. */
struct run {
	struct insn insn[TRAMPOLINE_RUN];
	unsigned n;
	size_t length;
};

/* Can it be made elsewhere, and left after a step? */
static bool
is_movable(const struct insn *insn)
{
	unsigned i;

	for (i = 0; i < insn->accesses; i++)
		if (insn->access[i].flags & INSN_STRING)
			return false;
	return insn->kind == INSN_PLAIN &&
	       (insn->map != INSN_MAP_ONE || insn->opcode != OPCODE_MOVSEG);
}

/* As many as a jump replaces, at most `most`. */
static bool
find_run(struct run *run, const uint8_t *code, size_t n, unsigned most)
{
	struct insn *insn;

	*run = (struct run){ .n = 0 };
	while (run->length < TRAMPOLINE_JUMP && run->n < most) {
		insn = &run->insn[run->n++];
		if (insn_decode(insn, code + run->length, n - run->length) !=
			INSN_OK ||
		    !is_movable(insn))
			return false;
		run->length += insn->length;
	}
	return run->length >= TRAMPOLINE_JUMP;
}

static bool
make_jump(struct trampoline *t, uint64_t to)
{
	const int64_t far = (int64_t)(to - t->address - TRAMPOLINE_JUMP);
	const int32_t disp = (int32_t)far;

	t->jump[0] = 0xe9;
	memcpy(t->jump + 1, &disp, sizeof(disp));
	return disp == far;
}

/* One instruction: the code lies at the beginning of the first page. */
static bool
place_one(struct trampoline *t, struct code *c, uint8_t *page)
{
	c->page = page;
	c->data = PAGE;
	t->base = SHIM_PROBE;
	return make_jump(t, SHIM_PROBE);
}

/* Several: a displacement that is INT3s leads to the code, which must not be in
 * the guest's memory. */
static bool
place_run(struct trampoline *t, struct code *c, uint8_t *pages)
{
	const uint64_t to = t->address + TRAMPOLINE_JUMP +
			    (uint64_t)(int32_t)INT3S;

	c->page = pages;
	c->n = to % PAGE;
	t->base = to - c->n;
	t->start = (uint16_t)c->n;
	c->data = (uint32_t)(SHIM_PROBE + PAGE - t->base);
	return t->address < RUN_REACH && make_jump(t, to);
}

/* Decode, and begin. */
static bool
begin(struct trampoline *t, struct code *c, struct run *run, uint8_t *page)
{
	static uint8_t pages[2 * PAGE];

	if (!(run->n > 1 ? place_run(t, c, pages) : place_one(t, c, page)))
		return false;
	t->length = (uint8_t)run->length;
	t->parts = (uint8_t)run->n;
	put_save(c);
	return true;
}

/* The instructions, each by its address. */
static bool
put_run(struct trampoline *t, struct code *c, const struct run *run,
    const uint8_t *code)
{
	size_t from = 0, size;
	unsigned i;

	for (i = 0; i < run->n; i++) {
		t->part[i].from = (uint8_t)from;
		t->part[i].at = (uint16_t)c->n;
		size = copies_move(c->page + c->n, &run->insn[i], code + from,
		    t->address + from + run->insn[i].length);
		if (size == 0)
			return false;
		c->n += (uint32_t)size;
		from += run->insn[i].length;
	}
	return true;
}

/* The INT3, to which a jump that ends at `met` leads also, the instructions,
 * and the way back. */
static bool
end(struct trampoline *t, struct code *c, const struct run *run,
    const uint8_t *code, uint32_t met)
{
	static const uint8_t int3[] = { 0xcc, 0x90 };
	static const uint8_t back[] = { 0xff, 0x25, 0, 0, 0, 0 };
	const uint64_t next = t->address + run->length;
	bool moved;

	if (met > 0)
		lead_here(c, met);
	put_restore(c);
	/* A vCPU that is kicked in the guest's own way out has not met it. */
	put(c, int3, sizeof(int3));
	t->met = (uint16_t)(c->n - 1);
	set_outs(c);
	put_restore(c);
	t->at = (uint16_t)c->n;
	moved = put_run(t, c, run, code);
	t->made = (uint16_t)c->n;
	put(c, back, sizeof(back));
	put(c, &next, sizeof(next));
	t->end = (uint16_t)c->n;
	return moved;
}

bool
trampoline_make(struct trampoline *t, uint8_t *page, const uint8_t *code,
    size_t n, const struct hc_position *to, uint32_t first)
{
	struct code c = { .n = 0 };
	struct run run;

	*t = (struct trampoline){ .address = to->reg[HC_POSITION_RIP] };
	if (!find_run(&run, code, n, 1) || !begin(t, &c, &run, page))
		return false;
	put_tests(&c, to, first);
	return end(t, &c, &run, code, 0);
}

bool
trampoline_make_count(struct trampoline *t, uint8_t *page, const uint8_t *code,
    size_t n, uint64_t address, const struct hc_position *to)
{
	struct code c = { .n = 0 };
	struct run run;
	uint32_t met;
	bool made;

	*t = (struct trampoline){ .address = address };
	if (!find_run(&run, code, n, TRAMPOLINE_RUN) ||
	    !begin(t, &c, &run, page))
		return false;
	met = put_count(&c);
	/* The jumps come after it is counted. */
	t->counted = (uint16_t)(met - COUNT_JUMPS);
	if (to)
		put_tests(&c, to, 0);
	else
		put_out(&c);
	made = end(t, &c, &run, code, met);
	if (made && run.n > 1) {
		memcpy(shim_probe_at(page, t->base), c.page, PAGE);
		memcpy(
		    shim_probe_at(page, t->base + PAGE), c.page + PAGE, PAGE);
	}
	return made;
}

bool
trampoline_fits(const uint8_t *code, size_t n, uint64_t address)
{
	struct trampoline t = { .address = address };
	struct code c;
	struct run run;

	return find_run(&run, code, n, TRAMPOLINE_RUN) &&
	       (run.n > 1 ? place_run : place_one)(&t, &c, NULL);
}

uint64_t
trampoline_place(const struct trampoline *t, uint64_t rip)
{
	unsigned i;

	for (i = 0; i < t->parts; i++)
		if (rip == t->address + t->part[i].from)
			return t->base + t->part[i].at;
	return 0;
}

uint64_t
trampoline_count(const uint8_t *page)
{
	uint64_t count;

	memcpy(&count, page + PAGE + SAVED_COUNT, sizeof(count));
	return count;
}

void
trampoline_set_count(uint8_t *page, uint64_t count)
{
	memcpy(page + PAGE + SAVED_COUNT, &count, sizeof(count));
}

/* A test takes 34 bytes at most. */
_Static_assert(TESTS * 34 + HAS_RAX + 3 * TAIL < PAGE, "the code fits a page");

bool
trampoline_holds(const struct trampoline *t, uint64_t rip)
{
	return t->length > 0 &&
	       rip - t->base - t->start < (uint64_t)(t->end - t->start);
}

uint64_t
trampoline_leave(const struct trampoline *t, uint64_t rip, const uint8_t *page,
    uint64_t *rax, uint64_t *rcx)
{
	const uint64_t offset = rip - t->base;
	const uint64_t done = offset - t->start;
	unsigned i;

	if (offset >= t->made)
		return t->address + t->length;
	if (offset < t->at && done >= HAS_RCX)
		memcpy(rcx, page + PAGE + SAVED_RCX, sizeof(*rcx));
	if (offset < t->at && done >= HAS_RAX)
		memcpy(rax, page + PAGE + SAVED_RAX, sizeof(*rax));
	for (i = t->parts; i-- > 1;)
		if (offset >= t->part[i].at)
			return t->address + t->part[i].from;
	return t->address;
}
