/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making seccomp programs.  Nothing here may know what the calls are for.
 *
 * The program tests the architecture, then the first row, and then does a
 * binary search over spans of numbers with the same answer, down to a few
 * single numbers.  A call with conditions is a span of its own, whose code
 * tests its rows.  All other calls read only the number, so the kernel's action
 * cache lets them pass without running the program.  A number that is not in
 * the table, which includes x32's, is in a span that refuses.
 *
 * The program is short, because the kernel compiles it for each process and
 * runs it once per number to fill that cache.  It is emitted from its end to
 * its beginning: jumps only lead forward, so their targets exist already.
 */
#include "sandbox/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>

#define CALL_ARGS 6
#define JUMP_FAR  250 /* a conditional jump reaches 255 instructions */
#define SPANS     (2 * FILTER_RULES + 1)
#define ANSWERS   8 /* the last ones, which are used again */
#define SINGLES   4 /* numbers that a search ends with */
#define NO_ANSWER UINT32_MAX

#define KILL   SECCOMP_RET_KILL_PROCESS
#define REFUSE SECCOMP_RET_TRAP

/* The numbers from here to the next span. */
struct span {
	uint32_t from;
	uint32_t answer;     /* NO_ANSWER: the rows decide */
	uint16_t first, end; /* in maker.order */
};

struct maker {
	struct sock_filter *code;
	size_t at; /* the first instruction; the next is put before it */
	bool full;
	const struct filter_rule *rules;
	size_t answer[ANSWERS]; /* the places of the last answers, a ring */
	unsigned answers;       /* made in all */
	size_t rows, spans;
	uint16_t order[FILTER_RULES]; /* rows by number, stable */
	struct span span[SPANS];
};

/* One half of one argument, under a mask. */
struct test {
	uint32_t offset;
	uint32_t mask;
	uint32_t value;
};

/* Put an instruction before the others.  Returns its place. */
static size_t
emit(struct maker *m, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (m->at == 0) {
		m->full = true;
		return 0;
	}
	m->code[--m->at] = (struct sock_filter){ code, jt, jf, k };
	return m->at;
}

