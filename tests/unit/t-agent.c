/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests agent expressions: which are accepted, which are refused, and their
 * values.  With an argument, this program is a helper of t-gdb-agent.sh
 * instead: it reads GDB's listings from standard input and prints the value of
 * each.
 */
#include "agentasm.h"
#include "tap.h"

#include <inttypes.h>

#define MEMORY      0x402000u
#define MEMORY_SIZE 256
#define REGISTERS   17

static uint8_t memory[MEMORY_SIZE];
static uint64_t variable;
static struct {
	char text[1024];
	size_t len;
	unsigned calls;
} story; /* traces and output, as text */

__attribute__((format(printf, 1, 2))) static void
tell(const char *fmt, ...)
{
	va_list ap;

	story.calls++;
	if (story.len > sizeof(story.text) / 2)
		return;
	va_start(ap, fmt);
	story.len += (size_t)vsnprintf(
	    story.text + story.len, sizeof(story.text) - story.len, fmt, ap);
	va_end(ap);
}

static bool
read_reg(void *ctx, unsigned number, uint64_t *value)
{
	(void)ctx;
	*value = 100 + number;
	return number < REGISTERS;
}

static bool
read_mem(void *ctx, uint64_t addr, void *buf, size_t n)
{
	(void)ctx;
	if (addr < MEMORY || addr - MEMORY > MEMORY_SIZE - n)
		return false;
	memcpy(buf, memory + (addr - MEMORY), n);
	return true;
}

static bool
get_variable(void *ctx, unsigned number, uint64_t *value)
{
	(void)ctx;
	*value = variable;
	return number == 1;
}

static bool
set_variable(void *ctx, unsigned number, uint64_t value)
{
	(void)ctx;
	variable = value;
	return number == 1;
}

static bool
trace(void *ctx, uint64_t addr, uint64_t size, bool string)
{
	(void)ctx;
	tell("[%" PRIx64 ",%" PRIx64 "%s]", addr, size, string ? "z" : "");
	return addr != 0;
}

static bool
trace_variable(void *ctx, unsigned number)
{
	(void)ctx;
	tell("[v%u]", number);
	return number == 1;
}

static bool
print(void *ctx, const struct agent_print *print)
{
	(void)ctx;
	tell("%" PRIx64 " %" PRIx64 " %s", print->function, print->channel,
	    print->format);
	for (size_t i = 0; i < print->n; i++)
		tell(" %" PRIu64, print->args[i]);
	return print->channel != 0xbad;
}

static const struct agent_env env = {
	.read_reg = read_reg,
	.read_mem = read_mem,
	.get_variable = get_variable,
	.set_variable = set_variable,
	.trace = trace,
	.trace_variable = trace_variable,
	.print = print,
};

