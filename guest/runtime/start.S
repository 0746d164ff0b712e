/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions of a guest.  They must not know anything but the
 * process start of the System V psABI (AMD64 supplement, 3.4.1), which the VMM
 * provides:
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
	.cfi_undefined %rip		/* a backtrace ends here ... */
	xorl	%ebp, %ebp		/* ... and also one by rbp */
	movq	%rsp, %rdi
	andq	$-16, %rsp
	call	guest_start		/* does not return */
	ud2
	.cfi_endproc
	.size	_start, . - _start

	.section .note.GNU-stack, "", @progbits
