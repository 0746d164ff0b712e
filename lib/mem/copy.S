/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place where bytes are copied from and to guest memory, of which this
 * file must not know more.  One instruction does the copying, so a fault in it
 * is recognised by its address; rcx then holds the rest of the count, and the
 * copy ends there.  The exchange of a word fails in the same way.  The code is
 * in assembly because link-time optimization does not see labels of asm
 * statements in C.
 */
#include <asm-generic/errno-base.h>
#ifdef __CET__
#include <cet.h>
#else
#define _CET_ENDBR
#endif

	.text
	.globl	gmem_copy_bytes, gmem_copy_move, gmem_copy_over
	.hidden	gmem_copy_bytes, gmem_copy_move, gmem_copy_over
	.type	gmem_copy_bytes, @function
gmem_copy_bytes:
	_CET_ENDBR
	mov	%rdx, %rcx
gmem_copy_move:
	rep movsb
gmem_copy_over:
	mov	%rcx, %rax
	ret
	.size	gmem_copy_bytes, . - gmem_copy_bytes

	.globl	gmem_swap_word, gmem_swap_try, gmem_swap_lost
	.hidden	gmem_swap_word, gmem_swap_try, gmem_swap_lost
	.type	gmem_swap_word, @function
gmem_swap_word:
	_CET_ENDBR
	mov	(%rsi), %eax
gmem_swap_try:
	lock cmpxchg %edx, (%rdi)
	mov	%eax, (%rsi)
	sete	%al
	movzbl	%al, %eax
	ret
gmem_swap_lost:
	mov	$-EFAULT, %eax
	ret
	.size	gmem_swap_word, . - gmem_swap_word

	.section .note.GNU-stack, "", @progbits