/* The values of expressions, as text. */
static const struct {
	const char *text;
	uint64_t value;
} values[] = {
	{ "end", 0 },
	{ "const8 7;end", 7 },
	{ "const8 255;end", 255 },
	{ "const16 0xfffe;end", 0xfffe },
	{ "const32 0xfffefdfc;end", 0xfffefdfc },
	{ "const64 0xfffefdfcfbfaf9f8;end", 0xfffefdfcfbfaf9f8 },
	{ "const8 2;const8 3;add;end", 5 },
	{ "const8 2;const8 3;sub;end", UINT64_MAX },
	{ "const64 0x8000000000000000;const8 2;mul;end", 0 },
	{ "const8 200;ext 8;const8 10;div_signed;end", (uint64_t)-5 },
	{ "const8 200;ext 8;const8 10;rem_signed;end", (uint64_t)-6 },
	{ "const8 200;ext 8;const8 10;div_unsigned;end", ((uint64_t)-56) / 10 },
	{ "const8 200;ext 8;const8 11;rem_unsigned;end", ((uint64_t)-56) % 11 },
	{ "const64 0x8000000000000000;const8 255;ext 8;div_signed;end",
	    UINT64_C(1) << 63 },
	{ "const64 0x8000000000000000;const8 255;ext 8;rem_signed;end", 0 },
	{ "const8 9;const8 255;ext 8;div_signed;end", (uint64_t)-9 },
	{ "const8 1;const8 63;lsh;end", UINT64_C(1) << 63 },
	{ "const8 1;const8 64;lsh;end", 0 },
	{ "const8 255;ext 8;const8 1;rsh_unsigned;end", UINT64_MAX / 2 },
	{ "const8 255;const8 64;rsh_unsigned;end", 0 },
	{ "const8 128;ext 8;const8 3;rsh_signed;end", (uint64_t)-16 },
	{ "const8 128;ext 8;const8 0;rsh_signed;end", (uint64_t)-128 },
	{ "const8 128;ext 8;const8 200;rsh_signed;end", UINT64_MAX },
	{ "const8 127;const8 200;rsh_signed;end", 0 },
	{ "const8 0;log_not;end", 1 },
	{ "const8 5;log_not;end", 0 },
	{ "const8 12;const8 10;bit_and;end", 8 },
	{ "const8 12;const8 10;bit_or;end", 14 },
	{ "const8 12;const8 10;bit_xor;end", 6 },
	{ "const8 0;bit_not;end", UINT64_MAX },
	{ "const8 3;const8 3;equal;end", 1 },
	{ "const8 3;const8 4;equal;end", 0 },
	{ "const8 255;ext 8;const8 1;less_signed;end", 1 },
	{ "const8 255;ext 8;const8 1;less_unsigned;end", 0 },
	{ "const8 1;const8 255;ext 8;less_unsigned;end", 1 },
	{ "const8 1;const8 1;less_signed;end", 0 },
	{ "const16 0x1ff;ext 8;end", UINT64_MAX },
	{ "const16 0x17f;ext 8;end", 0x7f },
	{ "const8 1;ext 1;end", UINT64_MAX },
	{ "const8 5;ext 64;end", 5 },
	{ "const16 0x1ff;zero_ext 8;end", 0xff },
	{ "const8 255;ext 8;zero_ext 64;end", UINT64_MAX },
	{ "const8 255;zero_ext 1;end", 1 },
	{ "const32 0x402001;ref8;end", 0xf1 },
	{ "const32 0x402001;ref16;end", 0xf2f1 },
	{ "const32 0x402001;ref32;end", 0xf4f3f2f1 },
	{ "const32 0x402001;ref64;end", 0xf8f7f6f5f4f3f2f1 },
	{ "reg 16;end", 116 },
	{ "const8 1;if_goto 8;const8 5;end;const8 6;end", 6 },
	{ "const8 0;if_goto 8;const8 5;end;const8 6;end", 5 },
	{ "goto 6;const8 5;end;const8 6;end", 6 },
	{ "const8 3;dup;mul;end", 9 },
	{ "const8 3;const8 4;pop;end", 3 },
	{ "const8 3;const8 4;swap;sub;end", 1 },
	{ "const8 3;const8 4;const8 5;pick 0;end", 5 },
	{ "const8 3;const8 4;const8 5;pick 2;end", 3 },
	/* a b c: c a b */
	{ "const8 3;const8 4;const8 5;rot;end", 4 },
	{ "const8 3;const8 4;const8 5;rot;pop;end", 3 },
	{ "const8 3;const8 4;const8 5;rot;pop;pop;end", 5 },
	{ "const8 9;setv 1;end", 9 },
	{ "const8 9;setv 1;pop;getv 1;const8 1;add;end", 10 },
	/* a loop: 5 + 4 + 3 + 2 + 1 */
	{ "const8 0;const8 5;dup;if_goto 10;pop;end;"
	  "dup;rot;add;swap;const8 1;sub;goto 4",
	    15 },
};

