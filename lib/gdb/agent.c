/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Agent expressions: the check and the interpreter.  Nothing here may know
 * packets, nor where registers and memory are.
 */
#include "gdb/agent.h"

#include "gdb/agentinsn.h"

#include <assert.h>
#include <string.h>

#define NEEDS(op)      (offsetof(struct agent_env, op) + 1)
#define PRINT_ARGS_MAX UINT8_MAX /* of printf */
#define NOT_REACHED    UINT8_MAX
#define NOT_A_START    (UINT8_MAX - 1)

_Static_assert(AGENT_STACK_MAX < NOT_A_START, "heights are bytes");
_Static_assert(AGENT_CODE_MAX <= UINT16_MAX, "jumps have 16 bits");

/* The stack machine. */
struct agent {
	const struct agent_env *env;
	const struct agent_insn *insn;
	size_t next; /* the place of the next instruction */
	bool ended;
	size_t height;
	uint64_t stack[AGENT_STACK_MAX];
};

static void
push(struct agent *m, uint64_t value)
{
	assert(m->height < AGENT_STACK_MAX);
	m->stack[m->height++] = value;
}

static uint64_t
pop(struct agent *m)
{
	assert(m->height > 0);
	return m->stack[--m->height];
}

static enum agent_error
push_operand(struct agent *m)
{
	push(m, m->insn->operand);
	return AGENT_NONE;
}

static enum agent_error
push_reg(struct agent *m)
{
	uint64_t value;

	if (!m->env->read_reg(m->env->ctx, (unsigned)m->insn->operand, &value))
		return AGENT_REGISTER;
	push(m, value);
	return AGENT_NONE;
}

static enum agent_error
reference(struct agent *m, size_t n)
{
	uint8_t bytes[sizeof(uint64_t)] = { 0 };
	uint64_t value = 0;

	if (!m->env->read_mem(m->env->ctx, pop(m), bytes, n))
		return AGENT_MEMORY;
	while (n-- > 0)
		value = value << 8 | bytes[n];
	push(m, value);
	return AGENT_NONE;
}

/* INT64_MIN / -1 does not fit; it wraps, as all arithmetic here does. */
static enum agent_error
divide_signed(struct agent *m)
{
	int64_t b = (int64_t)pop(m);
	int64_t a = (int64_t)pop(m);

	if (b == 0)
		return AGENT_DIVISION;
	push(m, b == -1 ? -(uint64_t)a : (uint64_t)(a / b));
	return AGENT_NONE;
}

static enum agent_error
remainder_signed(struct agent *m)
{
	int64_t b = (int64_t)pop(m);
	int64_t a = (int64_t)pop(m);

	if (b == 0)
		return AGENT_DIVISION;
	push(m, b == -1 ? 0 : (uint64_t)(a % b));
	return AGENT_NONE;
}

static enum agent_error
divide_unsigned(struct agent *m)
{
	uint64_t b = pop(m);
	uint64_t a = pop(m);

	if (b == 0)
		return AGENT_DIVISION;
	push(m, a / b);
	return AGENT_NONE;
}

static enum agent_error
remainder_unsigned(struct agent *m)
{
	uint64_t b = pop(m);
	uint64_t a = pop(m);

	if (b == 0)
		return AGENT_DIVISION;
	push(m, a % b);
	return AGENT_NONE;
}

static uint64_t
shift_signed(uint64_t a, uint64_t b)
{
	uint64_t sign = (int64_t)a < 0 ? UINT64_MAX : 0;

	if (b >= 64)
		return sign;
	return b == 0 ? a : a >> b | sign << (64 - b);
}

static enum agent_error
extend_zero(struct agent *m)
{
	unsigned spare = 64 - (unsigned)m->insn->operand;

	push(m, pop(m) << spare >> spare);
	return AGENT_NONE;
}

