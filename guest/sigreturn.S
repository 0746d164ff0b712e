/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a signal's handler returns to: what was interrupted goes on.  It must
 * not know which signal it was.
 */
#include <hypercall.h>

#define RT_SIGRETURN 15

	.text
	.globl	guest_sigreturn
	.type	guest_sigreturn, @function
	/* A debugger knows the frame by these two instructions. */
	nop
guest_sigreturn:
	movq	$RT_SIGRETURN, %rax
#ifdef HYPERCALL_BY_SYSCALL
	syscall
#else
	outl	%eax, $PORT_HYPERCALL
#endif
	.size	guest_sigreturn, . - guest_sigreturn

	.section .note.GNU-stack, "", @progbits
