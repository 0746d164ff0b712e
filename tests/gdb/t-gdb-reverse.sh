#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# gdb in a replay: forward as with a guest, and back, by instructions, lines,
# functions, to breakpoints and watchpoints, as far as both ends.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

# The recording is made and read where novillo runs.
log=/tmp/novillo-reverse-$$

# record_with STATUS GUEST [ARG]...
record_with()
{
	status_=0
	wanted_=$1
	shift
	"$novillo" "--record=$log" "$@" >"$scratch/recorded" 2>&1 </dev/null ||
	    status_=$?
	is $status_ "$wanted_" "${1##*/} is recorded"
}

# replay COMMAND...: a session with the recording.
replay()
{
	on_line "| $novillo --gdb=stdio --replay=$log 2>$scratch/guest" "$@"
}

record_with 0 "$guests/debug.elf"

# Forward.
replay "break sum_to" "continue" "backtrace" "finish" "continue" "continue"
has "$answer" "Breakpoint 1, sum_to (n=10)" "a breakpoint is hit in a replay"
has "$answer" "Value returned is \$1 = 55" "finish finds the recorded value"
has "$answer" "No more reverse-execution history" \
    "the guest stops before its end"
lacks "$answer" "exited" "and does not pass it"

# Single instructions, forward and back: the same places with the same registers
# in the reverse order.  There are calls, a loop and hypercalls among them.
{
	for way in to back; do
		printf 'define %s\n' $way
		printf 'printf "%s %%d: ' $way
		printf '%%lx %%lx %%lx %%lx %%lx %%lx %%x\\n", $i, '
		printf '(long)$rip, (long)$rsp, $rax, $rcx, $rdx, $r11, '
		printf '(int)$eflags\nend\n'
	done
	cat <<'END'
set $i = 0
while $i < $count
to
stepi
set $i = $i + 1
end
while $i > 0
reverse-stepi
set $i = $i - 1
back
end
END
} >"$scratch/walk"
# walk COUNT NAME COMMAND...: so many instructions, from where the commands lead, and back.
walk()
{
	count=$1
	name=$2
	shift 2
	replay "$@" "delete" "set \$count = $count" "source $scratch/walk"
	printf '%s\n' "$answer" | sed -n 's/^to //p' | sort -n >"$scratch/to"
	printf '%s\n' "$answer" | sed -n 's/^back //p' | sort -n \
	    >"$scratch/back"
	cmp -s "$scratch/to" "$scratch/back" &&
	    [ "$(wc -l <"$scratch/to")" -eq "$count" ]
	ok $? "$name: $count instructions back are those of the way there"
	diff "$scratch/to" "$scratch/back" | sed 's/^/# /' | head -n 8
}
walk 60 "a loop" "break sum_to" "continue"

# By lines and functions.
replay "break twice" "continue" "reverse-finish" "reverse-step" "reverse-step" \
    "reverse-finish" "reverse-next"
has "$answer" "say_sum () at" "reverse-finish leads to the call"
has "$answer" "sum_to (n=10) at" "reverse-step goes into a call from its end"

# To breakpoints, and to the ends.
replay "break sum_to" "break twice" "continue" "continue" \
    "reverse-continue" "info registers rip" "reverse-continue" \
    "print \$pc == (long)&_start" "reverse-stepi" "continue" "continue" \
    "continue" "reverse-continue" "reverse-continue"
has "$answer" "\$1 = 1" "without another breakpoint it goes to the beginning"
is "$(printf '%s\n' "$answer" | grep -c '^Breakpoint 1, sum_to')" 4 \
    "a breakpoint is hit in both directions"
is "$(printf '%s\n' "$answer" | grep -c '^Breakpoint 2, twice')" 3 \
    "and another, also from the end"
is "$(printf '%s\n' "$answer" | grep -c '^No more reverse')" 3 \
    "gdb knows both ends"

# A condition decides in both directions.
back=$(grep -n 'while (i <= n);' "$top_srcdir/guest/checks/debug.c" | cut -d : -f 1)
replay "break debug.c:$back if i == 4" "continue" "print sum" "continue" \
    "reverse-continue" "print sum" "print i"
