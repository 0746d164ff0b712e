/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditions that the guest tests.  Nothing here may know packets.
 */
#include "debugger/served.h"

#include "gdb/native.h"
#include "vm/sieve.h"

/* Conditions at one address. */
struct conditions {
	struct native_condition code[TARGET_CODES_MAX];
	size_t n;
	bool all; /* each of those that lie there has one */
};

static void
add(struct conditions *c, const uint8_t *code, size_t n)
{
	if (n == 0 || c->n == TARGET_CODES_MAX)
		c->all = false;
	else
		c->code[c->n++] = (struct native_condition){ code, n };
}

static void
set(struct machine *m, enum sieve_kind kind, uint64_t addr,
    const struct conditions *c)
{
	const struct native_place place = {
		.rip = addr,
		.saved = { SIEVE_RAX, SIEVE_RCX, SIEVE_RDX },
		.stack = SIEVE_STACK,
		.pages = (int32_t)SHIM_SIEVES,
	};
	struct sieve_test test = { .n = 0 };

	_Static_assert(NATIVE_PAGES == SHIM_SIEVE_PAGES, "one table");
	if (c->n > 0 && c->all)
		test.n = (uint32_t)native_compile(
		    test.code, sizeof(test.code), c->code, c->n, &place);
	(void)sieve_set(&m->debug.sieves, kind, addr, &test);
}

void
served_set(struct machine *m, const struct target_break *brk)
{
	struct conditions c = { .all = true };
	size_t i;

	if (brk->type != BREAK_SOFT)
		return;
	for (i = 0; i < brk->codes; i++)
		if (!brk->code[i].is_command)
			add(&c, brk->code[i].bytes, brk->code[i].n);
	set(m, SIEVE_BREAK, brk->addr, &c);
}

void
served_drop(struct machine *m, const struct target_break *brk)
{
	const struct conditions none = { .n = 0 };

	if (brk->type == BREAK_SOFT)
		set(m, SIEVE_BREAK, brk->addr, &none);
}

void
served_trace(struct machine *m, const struct trace *t, uint64_t addr, bool on)
{
	struct conditions c = { .all = on };
	unsigned i;

	for (i = 0; on && i < t->points; i++)
		if (t->point[i].addr == addr && t->point[i].enabled)
			add(&c, t->text + t->point[i].condition.at,
			    t->point[i].condition.n);
	set(m, SIEVE_TRACE, addr, &c);
}