/* Expressions that are refused. */
static const struct {
	const char *text;
	enum agent_error error;
} refused[] = {
	{ "", AGENT_LENGTH },
	{ "const8 1", AGENT_END },
	{ "goto 0;goto 900;end", AGENT_NONE }, /* not reached */
	{ "goto 900;end", AGENT_TARGET },
	{ "goto 65535;end", AGENT_TARGET },
	{ "goto 1;end", AGENT_TARGET },
	{ "goto 3", AGENT_TARGET },
	{ "const8 1;if_goto 3;end", AGENT_TARGET },
	{ "const8 1;if_goto 5", AGENT_TARGET },
	{ "const8 1;if_goto 0;end", AGENT_NONE },
	{ "const8 1;goto 0", AGENT_HEIGHT },
	{ "const8 1;if_goto 7;const8 1;end", AGENT_HEIGHT },
	{ "add;end", AGENT_UNDERFLOW },
	{ "const8 1;add;end", AGENT_UNDERFLOW },
	{ "const8 1;pick 1;end", AGENT_UNDERFLOW },
	{ "const8 1;pick 255;end", AGENT_UNDERFLOW },
	{ "pop;end", AGENT_UNDERFLOW },
	{ "dup;end", AGENT_UNDERFLOW },
	{ "const8 1;const8 1;rot;end", AGENT_UNDERFLOW },
	{ "const8 1;if_goto 5;pop;end", AGENT_UNDERFLOW },
	{ "const8 1;const8 1;printf \"x\", 1 args;end", AGENT_UNDERFLOW },
	{ "const8 1;ext 0;end", AGENT_OPERAND },
	{ "const8 1;ext 65;end", AGENT_OPERAND },
	{ "const8 1;zero_ext 0;end", AGENT_OPERAND },
	{ "const8 1;zero_ext 255;end", AGENT_OPERAND },
	{ "float;end", AGENT_FLOAT },
	{ "const8 1;ref_double;end", AGENT_FLOAT },
	{ "end;ref_long_double", AGENT_FLOAT },
};

/* Expressions that are accepted and fail when they run. */
static const struct {
	const char *text;
	enum agent_error error;
} failing[] = {
	{ "const8 1;const8 0;div_signed;end", AGENT_DIVISION },
	{ "const8 1;const8 0;div_unsigned;end", AGENT_DIVISION },
	{ "const8 1;const8 0;rem_signed;end", AGENT_DIVISION },
	{ "const8 1;const8 0;rem_unsigned;end", AGENT_DIVISION },
	{ "const8 0;ref8;end", AGENT_MEMORY },
	{ "const32 0x4020f9;ref64;end", AGENT_MEMORY },
	{ "const64 0xffffffffffffffff;ref64;end", AGENT_MEMORY },
	{ "reg 17;end", AGENT_REGISTER },
	{ "reg 65535;end", AGENT_REGISTER },
	{ "getv 2;end", AGENT_VARIABLE },
	{ "const8 1;setv 2;end", AGENT_VARIABLE },
	{ "tracev 2;end", AGENT_VARIABLE },
	{ "const8 0;const8 1;trace;end", AGENT_TRACE },
	{ "const16 0xbad;const8 0;printf \"\", 0 args;end", AGENT_PRINT },
	{ "goto 0", AGENT_STEPS },
	{ "const8 1;if_goto 0;end", AGENT_STEPS },
};

