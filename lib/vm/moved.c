/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making instructions elsewhere.  Nothing here may know when a vCPU runs them.
 */
#include "vm/moved.h"

#include "vm/copies.h"

#include <string.h>

#define DISP32 4U /* bytes */

/* A jrcxz or loop may be so long, and leads so far over a jump. */
#define NEAR_LENGTH 4U
#define NEAR_OVER   2U

/* jrcxz and loop do not lead far. */
static bool
is_near(const struct insn *insn)
{
	return insn->kind == INSN_JCC && insn->map == INSN_MAP_ONE &&
	       insn->opcode >= 0xe0;
}

static bool
is_movable(const struct insn *insn)
{
	switch (insn->kind) {
	case INSN_PLAIN:
	case INSN_JMP:
	case INSN_JMP_INDIRECT:
	case INSN_RET: return insn_is_stepped(insn) && !insn_is_string(insn);
	case INSN_JCC: return !is_near(insn) || insn->length <= NEAR_LENGTH;
	default: return false;
	}
}

/* Does it lead on to the instruction after it? */
static bool
leads_on(const struct insn *insn)
{
	return insn->kind == INSN_PLAIN || insn->kind == INSN_JCC;
}

static bool
is_nop(const struct insn *insn)
{
	return (insn->map == INSN_MAP_ONE && insn->opcode == 0x90) ||
	       (insn->map == INSN_MAP_0F && insn->opcode == 0x1f);
}

/* Bytes after a branch may be data, unless they look like what assemblers put
 * between functions. */
bool
insn_run_find(struct insn_run *run, const uint8_t *code, size_t n)
{
	struct insn *insn = NULL;
	unsigned nears = 0;
	bool between = false;

	*run = (struct insn_run){ .n = 0 };
	while (run->length < MOVED_JUMP && run->n < MOVED_RUN) {
		between |= insn && !leads_on(insn);
		insn = &run->insn[run->n++];
		if (insn_decode(insn, code + run->length, n - run->length) !=
			INSN_OK ||
		    !is_movable(insn) || (is_near(insn) && nears++ > 0) ||
		    (between && !is_nop(insn)))
			return false;
		run->length += insn->length;
	}
	return run->length >= MOVED_JUMP;
}

/* End a branch, whose first `n` bytes lie at `at`, with its displacement: the
 * size of both, or 0 if the target is out of reach. */
static size_t
put_disp(uint8_t *to, size_t n, uint64_t at, uint64_t target)
{
	const int64_t far = (int64_t)(target - (at + n + DISP32));
	const int32_t disp = (int32_t)far;

	memcpy(to + n, &disp, DISP32);
	return disp == far ? n + DISP32 : 0;
}

/* A relative branch gets a displacement of 32 bits. */
static size_t
put_branch(uint8_t *to, const struct insn *insn, uint64_t from, uint64_t at)
{
	const uint8_t jcc[] = { 0x0f, 0x80 | (insn->opcode & 0xf) };
	const uint8_t jmp[] = { 0xe9 };
	const bool depends = insn->kind == INSN_JCC;
	const size_t n = depends ? sizeof(jcc) : sizeof(jmp);
	uint64_t target;

	if (!insn_target(insn, from, &target))
		return 0;
	memcpy(to, depends ? jcc : jmp, n);
	return put_disp(to, n, at, target);
}

/* One that does not lead far leads to a jump: jrcxz on; jmp over; on: jmp
 * target; over: */
static size_t
put_near(uint8_t *to, const struct insn *insn, const uint8_t *code,
    uint64_t from, uint64_t at)
{
	static const uint8_t jumps[] = { 0xeb, 5, 0xe9 };
	const size_t n = insn->length + sizeof(jumps);
	uint64_t target;

	if (!insn_target(insn, from, &target))
		return 0;
	memcpy(to, code, insn->length - 1);
	to[insn->length - 1] = NEAR_OVER;
	memcpy(to + insn->length, jumps, sizeof(jumps));
	return put_disp(to, n, at, target);
}

static size_t
put_insn(uint8_t *to, const struct insn *insn, const uint8_t *code,
    uint64_t from, uint64_t at)
{
	if (is_near(insn))
		return put_near(to, insn, code, from, at);
	if (insn->kind == INSN_JCC || insn->kind == INSN_JMP)
		return put_branch(to, insn, from, at);
	return copies_move(to, insn, code, from + insn->length, at);
}

/* None gets longer than the longest is; and the jump back. */
_Static_assert(
    MOVED_RUN *INSN_LENGTH_MAX + 14 <= MOVED_ROOM, "they fit into their room");

/* It is made when rip is at one of the jumps after it. */
static void
note_near(struct moved *m, const struct insn *insn, uint16_t at)
{
	m->near = (uint16_t)(at + insn->length);
	m->near_next = m->address + m->length + insn->length;
	(void)insn_target(insn, m->address + m->length, &m->near_target);
}

bool
moved_make(struct moved *m, uint8_t *out, const struct insn_run *run,
    const uint8_t *code)
{
	static const uint8_t back[] = { 0xff, 0x25, 0, 0, 0, 0 };
	uint16_t n = m->at;
	uint64_t next;
	size_t size;

	m->length = m->parts = 0;
	m->near = 0;
	while (m->parts < run->n) {
		m->part[m->parts].from = m->length;
		m->part[m->parts].at = n;
		size = put_insn(out + n, &run->insn[m->parts], code + m->length,
		    m->address + m->length, m->base + n);
		if (size == 0)
			return false;
		if (is_near(&run->insn[m->parts]))
			note_near(m, &run->insn[m->parts], n);
		n = (uint16_t)(n + size);
		m->length = (uint8_t)(m->length + run->insn[m->parts++].length);
	}
	next = m->address + m->length;
	m->made = n;
	memcpy(out + n, back, sizeof(back));
	memcpy(out + n + sizeof(back), &next, sizeof(next));
	m->end = (uint16_t)(n + sizeof(back) + sizeof(next));
	return true;
}

uint64_t
moved_place(const struct moved *m, uint64_t rip)
{
	unsigned i;

	for (i = 0; i < m->parts; i++)
		if (rip == m->address + m->part[i].from)
			return m->base + m->part[i].at;
	return 0;
}

uint64_t
moved_original(const struct moved *m, uint64_t offset)
{
	unsigned i = m->parts;

	if (m->near && offset == m->near)
		return m->near_next;
	if (m->near && offset == m->near + NEAR_OVER)
		return m->near_target;
	if (offset >= m->made)
		return m->address + m->length;
	while (i-- > 1)
		if (offset >= m->part[i].at)
			return m->address + m->part[i].from;
	return m->address;
}
