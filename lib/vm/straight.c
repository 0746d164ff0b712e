/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks along code.  Nothing here may know who runs it.
 */
#include "vm/straight.h"

#include "vm/trampoline.h"

/* So many instructions are too few for a shorter way, and so many are looked
 * at. */
#define LEAST 64U
#define MOST  16384U

/* One of the last so many is chosen. */
#define LAST 32U

struct walk {
	uint64_t from, at;
	unsigned n; /* instructions before `at` */
	uint64_t last[LAST];
};

/* Where control goes on, or 0: elsewhere. */
static uint64_t
next(const struct walk *w, const struct insn *insn)
{
	uint64_t target = w->at;

	(void)insn_target(insn, w->at, &target);
	switch (insn->kind) {
	case INSN_JCC:
		if (target <= w->from)
			return 0;
		break;
	case INSN_JMP: return target > w->at ? target : 0;
	case INSN_PLAIN:
	case INSN_CALL:
	case INSN_CALL_INDIRECT:
	case INSN_PUSHF:
	case INSN_POPF: break;
	default: return 0;
	}
	return w->at + insn->length;
}

static void
walk(struct walk *w, const struct breaks *b, uint64_t to)
{
	uint8_t code[INSN_LENGTH_MAX];
	struct insn insn;
	uint64_t after;
	size_t n;

	while (w->at != to && w->n < MOST) {
		n = breaks_read(b, w->at, code, sizeof(code));
		if (insn_decode(&insn, code, n) != INSN_OK)
			return;
		after = next(w, &insn);
		if (after == 0)
			return;
		w->last[w->n++ % LAST] = w->at;
		w->at = after;
	}
}

static bool
suits(const struct breaks *b, uint64_t address)
{
	uint8_t code[MOVED_LOOK];
	const size_t n = breaks_read(b, address, code, sizeof(code));

	return trampoline_fits(code, n, address) &&
	       !straight_is_entered(b, address);
}

uint64_t
straight_end(const struct breaks *b, uint64_t from, uint64_t to)
{
	struct walk w = { .from = from, .at = from };
	unsigned i;

	walk(&w, b, to);
	if (w.n < LEAST)
		return 0;
	for (i = 0; i < LAST; i++)
		if (suits(b, w.last[(w.n + i) % LAST]))
			return w.last[(w.n + i) % LAST];
	return 0;
}

bool
straight_is_entered(const struct breaks *b, uint64_t address)
{
	const uint64_t from = address - INT8_MAX;
	uint8_t code[2 * INT8_MAX];
	const size_t n = breaks_read(b, from, code, sizeof(code));

	return trampoline_is_entered(code, n, from, address);
}
