/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that comes to an instruction from the one before, and by a jump, in
 * turn.  The instruction is undefined: its handler goes on after it.
 */
#include <signal.h>
#include <stdio.h>

#define ROUNDS 400L

long rounds(long n);
void on_fault(int signal);

unsigned long faults;

/* VMOVAPS with a third operand, which it has not. */
__asm__(".globl rounds, on_fault, place\n"
	"rounds: pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	xorl %ebx, %ebx\n"
	"	movq %rdi, %r12\n"
	"	movq %rsp, %r13\n"
	"1:	testb $1, %r12b\n"
	"	jnz 2f\n"
	"place:	addq $1, %rbx\n"
	"2:	.byte 0xc5, 0xf0, 0x28, 0xc1\n"
	"	jmp 3f\n"
	"on_fault: incq faults(%rip)\n"
	"	movq %r13, %rsp\n"
	"3:	decq %r12\n"
	"	jnz 1b\n"
	"	movq %rbx, %rax\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	ret\n");

int
main(void)
{
	const struct sigaction action = {
		.sa_handler = on_fault,
		.sa_flags = SA_NODEFER,
	};
	long sum;

	sigaction(SIGILL, &action, NULL);
	sum = rounds(ROUNDS);
	printf("%ld %lu\n", sum, faults);
	return 0;
}
