#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Conditions that the guest tests itself, by the real gdb: a hit whose condition
# is false does not exit, and neither gdb nor the guest notices.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

# runs: entries into the guest, of $answer's `monitor stats`.
runs()
{
	printf '%s\n' "$answer" |
	    sed -n 's/^ioctl  *KVM_RUN  *\([0-9]*\)$/\1/p'
}

# Instructions of all lengths; memory, registers and flags in conditions.
sum=$($novillo "$guests/tested.elf" 1 100000)
for place in 'one:$rax == -1' 'two:$rsp == 1' 'three:number == 8' \
    'four:*somewhere == 8' 'seven:$rcx == -1' 'flags:$rdx > 1 << 40' \
    'in_between:$r8 < 0 || $r10 / 3 == -1' 'by_rip:(char)$rcx == number * 999' \
    'branch:$rip == 1'; do
	at=${place%%:*}
	session "tested.elf 1 100000" "break *$at if ${place#*:}" \
	    "tbreak printf" "continue" "info os conditions" "monitor stats" \
	    "delete" "continue"
	has "$answer" "guest" "$at: the guest tests ${place#*:}"
	[ "$(runs)" -gt 0 ] && [ "$(runs)" -lt 100000 ]
	ok $? "and leaves for less than each hit"
	is "$(cat "$scratch/guest")" "$sum" "with registers, flags and red zone right"
done

# Where nothing jumps into their middle, none exits.
session "tested.elf 1 100000" 'break *four if $rcx == -1' 'break *branch if $rax == 1' \
    'break *seven if number == 1' "tbreak printf" "continue" "monitor stats" "kill"
[ "$(runs)" -gt 0 ] && [ "$(runs)" -lt 200 ]
ok $? "300,000 false hits do not exit ($(runs) KVM_RUN)"

# One that is true is a stop, in its round, with the registers that it has.
session "tested.elf 1 100000" 'break *flags if $rcx == 77777' "continue" \
    'print $rcx' 'print $r9d' 'print ($eflags & 0x8d5) == 0x894' \
    'x/2i $pc' 'ignore 1 2' 'condition 1 $rcx > 88887' "continue" 'print $rcx' \
    "delete" "continue"
has "$answer" "\$1 = 77777" "a condition that is true stops"
has "$answer" "\$2 = -2147483648" "with the registers"
has "$answer" "\$3 = 1" "and flags of the guest"
has "$answer" "=> 0x" "and its code"
has "$answer" "\$4 = 88890" "gdb ignores the next two"
is "$(cat "$scratch/guest")" "$sum" "and the guest is none the worse"

# Several at one address, and commands.
session "tested.elf 1 1000" 'break *four if $rcx == 5' 'break *four if $rcx == 3' \
    'dprintf *branch if $rcx == 10, "ten %d\n", $ecx' \
    "set dprintf-style agent" "continue" 'print $rcx' "continue" \
    'print $rcx' "continue"
has "$answer" "\$1 = 3" "any of two conditions at one address stops"
has "$answer" "\$2 = 5" "and so does the other"

# A fault in a condition is a stop at the instruction.
session "tested.elf 1 1000" 'break *flags if *missing == 3' "continue" \
    'x/i $pc' "info registers rip" "kill"
has "$answer" "Breakpoint 1, " "a pointer that leads nowhere is a stop"
has "$answer" "mov    %rcx,%r10" "at the instruction"
session "tested.elf 1 1000" 'break *four if $rcx / ($rcx - 7) == -9' "continue" \
    'print $rcx' "kill"
has "$answer" "\$1 = 7" "and so is a division by zero"

# Steps onto the instruction, through it and off.
session "tested.elf 1 1000" 'break *three if $rcx == 9' 'break *flags if $rcx == 500' \
    "continue" "stepi" 'x/i $pc' "stepi" 'x/i $pc' "stepi" "stepi" "stepi" \
    "stepi" 'x/i $pc' "stepi" "stepi" "stepi" "stepi" 'x/i $pc' "continue" \
    'print $rcx' "delete" "continue"
