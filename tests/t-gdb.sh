#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The real gdb on real guests: what a user types, and what gdb answers.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
need_tool gdb
make_scratch
export DEBUGINFOD_URLS=''

# session GUEST COMMAND...: gdb on a guest that waits for it, by a pipe; what
# gdb printed is $answer, what the guest did is in $scratch/guest.
session()
{
	guest=$1
	shift
	set -- "$@" --end
	while [ "$1" != --end ]; do
		set -- "$@" -ex "$1"
		shift
	done
	shift
	answer=$(timeout 60 gdb -nx -batch -ex 'set pagination off' \
	    -ex "target remote | $novillo --gdb=stdio $guests/$guest 2>$scratch/guest" \
	    "$@" 2>&1)
	session_status=$?
	[ "$session_status" -lt 124 ]
	ok $? "gdb ends by itself (status $session_status)"
}

session "hello.elf you" "info registers rip" "info line"
has "$answer" "_start" "without a file named, gdb has the symbols"
has "$answer" "guest/start.S" "and stands at the entry"

session "hello.elf you" "break main" "continue" "backtrace" \
    "print argc" "print argv[1]" "print \$_exitcode"
has "$answer" "Breakpoint 1, main (argc=2" "break main is hit"
has "$answer" '= 2' "arguments can be printed"
has "$answer" '"you"' "and what they point to"

session "hello.elf you" "break main" "continue" "next" "next" "stepi 20" \
    "step" "info threads" "continue"
has "$answer" 'Thread 1.1 "main"' "threads have names"
has "$answer" "exited normally" "after next, stepi and step the guest ends well"
has "$(cat "$scratch/guest")" "Hello, you!" "and has said all it had to say"

session "hello.elf" "break main" "continue" "print argc = 5" "print argc" \
    "set var \$rbx = 0x1234567890abcdef" "print/x \$rbx" \
    "set var \$xmm3.v2_int64[1] = 77" "print \$xmm3.v2_int64[1]" \
    "print \$mxcsr"
has "$answer" "= 5" "a variable can be changed"
has "$answer" "0x1234567890abcdef" "and a register"
has "$answer" "= 77" "and half of a vector register"
has "$answer" "IM DM ZM OM UM PM" "MXCSR is shown by flags"

session "hello.elf" "watch environ" "continue" "continue"
has "$answer" "Hardware watchpoint 1: environ" "a watchpoint can be set"
has "$answer" "New value = " "and is hit"
has "$answer" "guest_start" "where it is written"

session "status.elf 7" "hbreak main" "continue" "finish" "continue"
has "$answer" "Breakpoint 1, main" "hbreak is hit"
has "$answer" "exited with code 07" "the exit status arrives"

session "fault_text.elf" "continue" "backtrace" "print \$_siginfo" "continue"
has "$answer" "received signal SIGSEGV" "a fault stops the guest"
has "$answer" "write_to_text () at" "at the instruction that made it"
has "$answer" "in main ()" "with its callers"
has "$answer" "terminated with signal SIGSEGV" "passed on, it ends the guest"

session "fault_divide.elf" "continue"
has "$answer" "received signal SIGFPE" "a divide error is SIGFPE"
session "fault_undefined.elf" "continue"
has "$answer" "received signal SIGILL" "an undefined instruction is SIGILL"
session "fault_int3.elf" "continue" "continue"
has "$answer" "received signal SIGTRAP" "the guest's own INT3 is SIGTRAP"
has "$answer" "exited normally" "and behind it the guest goes on"

# Every instruction of a guest, one at a time: OUT, faults, string moves.
session "hello.elf" "stepi 100000"
has "$answer" "exited normally" "a whole guest can be stepped through"

# What was planted is not seen, and not left behind.
session "hello.elf" "break main" "break *main" "hbreak main" "continue" \
    "delete" "x/4xb main" "detach"
without=$(gdb -nx -batch -ex "x/4xb main" "$guests/hello.elf" 2>&1)
has "$answer" "$(printf '%s' "$without" | tail -n 1)" \
    "memory shows the guest's own bytes"
has "$answer" "detached" "detach is done"

# wrong SENTENCE ADDRESS
wrong()
{
	try timeout 10 "$novillo" "--gdb=$2" "$guests/hello.elf"
	is "$status" 125 "--gdb=$2 ends with status 125"
	has "$err" "$1" "--gdb=$2: the sentence says \"$1\""
}

wrong "is no port" nonsense
wrong "is no port" 99999
wrong "is no port" 127.0.0.1:
wrong "No such file" unix:
wrong "No such file" unix:/nowhere/x
wrong "Bad file descriptor" fd:77
wrong "Bad file descriptor" fd:x

# Lines of other kinds, sessions one after the other, Ctrl-C.
serve()
{
	: >"$scratch/err"
	"$novillo" "$@" >"$scratch/out" 2>"$scratch/err" &
	server=$!
	waited=0
	while ! grep -q 'waits for a debugger' "$scratch/err" &&
	    kill -0 "$server" 2>/dev/null && [ "$waited" -lt 300 ]; do
		sleep 0.1
		waited=$((waited + 1))
	done
}

on_line()
{
	answer=$(timeout 60 gdb -nx -batch "$@" 2>&1)
}

serve --gdb=:0 "$guests/sleep.elf" 100
port=$(sed -n 's/.*target remote \(.*\)'"'"'.*/\1/p' "$scratch/err")
has "$port" "127.0.0.1:" "the port is told, on the loopback"
on_line -ex "target remote $port" -ex "break main" -ex continue -ex detach
has "$answer" "Breakpoint 1, main" "gdb connects by TCP"
# later SIGNAL LINE: sent to the gdb on that line, once it has come to `continue`.
later()
{
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ -e "$scratch/there" ] && break
		sleep 1
	done
	sleep 2
	rm -f "$scratch/there"
	# gdb alone, and once: not the `timeout` that watches over it.
	for pid in $(pgrep -f "target remote $2"); do
		[ "$(cat "/proc/$pid/comm")" = gdb ] && kill "-$1" "$pid"
	done
}

later INT "$port" &
on_line -ex "target remote $port" -ex "shell touch $scratch/there" \
    -ex continue -ex "info registers rip" -ex kill
has "$answer" "SIGINT" "another session can interrupt a guest that sleeps"
wait "$server"
is $? 137 "and kill it"

serve --gdb='[::1]:0' "$guests/hello.elf" you
port=$(sed -n 's/.*target remote \(.*\)'"'"'.*/\1/p' "$scratch/err")
case $port in
"[::1]:"*)
	on_line -ex "target remote $port" -ex continue
	has "$answer" "exited normally" "gdb connects by IPv6"
	wait "$server"
	;;
*) skip "no IPv6 here: $(cat "$scratch/err")" ;;
esac

serve --gdb="unix:$scratch/sock" "$guests/hello.elf" you
on_line -ex "target remote $scratch/sock" -ex "break main" -ex continue \
    -ex detach
wait "$server"
is $? 0 "left alone, a guest runs to its end"
is "$(cat "$scratch/out")" "Hello, you!" "and says all it has to say"

# A debugger that dies leaves a clean guest.
serve --gdb="unix:$scratch/sock2" "$guests/hello.elf" again
later KILL "$scratch/sock2" &
on_line -ex "target remote $scratch/sock2" -ex "break main" -ex continue \
    -ex "break printf" -ex "shell touch $scratch/there; sleep 30" 2>/dev/null
wait "$server"
is $? 0 "a debugger that is killed lets the guest run on"
is "$(cat "$scratch/out")" "Hello, again!" "without a planted byte"
done_testing
