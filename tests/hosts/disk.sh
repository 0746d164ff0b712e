#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Makes host B's boot disk: boot.S, the kernel, the initrd.
#
# usage: disk.sh FOLDER KERNEL MEMORY APPEND
#	makes FOLDER/disk of FOLDER/initrd; MEMORY in MiB; APPEND is the
#	kernel's command line

set -eu

here=$(cd "$(dirname "$0")" && pwd)
piece=131072		# PIECE of boot.S, in bytes
cylinder=516096		# Bochs wants whole ones: 16 heads, 63 sectors

cd "$1"
kernel=$2/vmlinux

# pieces FILE
pieces()
{
	echo $((($(wc -c <"$1") + piece - 1) / piece))
}

# Note 18 of owner Xen, XEN_ELFNOTE_PHYS32_ENTRY, little-endian.
entry=$(readelf -nW "$kernel" | sed -n \
    's/.*(0x0*12).* data: \(..\) \(..\) \(..\) \(..\).*/0x\4\3\2\1/p')
# The kernel itself clears or fills these sections, so the disk omits them.
objcopy -O binary -R .bss -R .brk -R .init.scratch "$kernel" kernel

printf '%s' "$4" >cmdline
as --32 -o boot.o \
    --defsym "MEMORY=$(($3 << 20))" \
    --defsym "ENTRY=${entry:?is missing: the kernel cannot be entered by PVH}" \
    --defsym "KERNEL_PIECES=$(pieces kernel)" \
    --defsym "INITRD_PIECES=$(pieces initrd)" \
    --defsym "INITRD_SIZE=$(wc -c <initrd)" \
    "$here/boot.S"
ld -m elf_i386 -Ttext=0x7c00 --oformat binary -o disk boot.o
for part in kernel initrd; do
	truncate -s "%$piece" disk
	cat "$part" >>disk
done
truncate -s "%$piece" disk
truncate -s "%$cylinder" disk
