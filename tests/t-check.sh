#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What --check says of a program before it runs, and what is said when it asks
# for what no guest can have.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"
make_scratch

# It opens a file, asks for a call that nobody has, forks and executes.
cat >"$scratch/needs.S" <<'END'
	.globl _start
_start:
	lea name(%rip), %rsi
	mov $-100, %edi
	mov $257, %eax
	syscall
	mov $450, %eax
	syscall
	mov $57, %eax
	syscall
	mov $57, %eax
	syscall
	mov $59, %eax
	xor %edi, %edi
	syscall
	mov %eax, %ebx
	push $61
	pop %rax
	syscall
	lea 61-10(%ebx), %eax
	syscall
	mov $231, %eax
	mov %ebx, %edi
	neg %edi
	syscall
name:	.asciz "/a/file"
END
${CC:-cc} -static -nostdlib -Wl,--build-id=none "$scratch/needs.S" \
    -o "$scratch/needs" || exit 99

# line NAME: what stands behind it.
line()
{
	printf '%s\n' "$out" | sed -n "s/^ *$1  *//p"
}

try "$novillo" --check "$scratch/needs"
is "$status" 0 "--check of a program that would run"
is "$(line 'it may call')" "exit_group" "names what its code calls"
is "$(line forbidden)" "openat" "what is forbidden"
is "$(line cure)" "--allow=@file" "by which option it would not be"
is "$(line unknown)" "set_mempolicy_home_node" "what nobody serves"
is "$(line 'not here')" "fork execve wait4" "and what no guest can have"
has "$out" "1 of 8 places do not show what they call" \
    "it says how little it knows"
has "$out" "it would run here" "and that it would run"

try "$novillo" --check --allow=@all "$scratch/needs"
is "$(line 'it may call')" "exit_group openat" \
    "what is allowed is not forbidden"
is "$(line forbidden)$(line cure)" "" "and needs no cure"

try timeout 60 "$novillo" --trace "$scratch/needs"
is "$status" 38 "execve is ENOSYS"
is "$(printf '%s\n' "$err" | grep "^novillo:")" \
    "novillo: openat is not allowed: --allow=openat would allow it
novillo: $scratch/needs: it asks for fork, which is not to be had: a guest is one process
novillo: $scratch/needs: it asks for execve, which is not to be had: a guest is one program" \
    "each refusal is told once, and by its name"
has "$err" "fork(" "a trace has the names of calls that are not served"
has "$err" "set_mempolicy_home_node(" "also of those that nobody has"
has "$err" "wait4(" "and wait4"
has "$err" "= -1 ECHILD" "which finds no children"

for library in /bin/busybox /bin/bash-static; do
	if [ ! -x "$library" ]; then
		missing "no $library here"
		continue
	fi
	try "$novillo" --check "$library"
	is "$status" 0 "--check of $library"
	has "$(line 'not here')" "execve" "sees that it would execute others"
	has "$(line cure)" "@file" "and that it wants files"
	is "$(printf '%s\n' "$out" | awk 'length > 80')" "" \
	    "in lines that fit a terminal"
done
done_testing