static size_t
load(struct maker *m, uint32_t offset)
{
	return emit(m, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

/* `to`, or, if that is too far for a conditional jump, a jump to it. */
static size_t
reach(struct maker *m, size_t to)
{
	if (to - m->at <= JUMP_FAR)
		return to;
	return emit(m, BPF_JMP | BPF_JA, 0, 0, (uint32_t)(to - m->at));
}

static size_t
jump(struct maker *m, uint16_t operation, uint32_t k, size_t yes, size_t no)
{
	no = reach(m, no);
	yes = reach(m, yes);
	return emit(m, BPF_JMP | operation | BPF_K, (uint8_t)(yes - m->at),
	    (uint8_t)(no - m->at), k);
}

/* The place of an answer: one of the last that is near, or a new one. */
static size_t
answer(struct maker *m, uint32_t action)
{
	unsigned i;

	for (i = 0; i < m->answers && i < ANSWERS; i++)
		if (m->code[m->answer[i]].k == action &&
		    m->answer[i] - m->at <= JUMP_FAR)
			return m->answer[i];
	m->answer[m->answers % ANSWERS] = emit(
	    m, BPF_RET | BPF_K, 0, 0, action);
	return m->answer[m->answers++ % ANSWERS];
}

static uint32_t
answer_of(const struct filter_rule *rule)
{
	return rule->error ? SECCOMP_RET_ERRNO |
				 ((uint32_t)rule->error & SECCOMP_RET_DATA)
			   : SECCOMP_RET_ALLOW;
}

/* The tests of a row; little-endian, so the lower half comes first. */
static size_t
tests_of(
    const struct filter_rule *rule, struct test tests[2 * FILTER_CONDITIONS])
{
	const uint32_t args = offsetof(struct seccomp_data, args);
	size_t n = 0;
	unsigned i;

	for (i = 0; i < FILTER_CONDITIONS; i++) {
		const struct filter_condition *c = &rule->when[i];
		uint64_t mask = c->mask, value = c->value;
		uint32_t at = args + 8 * c->arg;

		for (; mask; mask >>= 32, value >>= 32, at += 4)
			if ((uint32_t)mask)
				tests[n++] = (struct test){
					.offset = at,
					.mask = (uint32_t)mask,
					.value = (uint32_t)value,
				};
	}
	return n;
}

/* Whether the row before, when it has missed, leaves this test's operand in the
 * accumulator.  With a single test it misses at one place only. */
static bool
has_loaded(const struct filter_rule *before, const struct test *test)
{
	struct test tests[2 * FILTER_CONDITIONS];

	return before && tests_of(before, tests) == 1 &&
	       tests[0].offset == test->offset && tests[0].mask == test->mask;
}

/* A row; control goes to `miss` if a condition does not hold.  `before` is the
 * call's row before it, or NULL. */
static size_t
emit_rule(struct maker *m, const struct filter_rule *rule,
    const struct filter_rule *before, size_t miss)
{
	struct test tests[2 * FILTER_CONDITIONS];
	size_t n = tests_of(rule, tests);
	size_t here = answer(m, answer_of(rule));

	while (n-- > 0) {
		const struct test *t = &tests[n];

		here = jump(m, BPF_JEQ, t->value, here, miss);
		if (n == 0 && has_loaded(before, t))
			break;
		if (t->mask != UINT32_MAX)
			emit(m, BPF_ALU | BPF_AND | BPF_K, 0, 0, t->mask);
		here = load(m, t->offset);
	}
	return here;
}

static const struct filter_rule *
row(const struct maker *m, size_t i)
{
	return &m->rules[m->order[i]];
}

static size_t
emit_span(struct maker *m, const struct span *span)
{
	size_t here, i;

	if (span->answer != NO_ANSWER)
		return answer(m, span->answer);
	here = answer(m, REFUSE);
	for (i = span->end; i-- > span->first;)
		here = emit_rule(
		    m, row(m, i), i > span->first ? row(m, i - 1) : NULL, here);
	return here;
}

/*
 * Divide spans [first, end) in the middle of their numbers: most numbers have
 * no row, and these take the fewest steps then.
 */
static size_t
divide(const struct maker *m, size_t first, size_t end)
{
	uint32_t last = end < m->spans ? m->span[end].from : FILTER_CALLS;
	uint32_t middle = (m->span[first].from + last) / 2;
	size_t half = first + 1;

	while (half < end - 1 && m->span[half].from < middle)
		half++;
	if (half > first + 1 && m->span[half].from > middle &&
	    m->span[half].from - middle > middle - m->span[half - 1].from)
		half--;
	return half;
}

/* A span of more than one number. */
static bool
is_wide(const struct maker *m, size_t i)
{
	return i + 1 == m->spans || m->span[i + 1].from - m->span[i].from > 1;
}

/*
 * The answer of all spans [first, end) but a few of one number each, or
 * NO_ANSWER: a test of each of these is shorter than a search for its ends.
 */
static uint32_t
common_answer(const struct maker *m, size_t first, size_t end)
{
	uint32_t common = NO_ANSWER;
	unsigned singles = 0;
	size_t i;

	/* Spans with the same answer are not neighbours. */
	if (end - first > 2 * SINGLES + 1)
		return NO_ANSWER;
	for (i = first; i < end && common == NO_ANSWER; i++)
		if (is_wide(m, i))
			common = m->span[i].answer;
	for (i = first; i < end; i++)
		if (m->span[i].answer != common &&
		    (is_wide(m, i) || ++singles > SINGLES))
			return NO_ANSWER;
	return common;
}

static size_t
emit_singles(struct maker *m, size_t first, size_t end, uint32_t common)
{
	size_t here = answer(m, common);

	while (end-- > first) {
		const struct span *span = &m->span[end];

		if (span->answer != common)
			here = jump(
			    m, BPF_JEQ, span->from, emit_span(m, span), here);
	}
	return here;
}

/* The search in spans [first, end); the number is in the accumulator. */
static size_t
emit_search(struct maker *m, size_t first, size_t end)
{
	size_t half, above, below;
	uint32_t common;

	if (end - first == 1)
		return emit_span(m, &m->span[first]);
	common = common_answer(m, first, end);
	if (common != NO_ANSWER)
		return emit_singles(m, first, end, common);
	half = divide(m, first, end);
	above = emit_search(m, half, end);
	below = emit_search(m, first, half);
	return jump(m, BPF_JGE, m->span[half].from, above, below);
}

/* Sort the rows by number; rows of a call keep their order.  The first row is
 * left out: it is emitted separately. */
static void
sort_rows(struct maker *m, size_t n)
{
	uint16_t at[FILTER_CALLS + 1] = { 0 }; /* the place of a call's next */
	size_t i;

	for (i = 1; i < n; i++)
		at[m->rules[i].nr + 1]++;
	for (i = 0; i < FILTER_CALLS; i++)
		at[i + 1] += at[i];
	for (i = 1; i < n; i++)
		m->order[at[m->rules[i].nr]++] = (uint16_t)i;
	m->rows = n - 1;
}

/* Add a span, or extend the one before it if that has the same answer. */
static void
add_span(
    struct maker *m, uint32_t from, uint32_t action, size_t first, size_t end)
{
	if (m->spans > 0 && action != NO_ANSWER &&
	    m->span[m->spans - 1].answer == action)
		return;
	m->span[m->spans++] = (struct span){
		.from = from,
		.answer = action,
		.first = (uint16_t)first,
		.end = (uint16_t)end,
	};
}

static bool
is_plain(const struct filter_rule *rule)
{
	uint64_t masks = 0;
	unsigned i;

	for (i = 0; i < FILTER_CONDITIONS; i++)
		masks |= rule->when[i].mask;
	return masks == 0;
}

static void
make_spans(struct maker *m)
{
	uint32_t next = 0;
	size_t i, end;

	for (i = 0; i < m->rows; i = end) {
		uint32_t nr = (uint32_t)row(m, i)->nr;

		for (end = i; end < m->rows && row(m, end)->nr == (int)nr;
		     end++)
			;
		if (nr > next || i == 0)
			add_span(m, next, REFUSE, 0, 0);
		/* The search would return an empty span for the next number. */
		if (m->span[m->spans - 1].from == nr)
			m->spans--;
		if (is_plain(row(m, i)))
			add_span(m, nr, answer_of(row(m, i)), 0, 0);
		else
			add_span(m, nr, NO_ANSWER, i, end);
		next = nr + 1;
	}
	add_span(m, next, REFUSE, 0, 0);
}

/* The whole program.  The first row's answer is six instructions away if it has
 * one condition on an int. */
static void
emit_all(struct maker *m)
{
	size_t search = emit_search(m, 0, m->spans);
	size_t again, first, kill;

	again = reach(m, search);
	if (again != m->at)
		again = emit(
		    m, BPF_JMP | BPF_JA, 0, 0, (uint32_t)(again - m->at));
	again = load(m, offsetof(struct seccomp_data, nr));
	first = emit_rule(m, &m->rules[0], NULL, again);
	jump(m, BPF_JEQ, (uint32_t)m->rules[0].nr, first, search);
	first = load(m, offsetof(struct seccomp_data, nr));
	kill = answer(m, KILL);
	jump(m, BPF_JEQ, AUDIT_ARCH_X86_64, first, kill);
	load(m, offsetof(struct seccomp_data, arch));
}

static bool
is_sound(const struct filter_rule *rule)
{
	unsigned i;

	if (rule->nr < 0 || rule->nr >= FILTER_CALLS || rule->error < 0)
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
	struct maker m; /* not zeroed: most of it is not used */
	size_t i;

	if (n == 0 || n > FILTER_RULES)
		return n ? -E2BIG : -EINVAL;
	for (i = 0; i < n; i++)
		if (!is_sound(&rules[i]))
			return -EINVAL;
	m.code = program->space;
	m.at = FILTER_SIZE;
	m.full = false;
	m.rules = rules;
	m.spans = 0;
	m.answers = 0;
	sort_rows(&m, n);
	make_spans(&m);
	emit_all(&m);
	if (m.full)
		return -E2BIG;
	program->length = (unsigned short)(FILTER_SIZE - m.at);
	program->code = program->space + m.at;
	return 0;
}
