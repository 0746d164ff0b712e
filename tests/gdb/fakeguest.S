/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program that the made-up machine of faketarget.c runs under a real
 * debugger.  It uses only instructions that the machine implements.
 */
	.text
	.globl	_start
	.type	_start, @function
_start:
	nop
	inc	%rax
	inc	%rax
	.globl	store
store:
	movb	$42, value
	nop
	.globl	stored
stored:
	jmp	spin
	.size	_start, . - _start

	.globl	spin
	.type	spin, @function
spin:
	nop
	jmp	spin
	.size	spin, . - spin

	.globl	finish
	.type	finish, @function
finish:
	mov	$7, %al
	hlt
	.size	finish, . - finish

	.globl	illegal
	.type	illegal, @function
illegal:
	ud2
	.size	illegal, . - illegal

	/* The second thread's entry: 0x401800, as in faketarget.h. */
	.org	0x800
	.globl	worker
	.type	worker, @function
worker:
	nop
	jmp	worker
	.size	worker, . - worker

	.data
	.globl	value
	.type	value, @object
value:
	.quad	0
	.size	value, 8

	.section .note.GNU-stack, "", @progbits
