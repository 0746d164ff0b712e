/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a thread begins: one call, two returns.  It must not know what a
 * thread is for.
 *
 *	long guest_clone(long flags, void *stack, int *parent_tid,
 *	    int *child_tid, void *tls, long number)
 *
 * The caller gets the thread's id, or -errno.  The thread returns to what lies
 * on `stack`: guest_thread + 1, and above it an argument and a function that takes
 * it and does not return.
 */
#include <hypercall.h>

	.text
	.globl	guest_clone
	.type	guest_clone, @function
guest_clone:
	.cfi_sections .debug_frame
	.cfi_startproc
	movq	%rcx, %r10
	movq	%r9, %rax
#ifdef HYPERCALL_BY_SYSCALL
	syscall
#else
	outl	%eax, $PORT_HYPERCALL
#endif
	ret
	.cfi_endproc
	.size	guest_clone, . - guest_clone

	.cfi_startproc
	.cfi_undefined %rip		/* here a thread's backtrace ends */
	.globl	guest_thread
	.type	guest_thread, @function
guest_thread:
	nop				/* a caller is looked for before its
					   return address */
	xorl	%ebp, %ebp
	popq	%rdi
	popq	%rax
	call	*%rax			/* does not return */
	ud2
	.cfi_endproc
	.size	guest_thread, . - guest_thread

	.section .note.GNU-stack, "", @progbits
