#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The real lldb on a real guest.

. "${top_srcdir:-.}/tests/lib.sh"

debugger=lldb
. "$top_srcdir/tests/gdb.sh"

if [ -n "${NOVILLO_HOST-}" ]; then
	serve "$guests/hello.elf" lldb
else
	serve_at :0 "$guests/hello.elf" lldb
	line=$told
fi
answer=$(timeout -k 5 "$gdb_seconds" lldb --no-lldbinit -b \
    -o "target create $guests/hello.elf" -o "gdb-remote $line" \
    -o "breakpoint set -n main" -o continue -o bt \
    -o "register read rip rsp" -o "register write rbx 0x1234" \
    -o "register read rbx" -o stepi -o continue 2>&1)
has "$answer" "_start" "lldb attaches, and the guest stands at its entry"
has "$answer" "stop reason = breakpoint 1.1" "a breakpoint is hit"
has "$answer" "frame #1" "the backtrace has a caller"
has "$answer" "rip = 0x" "registers can be read"
has "$answer" "rbx = 0x0000000000001234" "and written"
has "$answer" "stop reason = instruction step" "a step is a step"
has "$answer" "exited with status = 0" "the exit status arrives"
ended 0 "and is novillo's too"
is "$(cat "$scratch/out")" "Hello, lldb!" "the guest has said all it had to say"
done_testing
