/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host call that loses no kick between the test of its flag and its `syscall`
 * (see hostwait.c).  It must not know why it waits.  It is a separate file
 * because link-time optimization does not see labels of assembly in C.
 *
 * In: flag, number, arguments.  Linux preserves all but rax, rcx, r11.
 */
#ifdef __CET__
#include <cet.h>
#else
#define _CET_ENDBR
#endif

	.text
	.globl	hc_wait_call, hc_wait_look, hc_wait_syscall
	.globl	hc_wait_made, hc_wait_not_made, hc_wait_restarts
	.hidden	hc_wait_call, hc_wait_look, hc_wait_syscall
	.hidden	hc_wait_made, hc_wait_not_made, hc_wait_restarts
	.type	hc_wait_call, @function
hc_wait_call:
	_CET_ENDBR
	mov	%rdi, %r11
	mov	%rsi, %rax
	mov	%rdx, %rcx
	mov	(%rcx), %rdi
	mov	8(%rcx), %rsi
	mov	16(%rcx), %rdx
	mov	24(%rcx), %r10
	mov	32(%rcx), %r8
	mov	40(%rcx), %r9
hc_wait_look:
	cmpl	$0, (%r11)
	jne	hc_wait_not_made
hc_wait_syscall:
	syscall
hc_wait_made:
	ret
hc_wait_not_made:
	mov	$-513, %rax	/* -HC_NOT_MADE */
	ret
hc_wait_restarts:
	mov	$-512, %rax	/* -HC_RESTARTS */
	ret
	.size	hc_wait_call, . - hc_wait_call

	.section .note.GNU-stack, "", @progbits
