#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Agent expressions that gdb compiles: our interpreter returns the values that
# gdb computes itself.  The machine is made up; no KVM is needed.

. "${top_srcdir:-.}/tests/lib.sh"

need_tool gdb
need_tool timeout
stub=$top_builddir/tests/gdb/fakestub
agent=$top_builddir/tests/unit/t-agent
[ -x "$stub" ] && [ -x "$agent" ] || skip_all "no fakestub was built"
make_scratch

cat >"$scratch/expressions" <<'END'
$rax
$rax + 3 * $rbx == 12 && $rcx != 4
$rax < $rbx || $rcx > 1000
$rax > $rbx || $rcx > 1000
-$rax / 7
(unsigned long)-$rax / 7
-$rax % 7
(unsigned long)-$rax % 7
(unsigned char)($rdx * 77)
(signed char)($rdx * 77)
(short)($rdx << 9)
((unsigned short)$rdx) << 3
-($rax) >> 2
(unsigned long)-$rax >> 2
~$rsi & 0xff0 | 5 ^ 3
!$rsi
!(($rsi & 1) == 7)
*(char *)0x402000
*(unsigned char *)0x402001
*(short *)0x402002
*(unsigned short *)0x402002
*(int *)0x402004
*(unsigned int *)0x402004
*(long *)0x402008
*(char *)0x402000 > -5 ? 1 : 2
((char *)0x402000)[$rax - 99]
*(int *)0x402004 - *(short *)0x402006 * 3
($rax ? $rbx : $rcx) + ($rax == 0 ? 5 : 6)
$rax == 100 && *(unsigned char *)0x402003 == 0xf3
$rip != $rsp
END

# commands WHAT: a gdb command for each expression.
commands()
{
	sed "s/^/$1 /" "$scratch/expressions"
}

{
	registers="rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15
	    rip"
	number=100
	for name in $registers; do
		printf 'set var $%s = %d\n' "$name" "$number"
		number=$((number + 1))
	done
	echo 'set var *(unsigned long *)0x402000 = 0xf7f6f5f4f3f2f1f0'
	echo 'set var *(unsigned long *)0x402008 = 0xfffefdfcfbfaf9f8'
	commands 'output (long)(' | sed 's/$/)/;a\
echo \\n'
} >"$scratch/values.gdb"
commands 'maint agent-eval' >"$scratch/listings.gdb"

# run SCRIPT...: the output of the scripts, in one session.
run()
{
	timeout 60 gdb -nx -nh -batch -ex 'set confirm off' \
	    -ex 'set debuginfod enabled off' -ex "target remote | $stub" \
	    "$@" 2>"$scratch/err"
}

run -x "$scratch/values.gdb" | grep -E '^-?[0-9]+$' |
    sed 's/^/no error /' >"$scratch/wanted"
run -x "$scratch/listings.gdb" | "$agent" listings >"$scratch/got"
total=$(wc -l <"$scratch/expressions")
is "$(wc -l <"$scratch/wanted")" "$total" "gdb has computed each expression"
is "$(wc -l <"$scratch/got")" "$total" "and compiled it"
line=0
while read -r expression; do
	line=$((line + 1))
	is "$(sed -n "${line}p" "$scratch/got")" \
	    "$(sed -n "${line}p" "$scratch/wanted")" "$expression"
done <"$scratch/expressions"
done_testing
