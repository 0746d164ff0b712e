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

/* The page of data follows those of code.  The registers that the code uses, on
 * it. */
#define DATA        (2 * PAGE)
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

const uint8_t trampoline_jump[TRAMPOLINE_JUMP] = { 0xe9, OPCODE_INT3,
	OPCODE_INT3, OPCODE_INT3, OPCODE_INT3 };

/* Can it be made elsewhere, and left after a step? */
static bool
is_movable(const struct insn *insn)
{
	switch (insn->kind) {
	case INSN_PLAIN:
	case INSN_JMP:
	case INSN_JMP_INDIRECT:
	case INSN_RET: return insn_is_stepped(insn) && !insn_is_string(insn);
	case INSN_JCC: /* not jrcxz and loop, which lead not far */
		return insn->map != INSN_MAP_ONE || insn->opcode < 0xe0;
	default: return false;
	}
}

/* Does it lead on to the instruction after it? */
static bool
leads_on(const struct insn *insn)
{
	return insn->kind == INSN_PLAIN || insn->kind == INSN_JCC;
}

/* As many as a jump replaces.  Bytes after a branch may be data; and after an
 * INT3 in place of one byte it is not known whether that was met. */
static bool
find_run(struct run *run, const uint8_t *code, size_t n)
{
	struct insn *insn = NULL;

	*run = (struct run){ .n = 0 };
	while (run->length < TRAMPOLINE_JUMP && run->n < TRAMPOLINE_RUN) {
		if (insn && !leads_on(insn))
			return false;
		insn = &run->insn[run->n++];
		if (insn_decode(insn, code + run->length, n - run->length) !=
			INSN_OK ||
		    !is_movable(insn) || (run->n > 1 && insn->length == 1))
			return false;
		run->length += insn->length;
	}
	return run->length >= TRAMPOLINE_JUMP;
}

/* Begin with saving registers. */
static void
begin(struct trampoline *t, struct code *c, uint8_t *pages)
{
	const uint64_t to = trampoline_target(t->address);

	c->page = pages;
	c->n = to % PAGE;
	t->base = to - c->n;
	t->start = (uint16_t)c->n;
	put_save(c);
}

/* A relative branch: its target is within reach. */
static size_t
put_branch(uint8_t *to, const struct insn *insn, uint64_t from, uint64_t at)
{
	const uint8_t jcc[] = { 0x0f, 0x80 | (insn->opcode & 0xf) };
	const uint8_t jmp[] = { 0xe9 };
	const bool depends = insn->kind == INSN_JCC;
	const size_t n = depends ? sizeof(jcc) : sizeof(jmp);
	uint64_t target = 0;
	int64_t far;
	int32_t disp;

	(void)insn_target(insn, from, &target);
	far = (int64_t)(target - (at + n + sizeof(disp)));
	disp = (int32_t)far;
	memcpy(to, depends ? jcc : jmp, n);
	memcpy(to + n, &disp, sizeof(disp));
	return disp == far ? n + sizeof(disp) : 0;
}

/* The instructions, each by its address. */
static bool
put_run(struct trampoline *t, struct code *c, const struct run *run,
    const uint8_t *code)
{
	const struct insn *insn;
	uint64_t from = t->address;
	size_t size;
	unsigned i;

	for (i = 0; i < run->n; i++) {
		insn = &run->insn[i];
		t->part[i].from = (uint8_t)(from - t->address);
		t->part[i].at = (uint16_t)c->n;
		size = insn->kind == INSN_JCC || insn->kind == INSN_JMP
			   ? put_branch(
				 c->page + c->n, insn, from, t->base + c->n)
			   : copies_move(c->page + c->n, insn,
				 code + t->part[i].from, from + insn->length,
				 t->base + c->n);
		if (size == 0)
			return false;
		c->n += (uint32_t)size;
		from += insn->length;
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

	t->length = (uint8_t)run->length;
	t->parts = (uint8_t)run->n;
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
trampoline_make(struct trampoline *t, uint8_t *pages, const uint8_t *code,
    size_t n, const struct hc_position *to, uint32_t first)
{
	struct code c = { .n = 0 };
	struct run run;

	*t = (struct trampoline){ .address = to->reg[HC_POSITION_RIP] };
	if (!find_run(&run, code, n))
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
	struct run run;
	uint32_t met;

	*t = (struct trampoline){ .address = address };
	if (!find_run(&run, code, n))
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
		    target - address - 1 < TRAMPOLINE_JUMP - 1)
			return true;
	}
	return false;
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

bool
trampoline_trapped(const struct trampoline *t, uint64_t rip)
{
	return rip - t->address - 2 < TRAMPOLINE_JUMP - 1 &&
	       trampoline_place(t, rip - 1) != 0;
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
_Static_assert(TESTS * 34 + HAS_RAX + 3 * TAIL < PAGE, "the code fits a page");

bool
trampoline_holds(const struct trampoline *t, uint64_t rip)
{
	return t->length > 0 &&
	       rip - t->base - t->start < (uint64_t)(t->end - t->start);
}

uint64_t
trampoline_leave(const struct trampoline *t, uint64_t rip, const uint8_t *pages,
    uint64_t *rax, uint64_t *rcx)
{
	const uint64_t offset = rip - t->base;
	const uint64_t done = offset - t->start;
	unsigned i;

	if (offset >= t->made)
		return t->address + t->length;
	if (offset < t->at && done >= HAS_RCX)
		memcpy(rcx, pages + DATA + SAVED_RCX, sizeof(*rcx));
	if (offset < t->at && done >= HAS_RAX)
		memcpy(rax, pages + DATA + SAVED_RAX, sizeof(*rax));
	for (i = t->parts; i-- > 1;)
		if (offset >= t->part[i].at)
			return t->address + t->part[i].from;
	return t->address;
}
