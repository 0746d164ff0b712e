/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vDSO as a file in memory.  Nothing here may know what is in it.
 */
	.section .rodata
	.balign	16
	.globl	vdso_image, vdso_image_end
	.hidden	vdso_image, vdso_image_end
	.type	vdso_image, @object
vdso_image:
	.incbin	"guest/vdso/vdso.so"
vdso_image_end:
	.size	vdso_image, . - vdso_image

	.section .note.GNU-stack, "", @progbits
