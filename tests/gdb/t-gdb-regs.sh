#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Every register, in both directions: gdb writes a different value to each
# register and the guest saves it; the guest fills each and gdb reads it.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
need_tool gdb
make_scratch
export DEBUGINFOD_URLS=''

general="rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15"
script=$scratch/script
wanted=0

gdb_line()
{
	printf '%s\n' "$*" >>"$script"
}

# same GROUP EXPRESSION: gdb must find EXPRESSION true; finish() reports GROUP.
same()
{
	gdb_line "printf \"$1: %d $2\\n\", ($2)"
	wanted=$((wanted + 1))
}

begin()
{
	: >"$script"
	wanted=0
	gdb_line "target remote | $novillo --gdb=stdio $guests/registers.elf 2>/dev/null"
	gdb_line "break ready"
	gdb_line "break stored"
	gdb_line "break loaded"
	gdb_line "continue"
}

# finish GROUP...: run the script; no expression of a GROUP was false.
finish()
{
	answer=$(gdb_batch 120 -x "$script" 2>&1)
	ended=$?
	ok "$ended" "gdb ends by itself, $direction"
	[ "$ended" -eq 0 ] ||
		printf '%s\n' "$answer" | tail -n 3 | sed 's/^/# /'
	for group; do
		is "$(printf '%s\n' "$answer" | grep "^$group: 0 ")" "" \
		    "$group, $direction"
	done
	is "$(printf '%s\n' "$answer" | grep -c ': 1 ')" "$wanted" \
	    "all $wanted registers and parts of them were looked at"
}

# The guest reports which registers the machine has.
begin
gdb_line 'printf "width %d, pointers %d\n", width, keeps_pointers'
gdb_line 'printf "masks %d\n", $_isvoid($k0) == 0'
answer=$(gdb_batch 60 -x "$script" 2>&1)
width=$(printf '%s\n' "$answer" | sed -n 's/^width \([0-9]*\),.*/\1/p')
pointers=$(printf '%s\n' "$answer" | sed -n 's/.* pointers \([01]\)$/\1/p')
has "16 32 64" "${width:-none}" "vectors have $width bytes here"
masks=$(printf '%s\n' "$answer" | sed -n 's/^masks //p')
[ "$width" -lt 64 ] || is "$masks" 1 "gdb has AVX-512, as the guest has"

case $width in
16) vector=xmm words=2 last=15 ;;
32) vector=ymm words=4 last=15 ;;
*) vector=zmm words=8 last=31 ;;
esac
vectors=$(seq 0 "$last")
lanes=$(seq 0 $((words - 1)))

# word VECTOR LANE: a value unique to this lane.
word()
{
	printf '0x%02x%02x5566778899%02x' $(($1 + 1)) $(($2 + 1)) $(($1 * 8 + $2))
}

# From gdb to the guest.
begin
n=0
for name in $general; do
	gdb_line "set var \$$name = 0x7100000000000000 + $n * 0x0001000100010001"
	n=$((n + 1))
done
gdb_line 'set var $eflags = 0xcd7'
gdb_line 'set var $fs_base = 0x00001234567890a0'
gdb_line 'set var $gs_base = 0x000056789abcdef0'
gdb_line 'set var $fctrl = 0x27f'
gdb_line 'set var $mxcsr = 0xbf95'
for n in 0 1 2 3 4 5 6 7; do
	gdb_line "set var \$st$n = $n.75"
done
gdb_line 'set var $ftag = 0'
gdb_line 'set var $fop = 0x123'
gdb_line 'set var $fioff = 0x11223344'
gdb_line 'set var $fooff = 0x55667788'
for v in $vectors; do
	for l in $lanes; do
		gdb_line "set var \$$vector$v.v${words}_int64[$l] = $(word "$v" "$l")"
	done
done
if [ "$width" = 64 ]; then
	for n in 0 1 2 3 4 5 6 7; do
		gdb_line "set var \$k$n = 0x1122334455660000 + $n"
	done