static enum agent_error
extend_sign(struct agent *m)
{
	unsigned spare = 64 - (unsigned)m->insn->operand;

	push(m, shift_signed(pop(m) << spare, spare));
	return AGENT_NONE;
}

static enum agent_error
jump(struct agent *m)
{
	m->next = (size_t)m->insn->operand;
	return AGENT_NONE;
}

static enum agent_error
jump_if(struct agent *m)
{
	return pop(m) != 0 ? jump(m) : AGENT_NONE;
}

static enum agent_error
end(struct agent *m)
{
	m->ended = true;
	return AGENT_NONE;
}

static enum agent_error
pick(struct agent *m)
{
	push(m, m->stack[m->height - 1 - m->insn->operand]);
	return AGENT_NONE;
}

static enum agent_error
duplicate(struct agent *m)
{
	push(m, m->stack[m->height - 1]);
	return AGENT_NONE;
}

static enum agent_error
drop(struct agent *m)
{
	pop(m);
	return AGENT_NONE;
}

static enum agent_error
swap(struct agent *m)
{
	uint64_t b = pop(m);
	uint64_t a = pop(m);

	push(m, b);
	push(m, a);
	return AGENT_NONE;
}

/* a b c becomes c a b. */
static enum agent_error
rotate(struct agent *m)
{
	uint64_t c = pop(m);
	uint64_t b = pop(m);
	uint64_t a = pop(m);

	push(m, c);
	push(m, a);
	push(m, b);
	return AGENT_NONE;
}

static enum agent_error
get_variable(struct agent *m)
{
	uint64_t value;

	if (!m->env->get_variable(
		m->env->ctx, (unsigned)m->insn->operand, &value))
		return AGENT_VARIABLE;
	push(m, value);
	return AGENT_NONE;
}

/* The value stays on the stack. */
static enum agent_error
set_variable(struct agent *m)
{
	return m->env->set_variable(m->env->ctx, (unsigned)m->insn->operand,
		   m->stack[m->height - 1])
		   ? AGENT_NONE
		   : AGENT_VARIABLE;
}

static enum agent_error
trace_range(struct agent *m, uint64_t addr, uint64_t size, bool string)
{
	return m->env->trace(m->env->ctx, addr, size, string) ? AGENT_NONE
							      : AGENT_TRACE;
}

static enum agent_error
trace(struct agent *m)
{
	uint64_t size = pop(m);

	return trace_range(m, pop(m), size, false);
}

static enum agent_error
trace_string(struct agent *m)
{
	uint64_t size = pop(m);

	return trace_range(m, pop(m), size, true);
}

/* The address stays on the stack. */
static enum agent_error
trace_top(struct agent *m)
{
	return trace_range(m, m->stack[m->height - 1], m->insn->operand, false);
}

static enum agent_error
trace_variable(struct agent *m)
{
	return m->env->trace_variable(m->env->ctx, (unsigned)m->insn->operand)
		   ? AGENT_NONE
		   : AGENT_VARIABLE;
}

/* Function and channel are on top, then the arguments, first to last. */
static enum agent_error
print(struct agent *m)
{
	uint64_t args[PRINT_ARGS_MAX];
	struct agent_print print = {
		.format = (const char *)m->insn->format,
		.args = args,
		.n = m->insn->operand,
	};

	print.function = pop(m);
	print.channel = pop(m);
	for (size_t i = 0; i < print.n; i++)
		args[i] = pop(m);
	return m->env->print(m->env->ctx, &print) ? AGENT_NONE : AGENT_PRINT;
}

/* clang-format off */
#define UNARY(name, opcode, result)         \
	static enum agent_error             \
	run_##name(struct agent *m)         \
	{                                   \
		uint64_t a = pop(m);        \
                                            \
		push(m, result);            \
		return AGENT_NONE;          \
	}