is "$(printf '%s\n' "$answer" | grep -c '= 6$')" 2 \
    "a condition counts on the way back"
has "$answer" '$3 = 4' "at the same place"

# The last writes of a variable.
replay "watch global" "continue" "continue" "continue" "reverse-continue" \
    "reverse-continue" "reverse-continue"
has "$answer" "Old value = 122
New value = 7" "a watchpoint stops before the last write"
has "$answer" "Old value = 7
New value = 0" "and before the one before it"

# The output comes once, and the guest goes on when gdb leaves.
replay "break twice" "continue" "reverse-continue" "continue" "continue" \
    "reverse-continue" "detach"
is "$(grep -c '^sum 55, twice 110, global 122' "$scratch/guest")" 1 \
    "the output is written once"
is "$(grep -c '^novillo:' "$scratch/guest")" 0 \
    "and the guest ends as it did when it was recorded"

# Nothing can be changed.
replay "break twice" "continue" "print \$rax = 5" "print global = 4" \
    "print global" "print twice(3)" "reverse-stepi"
has "$answer" "Could not write register" "registers cannot be changed"
has "$answer" "Cannot access memory" "nor can memory"
has "$(cat "$scratch/guest")" "a replay cannot be changed" \
    "novillo says why"

# The history ends before the last call, and a way back begins there.
record_with 4 "$guests/caught.elf" calls
replay "catch syscall getppid exit_group" "continue" "continue" "continue" \
    "reverse-continue" "reverse-continue" "continue" "continue" "detach"
is "$(printf '%s\n' "$answer" |
    sed -n 's/.*(\(.*\) syscall.*/\1/p; s/^No more.*/end/p' |
    tr '\n' ';')" \
    "call to;returned from;end;returned from;call to;returned from;end;" \
    "caught calls: the way back from the last one stops at those before"

# Signals that a guest sends itself, and handles.
record_with 5 "$guests/signals.elf" raise
replay "handle SIGUSR1 nostop noprint" "break handler" "continue" "continue" \
    "print last" "reverse-finish" "reverse-stepi" "stepi" \
    "reverse-continue" "detach"
has "$answer" '$1 = 0' "signals: a handler is met"
is "$(printf '%s\n' "$answer" | grep -c '^Breakpoint 1.*, handler')" 3 \
    "signals: a way back leads over a handler"
is "$(grep -c '^novillo:' "$scratch/guest")" 0 \
    "signals: memory is as it was recorded"
# One that stops the guest does so on the way back also.
replay "continue" "continue" "break handler" "reverse-continue" \
    "reverse-continue" "reverse-continue" "continue" "continue" "continue"
is "$(printf '%s\n' "$answer" | grep -o 'signal SIG[A-Z0-9]*\|No more\|, handler' |
    tr '\n' ';')" \
    "signal SIGUSR1;signal SIGUSR1;, handler;signal SIGUSR1;No more;signal SIGUSR1;, handler;signal SIGUSR1;" \
    "signals: the way back stops where they came"

# Instructions that are awkward to step, and an end by the guest's own INT3.
record_with 133 "$guests/debug.elf" awkward
walk 16 "awkward instructions" "break awkward" "continue"
replay "continue" "reverse-stepi" "print /x *(unsigned char *)\$pc" "stepi" "continue"
has "$answer" "received signal SIGTRAP" "the guest's own INT3 stops it"
has "$answer" "\$1 = 0xcc" "its place is found again"

record_with 139 "$guests/fault_null.elf"
replay "continue" "reverse-stepi" "stepi" "continue" "continue" \
    "break main" "reverse-continue"
has "$answer" "Program received signal SIGSEGV" "a fault: the replay stops at it"
is "$(printf '%s\n' "$answer" | grep -c 'received signal SIGSEGV')" 2 \
    "a fault: again on a second way there"
has "$answer" "Breakpoint 1, main" "a fault: the way back leads to main"
lacks "$answer" "terminated with" "a fault: the end is not passed"

rm -f "$log"
done_testing
