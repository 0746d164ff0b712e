/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code of sieves, and of the conditions that they test: made and run here,
 * with random conditions and registers, and compared with the interpreter's
 * results.  After each instruction the registers must lead back to those of the
 * start.  This test needs no KVM.
 */
#include "tap.h"

#include "gdb/agent.h"
#include "gdb/agentinsn.h"
#include "gdb/native.h"
#include "gdb/regs.h"
#include "vm/sievecode.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#define EXPRESSIONS 4000
#define STEPPED     400 /* of these, each instruction is looked at */

#define TF UINT64_C(0x100)
/* CF, PF, AF, ZF, SF, OF */
#define FLAGS UINT64_C(0x8d5)

/* The test's pages, low enough for displacements. */
#define LOW ((uint8_t *)(uintptr_t)0x10000000)
enum {
	CODE_AT = 0,       /* what a guest would run, */
	BODY_AT = 0x1000,  /* the sieve's body, */
	TABLE_AT = 0x2000, /* the pages that are not read, */
	DATA_AT = 0x3000,  /* memory that is, */
	KEPT_AT = 0x4000,  /* and that is not; */
	STACK_AT = 0x5000, /* the stack */
	LOW_SIZE = 0x8000,
};

/* Where registers are in a signal's context, by their numbers. */
static const int greg[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP,
	REG_RBP, REG_RSI, REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12,
	REG_R13, REG_R14, REG_R15 };
static const unsigned number[16] = { REG_rax, REG_rcx, REG_rdx, REG_rbx,
	REG_rsp, REG_rbp, REG_rsi, REG_rdi, REG_r8, REG_r9, REG_r10, REG_r11,
	REG_r12, REG_r13, REG_r14, REG_r15 };

static struct sieve_code sieve;
static struct {
	uint64_t reg[16], rflags;
	bool steps;
} start;
static struct {
	gregset_t home;
	int signal, code;
	uint64_t rip, reg[16], rflags;
	unsigned wrong; /* steps that do not lead back */
	unsigned steps;
} run;

static uint64_t
any(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * UINT64_C(0x2545f4914f6cdd1d);
}

/* Numbers of all sizes. */
static uint64_t
any_value(void)
{
	const uint64_t value = any() >> any() % 64;

	return any() % 3 == 0 ? -value : value;
}

/* A context in the body leads back to the start. */
static bool
leads_back(const gregset_t g)
{
	struct sieve_registers r = {
		.rip = (uint64_t)g[REG_RIP],
		.rax = (uint64_t)g[REG_RAX],
		.rcx = (uint64_t)g[REG_RCX],
		.rdx = (uint64_t)g[REG_RDX],
		.rflags = (uint64_t)g[REG_EFL],
	};
	const bool before = r.rip - sieve.run.base < sieve.run.at;
	unsigned i;

	memcpy(r.stack, (char *)g[REG_RSP] + SIEVE_FLAGS, sizeof(r.stack));
	if (sievecode_leave(&sieve, &r) != before)
		return false;
	if (before && r.rip != sieve.run.address)
		return false;
	for (i = 3; i < 16; i++)
		if ((uint64_t)g[greg[i]] != start.reg[i])
			return false;
	return r.rax == start.reg[0] && r.rcx == start.reg[1] &&
	       r.rdx == start.reg[2] &&
	       ((r.rflags ^ start.rflags) & FLAGS) == 0;
}

/* At a signal in the body; else the code's end. */
static void
on_trap(int signal, siginfo_t *info, void *context)
{
	greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
	const uint64_t offset = (uint64_t)g[REG_RIP] - sieve.run.base;
	const bool step = signal == SIGTRAP && info->si_code == TRAP_TRACE;
	unsigned i;

	if (offset < sieve.run.end && (signal != SIGTRAP || step)) {
		run.wrong += !leads_back(g);
		run.steps++;
	}
	if (step)
		return;
	run.signal = signal;
	run.code = info->si_code;
	run.rip = (uint64_t)g[REG_RIP];
	run.rflags = (uint64_t)g[REG_EFL];
	for (i = 0; i < 16; i++)
		run.reg[i] = (uint64_t)g[greg[i]];
	memcpy(g, run.home, sizeof(run.home));
}