#define BINARY(name, opcode, result)        \
	static enum agent_error             \
	run_##name(struct agent *m)         \
	{                                   \
		uint64_t b = pop(m);        \
		uint64_t a = pop(m);        \
                                            \
		push(m, result);            \
		return AGENT_NONE;          \
	}
#define REF(name, opcode, bytes)            \
	static enum agent_error             \
	run_##name(struct agent *m)         \
	{                                   \
		return reference(m, bytes); \
	}
#include "gdb/agent.def"

static const struct row {
	enum agent_error (*run)(struct agent *m); /* NULL: not supported */
	bool known;
	uint8_t operands; /* bytes */
	uint8_t consumed, produced;
	uint16_t needs; /* an operation: its offset + 1, or 0 */
} rows[OPCODES] = {
#define UNARY(name, opcode, result) \
	[opcode] = { run_##name, true, 0, 1, 1, 0 },
#define BINARY(name, opcode, result) \
	[opcode] = { run_##name, true, 0, 2, 1, 0 },
#define REF(name, opcode, bytes) \
	[opcode] = { run_##name, true, 0, 1, 1, NEEDS(read_mem) },
#define FLOAT(name, opcode) [opcode] = { NULL, true, 0, 0, 0, 0 },
#define OTHER(name, opcode, operands, consumed, produced, needs, function) \
	[opcode] = { function, true, operands, consumed, produced, needs },
#include "gdb/agent.def"
};
/* clang-format on */

const char *
agent_error_text(enum agent_error error)
{
	static const char *const texts[] = {
#define ERROR(name, text) text,
		AGENT_ERRORS(ERROR)
#undef ERROR
	};

	return texts[error];
}

static bool
has_operation(const struct agent_env *env, const struct row *row)
{
	void (*op)(void);

	if (row->needs == 0)
		return true;
	memcpy(&op, (const char *)env + row->needs - 1, sizeof(op));
	return op != NULL;
}

static bool
is_jump(uint8_t opcode)
{
	return opcode == OP_goto || opcode == OP_if_goto;
}

static uint64_t
big_endian(const uint8_t *bytes, size_t n)
{
	uint64_t value = 0;

	while (n-- > 0)
		value = value << 8 | *bytes++;
	return value;
}

/* printf's operands: 1 byte, the number of arguments; 2, the format's size. */
static enum agent_error
decode_format(const uint8_t *code, size_t n, struct agent_insn *insn)
{
	insn->format = code + insn->next;
	insn->format_size = insn->operand & UINT16_MAX;
	if (n - insn->next < insn->format_size)
		return AGENT_TRUNCATED;
	if (insn->format_size == 0 || insn->format[insn->format_size - 1] != 0)
		return AGENT_FORMAT;
	insn->next += insn->format_size;
	insn->operand >>= 16;
	insn->consumed += (unsigned)insn->operand;
	return AGENT_NONE;
}

/* The operands that are not any number. */
static enum agent_error
decode_special(const uint8_t *code, size_t n, struct agent_insn *insn)
{
	switch (insn->opcode) {
	case OP_ext:
	case OP_zero_ext:
		if (insn->operand == 0 || insn->operand > 64)
			return AGENT_OPERAND;
		break;
	case OP_pick: /* the value at that depth is copied */
		insn->consumed += (unsigned)insn->operand;
		insn->produced += (unsigned)insn->operand;
		break;
	case OP_printf: return decode_format(code, n, insn);
	}
	return AGENT_NONE;
}

enum agent_error
agent_decode(const uint8_t *code, size_t n, size_t at, struct agent_insn *insn)
{
	const struct row *row;

	if (at >= n)
		return AGENT_END;
	if (code[at] >= OPCODES || !rows[code[at]].known)
		return AGENT_OPCODE;
	row = &rows[code[at]];
	if (!row->run)
		return AGENT_FLOAT;
	if (n - at - 1 < row->operands)
		return AGENT_TRUNCATED;
	*insn = (struct agent_insn){
		.opcode = code[at],
		.operand = big_endian(code + at + 1, row->operands),
		.next = at + 1 + row->operands,
		.consumed = row->consumed,
		.produced = row->produced,
	};
	return decode_special(code, n, insn);
}

/* The check: a height for each place of the code, and the places to visit. */
struct check {
	const uint8_t *code;
	size_t n;
	uint8_t height[AGENT_CODE_MAX]; /* or NOT_REACHED or NOT_A_START */
	uint16_t visit[AGENT_CODE_MAX];
	size_t visits;
};

/* Decode all instructions in a row, reached or not. */
static enum agent_error
find_starts(struct check *check, const struct agent_env *env)
{
	enum agent_error error;
	struct agent_insn insn;
	size_t at;

	memset(check->height, NOT_A_START, check->n);
	for (at = 0; at < check->n; at = insn.next) {
		error = agent_decode(check->code, check->n, at, &insn);
		if (error != AGENT_NONE)
			return error;
		if (!has_operation(env, &rows[insn.opcode]))
			return AGENT_NEEDS;
		check->height[at] = NOT_REACHED;
	}
	return AGENT_NONE;
}

/* One way leads to this place with a stack of that height. */
static enum agent_error
reach(struct check *check, size_t at, unsigned height, enum agent_error none)
{
	if (at >= check->n || check->height[at] == NOT_A_START)
		return none;
	if (check->height[at] != NOT_REACHED)
		return check->height[at] == height ? AGENT_NONE : AGENT_HEIGHT;
	check->height[at] = (uint8_t)height;
	check->visit[check->visits++] = (uint16_t)at;
	return AGENT_NONE;
}

static enum agent_error
visit(struct check *check, size_t at)
{
	enum agent_error error = AGENT_NONE;
	unsigned height = check->height[at];
	struct agent_insn insn;

	agent_decode(check->code, check->n, at, &insn);
	if (height < insn.consumed)
		return AGENT_UNDERFLOW;
	height = height - insn.consumed + insn.produced;
	if (height > AGENT_STACK_MAX)
		return AGENT_OVERFLOW;
	if (insn.opcode == OP_end)
		return AGENT_NONE;
	if (is_jump(insn.opcode))
		error = reach(check, insn.operand, height, AGENT_TARGET);
	if (error == AGENT_NONE && insn.opcode != OP_goto)
		error = reach(check, insn.next, height, AGENT_END);
	return error;
}

enum agent_error
agent_check(const uint8_t *code, size_t n, const struct agent_env *env)
{
	struct check check; /* not zeroed: only its first n places are used */
	enum agent_error error;

	if (n == 0 || n > AGENT_CODE_MAX)
		return AGENT_LENGTH;
	check.code = code;
	check.n = n;
	check.visits = 0;
	error = find_starts(&check, env);
	if (error == AGENT_NONE)
		error = reach(&check, 0, 0, AGENT_END);
	while (error == AGENT_NONE && check.visits > 0)
		error = visit(&check, check.visit[--check.visits]);
	return error;
}

enum agent_error
agent_run(
    const uint8_t *code, size_t n, const struct agent_env *env, uint64_t *value)
{
	struct agent_insn insn;
	struct agent m; /* not zeroed: only what was pushed is read */
	enum agent_error error = AGENT_NONE;
	unsigned steps;

	m.env = env;
	m.insn = &insn;
	m.next = m.height = 0;
	m.ended = false;
	for (steps = 0; !m.ended && error == AGENT_NONE; steps++) {
		if (steps == AGENT_STEPS_MAX)
			return AGENT_STEPS;
		error = agent_decode(code, n, m.next, &insn);
		if (error != AGENT_NONE)
			return error;
		m.next = insn.next;
		error = rows[insn.opcode].run(&m);
	}
	if (error == AGENT_NONE)
		*value = m.height > 0 ? m.stack[m.height - 1] : 0;
	return error;
}
