/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host B's boot sector: reads an unpacked Linux and its initrd from its own
 * disk and enters the kernel at its PVH entry.  A CD with a packed kernel would
 * need no boot sector, but unpacking the kernel costs B a minute.  This file
 * must not know the contents of the kernel or the initrd.
 *
 * The disk contains this file, the kernel and the initrd, each filled up to
 * whole pieces.  The assembler's command line defines KERNEL_PIECES,
 * INITRD_PIECES, INITRD_SIZE, MEMORY and ENTRY; the kernel's command line is in
 * the file "cmdline".
 */
	.set	PIECE, 256		/* sectors that one ATA command reads */
	.set	KERNEL, 0x1000000	/* address of its first segment */
	.set	HERE, KERNEL - PIECE * 512	/* this piece, read once more */
	.set	INITRD, 0x8000000
	.set	TABLES, MEMORY - 0x10000 /* Bochs' BIOS: ACPI at the top */
	.set	CODE, gdt_code - gdt
	.set	DATA, gdt_data - gdt

	.set	ATA_COUNT, 0x1f2
	.set	ATA_LBA, 0x1f3		/* three bytes, lowest first */
	.set	ATA_DRIVE, 0x1f6
	.set	ATA_STATUS, 0x1f7	/* and command */
	.set	ATA_LBA_MODE, 0xe0
	.set	ATA_READ, 0x20
	.set	ATA_DRQ, 0x08
	.set	ATA_BSY, 0x80

	.text
	.globl	_start
	.code16
_start:
	cli
	xor	%ax, %ax
	mov	%ax, %ds
	inb	$0x92, %al		/* A20 on */
	orb	$2, %al
	outb	%al, $0x92
	lgdtl	gdtr
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmpl	$CODE, $flat

	.code32
flat:
	mov	$DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%esi, %esi
	mov	$HERE, %edi
	mov	$KERNEL_PIECES + 1, %ebx
	call	read
	mov	$INITRD, %edi
	mov	$INITRD_PIECES, %ebx
	call	read
	mov	$HERE + start_info - _start, %ebx
	mov	$ENTRY, %eax
	jmp	*%eax

	/* Read ebx pieces from sector esi to edi; advance esi and edi. */
read:
	mov	$ATA_DRIVE, %edx
	mov	$ATA_LBA_MODE, %al
	outb	%al, %dx
	mov	$ATA_COUNT, %edx
	mov	$PIECE & 0xff, %al
	outb	%al, %dx
	mov	%esi, %eax
	.rept	3
	inc	%edx
	outb	%al, %dx
	shr	$8, %eax
	.endr
	mov	$ATA_STATUS, %edx
	mov	$ATA_READ, %al
	outb	%al, %dx
	mov	$PIECE, %ebp
sector:
	mov	$ATA_STATUS, %edx
	inb	%dx, %al
	and	$ATA_BSY | ATA_DRQ, %al
	cmp	$ATA_DRQ, %al
	jne	sector
	mov	$ATA_COUNT - 2, %edx	/* data */
	mov	$256, %ecx
	rep insw
	dec	%ebp
	jnz	sector
	add	$PIECE, %esi
	dec	%ebx
	jnz	read
	ret

	.balign	8
gdt:	.quad	0
gdt_code:
	.quad	0x00cf9b000000ffff
gdt_data:
	.quad	0x00cf93000000ffff
gdtr:	.word	gdtr - gdt - 1
	.long	gdt

	.org	510
	.word	0xaa55

	/* Linux, include/xen/interface/hvm/start_info.h; 64-bit fields. */
start_info:
	.long	0x336ec578, 1, 0, 1	/* magic, version, flags, modules */
	.long	HERE + modules - _start, 0
	.long	HERE + cmdline - _start, 0
	.long	0, 0			/* RSDP: to be searched for */
	.long	HERE + memmap - _start, 0
	.long	(memmap_end - memmap) / 24, 0
modules:
	.long	INITRD, 0, INITRD_SIZE, 0, 0, 0, 0, 0
memmap:	/* address, size, type as in E820 */
	.long	0, 0, 0x9f000, 0, 1, 0
	.long	0x100000, 0, TABLES - 0x100000, 0, 1, 0
	.long	TABLES, 0, MEMORY - TABLES, 0, 3, 0
memmap_end:
cmdline:
	.incbin	"cmdline"
	.byte	0
