/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of watchpoints and steps: instructions that touch memory in awkward
 * ways, and instructions that push the flags.
 */
#include <stdio.h>

#define PAGE 4096

/* Two of the pages are watched; the pushed flags go to `flags`. */
char pages[3 * PAGE] __attribute__((aligned(PAGE)));
unsigned long flags[5];

/* Each instruction that touches `pages` lies between its name and NAME_done. */
void touch(char *pages, unsigned long *flags);

__asm__("	.macro	at name, instruction:vararg\n"
	"	.globl	\\name\n"
	"\\name: \\instruction\n"
	"	.globl	\\name\\()_done\n"
	"\\name\\()_done:\n"
	"	.endm\n"
	"	.text\n"
	"	.globl	touch\n"
	"	.type	touch, @function\n"
	"touch:\n"
	"	movq	%rsi, %rdx\n"
	"	movq	%rdi, %r8\n"
	"	movabsq	$0x1122334455667788, %rax\n"
	/* A store across the border between two pages. */
	"	at at_cross, movq %rax, 4092(%r8)\n"
	/* A copy from one page to the next. */
	"	leaq	100(%r8), %rsi\n"
	"	leaq	4196(%r8), %rdi\n"
	"	movl	$1, %ecx\n"
	"	at at_copy, rep movsb\n"
	/* Reads of the watched 4 bytes at 12, or beside them. */
	"	at at_wide, movq 8(%r8), %rax\n"
	"	at at_beside, movl 8(%r8), %eax\n"
	"	leaq	15(%r8), %rsi\n"
	"	leaq	2000(%r8), %rdi\n"
	"	at at_cmps, cmpsb\n"
	"	at at_push, pushq 8(%r8)\n"
	"	popq	%rax\n"
	"	at at_after, movb 16(%r8), %al\n"
	"	at at_vector, movdqu 0(%r8), %xmm0\n"
	/* PUSHF, with each prefix that changes little or nothing. */
	"at_flags: pushfq\n"
	"	popq	0(%rdx)\n"
	"	.byte	0x48, 0x9c\n"
	"	popq	8(%rdx)\n"
	"	.byte	0x2e, 0x9c\n"
	"	popq	16(%rdx)\n"
	"	.byte	0xf2, 0x9c\n"
	"	popq	24(%rdx)\n"
	"	pushfw\n"
	"	popw	32(%rdx)\n"
	"	.globl	at_flags, at_flags_done\n"
	"at_flags_done: ret\n"
	"	.size	touch, . - touch\n");

int
main(void)
{
	touch(pages, flags);
	printf("%lx %lx %lx %lx %lx\n", flags[0], flags[1], flags[2], flags[3],
	    flags[4]);
	return 0;
}
