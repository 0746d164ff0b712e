/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A signal's handler returns here: the interrupted code continues.  This code
 * must not know which signal it was.
 *
 * A debugger recognises a signal's frame by these two instructions and this
 * name, as in C libraries; so the gate here is never OUT.
 */
	.text
	.globl	__restore_rt
	.type	__restore_rt, @function
	nop
__restore_rt:
	movq	$15, %rax		/* rt_sigreturn */
	syscall
	.size	__restore_rt, . - __restore_rt

	.section .note.GNU-stack, "", @progbits
