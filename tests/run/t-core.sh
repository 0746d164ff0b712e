#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# --core: gdb opens the core, and shows the guest's state.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch

core=$scratch/guest.core
try "$novillo" --core="$core" "$guests/fault_text.elf"
is "$status" 139 "the status stays that of the signal"
has "$err" "core written: gdb $guests/fault_text.elf $core" \
    "the command that opens the core is printed"
[ -s "$core" ]
ok $? "the core is there"
is "$(ls -l "$core" | cut -c 1-10)" "-rw-------" "for its owner alone"

try "$novillo" --core="$scratch/none.core" "$guests/status.elf" 3
[ ! -e "$scratch/none.core" ]
ok $? "a guest that ends by itself leaves no core"

# refused NAME PATTERN WHAT: novillo refuses a core at NAME.
refused()
{
	try "$novillo" --core="$1" "$guests/status.elf" 3
	is "$status" 125 "$3 is refused before the guest runs"
	has "$err" "--core=$1: $2" "and the message says why"
}

# novillo stops writing a core when its file accepts no more bytes.
if command -v strace >/dev/null 2>&1; then
	try timeout 30 strace -f -o /dev/null \
	    -e inject=pwrite64:retval=0 "$novillo" --sandbox=none \
	    --core="$scratch/full.core" "$guests/fault_text.elf"
	is "$status" 139 "a core that cannot be written changes no status"
	has "$err" "$scratch/full.core: write to the core: Input/output" \
	    "and is reported"
else
	missing "no strace here"
fi

for name in /proc/core /proc/sys/kernel/core_pattern /sys/core; do
	refused "$name" "its file system stores no files" \
	    "a core at $name, also as root,"
done
mkfifo "$scratch/fifo"
ln -s "$core" "$scratch/link"
refused "$scratch/no/folder" "No such file or directory" \
    "a core in a folder that is not there"
refused "$scratch/" "it is a folder" "a core that is a folder"
refused "$scratch/fifo" "it is a FIFO, not a regular file" \
    "a core that is a FIFO"
refused "$scratch/link" "it is a symbolic link, not a regular file" \
    "a core that is a link"
refused /dev/null "it is a character device, not a regular file" \
    "a core that is a device"

cp "$guests/fault_null.elf" "$scratch/guest.elf"
try "$novillo" --core "$scratch/guest.elf"
[ -s "$scratch/guest.elf.core" ]
ok $? "without a name the core lies beside the guest"

# A guest may replace the file and the folders of a core in its volume.
cat >"$scratch/replace.S" <<'END'
	.macro call number, first, second
	mov $\number, %eax
	lea \first(%rip), %rdi
	.ifnb \second
	lea \second(%rip), %rsi
	.endif
	syscall
	.endm
	.globl _start
_start:
	cmpl $2, (%rsp)
	jl fifo
	call 82, sub, old	# rename
	call 88, away, sub	# symlink
	jmp fault
fifo:	mov $133, %eax		# mknod
	lea core(%rip), %rdi
	mov $0010600, %esi
	xor %edx, %edx
	syscall
	mov $2, %eax		# open, for reading too
	mov $2, %esi
	syscall
fault:	mov %eax, 0
core:	.asciz "/core"
sub:	.asciz "/sub"
old:	.asciz "/old"
away:	.asciz "../away"
END
if [ -z "${NOVILLO_HOST-}" ] && ${CC:-cc} -nostdlib -static \
    "$scratch/replace.S" -o "$scratch/replace" 2>"$scratch/cc"; then
	mkdir "$scratch/vol" "$scratch/vol/sub" "$scratch/away"
	try timeout 20 "$novillo" -a @base,@file -v "$scratch/vol:/" \
	    --core="$scratch/vol/core" "$scratch/replace"
	is "$status" 139 "a guest that makes a FIFO of its core's name ends"
	has "$err" "core not written: $scratch/vol/core: it is not a regular" \
	    "and novillo says so"
	try timeout 20 "$novillo" -a @base,@file -v "$scratch/vol:/" \
	    --core="$scratch/vol/sub/core" "$scratch/replace" link
	is "$status" 139 "a guest that replaces its core's folder ends"
	[ -s "$scratch/vol/old/core" ]
	ok $? "its core is in the folder that was there at the start"
	[ ! -e "$scratch/away/core" ]
	ok $? "and not where the guest's link leads"
else
	skip "no compiler for a guest that replaces its core"
fi

if ! command -v gdb >/dev/null 2>&1; then
	skip "gdb is not here to open the core"
	done_testing
fi

# A guest that ends in a hypercall by `syscall` is past it in its core.
cat >"$scratch/kill.S" <<'END'
	.globl _start
_start:
	mov $39, %eax		# getpid
	syscall
	mov %eax, %edi
	mov $6, %esi
	mov $62, %eax		# kill
	syscall
after:	hlt
END
if [ -z "${NOVILLO_HOST-}" ] && ${CC:-cc} -nostdlib -static \
    "$scratch/kill.S" -o "$scratch/kill" 2>"$scratch/cc"; then
	try timeout 240 "$novillo" --core="$scratch/kill.core" "$scratch/kill"
	is "$status" 134 "a guest may kill itself"
	answer=$(gdb_batch 240 -ex 'info symbol $rip' -ex 'print $cs' \
	    "$scratch/kill" "$scratch/kill.core" 2>&1)
	has "$answer" "after in section .text" \
	    "its core has the address after the hypercall"
	has "$answer" '$1 = 51' "and the user's segments"
else
	skip "no compiler for a guest that kills itself"
fi

# see COMMAND PATTERN NAME: gdb's answer to COMMAND contains PATTERN.
see()
{
	answer=$(gdb_batch 60 -ex "$1" \
	    "$guests/fault_text.elf" "$core" 2>&1)
	[ $? -lt 2 ] # 1: gdb itself complained
	ok $? "gdb survives \"$1\""
	has "$answer" "$2" "$3"
}

see "backtrace" "write_to_text () at " \
    "the backtrace starts where the fault was"
see "backtrace" "in main (" "and reaches main()"
see "info auxv" "AT_ENTRY" "the auxiliary vector is there"
see "info proc mappings" "/fault_text.elf" "the mapped file has its name"
see "info registers rip" "<write_to_text+" "the registers are right"
see "print \$_siginfo._sifields._sigfault.si_addr" "<write_to_text" \
    "the signal's address is that of the fault"
see "print \$mxcsr" "IM DM ZM OM UM PM" "the FPU's state is there"
see "print *(char *) 0 == 0 || 1" "Cannot access memory at address 0x0" \
    "memory that the guest lacked is not in the core"
case $answer in
*"core file may not match"* | *"Unexpected size"* | *arning*)
	ok 1 "gdb warns of nothing"
	printf '%s\n' "$answer" | sed 's/^/# /'
	;;
*) ok 0 "gdb warns of nothing" ;;
esac
done_testing
