/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares the decoder's memory operands with this CPU: each instruction runs
 * here, on a page that it may not read, on one that it may not write, and at
 * the end of a page.  The faults must match the size and the direction that
 * the decoder reports.
 *
 * The test skips an instruction that this CPU does not have, or that faults
 * otherwise.  It cannot see that a write is also a read.
 */
#include "image/insn.h"

#include "tap.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#define PAGE 4096

#define TRAP_PAGE   14 /* SDM vol. 3, table 6-1 */
#define TRAP_STEP   1
#define TRAP_INT3   3
#define ERROR_WRITE 2 /* vol. 3, 4.7 */
#define INT3        0xcc

/* Two pages: the operand's, then one without any right. */
static uint8_t *pages;
static uint8_t *code;
static const uint32_t mxcsr = 0x1f80; /* all exceptions masked */
static uint8_t other[PAGE] __attribute__((aligned(PAGE)));

/* The exception that ended the last run. */
static sigjmp_buf back;
static struct {
	long trap, error;
	uint64_t address;
} end;

static void
on_signal(int signal, siginfo_t *info, void *context)
{
	const greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	(void)info;
	end.trap = regs[REG_TRAPNO];
	end.error = regs[REG_ERR];
	end.address = (uint64_t)regs[REG_CR2];
	siglongjmp(back, 1);
}

/* popf may have set the trap flag. */
static bool
is_completed(void)
{
	return end.trap == TRAP_INT3 || end.trap == TRAP_STEP;
}

static void
set_up(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP,
		SIGFPE };
	static uint8_t stack[65536];
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	const struct sigaction action = { .sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO | SA_ONSTACK };
	size_t i;

	pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || code == MAP_FAILED ||
	    mprotect(pages + PAGE, PAGE, PROT_NONE) < 0)
		skip_all("no memory that can be executed");
	sigaltstack(&alternate, NULL);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

static struct insn_registers registers;

/* Load all registers, also the stack pointer, and jump to the code. */
static void
enter_code(void)
{
	__asm__ volatile("fninit\n\t"
			 "ldmxcsr %1\n\t"
			 "mov 0x08(%%rax), %%rcx\n\t"
			 "mov 0x10(%%rax), %%rdx\n\t"
			 "mov 0x18(%%rax), %%rbx\n\t"
			 "mov 0x20(%%rax), %%rsp\n\t"
			 "mov 0x28(%%rax), %%rbp\n\t"
			 "mov 0x30(%%rax), %%rsi\n\t"
			 "mov 0x38(%%rax), %%rdi\n\t"
			 "mov 0x40(%%rax), %%r8\n\t"
			 "mov 0x48(%%rax), %%r9\n\t"
			 "mov 0x50(%%rax), %%r10\n\t"
			 "mov 0x58(%%rax), %%r11\n\t"
			 "mov 0x60(%%rax), %%r12\n\t"
			 "mov 0x68(%%rax), %%r13\n\t"
			 "mov 0x70(%%rax), %%r14\n\t"
			 "mov 0x78(%%rax), %%r15\n\t"
			 "mov 0x00(%%rax), %%rax\n\t"
			 "jmp *%2"
			 :
			 : "a"(registers.gpr), "m"(mxcsr), "m"(code)
			 : "memory");
	__builtin_unreachable();
}

static void
run(int protection)
{
	mprotect(pages, PAGE, PROT_READ | PROT_WRITE);
	memset(pages, 1, PAGE);
	memset(other, 1, sizeof(other));
	mprotect(pages, PAGE, protection);
	if (sigsetjmp(back, 1) == 0)
		enter_code();
	mprotect(pages, PAGE, PROT_READ | PROT_WRITE);
}

/*
 * Set the registers so that this access is at `at`, and others elsewhere.
 * Returns false if no registers do so.
 */
static bool
place(const struct insn *insn, const struct insn_access *access, uint8_t *at)
{
	uint64_t *base = &registers.gpr[access->base & 15];
	uint64_t to = (uintptr_t)at;
	unsigned i;

	for (i = 0; i < INSN_GPRS; i++)
		registers.gpr[i] = (uintptr_t)(other + PAGE / 2);
	registers.gpr[INSN_RCX] = 1; /* one round */
	registers.gpr[INSN_RDX] = 0;
	if (access->base >= INSN_GPRS)
		return false;
	*base += to - insn_address(insn, access, &registers);
	return insn_address(insn, access, &registers) == to;
}

static bool
faults(const struct insn *insn, const struct insn_access *access, uint8_t *at,
    int protection)
{
	end.trap = TRAP_INT3;
	if (place(insn, access, at))
		run(protection);
	return end.trap == TRAP_PAGE;
}

/* Without rights the first access faults, as a read or as a write. */
static bool
is_direction_right(const struct insn *insn, const struct insn_access *access)
{
	bool writes = access->flags & INSN_WRITE;

	if (!faults(insn, access, pages, PROT_NONE) ||
	    end.address < (uintptr_t)pages ||
	    (end.address >= (uintptr_t)pages + access->size &&
		!(access->flags & INSN_OPEN_ENDED)))
		return false;
	if (!(access->flags &
		(end.error & ERROR_WRITE ? INSN_WRITE : INSN_READ)))
		return false;
	return faults(insn, access, pages, PROT_READ) == writes;
}