fi
# The machine ignores writes to selectors.
for name in cs ss ds es fs gs; do
	gdb_line "set var \$$name = 0x13"
done
gdb_line 'set var $rip = store_all'
gdb_line 'maintenance flush register-cache'
same segments '$cs == 0x33'
same segments '$ss == 0x2b'
same rip '$rip == (long)store_all'
gdb_line 'continue'
n=0
for name in $general; do
	same general "saved_gpr[$n] == 0x7100000000000000 + $n * 0x0001000100010001"
	n=$((n + 1))
done
same flags '(saved_flags & 0xcd5) == 0xcd5'
same segments 'saved_selector[0] == 0x33'
for n in 0 1 2 3 4 5; do
	same segments "saved_selector[$n] == first_selector[$n]"
done
same bases 'saved_base[0] == 0x00001234567890a0'
same bases 'saved_base[1] == 0x000056789abcdef0'
same x87 '*(unsigned short *)saved_fx == 0x27f'
same x87 'saved_fx[4] == 0xff'
for n in 0 1 2 3 4 5 6 7; do
	same x87 "*(long double *)(saved_fx + 32 + 16 * $n) == $n.75"
done
if [ "$pointers" = 1 ]; then
	same x87 '(*(unsigned short *)(saved_fx + 6) & 0x7ff) == 0x123'
	same x87 '*(unsigned *)(saved_fx + 8) == 0x11223344'
	same x87 '*(unsigned *)(saved_fx + 16) == 0x55667788'
fi
same mxcsr '*(unsigned *)(saved_fx + 24) == 0xbf95'
for v in $vectors; do
	for l in $lanes; do
		if [ "$width" = 16 ]; then
			at="*(unsigned long *)(saved_fx + 160 + 16 * $v + 8 * $l)"
		else
			at="((unsigned long *)saved_vector[$v])[$l]"
		fi
		same vectors "$at == $(word "$v" "$l")"
	done
done
if [ "$width" = 64 ]; then
	for n in 0 1 2 3 4 5 6 7; do
		same masks "saved_mask[$n] == 0x1122334455660000 + $n"
	done
fi
direction="from gdb to the guest"
finish general rip flags segments bases x87 mxcsr vectors masks

# From the guest to gdb.
begin
gdb_line 'continue'
gdb_line 'continue'
n=0
for name in $general; do
	same general "(unsigned long)\$$name == pattern_gpr[$n]"
	n=$((n + 1))
done
same rip '$rip == (long)&loaded'
same flags '(unsigned)$eflags == 0xad7'
same segments '$cs == 0x33'
for name in ss ds es fs gs; do
	same segments "\$$name == 0x2b"
done
same bases '$fs_base == pattern_base[0]'
same bases '$gs_base == pattern_base[1]'
same x87 '$fctrl == 0x27f'
same x87 '$fstat == 0'
same x87 '$ftag == 0'
for n in 0 1 2 3 4 5 6 7; do
	same x87 "\$st$n == *(long double *)(pattern_fx + 32 + 16 * $n)"
done
if [ "$pointers" = 1 ]; then
	same x87 '$fop == 0x123'
	same x87 '$fioff == 0x11223344'
	same x87 '$fooff == 0x55667788'
fi
same mxcsr '(unsigned)$mxcsr == 0xbf95'
for v in $vectors; do
	for l in $lanes; do
		same vectors "(unsigned long)\$$vector$v.v${words}_int64[$l] == ((unsigned long *)pattern_vector[$v])[$l]"
	done
done
if [ "$width" = 64 ]; then
	for n in 0 1 2 3 4 5 6 7; do
		same masks "(unsigned long)\$k$n == pattern_mask[$n]"
	done
fi
direction="from the guest to gdb"
finish general rip flags segments bases x87 mxcsr vectors masks
done_testing
