#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Conditions and commands that are evaluated where the breakpoint is met, by the
# real gdb.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

# packets_of PART: how many packets with PART gdb has sent.
packets_of()
{
	printf '%s\n' "$answer" | grep -c "Sending packet: \$$1"
}

# A condition that is false costs no packet.
session "threads.elf 1 300" "break work if total == 250" \
    "set debug remote 1" "continue" "set debug remote 0" "info breakpoints" \
    "print total" "print me" "delete" "continue"
has "$answer" "(target evals)" "gdb leaves the condition to novillo"
has "$answer" "\$1 = 250" "which stops where it is true"
is "$(packets_of 'vCont;')" 1 "after one packet"
is "$(cat "$scratch/guest")" 300 "and no instruction is lost under it"

session "threads.elf 1 60" \
    'break work if (me < 0 || total * 2 - 1 > 80 && own[me] == total + 0)' \
    "continue" "print total" 'condition 1 $rip == 0' "continue"
has "$answer" "\$1 = 41" "a condition reads variables and registers"
has "$answer" "exited normally" "another replaces it"

session "threads.elf 1 60" "break work if *(int *)0 == 1" "continue" \
    "print total"
has "$answer" "\$1 = 0" "a condition that cannot read memory is a stop"

session "threads.elf 1 60" "hbreak work if total == 44" "continue" \
    "print total" "break work if total == 46" "continue" "print total"
has "$answer" "\$1 = 44" "a hardware breakpoint has a condition too"
has "$answer" "\$2 = 46" "beside one in software"

# Several threads meet it at once.
session "threads.elf 4 50" "break work if total >= 170" \
    "break *meet if round_over < 0" "continue" "print total >= 170" \
    "delete" "continue"
has "$answer" "\$1 = 1" "several threads meet a condition that is false"
has "$answer" "exited normally" "and go on"
is "$(cat "$scratch/guest")" 200 "with each instruction made once"

# A thread makes progress by `next` over a function, while others meet a
# breakpoint whose condition is false all the time.
session "threads.elf 3 300" "tbreak worker" "continue" "next" \
    "break meet if total < 0" "next" "next" "next" "next" "info breakpoints" \
    "delete" "continue"
has "$answer" "(target evals)" "others meet a condition that is false"
has "$answer" "exited normally" "while a thread makes steps over functions"
is "$(cat "$scratch/guest")" 900 "and all is counted"

# Conditions that the guest cannot test, for they need a segment.
#
# Each instruction under a condition that is false: branches of all kinds, and
# operands relative to rip, do as without.
sum=$($novillo "$guests/branches.elf")
session branches.elf "x/200i turn"
set --
for at in $(printf '%s\n' "$answer" | sed -n '/%al,(%rax)/q
    s/^ *\(0x[0-9a-f]*\) <[^>]*>:.*/\1/p'); do
	set -- "$@" "break *$at if \$cs == 0"
done
points_set=$#
[ "$points_set" -gt 90 ]
ok $? "a guest has $points_set instructions to go over"
session branches.elf "$@" continue "monitor stats"
has "$answer" "exited normally" "which are gone over"
is "$(cat "$scratch/guest")" "$sum" "and do the same as without a breakpoint"
# An emulated processor may go to an address that is not canonical, and fault
# there.
for fault in 1:stack 2:target 3:pointer; do
	at=${fault##*:}_at
	session "branches.elf ${fault%%:*}" "continue" "print (long)\$rip" "kill"
	where=$(printf '%s\n' "$answer" | sed -n 's/^\$1 = //p')
	session "branches.elf ${fault%%:*}" "break $at if \$cs == 0" "continue" \
	    'print $_siginfo.si_signo' "print (long)\$rip" "kill"
	has "$answer" "\$1 = 11" "a call by a bad ${fault##*:} faults"
	has "$answer" "\$2 = ${where:-?}" "and does so where it did without"
done

# The return address of a call under a false condition is written where a
# watchpoint sees it.
session branches.elf "tbreak *turn" "continue" 'set $slot = (long *)($rsp - 16)' \
    "break *first_call if \$cs == 0" 'watch *$slot' "continue" "x/i \$rip" \
    "kill"
has "$answer" "New value" "a call under a false condition is seen by a watchpoint"
has "$answer" "add    (%rsp),%rax" "after it was made"

# A guest under 300 conditions that are false runs so often and little more,
# whichever instruction they are at.
for at in 'first_call: a call' 'by_rip: an operand by rip' \
    'turn + 13: a jump'; do
	session branches.elf "break *(${at%%:*}) if \$cs == 0" "tbreak printf" \
	    "continue" "monitor stats" "kill"
	runs=$(printf '%s\n' "$answer" |
	    sed -n 's/^ioctl  *KVM_RUN  *\([0-9]*\)$/\1/p')
	[ "${runs:-0}" -ge 300 ] && [ "$runs" -lt 330 ]
	ok $? "${at##*: } under a false condition needs no second KVM_RUN ($runs)"
done

# The stub can be refused, too.
session "threads.elf 1 60" "set breakpoint condition-evaluation host" \
    "break work if total == 20" "continue" "print total"
has "$answer" "\$1 = 20" "gdb evaluates conditions itself if told to"

# dprintf in each style.  On a busy machine gdb loses such output in one of many
# sessions.
for session_ in 1 2 3; do
	session "threads.elf 1 4" "set dprintf-style agent" \
	    'dprintf work,"at %d: %#lx|%c|%5u|%-3x|\n", total, me, 65, 7, 10' \
	    "info breakpoints" "set debug remote 1" "continue"
	case $answer in
	*"at 3: "*) break ;;
	esac
done
has "$answer" "agent-printf" "dprintf in the style agent"
is "$(packets_of 'vCont;')" 1 "needs no stop"
has "$answer" "at 3: 0|A|    7|a  |" "and prints numbers"
has "$answer" "exited normally" "until the end"

session "debug.elf" "set dprintf-style agent" \
    'dprintf *main,"%d: %s\n", $edi, *(char **)$rsi' \
    'dprintf *(main + 0),"at %#lx: %s\n", $rip, *(char **)$rsi' "continue"
has "$answer" "debug.elf" "an agent prints strings of the guest"

session "threads.elf 1 60" "set dprintf-style agent" \
    'dprintf work,"[%d]\n", total' "condition 1 total % 10 == 7" "continue"
is "$(printf '%s\n' "$answer" | grep '^\[[0-9]*\]$' | sort -u | tr '\n' ' ')" \
    "[17] [27] [37] [47] [57] [7] " "a dprintf has a condition"
is "$(cat "$scratch/guest")" 60 "and changes nothing"

session "threads.elf 1 3" 'dprintf work,"by gdb %d\n", total' "continue"
has "$answer" "by gdb 2" "the style gdb works as before"

# Pages that wait for their first use: the second watched page is used by the
# watched instruction itself, the first with others before it.
options=--memory=16M
session fault_memory.elf "tbreak use_all" continue "print memory[40960]" \
    "set var memory[200000] = 7" "watch -l memory[40960]" \
    "watch -l memory[65536]" \
    continue "print memory[40960] + 2 * memory[45056]" \
    continue "print memory[65536] + 2 * memory[69632]" \
    "print (int)memory[200000]" delete continue
options=
has "$answer" "\$1 = 0 " "gdb reads a page that was never used"
has "$answer" "\$2 = 1" "a watchpoint sees its first write"
has "$answer" "\$3 = 1" "and one that is the first use of its page"
has "$answer" "\$4 = 7" "what gdb wrote to one is there"
has "$answer" "Program received signal SIGBUS" "until there is no more memory"
done_testing