static void
on_start(int signal, siginfo_t *info, void *context)
{
	greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
	unsigned i;

	(void)signal;
	(void)info;
	memcpy(run.home, g, sizeof(run.home));
	for (i = 0; i < 16; i++)
		g[greg[i]] = (greg_t)start.reg[i];
	g[REG_RIP] = (greg_t)sieve.run.base;
	g[REG_EFL] = (greg_t)(start.rflags | (start.steps ? TF : 0));
}

static void
expect_signals(void)
{
	static uint8_t stack[1 << 16];
	const stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
	static const int ends[] = { SIGTRAP, SIGILL, SIGSEGV, SIGBUS, SIGFPE };
	struct sigaction action = {
		.sa_sigaction = on_trap,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	size_t i;

	sigaltstack(&alt, NULL);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaction(ends[i], &action, NULL);
	action.sa_sigaction = on_start;
	sigaction(SIGUSR1, &action, NULL);
}

static void
run_sieve(bool steps)
{
	unsigned i;

	for (i = 0; i < 16; i++)
		start.reg[i] = any_value();
	start.reg[4] = (uintptr_t)LOW + LOW_SIZE - 1024 - any() % 512;
	start.reg[3] = (uintptr_t)LOW + DATA_AT + any() % 1024;
	start.rflags = (any() & FLAGS) | 0x202;
	start.steps = steps;
	run.wrong = run.steps = 0;
	raise(SIGUSR1);
}

/* The interpreter's side. */
static bool read_planted;

static bool
read_reg(void *ctx, unsigned n, uint64_t *value)
{
	unsigned i;

	(void)ctx;
	*value = (uintptr_t)LOW + CODE_AT;
	if (n == REG_rip)
		return true;
	for (i = 0; i < 16 && number[i] != n; i++)
		continue;
	*value = i < 16 ? start.reg[i] : 0;
	return i < 16;
}

static bool
read_mem(void *ctx, uint64_t addr, void *buf, size_t n)
{
	const uint64_t at = addr - (uintptr_t)LOW;

	(void)ctx;
	if (at > LOW_SIZE - n)
		return false;
	read_planted |= at - KEPT_AT < 0x1000;
	memcpy(buf, LOW + at, n);
	return true;
}

static const struct agent_env env = { .read_reg = read_reg,
	.read_mem = read_mem };

/* An expression in the making. */
struct maker {
	uint8_t code[400];
	size_t n;
	unsigned height;
	size_t jump;      /* a branch that is to lead on, or 0, */
	unsigned landing; /* with this height */
};

static void
emit(struct maker *m, uint8_t opcode, uint64_t operand, unsigned bytes)
{
	m->code[m->n++] = opcode;
	while (bytes-- > 0)
		m->code[m->n++] = (uint8_t)(operand >> 8 * bytes);
}

static void
emit_push(struct maker *m)
{
	switch (any() % 6) {
	case 0: emit(m, OP_const8, any(), 1); break;
	case 1: emit(m, OP_const16, any(), 2); break;
	case 2: emit(m, OP_const64, any_value(), 8); break;
	case 3:
		emit(m, OP_const32, (uintptr_t)LOW + DATA_AT + any() % 0x1800,
		    4);
		break;
	case 4:
		emit(m, OP_reg, any() % 9 ? number[any() % 16] : REG_rip, 2);
		break;
	case 5: emit(m, OP_const8, any() % 70, 1); break;
	}
	m->height++;
}

static void
emit_unary(struct maker *m)
{
	static const uint8_t ops[] = { OP_log_not, OP_bit_not, OP_ref8,
		OP_ref16, OP_ref32, OP_ref64 };

	switch (any() % 4) {
	case 0: emit(m, OP_ext, 1 + any() % 64, 1); break;
	case 1: emit(m, OP_zero_ext, 1 + any() % 64, 1); break;
	case 2: /* of a place that can be read, mostly */
		if (any() % 8) {
			emit(m, OP_const8, 0, 1);
			emit(m, OP_mul, 0, 0);
			emit(m, OP_reg, REG_rbx, 2);
			emit(m, OP_add, 0, 0);
		}
		emit(m, ops[2 + any() % 4], 0, 0);
		break;
	case 3: emit(m, ops[any() % 2], 0, 0); break;
	}
}

static void
emit_binary(struct maker *m)
{
	static const uint8_t ops[] = { OP_add, OP_sub, OP_mul, OP_div_signed,
		OP_div_unsigned, OP_rem_signed, OP_rem_unsigned, OP_lsh,
		OP_rsh_signed, OP_rsh_unsigned, OP_bit_and, OP_bit_or,
		OP_bit_xor, OP_equal, OP_less_signed, OP_less_unsigned };

	emit(m, ops[any() % sizeof(ops)], 0, 0);
	m->height--;
}

static void
emit_moving(struct maker *m)
{
	switch (any() % 5) {
	case 0:
		emit(m, OP_dup, 0, 0);
		m->height++;
		break;
	case 1:
		emit(m, OP_pick, any() % m->height, 1);
		m->height++;
		break;
	case 2: emit(m, OP_swap, 0, 0); break;
	case 3:
		emit(m, OP_pop, 0, 0);
		m->height--;
		break;
	case 4:
		if (m->height > 2)
			emit(m, OP_rot, 0, 0);
		break;
	}
}

static void
land(struct maker *m)
{
	if (!m->jump)
		return;
	while (m->height < m->landing)
		emit_push(m);
	for (; m->height > m->landing; m->height--)
		emit(m, OP_pop, 0, 0);
	m->code[m->jump + 1] = (uint8_t)(m->n >> 8);
	m->code[m->jump + 2] = (uint8_t)m->n;
	m->jump = 0;
}

static void
emit_jump(struct maker *m)
{
	land(m);
	if (m->height == 0)
		return;
	m->jump = m->n;
	emit(m, OP_if_goto, 0, 2);
	m->landing = --m->height;
}

static void
make_expression(struct maker *m)
{
	uint64_t n = 1 + any() % 24;

	*m = (struct maker){ .n = 0 };
	emit_push(m);
	while (n-- > 0) {
		if (m->height < 2 || (m->height < 40 && any() % 3 == 0))
			emit_push(m);
		else if (any() % 8 == 0)
			emit_jump(m);
		else if (any() % 4 == 0)
			emit_moving(m);
		else if (any() % 3 == 0)
			emit_unary(m);
		else
			emit_binary(m);
	}
	land(m);
	if (any() % 2 && m->height > 0)
		emit(m, OP_log_not, 0, 0);
	emit(m, OP_end, 0, 0);
}

static bool
compile(const struct native_condition *c, size_t n, struct sieve_test *test)
{
	const struct native_place place = {
		.rip = (uintptr_t)LOW + CODE_AT,
		.saved = { SIEVE_RAX, SIEVE_RCX, SIEVE_RDX },
		.stack = SIEVE_STACK,
		.pages = (int32_t)(uintptr_t)(LOW + TABLE_AT),
	};

	test->n = (uint32_t)native_compile(
	    test->code, sizeof(test->code), c, n, &place);
	return test->n > 0;
}

static bool
make_sieve(const struct sieve_test *const test[], unsigned n)
{
	return sievecode_make(&sieve, LOW + BODY_AT, (uintptr_t)LOW + BODY_AT,
	    (uintptr_t)LOW + CODE_AT, LOW + CODE_AT, 32, test, n);
}

/* The interpreter's result: 1 true or not known, 0 false. */
static int
interpret(const struct maker *m)
{
	enum agent_error error;
	uint64_t value;

	read_planted = false;
	error = agent_run(m->code, m->n, &env, &value);
	return error != AGENT_NONE || value || read_planted;
}

/* The code's side: the same, or a fault. */
static int
result(void)
{
	if (run.signal == SIGTRAP)
		return 1;
	if (run.signal == SIGILL)
		return 0;
	return 2;
}

static bool
registers_stay(void)
{
	return memcmp(run.reg, start.reg, sizeof(run.reg)) == 0 &&
	       ((run.rflags ^ start.rflags) & FLAGS) == 0;
}

static void
show_wrong(unsigned nth)
{
	printf("# condition %u: signal %d, si_code %d, at %#llx of %u, "
	       "flags %#llx of %#llx, %s\n",
	    nth, run.signal, run.code,
	    (unsigned long long)(run.rip - sieve.run.base), sieve.run.end,
	    (unsigned long long)run.rflags, (unsigned long long)start.rflags,
	    start.steps ? "stepped" : "run");
}

/* INT64_MIN / -1 is a fault here, and a value there. */
static void
test_random(void)
{
	unsigned i, made = 0, wrong = 0, lost = 0, strayed = 0, steps = 0;
	unsigned count[3] = { 0 };

	for (i = 0; i < EXPRESSIONS; i++) {
		struct maker m;
		struct native_condition c;
		struct sieve_test test;
		const struct sieve_test *tests[] = { &test };
		int r;

		make_expression(&m);
		c = (struct native_condition){ m.code, m.n };
		if (agent_check(m.code, m.n, &env) != AGENT_NONE ||
		    !compile(&c, 1, &test) || !make_sieve(tests, 1))
			continue;
		made++;
		run_sieve(i < STEPPED);
		r = result();
		count[r]++;
		strayed += run.wrong;
		steps += run.steps;
		if (r == 2)
			continue;
		if (r != interpret(&m) || !registers_stay())
			show_wrong(i);
		wrong += r != interpret(&m);
		lost += !registers_stay();
	}
	ok(made > EXPRESSIONS / 2, "%u random conditions have code", made);
	ok(count[0] > 100 && count[1] > 100 && count[2] > 10,
	    "%u are false, %u true, %u fault", count[0], count[1], count[2]);
	is_int(wrong, 0, "each is what the interpreter finds");
	is_int(lost, 0, "and the registers stay as they were");
	ok(steps > STEPPED, "%u steps are looked at", steps);
	is_int(strayed, 0, "each leads back to the start");
}

/* A fault comes only where the interpreter fails, or at one division. */
static void
test_faults(void)
{
	static const uint8_t null[] = { OP_const8, 0, OP_ref32, OP_end };
	static const uint8_t by_zero[] = { OP_const8, 1, OP_const8, 0,
		OP_div_signed, OP_end };
	static const uint8_t shim[] = { OP_const64, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xf0, 0, 0, OP_ref8, OP_end };
	static const struct {
		const uint8_t *code;
		size_t n;
		int result;
	} rows[] = {
		{ null, sizeof(null), 2 },
		{ by_zero, sizeof(by_zero), 2 },
		{ shim, sizeof(shim), 1 },
	};
	size_t i;

	for (i = 0; i < 3; i++) {
		const struct native_condition c = { rows[i].code, rows[i].n };
		struct sieve_test test;
		const struct sieve_test *tests[] = { &test };

		if (!compile(&c, 1, &test) || !make_sieve(tests, 1))
			continue;
		run_sieve(false);
		is_int(result(), rows[i].result, "fault %zu is a hit", i);
		is_int(run.wrong, 0, "which leads back to the start");
	}
}

static void
test_several(void)
{
	static const uint8_t no[] = { OP_const8, 0, OP_end };
	static const uint8_t yes[] = { OP_const8, 2, OP_end };
	static const uint8_t loop[] = { OP_const8, 0, OP_goto, 0, 2, OP_end };
	static const uint8_t variable[] = { OP_getv, 0, 1, OP_end };
	const struct native_condition c[] = { { no, 3 }, { yes, 3 } };
	const struct native_condition bad[] = { { loop, sizeof(loop) },
		{ variable, sizeof(variable) } };
	struct sieve_test test[2];
	const struct sieve_test *tests[] = { &test[0], &test[1] };
	unsigned i;

	for (i = 0; i < 8; i++) {
		const unsigned first = i & 1, second = i >> 1 & 1;

		if (i < 4) {
			const struct native_condition both[] = { c[first],
				c[second] };

			ok(compile(both, 2, &test[0]) && make_sieve(tests, 1),
			    "two conditions have code");
		} else {
			ok(compile(&c[first], 1, &test[0]) &&
				compile(&c[second], 1, &test[1]) &&
				make_sieve(tests, 2),
			    "two tests have code");
		}
		run_sieve(false);
		is_int(result(), first | second, "any of both is enough");
	}
	for (i = 0; i < 2; i++)
		ok(!compile(&bad[i], 1, &test[0]),
		    "a jump backwards, and a variable, have no code");
}

/* Instructions that it may replace, or not. */
static void
test_runs(void)
{
	static const struct {
		const char *name;
		bool fits;
		uint8_t parts;
		uint8_t code[16];
	} rows[] = {
		{ "a long one", true, 1, { 0xb8, 1, 2, 3, 4 } },
		{ "five short ones", true, 5,
		    { 0x90, 0x90, 0x90, 0x90, 0x90 } },
		{ "a branch at the end", true, 2,
		    { 0x48, 0xff, 0xc9, 0x75, 0xfb } },
		{ "a branch in between", true, 3,
		    { 0x75, 0xfe, 0x90, 0x48, 0xff, 0xc9 } },
		{ "a jump too early", false, 0,
		    { 0xeb, 0xfe, 0x48, 0xff, 0xc9 } },
		{ "a jump before padding", true, 4,
		    { 0xeb, 0xfe, 0x90, 0x90, 0x90 } },
		{ "a return too early", false, 0,
		    { 0xc3, 0x48, 0xff, 0xc9, 0x90 } },
		{ "a return before padding", true, 5,
		    { 0xc3, 0x90, 0x90, 0x90, 0x90 } },
		{ "a call", false, 0, { 0xe8, 1, 2, 3, 4 } },
		{ "a system call", false, 0, { 0x90, 0x0f, 0x05, 0x90, 0x90 } },
		{ "a loop instruction", true, 4,
		    { 0xe2, 0xfe, 0x90, 0x90, 0x90 } },
		{ "two loop instructions", false, 0,
		    { 0xe2, 0xfe, 0xe2, 0xfc, 0x90 } },
	};
	static const uint8_t no[] = { OP_const8, 0, OP_end };
	const struct native_condition c = { no, sizeof(no) };
	struct sieve_test test;
	const struct sieve_test *tests[] = { &test };
	uint8_t kept[32];
	size_t i;

	memcpy(kept, LOW + CODE_AT, sizeof(kept));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(LOW + CODE_AT, 0x90, 32);
		memcpy(LOW + CODE_AT, rows[i].code, sizeof(rows[i].code));
		ok(compile(&c, 1, &test) &&
			make_sieve(tests, 1) == rows[i].fits &&
			(!rows[i].fits || sieve.run.parts == rows[i].parts),
		    "%s", rows[i].name);
	}
	memcpy(LOW + CODE_AT, kept, sizeof(kept));
}

int
main(void)
{
	/* lea's that change nothing, and the end. */
	static const uint8_t code[] = { 0x48, 0x8d, 0x36, 0x48, 0x8d, 0x3f,
		0x0f, 0x0b };
	const uint64_t page = ((uintptr_t)LOW + KEPT_AT) / 4096 % NATIVE_PAGES;
	uint8_t *p = mmap(LOW, LOW_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	unsigned i;

	if (p != LOW) {
		printf("1..0 # SKIP no code can be written here\n");
		return 0;
	}
	memcpy(p + CODE_AT, code, sizeof(code));
	for (i = 0; i < 0x2000; i++)
		p[DATA_AT + i] = (uint8_t)any();
	p[TABLE_AT + page / 8] |= (uint8_t)(1U << page % 8);
	expect_signals();
	test_runs();
	test_several();
	test_faults();
	test_random();
	return done_testing();
}
