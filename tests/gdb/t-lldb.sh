#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The real lldb on a real guest.

. "${top_srcdir:-.}/tests/lib.sh"

debugger=lldb
. "$top_srcdir/tests/gdb/gdb.sh"

# session "GUEST [ARG...]" OPTION...: $answer is lldb's output.
session()
{
	guest_=$1
	shift
	meet $guest_
	answer=$(lldb_batch "$gdb_seconds" \
	    -o "target create $guests/${guest_%% *}" -o "gdb-remote $line" \
	    "$@" 2>&1)
}

# meet GUEST [ARG...]: it waits on $line, for lldb.
meet()
{
	guest_=$*
	# shellcheck disable=SC2086
	if [ -n "${NOVILLO_HOST-}" ]; then
		serve $guests/$guest_
	else
		serve_at :0 $guests/$guest_
		line=$told
	fi
}

session "hello.elf lldb" \
    -o "breakpoint set -n main" -o continue -o bt \
    -o "register read rip rsp" -o "register write rbx 0x1234" \
    -o "register read rbx" -o stepi -o continue
has "$answer" "_start" "lldb attaches, and the guest stands at its entry"
has "$answer" "stop reason = breakpoint 1.1" "a breakpoint is hit"
has "$answer" "frame #1" "the backtrace has a caller"
has "$answer" "rip = 0x" "registers can be read"
has "$answer" "rbx = 0x0000000000001234" "and written"
has "$answer" "stop reason = instruction step" "a step is a step"
has "$answer" "exited with status = 0" "the exit status arrives"
ended 0 "and is also novillo's"
is "$(cat "$scratch/out")" "Hello, lldb!" "the guest has said all it had to say"

# LLDB compiles an expression that calls, and asks for memory to put it in.
session "hello.elf" \
    -o "breakpoint set -n main" -o continue \
    -o 'expression (unsigned long)strlen("expression")' \
    -o 'expression int n = 0; while (n < 20) n += (int)strlen("ab"); n' \
    -o 'memory region main' -o continue
has "$answer" "(unsigned long) \$0 = 10" "an expression calls a function"
has "$answer" "(int) \$1 = 20" "and loops"
has "$answer" " r-x" "the code's region can be read and executed"
ended 0 "the guest goes on as if nothing had been called"

# The main thread and at least one worker exist at the first call of meet().
session "threads.elf 2 3" \
    -o "breakpoint set -n meet" -o continue -o "thread list" \
    -o "thread backtrace all" -o "breakpoint delete -f" -o continue
has "$answer" "thread #1: tid = 1," "lldb lists the first thread"
has "$answer" "thread #2: tid = 2," "and another"
has "$answer" "stop reason = breakpoint 1.1" "a breakpoint in a thread is hit"
has "$answer" "worker" "its backtrace leads to the thread's function"
ended 0 "the threads come to their end"
is "$(cat "$scratch/out")" 6 "and have counted right"

# Without a named file lldb takes the program's, which it finds on this machine.
if here; then
	meet status.elf 7
	answer=$(lldb_batch "$gdb_seconds" -o "gdb-remote $line" \
	    -o "breakpoint set -n main" -o continue -o bt -o "memory region main" \
	    -o 'memory region 0' -o 'register read cr0 efer' -o kill 2>&1)
	has "$answer" "frame #0: 0x" "lldb needs no file"
	has "$answer" "status.elf\`main" "to know the program's symbols"
	has "$answer" " r-x" "the code's region is known"
	has "$answer" "[0x0000000000000000-0x0000000000400000) ---" \
	    "and the hole before it"
	has "$answer" "cr0 = 0x0000000080050033" "control registers can be read"
	has "$answer" "exited with status = 9" "kill ends the guest"
	ended 137 "which novillo reports"
fi

# Watchpoints stop threads, after the write, until they are deleted.
session "threads.elf 2 3" \
    -o "breakpoint set -n meet" -o continue -o "breakpoint delete -f" \
    -o "watchpoint set variable total" -o continue -o continue \
    -o "watchpoint delete -f" -o continue
has "$answer" "stop reason = watchpoint 1" "a watchpoint is hit"
is "$(printf '%s\n' "$answer" | grep -c '^new value: ')" 2 "once for each write"
ended 0 "and deleted it stops no more"
is "$(cat "$scratch/out")" 6 "and has changed nothing"

# All that lldb asks about a stop of several threads is in the stop's reply.
session "threads.elf 2 3" -o "breakpoint set -n meet" -o continue \
    -o "log enable -f $scratch/packets gdb-remote packets" -o continue \
    -o "log disable gdb-remote packets" -o kill
sed -n 's/.*send packet: .//p' "$scratch/packets" | sed -n '/^c#/,$p' \
    >"$scratch/asked"
is "$(grep -c '^qThreadStopInfo\|^p[0-9a-f]' "$scratch/asked")" 0 \
    "lldb asks for no thread's stop and registers"
asked=$(sed '/^z0/,$d' "$scratch/asked" | wc -l)
[ "$asked" -ge 1 ] && [ "$asked" -le 4 ]
ok $? "a stop costs few packets ($asked, with the continue)"

# LLDB's `process launch` begins where `process connect` found no guest. In a
# batch the latter waits for a process that stops, so commands come one by one.
# A launch before LLDB has noticed its own connection would end that, and run
# the program here: LLDB's log shows when it has.  LLDB wants an absolute name of
# a socket.
serve --multi $guests/status.elf
url=connect://$line
[ ! -S "$line" ] || url=unix-connect://$(cd "${line%/*}" && pwd)/${line##*/}
mkfifo "$scratch/commands"
: >"$scratch/lldb"
: >"$scratch/states"
timeout -k 5 "$gdb_seconds" lldb --no-lldbinit <"$scratch/commands" \
    >"$scratch/lldb" 2>&1 &
lldb=$!
{
	echo "settings set target.inherit-env false"
	echo "log enable -f $scratch/states lldb process state"
	echo "target create $guests/status.elf"
	echo "breakpoint set -n main"
	echo "process connect $url"
	echo "settings set target.env-vars ONE=1"
	wait_for 'SetPublicState (state = connected' "$scratch/states" "$lldb"
	echo "process launch -- 7"
	wait_for 'stop reason = breakpoint 1.1' "$scratch/lldb" "$lldb"
	echo 'expression -- (int)argc'
	wait_for ') $0 = ' "$scratch/lldb" "$lldb"
	echo "continue"
	wait_for 'exited with status' "$scratch/lldb" "$lldb"
	echo "process connect $url"
	echo "process plugin packet monitor exit"
	wait_for 'response:' "$scratch/lldb" "$lldb"
	echo quit
} >"$scratch/commands"
wait "$lldb"
answer=$(cat "$scratch/lldb")
has "$answer" "launched: '" "process launch starts the guest of --multi"
has "$answer" "stop reason = breakpoint 1.1" "which stops at a breakpoint"
has "$answer" "(int) \$0 = 2" "with the arguments"
has "$answer" "exited with status = 7" "and ends"
ended 7 "and the next connection ends novillo, with that status"

# lldb says so if it cannot do a thing.
session "hello.elf" -o "process save-core $scratch/core" -o "kill"
has "$answer" "ailed to save core" "lldb has no core for Linux, and says so"
done_testing
