/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of instructions.  Nothing here may know threads.
 */
#include "vm/copies.h"

#include "image/insn.h"
#include "vm/shim.h"

#include <string.h>

#define REX_X     2
#define MODRM_SIB 4    /* rm: an SIB byte follows, */
#define SIB_NONE  0x25 /* without base and index: a displacement does */

_Static_assert(COPIES_MAX *COPIES_SIZE == 4096, "they fill a page");

/* May it run at another address?  A string instruction may be interrupted
 * between its rounds. */
static bool
is_fit(const struct insn *insn)
{
	return (insn->kind == INSN_PLAIN || insn->kind == INSN_RET ||
		   insn->kind == INSN_JMP_INDIRECT) &&
	       !insn_is_string(insn);
}

/* An operand that is relative to rip gets its address itself, where that fits,
 * by a SIB byte that names no register (SDM vol. 2, table 2-3). */
static size_t
move_absolute(
    uint8_t *to, const struct insn *insn, const uint8_t *code, int64_t address)
{
	const unsigned at = insn->disp_at;
	const int32_t disp = (int32_t)address;

	if (insn->length == INSN_LENGTH_MAX || (insn->rex & REX_X) ||
	    (insn->prefixes & INSN_ADDR32) || address != disp)
		return 0;
	memcpy(to, code, at);
	to[insn->modrm_at] = (code[insn->modrm_at] & 0x38) | MODRM_SIB;
	to[at] = SIB_NONE;
	memcpy(to + at + 1, &disp, sizeof(disp));
	memcpy(to + at + 1 + sizeof(disp), code + at + sizeof(disp),
	    insn->length - at - sizeof(disp));
	return insn->length + 1U;
}

static size_t
move(uint8_t *to, const struct insn *insn, const uint8_t *code, uint64_t next,
    uint64_t at)
{
	int64_t address, far;
	int32_t disp;

	memcpy(to, code, insn->length);
	if (!insn->rip_relative)
		return insn->length;
	memcpy(&disp, code + insn->disp_at, sizeof(disp));
	address = (int64_t)next + disp;
	far = address - (int64_t)(at + insn->length);
	disp = (int32_t)far;
	if (disp != far || (insn->prefixes & INSN_ADDR32))
		return move_absolute(to, insn, code, address);
	memcpy(to + insn->disp_at, &disp, sizeof(disp));
	return insn->length;
}

size_t
copies_move(uint8_t *to, const struct insn *insn, const uint8_t *code,
    uint64_t next, uint64_t at)
{
	return is_fit(insn) ? move(to, insn, code, next, at) : 0;
}

/* Take the next place; one for an instruction that is not fit stays empty. */
static struct copy *
make(struct copies *copies, uint64_t addr, const uint8_t *code, size_t n)
{
	static const uint8_t jump[] = { 0xff, 0x25, 0, 0, 0, 0 };
	struct copy *copy = &copies->copy[copies->used];
	const size_t offset = copies->used * COPIES_SIZE;
	uint8_t *at = copies->page + offset;
	struct insn insn;
	uint64_t next;
	size_t size;

	copies->used++;
	*copy = (struct copy){ .addr = addr };
	if (insn_decode(&insn, code, n) != INSN_OK)
		return copy;
	next = addr + insn.length;
	size = copies_move(at, &insn, code, next, SHIM_COPIES + offset);
	if (size == 0)
		return copy;
	memcpy(copy->code, code, insn.length);
	memcpy(at + size, jump, sizeof(jump));
	memcpy(at + size + sizeof(jump), &next, sizeof(next));
	copy->length = insn.length;
	copy->size = (uint8_t)size;
	return copy;
}

/* The code may have been changed since it was copied. */
uint64_t
copies_find(struct copies *copies, uint64_t addr, const uint8_t *code, size_t n)
{
	const struct copy *copy = NULL;
	unsigned i;

	for (i = 0; i < copies->used && !copy; i++)
		if (copies->copy[i].addr == addr)
			copy = &copies->copy[i];
	if (!copy && copies->page && copies->used < COPIES_MAX)
		copy = make(copies, addr, code, n);
	if (!copy || copy->length == 0 || n < copy->length ||
	    memcmp(copy->code, code, copy->length) != 0)
		return 0;
	return SHIM_COPIES + (uint64_t)(copy - copies->copy) * COPIES_SIZE;
}

bool
copies_original(
    const struct copies *copies, uint64_t rip, uint64_t *original, bool *made)
{
	const uint64_t offset = rip - SHIM_COPIES;
	const struct copy *copy =
	    &copies->copy[offset / COPIES_SIZE % COPIES_MAX];

	if (offset >= COPIES_MAX * COPIES_SIZE || copy->length == 0)
		return false;
	*made = offset % COPIES_SIZE == copy->size;
	*original = copy->addr + (*made ? copy->length : 0);
	return *made || offset % COPIES_SIZE == 0;
}

void
copies_clear(struct copies *copies)
{
	copies->used = 0;
	memset(copies->copy, 0, sizeof(copies->copy));
}
