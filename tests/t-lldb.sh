#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The real lldb on a real guest.

. "${top_srcdir:-.}/tests/lib.sh"

debugger=lldb
. "$top_srcdir/tests/gdb.sh"

# session "GUEST [ARG...]" OPTION...: what lldb says to these commands.
session()
{
	guest_=$1
	shift
	# shellcheck disable=SC2086
	if [ -n "${NOVILLO_HOST-}" ]; then
		serve $guests/$guest_
	else
		serve_at :0 $guests/$guest_
		line=$told
	fi
	answer=$(timeout -k 5 "$gdb_seconds" lldb --no-lldbinit -b \
	    -o "target create $guests/${guest_%% *}" -o "gdb-remote $line" \
	    "$@" 2>&1)
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
ended 0 "and is novillo's too"
is "$(cat "$scratch/out")" "Hello, lldb!" "the guest has said all it had to say"

# The last of them to arrive has the other two beside it.
session "threads.elf 2 3" \
    -o "breakpoint set -n thread_join" -o continue -o "breakpoint delete -f" \
    -o "breakpoint set -n meet" -o continue -o "thread list" \
    -o "thread backtrace all" -o "breakpoint delete -f" -o continue
has "$answer" "thread #1: tid = 1," "lldb lists the first thread"
has "$answer" "thread #2: tid = 2," "and another"
has "$answer" "stop reason = breakpoint 2.1" "a breakpoint in a thread is hit"
has "$answer" "worker" "its backtrace leads to the thread's function"
ended 0 "the threads come to their end"
is "$(cat "$scratch/out")" 6 "and have counted right"
done_testing
