/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a guest begins.  It must not know anything but the process start of
 * the System V psABI (AMD64 supplement, 3.4.1), which is what the VMM gives:
 *
 *	mode	64-bit, CPL 3, direction flag clear, SSE usable
 *	rsp	16-byte aligned; from there up: argc, argv[0..argc-1], NULL,
 *		the environment, NULL, the auxiliary vector up to AT_NULL
 *	rdx	0: there is no function to register with atexit
 *	others	0
 *
 * t_start.c tests each of these lines.
 */
	.cfi_sections .debug_frame
	.text
	.globl	_start
	.type	_start, @function
_start:
	.cfi_startproc
	.cfi_undefined %rip		/* here a backtrace ends ... */
	xorl	%ebp, %ebp		/* ... for those who walk by rbp, too */
	movq	%rsp, %rdi
	andq	$-16, %rsp
	call	guest_start		/* does not return */
	ud2
	.cfi_endproc
	.size	_start, . - _start

	.section .note.GNU-stack, "", @progbits
