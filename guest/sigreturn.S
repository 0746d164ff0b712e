/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a signal's handler returns to: what was interrupted goes on.  It must
 * not know which signal it was.
 *
 * By these two instructions and this name, which C libraries have too, a debugger
 * knows the frame of a signal; so it is never the OUT.
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
