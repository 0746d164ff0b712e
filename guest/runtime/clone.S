/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts a thread: one call, two returns.  It must not know the thread's
 * purpose.
 *
 *	long guest_clone(long flags, void *stack, int *parent_tid,
 *	    int *child_tid, void *tls, long number)
 *
 * The caller receives the thread's id, or -errno.  The thread returns to the
 * address on `stack`: guest_thread + 1.  Above it are an argument and a
 * function that takes the argument and does not return.
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
	.cfi_undefined %rip		/* a thread's backtrace ends here */
	.globl	guest_thread
	.type	guest_thread, @function
guest_thread:
	nop				/* a walk looks for the caller before its
					   return address */
	xorl	%ebp, %ebp
	popq	%rdi
	popq	%rax
	call	*%rax			/* does not return */
	ud2
	.cfi_endproc
	.size	guest_thread, . - guest_thread

	.section .note.GNU-stack, "", @progbits
