#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Malicious files: memory that must be zero although the file overlaps it, and
# names that contain escape sequences for a terminal.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"
need_tool objcopy
make_scratch

# build NAME [OPTION]...: build $scratch/NAME from $scratch/NAME.S.
build()
{
	name=$1
	shift
	${CC:-cc} -nostdlib -static -Wl,--build-id=none "$@" \
	    "$scratch/$name.S" -o "$scratch/$name" 2>"$scratch/cc" ||
	    skip_all "no compiler for this: $(tail -n 1 "$scratch/cc")"
}

# A program that unmaps the page that two segments share, maps memory there, and
# exits with the bitwise OR of the memory's bytes.
cat >"$scratch/shared.S" <<'END'
	.globl _start
_start:
	mov $11, %eax
	mov $0x500000, %edi
	mov $4096, %esi
	syscall
	mov $9, %eax
	mov $0x500000, %edi
	mov $4096, %esi
	mov $3, %edx
	mov $0x32, %r10d
	mov $-1, %r8
	xor %r9d, %r9d
	syscall
	mov $0x500000, %esi
	xor %edi, %edi
	mov $4096, %ecx
1:	lodsb
	movzbl %al, %eax
	or %eax, %edi
	loop 1b
	mov $231, %eax
	syscall
	.section .one, "aw"
	.fill 0x600, 1, 0x41
	.section .two, "aw"
	.fill 0x100, 1, 0x42
END

# shared WHAT ONE TWO: test segments at the addresses ONE and TWO.
shared()
{
	cat >"$scratch/shared.ld" <<END
PHDRS { text PT_LOAD FLAGS(5); one PT_LOAD FLAGS(6); two PT_LOAD FLAGS(6); }
SECTIONS {
	. = 0x400000 + SIZEOF_HEADERS;
	.text : { *(.text) } :text
	. = $2;
	.one : { *(.one) } :one
	. = $3;
	.two : { *(.two) } :two
}
END
	build shared -Wl,-T,"$scratch/shared.ld",-z,max-page-size=4096
	try "$novillo" "$scratch/shared"
	is "$status:$err" "0:" "memory is zero where $1"
}

shared "a file's page was" 0x500000 0x501000
shared "a page of two segments was" 0x500000 0x500800
shared "the last page of one and the first of the other was" 0x4ffa80 0x500080

# The symbol, the source file and the program have names with escapes.
esc=$(printf '\033')
cat >"$scratch/names.S" <<'END'
	.globl _start
	.file 1 "a\033[2Jb.c"
_start:
	.loc 1 7
	call f
f:	mov %eax, 0
END
build names
printf '_start s\033[31mt\nf f\033]0;x\007g\n' >"$scratch/map"
program=$scratch/na${esc}c.elf
objcopy --redefine-syms="$scratch/map" "$scratch/names" "$program" || exit 99

# clean NAME: the output contains no control character.
clean()
{
	is "$(printf '%s' "$out$err" | tr -d '\n\t -~')" "" "$1 has no escapes"
}

try "$novillo" "$program"
is "$status" 139 "a program with odd names runs"
clean "its report"
has "$err" 'f\033]0;x\007g+0x0' "a symbol is shown as in C"
has "$err" 'a\033[2Jb.c:7' "so is a source file"
has "$err" 'na\033c.elf: ended by' "so is the program"
try "$novillo" --check "$program"
is "$status" 0 "it can be checked"
clean "what --check says"
has "$out" 'na\033c.elf' "which names the program"
try "$novillo" --check -v "$scratch:/a${esc}b" "$program"
clean "a volume's name"
try "$novillo" "$scratch/no${esc}such"
is "$status" 127 "a program that is not there is refused"
clean "the message"
try "$novillo" "--core=$scratch/x${esc}y" "$program"
clean "the name of a core"
try "$novillo" "--memory=${esc}1" "$program"
is "$status" 125 "a bad value is refused"
clean "the message"
printf '{ "a\033b": 1 }' >"$scratch/config"
try "$novillo" -c "$scratch/config" "$program"
is "$status" 125 "a bad configuration is refused"
clean "the message"
try "$novillo" "--$esc" "$program"
clean "an option that is not known"
done_testing
