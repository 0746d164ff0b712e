/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that unwinds a deep recursion: the same return site is passed often,
 * before instructions of one byte, and nothing else is made meanwhile.
 */
#include <stdio.h>

#define DEPTH 4000

long sum_to(int n);

__asm__(".globl sum_to, unwound\n"
	"sum_to: xorl %eax, %eax\n"
	"	testl %edi, %edi\n"
	"	jz 1f\n"
	"	pushq %rbx\n"
	"	movl %edi, %ebx\n"
	"	decl %edi\n"
	"	call sum_to\n"
	"unwound: addq %rbx, %rax\n"
	"	popq %rbx\n"
	"1:	ret\n");

int
main(void)
{
	return printf("%ld\n", sum_to(DEPTH)) > 0 ? 0 : 1;
}
