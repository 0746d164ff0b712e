/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the gate itself: a hypercall changes only rax, a `syscall` only rax,
 * rcx and r11, and the results are those of Linux.
 */
#include <errno.h>
#include <hcall.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <tap.h>
#include <time.h>

#define RFLAGS_MATH 0x8d5 /* OF SF ZF AF PF CF */
#define RFLAGS_DF   0x400

/* ORDER cpu */
/* clang-format off */
#define EACH_GPR(GPR) \
	GPR(rax) GPR(rbx) GPR(rcx) GPR(rdx) GPR(rsi) GPR(rdi) GPR(rbp) \
	GPR(r8) GPR(r9) GPR(r10) GPR(r11) GPR(r12) GPR(r13) GPR(r14) GPR(r15)
/* clang-format on */

#define GPR_NUMBER(name) GPR_##name,
#define GPR_NAME(name)	 #name,

enum { EACH_GPR(GPR_NUMBER) GPRS };

static const char *const gpr_names[] = { EACH_GPR(GPR_NAME) };

/* The assembly below knows the offsets: ORDER cpu. */
struct cpu {
	uint64_t gpr[GPRS];
	uint64_t rflags;
	uint64_t xmm[16][2];
};

_Static_assert(offsetof(struct cpu, rflags) == 15 * 8, "ORDER cpu");
_Static_assert(offsetof(struct cpu, xmm) == 16 * 8, "ORDER cpu");

/*
 * Load all of *cpu, execute one gate instruction, store all of *cpu.  rsp must
 * be the same after the gate, or nothing works.
 */
void by_out(struct cpu *cpu);
void by_syscall(struct cpu *cpu);

__asm__("	.macro	gate name, instruction:vararg\n"
	"	.globl	\\name\n"
	"	.type	\\name, @function\n"
	"\\name:\n"
	"	.irp	reg, rbx, rbp, r12, r13, r14, r15, rdi\n"
	"	pushq	%\\reg\n"
	"	.endr\n"
	"	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	movups	8*16+16*\\n(%rdi), %xmm\\n\n"
	"	.endr\n"
	"	pushq	8*15(%rdi)\n"
	"	popfq\n"
	"	movq	8*0(%rdi), %rax\n"
	"	movq	8*1(%rdi), %rbx\n"
	"	movq	8*2(%rdi), %rcx\n"
	"	movq	8*3(%rdi), %rdx\n"
	"	movq	8*4(%rdi), %rsi\n"
	"	movq	8*6(%rdi), %rbp\n"
	"	.irp	n, 8,9,10,11,12,13,14,15\n"
	"	movq	8*(\\n-1)(%rdi), %r\\n\n"
	"	.endr\n"
	"	movq	8*5(%rdi), %rdi\n"
	"	\\instruction\n"
	"	pushfq\n"
	"	pushq	%rdi\n"
	"	movq	16(%rsp), %rdi\n"
	"	popq	8*5(%rdi)\n"
	"	popq	8*15(%rdi)\n"
	"	cld\n"
	"	movq	%rax, 8*0(%rdi)\n"
	"	movq	%rbx, 8*1(%rdi)\n"
	"	movq	%rcx, 8*2(%rdi)\n"
	"	movq	%rdx, 8*3(%rdi)\n"
	"	movq	%rsi, 8*4(%rdi)\n"
	"	movq	%rbp, 8*6(%rdi)\n"
	"	.irp	n, 8,9,10,11,12,13,14,15\n"
	"	movq	%r\\n, 8*(\\n-1)(%rdi)\n"
	"	.endr\n"
	"	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	movups	%xmm\\n, 8*16+16*\\n(%rdi)\n"
	"	.endr\n"
	"	.irp	reg, rdi, r15, r14, r13, r12, rbp, rbx\n"
	"	popq	%\\reg\n"
	"	.endr\n"
	"	ret\n"
	"	.size	\\name, . - \\name\n"
	"	.endm\n"
	"	.text\n"
	"	gate	by_out, outl %eax, $0x10\n" /* PORT_HYPERCALL */
	"	gate	by_syscall, syscall\n");

_Static_assert(PORT_HYPERCALL == 0x10, "by_out uses it");

struct gate {
	const char *name;
	void (*enter)(struct cpu *cpu);
	unsigned changes; /* the registers beside rax that change, as bits */
};

/* A different value in every register, so that a mix-up shows. */
static void
fill(struct cpu *cpu)
{
	unsigned char *bytes = (unsigned char *)cpu;
	size_t i;

	for (i = 0; i < sizeof(*cpu); i++)
		bytes[i] = (unsigned char)(i * 167 + 13);
}

static void
test_preserved(const struct gate *gate, uint64_t flags, const char *state)
{
	struct cpu before, after;
	int i;

	fill(&before);
	before.gpr[GPR_rax] = HC_getpid;
	before.rflags = flags;
	after = before;
	gate->enter(&after);
	for (i = GPR_rbx; i < GPRS; i++)
		if (!(gate->changes & 1U << i))
			ok(after.gpr[i] == before.gpr[i], "%s keeps %s, %s",
			    gate->name, gpr_names[i], state);
	ok((after.rflags & (RFLAGS_MATH | RFLAGS_DF)) == flags,
	    "%s keeps the flags, %s", gate->name, state);
	ok(memcmp(after.xmm, before.xmm, sizeof(after.xmm)) == 0,
	    "%s keeps the XMM registers, %s", gate->name, state);
}

static long
call(const struct gate *gate, uint64_t number, uint64_t a, uint64_t b)
{
	struct cpu cpu;

	fill(&cpu);
	cpu.gpr[GPR_rax] = number;
	cpu.gpr[GPR_rdi] = a;
	cpu.gpr[GPR_rsi] = b;
	cpu.rflags = 0;
	gate->enter(&cpu);
	return (long)cpu.gpr[GPR_rax];
}

static void
test_answers(const struct gate *gate)
{
	const uint64_t unknown[] = { 1000, 0x7fffffff, 0x80000000, 0xffffffff };
	const uint64_t high = 0xdeadbeef00000000;
	struct timespec now = { -1, -1 };
	size_t i;

	ok(call(gate, HC_getpid, 0, 0) > 0, "%s answers in rax", gate->name);
	same(call(gate, high | HC_getpid, 0, 0), call(gate, HC_getpid, 0, 0),
	    "%s takes the number from eax alone", gate->name);
	same(call(gate, HC_clock_gettime, CLOCK_MONOTONIC, (uint64_t)&now), 0,
	    "%s passes arguments in rdi and rsi", gate->name);
	ok(now.tv_sec >= 0 && now.tv_nsec >= 0,
	    "%s has the answer in memory before the guest goes on", gate->name);
	same(call(gate, HC_clock_gettime, CLOCK_MONOTONIC, 8), -EFAULT,
	    "%s answers a bad pointer with -EFAULT", gate->name);
	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		same(call(gate, unknown[i], 0, 0), -ENOSYS,
		    "%s answers the unknown number %#lx with -ENOSYS",
		    gate->name, unknown[i]);
}

int
main(void)
{
	static const struct gate gates[] = {
#ifndef HYPERCALL_BY_SYSCALL
		{ "a hypercall", by_out, 0 },
#endif
		{ "a syscall", by_syscall, 1U << GPR_rcx | 1U << GPR_r11 },
	};
	size_t i;

	for (i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
		test_preserved(&gates[i], RFLAGS_MATH, "arithmetic flags set");
		test_preserved(&gates[i], RFLAGS_DF, "direction down");
		test_answers(&gates[i]);
	}
	return tap_done();
}
