/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the branches of each kind, both ways, and uses operands relative to
 * rip, between the labels `turn` and `turn_end`; then prints a sum over all of
 * it. With an argument the last turn ends in a call that faults: by a stack
 * that is none (1), to an address that is none (2), or by a pointer to nothing
 * (3); or in a jump with LOCK (4).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

extern uint64_t turn(uint64_t seed, uint64_t sum);
extern void fault_stack(void), fault_target(void), fault_pointer(void),
    fault_locked(void);
uint64_t word = 7, wild = 0x0123456789abcdef;

/* clang-format off */
__asm__(
"	.text\n"
"	.globl	turn, turn_end, fault_stack, fault_target, fault_pointer\n"
"	.globl	fault_locked\n"
"	.type	turn, @function\n"
"turn:	push	%rbp\n"
"	mov	%rsp, %rbp\n"
"	mov	%rsi, %rax\n"
"	mov	%rdi, %rdx\n"
"	cmp	$0x40, %dl\n"	/* each condition that it gives */
"	.irp	cc, o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g\n"
"	j\\cc	1f\n"
"	lea	1(%rax,%rax,2), %rax\n"
"1:	cmp	%dh, %dl\n"
"	.endr\n"
"	mov	%edx, %ecx\n"
"	and	$3, %ecx\n"
"	jrcxz	2f\n"
"1:	add	$5, %rax\n"
"	loop	1b\n"
"	mov	$4, %ecx\n"
"1:	ror	$1, %rdx\n"
"	test	$1, %dl\n"
"	loopne	1b\n"
"	add	%rcx, %rax\n"
"	mov	$4, %ecx\n"
"1:	ror	$1, %rdx\n"
"	test	$1, %dl\n"
"	addr32 loope 1b\n"
"	add	%rcx, %rax\n"
"2:	jmp	3f\n"
"	ud2\n"
"4:	add	(%rsp), %rax\n"	/* of where it was called */
"	sub	$turn, %rax\n"
"	ret\n"
"3:\n"
"first_call: call 4b\n"
"	lea	4b(%rip), %rcx\n"
"	call	*%rcx\n"
"	mov	%rcx, pointer(%rip)\n"
"	call	*pointer(%rip)\n"
"	mov	%rcx, %r9\n"
"	call	*%r9\n"
"	lea	pointer(%rip), %r11\n"
"	call	*(%r11)\n"
"	push	%rcx\n"
"	call	*(%rsp)\n"
"	pop	%rcx\n"
"by_rip:	add	word(%rip), %rax\n"
"	addl	$0x1234567, word(%rip)\n"
"	imul	$17, word(%rip), %r10\n"
"	xor	%r10, %rax\n"
"	movq	word(%rip), %xmm9\n"
"	movq	%xmm9, %r8\n"
"	add	%r8, %rax\n"
"	lea	5f(%rip), %r8\n"
"	jmp	*%r8\n"
"	ud2\n"
"5:	movq	$6f, pointer(%rip)\n"
"	jmp	*pointer(%rip)\n"
"	ud2\n"
"6:	jmp	7f\n"
"	.skip	200\n"		/* for a displacement of four bytes */
"7:	leave\n"
"	ret\n"
"fault_stack:\n"
"	mov	$8, %esp\n"
"stack_at: call	turn\n"
"fault_target:\n"
"	mov	wild(%rip), %rax\n"
"target_at: call	*%rax\n"
"fault_pointer:\n"
"	mov	$16, %eax\n"
"pointer_at: call	*(%rax)\n"
"	ud2\n"
"fault_locked:\n"
"locked_at: .byte 0xf0; jmp	1f\n"
"1:	ret\n"
"turn_end:\n"
"	.bss\n"
"pointer: .skip	8\n"
"	.text\n"
);
/* clang-format on */

int
main(int argc, char **argv)
{
	static void (*const faults[])(void) = { fault_stack, fault_target,
		fault_pointer, fault_locked };
	const int fault = argc > 1 ? atoi(argv[1]) : 0;
	uint64_t seed = 1, sum = 0;
	int i;

	for (i = 0; i < 300; i++) {
		sum = turn(seed, sum);
		seed = seed * UINT64_C(6364136223846793005) + 1442695;
		seed = seed << 24 | seed >> 40;
	}
	printf("%016lx\n", (unsigned long)sum);
	fflush(stdout);
	if (fault >= 1 && fault <= 4)
		faults[fault - 1]();
	return 0;
}