/* The traces and the output of expressions. */
static const struct {
	const char *text;
	const char *story;
} stories[] = {
	{ "const8 16;const8 4;trace;end", "[10,4]" },
	{ "const8 16;const64 0xffffffffffffffff;tracenz;end",
	    "[10,ffffffffffffffffz]" },
	{ "const8 16;trace_quick 8;const8 1;add;trace16 0x1234;end",
	    "[10,8][11,1234]" },
	{ "tracev 1;end", "[v1]" },
	{ "const8 7;const8 8;const8 9;const8 10;printf \"a %d %d\", 2 args;"
	  "end",
	    "a 9 a %d %d 8 7" },
	{ "const8 0;const8 0;printf \"\", 0 args;end", "0 0 " },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum agent_error
check_and_run(const char *text, uint64_t *value)
{
	static uint8_t code[AGENT_CODE_MAX];
	size_t n = agentasm(code, text);
	enum agent_error error = agent_check(code, n, &env);

	variable = 0;
	memset(&story, 0, sizeof(story));
	return error != AGENT_NONE ? error : agent_run(code, n, &env, value);
}

static void
test_vectors(void)
{
	static uint8_t code[AGENT_CODE_MAX];
	uint64_t value;

	for (size_t i = 0; i < COUNT(values); i++)
		ok(check_and_run(values[i].text, &value) == AGENT_NONE &&
			value == values[i].value,
		    "%s", values[i].text);
	for (size_t i = 0; i < COUNT(refused); i++)
		is_str(agent_error_text(agent_check(
			   code, agentasm(code, refused[i].text), &env)),
		    agent_error_text(refused[i].error), "refused: %s",
		    refused[i].text);
	for (size_t i = 0; i < COUNT(failing); i++)
		is_str(agent_error_text(check_and_run(failing[i].text, &value)),
		    agent_error_text(failing[i].error), "%s", failing[i].text);
	for (size_t i = 0; i < COUNT(stories); i++) {
		check_and_run(stories[i].text, &value);
		is_str(story.text, stories[i].story, "%s", stories[i].text);
	}
}

/* Each instruction without the operation that it needs is refused. */
static void
test_needs(void)
{
	static const struct agent_env none;
	uint8_t code[AGENT_CODE_MAX];
	unsigned refusals = 0;
	size_t n;

	for (size_t i = 0; i < COUNT(values); i++) {
		n = agentasm(code, values[i].text);
		refusals += agent_check(code, n, &none) == AGENT_NEEDS;
	}
	is_int(refusals, 7, "ref, reg, getv and setv need operations");
	for (size_t i = 0; i < COUNT(stories); i++) {
		n = agentasm(code, stories[i].text);
		is_int(agent_check(code, n, &none), AGENT_NEEDS,
		    "not without an operation: %s", stories[i].text);
	}
}

static void
test_bytes(void)
{
	static const uint8_t format[] = { 0x22, 0, 0x22, 0, 0x34, 0, 0, 2, 'x',
		'y', 0x27 };
	static const uint8_t empty[] = { 0x22, 0, 0x22, 0, 0x34, 0, 0, 0,
		0x27 };
	static const uint8_t beyond[] = { 0x22, 0, 0x22, 0, 0x34, 0, 0, 5, 'x',
		0 };
	static const uint8_t jump[] = { 0x22, 1, 0x20, 0, 1, 0x27 };
	static uint8_t code[AGENT_CODE_MAX + 1];
	unsigned unknown = 0, cut = 0, with_operands = 0;

	is_int(agent_check(format, sizeof(format), &env), AGENT_FORMAT,
	    "a format without a NUL is refused");
	is_int(agent_check(empty, sizeof(empty), &env), AGENT_FORMAT,
	    "a format of no bytes is refused");
	is_int(agent_check(beyond, sizeof(beyond), &env), AGENT_TRUNCATED,
	    "a format beyond the end is refused");
	is_int(agent_check(jump, sizeof(jump), &env), AGENT_TARGET,
	    "a jump into an operand is refused");
	for (unsigned i = 0; i < 256; i++) {
		code[0] = (uint8_t)i;
		unknown += agent_check(code, 1, &env) == AGENT_OPCODE;
		cut += agent_check(code, 1, &env) == AGENT_TRUNCATED;
	}
	is_int(unknown, 256 - (int)AGENTASM_ROWS, "all others are unknown");
	for (size_t i = 0; i < AGENTASM_ROWS; i++)
		with_operands += agentasm_rows[i].operands > 0;
	is_int(cut, with_operands, "all that have operands need them");
	memset(code, 0x28, sizeof(code)); /* dup */
	code[0] = 0x22;
	is_int(agent_check(code, AGENT_CODE_MAX, &env), AGENT_OVERFLOW,
	    "a stack that grows too high is refused");
	is_int(agent_check(code, AGENT_CODE_MAX + 1, &env), AGENT_LENGTH,
	    "too many bytes are refused");
	code[1 + AGENT_STACK_MAX] = 0x27;
	is_int(agent_check(code, 2 + AGENT_STACK_MAX, &env), AGENT_NONE,
	    "a stack that becomes full is not");
}

static void
test_steps(void)
{
	uint64_t value;

	is_int(check_and_run("tracev 1;goto 0", &value), AGENT_STEPS,
	    "an endless loop ends");
	is_int(story.calls, AGENT_STEPS_MAX / 2, "after AGENT_STEPS_MAX steps");
}

/* Print the values of GDB's listings, one a line; "end" ends a listing. */
static int
evaluate_listings(void)
{
	static char text[65536], line[256];
	enum agent_error error;
	uint64_t value = 0;

	while (fgets(line, sizeof(line), stdin)) {
		strncat(text, line, sizeof(text) - strlen(text) - 1);
		if (!strstr(line, " end"))
			continue;
		error = check_and_run(text, &value);
		printf("%s %" PRId64 "\n", agent_error_text(error),
		    (int64_t)value);
		text[0] = '\0';
	}
	return 0;
}

int
main(int argc, char **argv)
{
	(void)argv;
	for (unsigned i = 0; i < MEMORY_SIZE; i++)
		memory[i] = (uint8_t)(0xf0 + i);
	if (argc > 1)
		return evaluate_listings();
	test_vectors();
	test_needs();
	test_bytes();
	test_steps();
	return done_testing();
}