has "$answer" "add    \$0x1,%r8" "a step leads off it"
has "$answer" "\$1 = 500" "and a condition holds after steps"
lacks "$answer" "0xfffff" "and no address is outside the guest"

# The code reads as it is, while others run it.
session "tested.elf 1 100" "x/24bx &three" 'break *four if $rcx == -1' \
    'break *flags if $rcx == 50' "continue" "x/24bx &three" "kill"
printf '%s\n' "$answer" | grep '^0x[0-9a-f]* <.*:' | sort | uniq -c |
    grep -vq ' 2 '
ok $((!$?)) "code reads as without"
session "tested.elf 1 1000" 'break *four if *(unsigned char *)four != 0x49' \
    "tbreak printf" "continue" "kill"
lacks "$answer" "Breakpoint 1, " "also in a condition"

# Threads, with signals on the way.
threads=$($novillo "$guests/tested.elf" 3 200000)
session "tested.elf 3 200000 500" "handle SIGALRM nostop noprint" \
    'break *four if $rcx == -1' 'break *flags if $rdx == -5' \
    'break *by_rip if *somewhere == 8' "continue"
has "$answer" "exited normally" "threads with signals run under conditions"
is "$(cat "$scratch/guest")" "$threads" "and nothing of theirs is lost"

# A watchpoint would see the accesses: then novillo tests.
session "tested.elf 1 300" 'watch number if number == 9' \
    'break *four if $rcx == 200' "continue" 'print $rcx' \
    "info os conditions" "kill"
has "$answer" "\$1 = 200" "a condition beside a watchpoint holds"
has "$answer" "novillo" "and novillo tests it"

# Tracepoints count the hits whose condition is true.
session "tested.elf 1 100000" 'trace *four if $rcx == 7 || $rcx == 70000' \
    'set default-collect $rcx' "tbreak printf" "tstart" "continue" "tstop" \
    "info os conditions" "monitor stats" "tstatus" "tfind 1" 'print $rcx' \
    "kill"
has "$answer" "guest" "the guest tests a tracepoint"
[ "$(runs)" -gt 0 ] && [ "$(runs)" -lt 300 ]
ok $? "and leaves for the true ones alone ($(runs) KVM_RUN)"
has "$answer" "\$1 = 70000" "of which each is collected"
has "$answer" "Collected 2 trace frames" "and counted"

# Every instruction of a function that branches in all ways.
sum=$($novillo "$guests/branches.elf")
session branches.elf "x/200i turn"
printf '%s\n' "$answer" | sed -n '/%al,(%rax)/q
    s/^ *\(0x[0-9a-f]*\) <[^>]*>:.*/\1/p' >"$scratch/places"
for first in 1 2 3 4 5; do
	set --
	for at in $(sed -n "$first~5p" "$scratch/places"); do
		set -- "$@" "break *$at if \$rip == 0"
	done
	session branches.elf "$@" continue
	is "$(cat "$scratch/guest")" "$sum" \
	    "branches do the same under $# conditions, from $first on"
done

# Stops at any time are in the program.
set -- "handle SIGALRM nostop noprint" 'break *four if $rcx == -1' \
    'break *flags if $rdx == -5' 'break *by_rip if *somewhere == 8' \
    'break *branch if $r8 < 0'
stops=8
here && stops=25
i=0
while [ $i -lt $stops ]; do
	set -- "$@" "shell (sleep 0.$((i % 5 + 2)); kill -INT \$PPID) >/dev/null 2>&1 &" \
	    "continue" 'print $pc' 'print workers[0].wrong'
	i=$((i + 1))
done
session "tested.elf 2 4000000000000 20000" "$@" "kill"
places=$(printf '%s\n' "$answer" | grep -c '^\$[0-9]* = (void (\*)()) 0x40')
[ "$places" -eq $stops ]
ok $? "a guest stops at any time at its own code ($places)"
lacks "$answer" "(void (*)()) 0xf" "and never elsewhere"

done_testing
