/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place where bytes go in and out of guest memory, which must know no
 * more of it.  One instruction does the copying, so that a fault in it is known
 * by its address; rcx then says how much is left, and the copy ends there.  So
 * it is with the exchange of a word, which has failed then.  All this has a
 * file of its own because link-time optimization does not see labels of
 * assembly in C.
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
