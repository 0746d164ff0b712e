#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The real lldb on a guest with threads.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
need_tool lldb
make_scratch

: >"$scratch/err"
"$novillo" --gdb=:0 "$guests/threads.elf" 2 3 >"$scratch/out" \
    2>"$scratch/err" &
server=$!
waited=0
while ! grep -q 'waits for a debugger' "$scratch/err" &&
    kill -0 "$server" 2>/dev/null && [ "$waited" -lt 300 ]; do
	sleep 0.1
	waited=$((waited + 1))
done
port=$(sed -n 's/.*target remote \(.*\)'"'"'.*/\1/p' "$scratch/err")

# The last of them to arrive has the other two beside it.
answer=$(timeout 120 lldb --no-lldbinit -b \
    -o "target create $guests/threads.elf" -o "gdb-remote $port" \
    -o "breakpoint set -n thread_join" -o continue -o "breakpoint delete -f" \
    -o "breakpoint set -n meet" -o continue -o "thread list" \
    -o "thread backtrace all" -o "breakpoint delete -f" -o continue 2>&1)
has "$answer" "thread #1: tid = 1," "lldb lists the first thread"
has "$answer" "thread #2: tid = 2," "and another"
has "$answer" "stop reason = breakpoint 2.1" "a breakpoint in a thread is hit"
has "$answer" "worker" "its backtrace leads to the thread's function"
has "$answer" "exited with status = 0" "the exit status arrives"
wait "$server"
is $? 0 "and is novillo's too"
is "$(cat "$scratch/out")" 6 "the threads have counted right"
done_testing
