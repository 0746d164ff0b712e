#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The ways in which KVM reports the stops that gdb requests, as --stats counts
# them.  On host B, the nearest to real hardware, they are as KVM documents.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

options=--stats

# came WAY: the number of stops of the last session that came by WAY.
came()
{
	sed -n "s/^stop  *$1  *\([0-9]*\)\$/\1/p" "$scratch/guest" |
	    grep . || echo 0
}

# only WAY...: all stops of the last session came by these ways, and each way
# occurred at least once.
only()
{
	for way_; do
		[ "$(came "$way_")" -gt 0 ]
		ok $? "$what: some by $way_"
	done
	set -- "$@" -e '^stop '
	others=$(grep '^stop ' "$scratch/guest")
	while [ "$1" != -e ]; do
		others=$(printf '%s\n' "$others" | grep -v "^stop  *$1 ")
		shift
	done
	is "$others" "" "$what: none by another way"
}

case ${NOVILLO_HOST-} in
B) break="DEBUG exception 3" step="DEBUG exception 1" register="DEBUG dr6" ;;
A | Ai) break="vector 3" step="DEBUG exception 1" register= ;;
*) break= step= register= ;;
esac

what="a breakpoint"
session "hello.elf" "break main" "continue" "continue"
has "$answer" "Breakpoint 1, main" "$what is hit"
has "$answer" "exited normally" "$what: the guest ends"
# gdb steps off a breakpoint before it continues.
[ -z "$break" ] || only "$break" "$step"
is "$(grep -c '^stop ' "$scratch/guest")" "$(grep -c \
    '^stop .*[0-9]$' "$scratch/guest")" "$what: all ways are counted"

what="steps"
session "hello.elf" "stepi" "stepi" "stepi" "stepi" "stepi" "continue"
has "$answer" "exited normally" "$what: the guest ends"
[ -z "$step" ] || only "$step"
[ -z "$step" ] || [ "$(came "$step")" -ge 5 ]
ok $? "$what: one stop for each at least"

what="a hardware breakpoint"
session "hello.elf" "hbreak main" "continue" "continue"
has "$answer" "Breakpoint 1, main" "$what is hit"
[ -z "$register" ] || only "$register" "$step"

what="watchpoints"
session "debug.elf" "watch global" "continue" "continue" "continue"
has "$answer" "New value = 7" "$what are hit"
has "$answer" "New value = 122" "$what are hit again"
[ -z "$register" ] || only "$register"
[ -z "$register" ] || is "$(came "$register")" 2 "$what: one stop for each"

what="all at once"
session "debug.elf" "hbreak main" "watch global" "break say_sum" \
    "continue" "stepi" "continue" "continue" "continue" "stepi" "continue"
has "$answer" "Breakpoint 1, main" "$what: the hardware breakpoint"
has "$answer" "New value = 122" "$what: the watchpoint"
has "$answer" "Breakpoint 3, say_sum" "$what: the breakpoint"
has "$answer" "exited normally" "$what: the end"
[ -z "$register" ] || only "$register" "$break" "$step"
done_testing
