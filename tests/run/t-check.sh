#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# --check reports on a program before it runs, and messages name the calls that
# novillo does not support.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"
make_scratch

# A program that opens a file, makes a call that novillo does not know, forks
# and executes.
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

# line NAME: the rest of the line of $out that begins with NAME.
line()
{
	printf '%s\n' "$out" | sed -n "s/^ *$1  *//p"
}

try "$novillo" --check "$scratch/needs"
is "$status" 0 "--check of a program that would run"
is "$(line 'it may call')" "exit_group" "names what its code calls"
is "$(line forbidden)" "openat" "the forbidden ones"
is "$(line cure)" "--allow=@file" "the option that allows them"
is "$(line unknown)" "set_mempolicy_home_node" "the unknown ones"
is "$(line unsupported)" "fork execve wait4" "and the unsupported ones"
has "$out" "1 of 8 call sites does not show its number" \
    "it says how little it knows"
has "$out" "it would run here" "and that it would run"

try "$novillo" --check --root="$scratch:ro" "$scratch/needs"
has "$out" "allowed       @base, and @file by a volume" \
    "a volume allows the calls on files"
is "$(line cure)" "" "which are a cure also"
try "$novillo" --check --allow=@all "$scratch/needs"
is "$(line 'it may call')" "exit_group openat" \
    "an allowed call is not forbidden"
is "$(line forbidden)$(line cure)" "" "and needs no cure"

try timeout 60 "$novillo" --trace "$scratch/needs"
is "$status" 38 "execve is ENOSYS"
is "$(printf '%s\n' "$err" | grep "^novillo:")" \
    "novillo: openat is not allowed: --volume would give it folders, and allow it
novillo: $scratch/needs: fork is not supported: a guest is one process, and no option allows another
novillo: $scratch/needs: execve is not supported: a guest is one program, and no option allows another" \
    "each refusal is reported once, and by its name"
has "$err" "fork(" "a trace has the names of calls that are not served"
has "$err" "set_mempolicy_home_node(" "also of unknown calls"
has "$err" "wait4(" "and wait4"
has "$err" "= -1 ECHILD" "which finds no children"

# The program cannot use the stack's share of memory: --check and the run agree
# on the largest program.
cat >"$scratch/large.S" <<'END'
	.globl _start
_start:
	mov $231, %eax
	xor %edi, %edi
	syscall
	.comm large, 1019 << 20
END
${CC:-cc} -static -nostdlib -no-pie -Wl,--build-id=none "$scratch/large.S" \
    -o "$scratch/large" || exit 99
try "$novillo" --check --memory=1G "$scratch/large"
is "$status" 126 "--check of a program that leaves no room for its stack"
is "$(printf '%s\n' "$out" | grep "would run")" "" \
    "does not say that it would run"
check=$err
try timeout 60 "$novillo" --memory=1G "$scratch/large"
is "$status" 126 "the run fails"
is "$err" "$check" "with the same message"
try "$novillo" --check --memory=1028M "$scratch/large"
is "$status" 0 "with room for both"
has "$out" "it would run here" "it would run"
try timeout 60 "$novillo" --memory=1028M "$scratch/large"
is "$status" 0 "and it does"

# A program that becomes shorter while --check reads it: after the second of
# novillo's reads, which is that of the program headers.
if strace -qq -o /dev/null true 2>/dev/null; then
	cp "$scratch/needs" "$scratch/cut"
	: >"$scratch/reads"
	(
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			sleep 1
			grep -q pread64 "$scratch/reads" && break
		done
		: >"$scratch/cut"
	) &
	try timeout 60 strace -qq -o "$scratch/reads" -P "$scratch/cut" \
	    -e inject=pread64:delay_exit=4000000:when=2 \
	    "$novillo" --check "$scratch/cut"
	wait
	is "$status" 0 "--check of a file that is emptied meanwhile"
	is "$(line 'it may call')" "" "and shows what could be read"
else
	missing "no strace here"
fi

# A dynamic program shows by its names what its libraries will call.
cat >"$scratch/names.c" <<'END'
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>

int
main(int argc, char **argv)
{
	struct addrinfo *list;

	return argc > 1 ? getaddrinfo(argv[1], NULL, NULL, &list) +
		    listen(0, 1) + system("x")
			: 0;
}
END
if ${CC:-cc} "$scratch/names.c" -o "$scratch/names" 2>"$scratch/cc"; then
	try "$novillo" --check --root=/:ro "$scratch/names"
	is "$status" 0 "--check of a dynamic program"
	is "$(line cure)" "--allow=@net" "names what its functions call"
	has "$(line unsupported)" "execve" "also what no guest can"
	try "$novillo" --check --root=/:ro --allow=@net "$scratch/names"
	is "$(line cure)" "" "and with that allowed asks for no more"
	printf 'int main(void) { int JLI_Launch(void); return JLI_Launch(); }' \
	    >"$scratch/engine.c"
	printf 'int JLI_Launch(void) { return 0; }' >"$scratch/jli.c"
	${CC:-cc} -shared -fPIC "$scratch/jli.c" -o "$scratch/libjli.so" &&
	    ${CC:-cc} "$scratch/engine.c" "$scratch/libjli.so" \
		-o "$scratch/engine" || exit 99
	try "$novillo" --check --root=/:ro "$scratch/engine"
	is "$(line 'makes code')" "a Java virtual machine" \
	    "it knows what makes code"
	is "$(line cure)" "--allow=@net,@jit" "and what that needs"
else
	missing "no dynamic programs here"
fi
if go version >/dev/null 2>&1; then
	cat >"$scratch/dial.go" <<'END'
package main

import (
	"net"
	"os"
)

func main() {
	if len(os.Args) > 1 {
		net.Dial("tcp", os.Args[1])
		net.Listen("tcp", os.Args[1])
	}
}
END
	GOCACHE=$(cd "$scratch" && pwd)/cache CGO_ENABLED=0 \
	    go build -o "$scratch/dial" "$scratch/dial.go" || exit 99
	try "$novillo" --check "$scratch/dial"
	has "$(line cure)" "@net" "a program of Go shows it also"
else
	missing "no go here"
fi

for library in /bin/busybox /bin/bash-static; do
	if [ ! -x "$library" ]; then
		missing "no $library here"
		continue
	fi
	try "$novillo" --check "$library"
	is "$status" 0 "--check of $library"
	has "$(line unsupported)" "execve" "sees that it would execute others"
	has "$(line cure)" "@file" "and that it wants files"
	is "$(printf '%s\n' "$out" | awk 'length > 80')" "" \
	    "in lines that fit a terminal"
done
done_testing
