/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a signal's handler returns to: what was interrupted goes on.  It must
 * not know which signal it was.
 *
 * By these two instructions, as the kernel's own C libraries have them, a
 * debugger knows the frame of a signal; so it is never the OUT.
 */
	.text
	.globl	guest_sigreturn
	.type	guest_sigreturn, @function
	nop
guest_sigreturn:
	movq	$15, %rax		/* rt_sigreturn */
	syscall
	.size	guest_sigreturn, . - guest_sigreturn

	.section .note.GNU-stack, "", @progbits
