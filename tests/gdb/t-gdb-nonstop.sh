#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The real gdb in non-stop mode: one thread is inspected while the others run.
# gdb gets each command when the output shows that the one before has had its
# effect.

. "${top_srcdir:-.}/tests/lib.sh"

. "$top_srcdir/tests/gdb/gdb.sh"

log=$scratch/log

# count TEXT: the number of lines of gdb's output that have TEXT.
count()
{
	grep -c -- "$1" "$log"
}

# await TIMES TEXT NAME: one point: so many lines have TEXT, in time.
await()
{
	waited=0
	while [ "$(count "$2")" -lt "$1" ] &&
	    [ "$waited" -lt $((gdb_seconds * 5)) ] &&
	    kill -0 "$gdb" 2>/dev/null; do
		sleep 0.2
		waited=$((waited + 1))
	done
	[ "$(count "$2")" -ge "$1" ]
	ok $? "$3"
}

# tell COMMAND...: gdb reads the commands.
tell()
{
	printf '%s\n' "$@" >&5
}

# value NAME: what gdb prints for NAME, which begins a line of its own.
value()
{
	sed -n "s/.*$1: //p" "$log" | tail -n 1
}

# open_gdb COMMAND...: gdb with these settings on pace.elf.
open_gdb()
{
	rm -f "$scratch/in"
	mkfifo "$scratch/in"
	: >"$log"
	timeout -k 5 $((gdb_seconds * 3)) gdb -nx -nh -q \
	    -iex 'set remotetimeout 60' -iex 'set pagination off' \
	    -iex 'set confirm off' -iex 'set debuginfod enabled off' \
	    <"$scratch/in" >"$log" 2>&1 3<&- 4>&- &
	gdb=$!
	exec 5>"$scratch/in"
	tell "set width 0" "set non-stop on" "$@" \
	    "target remote | $novillo --gdb=stdio $guests/pace.elf 2>$scratch/err"
}

close_gdb()
{
	exec 5>&-
	gdb_status=0
	wait "$gdb" || gdb_status=$?
	is "$gdb_status" 0 "gdb ends by itself"
}

open_gdb
tell "info threads" "break visit" "continue &"
await 1 "main.* _start" "gdb connects, and sees the thread"
await 2 'hit Breakpoint 1, visit' "two threads stop at a breakpoint, each alone"
tell "info threads" 'printf "first: %ld\n", ticks'
await 1 '"main" *(running)' "the first thread runs meanwhile"
await 1 '^(gdb) first: \|^first: ' "memory is read while it runs"
tell "shell sleep 0.3" 'printf "second: %ld\n", ticks' "echo counted\\n"
await 1 'counted' "and once more"
[ "$(value second)" -gt "$(value first)" ]
ok $? "it has counted on: $(value first), $(value second)"

# One visitor goes on while the other is stopped.
tell "thread 2" 'printf "own: %ld\n", visits[0] + visits[1]' "delete" "next" \
    "info registers rip" "backtrace"
await 1 '^rip\|) rip ' "a stopped thread steps, and shows its registers"
await 1 'visitor (arg=' "and its callers"
tell "thread 3" "continue &" "shell sleep 0.3" \
    'printf "later: %ld\n", visits[0] + visits[1]' "echo visited\\n"
await 1 'visited' "another is let go"
[ "$(value later)" -gt $(($(value own) + 3)) ]
ok $? "and visits: $(value own), $(value later)"
tell "info threads"
await 2 '"main" *(running)' "all but one run"

# A breakpoint that is inserted while they run.
tell "break visit if me == 1" "thread 2" "continue &"
await 3 'hit Breakpoint [12], visit' "a breakpoint is inserted while they run"
tell "delete" "interrupt -a"
await 1 '"main" stopped' "interrupt -a stops those that run"
tell "thread 1" 'printf "third: %ld\n", ticks' "shell sleep 0.3" \
    'printf "fourth: %ld\n", ticks' "echo still\\n"
await 1 'still' "all are stopped"
is "$(value fourth)" "$(value third)" "and nothing counts any more"
tell "set var enough = 1" "continue -a &"
await 1 'exited normally' "let go, the guest ends"
close_gdb

# A watchpoint in one thread, and a program that gdb kills while it runs.
open_gdb
tell "break visit" "continue &"
await 2 'hit Breakpoint 1, visit' "two threads are stopped again"
tell "delete" "thread 2" "watch visits[0]" "continue -a &"
await 1 'New value = ' "a watchpoint is hit while the others run"
tell "delete" "continue -a &" "kill" "echo killed\\n"
await 1 'killed' "and a guest that runs is killed"
close_gdb

# The protocol has no output in non-stop mode: novillo writes it.
answer=$(gdb_batch "$gdb_seconds" -ex 'set confirm off' \
    -ex 'set non-stop on' -ex "set sysroot $sysroot" \
    -ex "target remote | $novillo --gdb=stdio $guests/threads.elf 2 3 \
2>$scratch/guest" \
    -ex 'set dprintf-style agent' -ex 'dprintf meet,"met %d\n", 5' \
    -ex continue 2>&1)
is "$(grep -c '^met 5$' "$scratch/guest")" 6 \
    "what dprintf prints in the agent's style goes to standard error"
has "$answer" "exited normally" "and disturbs nobody"
done_testing