/* The operand just fits at the end of the page, but not a byte further. */
static bool
is_size_right(const struct insn *insn, const struct insn_access *access)
{
	uint8_t *last = pages + PAGE - access->size;

	if (access->flags & INSN_OPEN_ENDED)
		return true;
	if (faults(insn, access, last, PROT_READ | PROT_WRITE))
		return false;
	/* The operand may need to be aligned. */
	return (access->flags & INSN_ALIGNED) ||
	       faults(insn, access, last + 1, PROT_READ | PROT_WRITE) ||
	       !is_completed();
}

/*
 * Instructions that may not run here: they change segments or other states
 * that the test depends on, or branch to an address in memory.  Also MPX, whose
 * instructions are now nops; and movsxd with 66: Intel reads 2 bytes, AMD 4.
 */
static bool
is_excluded(const struct insn *insn)
{
	static const uint8_t excluded[] = { 0x00, 0x01, 0x1a, 0x1b, 0xb2, 0xb4,
		0xb5 };

	if (insn->kind != INSN_PLAIN && insn->kind != INSN_CALL &&
	    insn->kind != INSN_PUSHF && insn->kind != INSN_POPF)
		return true;
	if (insn->map == INSN_MAP_ONE)
		return insn->opcode == 0x8e ||
		       (insn->opcode == 0x63 && insn->operand_size == 2);
	return insn->map == INSN_MAP_0F && insn->encoding == INSN_LEGACY &&
	       memchr(excluded, insn->opcode, sizeof(excluded));
}

static struct {
	unsigned tried, wrong;
} tally;

static void
report_wrong(const uint8_t *bytes, const struct insn *insn)
{
	size_t i;

	if (tally.wrong++ >= 20)
		return;
	printf("# wrong, trap %ld error %ld:", end.trap, end.error);
	for (i = 0; i < insn->length; i++)
		printf(" %02x", bytes[i]);
	printf("\n");
}

static void
try_access(const uint8_t *bytes, const struct insn *insn,
    const struct insn_access *access)
{
	if ((access->flags & INSN_MASKED) || !place(insn, access, pages))
		return;
	memset(code, INT3, PAGE);
	memcpy(code, bytes, insn->length);
	run(PROT_READ | PROT_WRITE);
	if (!is_completed())
		return;
	tally.tried++;
	if (!is_direction_right(insn, access) || !is_size_right(insn, access))
		report_wrong(bytes, insn);
}

static void
try(const uint8_t *bytes)
{
	struct insn insn;
	unsigned i;

	if (insn_decode(&insn, bytes, INSN_LENGTH_MAX) != INSN_OK ||
	    is_excluded(&insn))
		return;
	for (i = 0; i < insn.accesses; i++)
		try_access(bytes, &insn, &insn.access[i]);
}

/* OP (%rbx) with each prefix, ModRM.reg and W. */
static void
try_legacy(unsigned map, unsigned opcode)
{
	static const uint8_t prefixes[] = { 0x90, 0x66, 0xf3, 0xf2 };
	static const uint8_t maps[] = { 0, 0, 0x38, 0x3a };
	unsigned i, n;

	for (i = 0; i < 4 * 2 * 8; i++) {
		uint8_t bytes[INSN_LENGTH_MAX] = { 0 };

		/* Leave out repetitions: each run takes time. */
		if (map == 0 ? (i & 6) == 6 || (i & 3) == 3 : map > 1 && i >> 3)
			continue;
		n = 0;
		if (i & 3)
			bytes[n++] = prefixes[i & 3];
		if (i & 4)
			bytes[n++] = 0x48;
		if (map > 0)
			bytes[n++] = 0x0f;
		if (map > 1)
			bytes[n++] = maps[map];
		bytes[n++] = (uint8_t)opcode;
		bytes[n] = (uint8_t)((i >> 3) << 3 | INSN_RBX);
		try(bytes);
	}
}

static void
try_vex(unsigned map, unsigned opcode)
{
	unsigned i;

	for (i = 0; i < 4 * 2 * 2; i++) {
		uint8_t bytes[INSN_LENGTH_MAX] = { 0xc4, (uint8_t)(0xe0 | map),
			(uint8_t)(0x78 | (i & 3) | (i & 4) | (i & 8) << 4),
			(uint8_t)opcode, 0x10 | INSN_RBX };

		try(bytes);
	}
}

static void
try_evex(unsigned map, unsigned opcode)
{
	unsigned i;

	for (i = 0; i < 4 * 2 * 2 * 3; i++) {
		uint8_t bytes[INSN_LENGTH_MAX] = { 0x62, (uint8_t)(0xf0 | map),
			(uint8_t)(0x7c | (i & 3) | (i & 4) << 5),
			(uint8_t)(0x08 | (i & 8) << 1 | (i >> 4) << 5),
			(uint8_t)opcode, 0x10 | INSN_RBX };

		try(bytes);
	}
}

static void
test_class(void (*each)(unsigned, unsigned), unsigned lo, unsigned hi,
    const char *name)
{
	unsigned map, opcode;

	memset(&tally, 0, sizeof(tally));
	for (map = lo; map <= hi; map++)
		for (opcode = 0; opcode < 256; opcode++)
			each(map, opcode);
	ok(tally.wrong == 0, "%u %s instructions touch what is predicted",
	    tally.tried, name);
}

int
main(void)
{
	set_up();
	test_class(try_legacy, 0, 3, "legacy");
	ok(tally.tried > 1000, "most legacy instructions can run");
	test_class(try_vex, 1, 3, "VEX");
	test_class(try_evex, 1, 6, "EVEX");
	return done_testing();
}
