/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making seccomp programs.  Nothing here may know what the calls are for.
 *
 * The program: the architecture; the first row; x32; then a binary search by
 * number, at the end of which stand a call's rows one after the other.  What a
 * call's arguments do not matter to reads nothing but the number, so that the
 * kernel finds out once and for all that it passes (seccomp's action cache).
 */
#include "sandbox/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>

/* x32 numbers have this bit (arch/x86/include/uapi/asm/unistd.h). */
#define X32_BIT 0x40000000U

#define CALL_ARGS 6
#define JUMP_MAX  255 /* of a conditional jump */

#define KILL SECCOMP_RET_KILL_PROCESS

struct maker {
	struct filter_program *program;
	const struct filter_rule *rules;
	uint16_t order[FILTER_RULES]; /* rows by number, else as they came */
	bool full;
	/* What the accumulator holds at the start of a row; 0 is no mask. */
	uint32_t loaded_at, loaded_mask;
};

static size_t
emit(struct maker *m, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	struct filter_program *p = m->program;

	if (p->length == FILTER_SIZE) {
		m->full = true;
		return FILTER_SIZE - 1;
	}
	p->code[p->length] = (struct sock_filter){ code, jt, jf, k };
	return p->length++;
}

static void
load(struct maker *m, size_t offset)
{
	emit(m, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void
answer(struct maker *m, uint32_t action)
{
	emit(m, BPF_RET | BPF_K, 0, 0, action);
}

/*
 * One half of an argument: if it is not as it shall be, jump; where to is not
 * known yet, so the jump goes to *miss.  Little-endian: the lower half is first.
 */
static void
emit_half(struct maker *m, const struct filter_condition *c, unsigned half,
    size_t miss[], unsigned *misses)
{
	uint32_t mask = (uint32_t)(c->mask >> 32 * half);
	uint32_t value = (uint32_t)(c->value >> 32 * half);
	uint32_t at = (uint32_t)(offsetof(struct seccomp_data, args) +
				 8 * c->arg + 4 * half);

	if (mask == 0)
		return;
	if (m->loaded_at != at || m->loaded_mask != mask) {
		load(m, at);
		if (mask != UINT32_MAX)
			emit(m, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
		m->loaded_at = at;
		m->loaded_mask = mask;
	}
	miss[(*misses)++] = emit(m, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, value);
}

/* A row: its conditions, its answer; what misses goes on behind it.  False:
 * nothing can. */
static bool
emit_rule(struct maker *m, const struct filter_rule *rule)
{
	size_t miss[2 * FILTER_CONDITIONS];
	unsigned misses = 0, i;

	for (i = 0; i < FILTER_CONDITIONS; i++) {
		emit_half(m, &rule->when[i], 0, miss, &misses);
		emit_half(m, &rule->when[i], 1, miss, &misses);
	}
	answer(m, rule->error ? SECCOMP_RET_ERRNO |
				    ((uint32_t)rule->error & SECCOMP_RET_DATA)
			      : SECCOMP_RET_ALLOW);
	for (i = 0; i < misses; i++)
		m->program->code[miss[i]].jf =
		    (uint8_t)(m->program->length - miss[i] - 1);
	/* Only one way leads behind it with the accumulator known. */
	if (misses != 1)
		m->loaded_mask = 0;
	return misses > 0;
}

static int
number(const struct maker *m, size_t i)
{
	return m->rules[m->order[i]].nr;
}

/* The rows of one call, [first, end) in the order of numbers. */
static void
emit_call(struct maker *m, size_t first, size_t end)
{
	size_t i;

	emit(m, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, (uint32_t)number(m, first));
	answer(m, KILL);
	m->loaded_mask = 0;
	for (i = first; i < end; i++)
		if (!emit_rule(m, &m->rules[m->order[i]]))
			return;
	answer(m, KILL);
}

/* The first row of the call in the middle, but not of the first call; `end`
 * if there is only one call. */
static size_t
middle(const struct maker *m, size_t first, size_t end)
{
	size_t i = first + (end - first) / 2;

	while (i > first && number(m, i) == number(m, i - 1))
		i--;
	if (i > first)
		return i;
	while (i < end && number(m, i) == number(m, first))
		i++;
	return i;
}

/* Jump over the last instructions, from `at` on, if the number is `nr` or
 * more.  A long way needs an instruction of its own. */
static void
skip_from(struct maker *m, size_t at, int nr)
{
	struct sock_filter *code = m->program->code;
	size_t over = m->program->length - at - 1;

	code[at].k = (uint32_t)nr;
	if (over <= JUMP_MAX) {
		code[at].jt = (uint8_t)over;
		return;
	}
	emit(m, 0, 0, 0, 0); /* room */
	if (m->full)
		return;
	memmove(&code[at + 2], &code[at + 1], over * sizeof(code[0]));
	code[at].jf = 1;
	code[at + 1] = (struct sock_filter){ BPF_JMP | BPF_JA, 0, 0,
		(uint32_t)over };
}

static void
emit_search(struct maker *m, size_t first, size_t end)
{
	size_t half = middle(m, first, end);
	size_t at;

	if (half == end) {
		emit_call(m, first, end);
		return;
	}
	at = emit(m, BPF_JMP | BPF_JGE | BPF_K, 0, 0, 0);
	emit_search(m, first, half);
	skip_from(m, at, number(m, half));
	emit_search(m, half, end);
}

/* By number; rows of a call keep their order. */
static void
sort(struct maker *m, size_t n)
{
	size_t i, at;

	for (i = 0; i < n; i++) {
		for (at = i; at > 0 && number(m, at - 1) > m->rules[i].nr; at--)
			m->order[at] = m->order[at - 1];
		m->order[at] = (uint16_t)i;
	}
}

/* The row that counts: six instructions to its answer if it has one condition
 * on an int. */
static void
emit_first(struct maker *m)
{
	size_t at;

	load(m, offsetof(struct seccomp_data, nr));
	at = emit(m, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, (uint32_t)m->rules[0].nr);
	m->loaded_mask = 0;
	emit_rule(m, &m->rules[0]);
	m->program->code[at].jf = (uint8_t)(m->program->length - at - 1);
}

static bool
is_sound(const struct filter_rule *rule)
{
	unsigned i;

	if (rule->nr < 0 || rule->error < 0)
		return false;
	for (i = 0; i < FILTER_CONDITIONS; i++)
		if (rule->when[i].arg >= CALL_ARGS)
			return false;
	return true;
}

int
filter_make(
    struct filter_program *program, const struct filter_rule *rules, size_t n)
{
	struct maker m = { .program = program, .rules = rules };
	size_t i;

	if (n == 0 || n > FILTER_RULES)
		return n ? -E2BIG : -EINVAL;
	for (i = 0; i < n; i++)
		if (!is_sound(&rules[i]))
			return -EINVAL;
	program->length = 0;
	sort(&m, n);
	load(&m, offsetof(struct seccomp_data, arch));
	emit(&m, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AUDIT_ARCH_X86_64);
	answer(&m, KILL);
	emit_first(&m);
	load(&m, offsetof(struct seccomp_data, nr));
	emit(&m, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32_BIT);
	answer(&m, KILL);
	emit_search(&m, 0, n);
	return m.full ? -E2BIG : 0;
}
