#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Guests with threads, seen from outside: many threads, conflicting threads, and
# the end of such a guest.  t_threads.elf tests threads from within.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch

torture()
{
	try timeout 120 "$novillo" --timeout=100 "$guests/torture.elf" "$@"
}

# An emulated host gets fewer threads.
case ${NOVILLO_HOST-} in
?*) few=50 many=100 fights=50 ;;
*) few=200 many=1000 fights=1000 ;;
esac

torture chain $many
is "$status" 0 "$many threads, one after the other"
torture crowd $few
is "$status" 0 "$few threads at once"

torture flood 1000
is "$status" 0 "a guest that wants a thousand threads lives on"
is "$out" 255 "with 255 beside the first"

# The VMM must survive whatever the threads do to each other's memory.
try sh -c 'timeout 120 "$0" --timeout=100 "$@" </dev/zero >/dev/null' \
    "$novillo" "$guests/torture.elf" fight $fights
is "$status" 0 "one thread takes away the pages that another's calls use"
is "$err" "" "and novillo has nothing to say"

torture last 7
is "$status" 7 "the last thread ends the guest, with the status of the first"
torture all 9
is "$status" 9 "exit_group from one thread ends all"
try timeout 60 "$novillo" --timeout=0.5 "$guests/torture.elf" spin
is "$status" 124 "--timeout ends a guest whose threads compute"

try timeout 60 "$novillo" "$guests/fault_thread.elf"
is "$status" 139 "a fault in a thread ends the guest"
has "$err" "ended by SIGSEGV: write through a null pointer" \
    "with the sentence"
has "$err" "in thread 2" "the report names the thread"
has "$err" "write_to_null+0x" \
    "and where that thread was"
has "$err" "#1 0x" "with the caller of a function that has made no frame"
has "$err" " thread_main+0x" "which is the runtime"

try timeout 60 "$novillo" --trace "$guests/threads.elf" 2 1
is "$out" 2 "a traced guest's threads do what they should"
has "$err" "clone(CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD" \
    "clone is traced by its flags"
has "$err" "[pid     2] exit(0" "a thread's line says whose it is"
whole='[a-z_]*\(.*\) *= |[a-z_]*\(.* <unfinished \.\.\.>|<\.\.\. [a-z_]* resumed>.* = |\+\+\+ (exited|clocks)'
is "$(printf '%s\n' "$err" | grep -Evc "^(\[pid +[123]\] )?($whole)")" 0 \
    "and no line is mixed with another's"

try timeout 60 "$novillo" --stats "$guests/torture.elf" chain 5
has "$err" "hypercall    clone                           5" \
    "--stats counts the calls of all threads"
try timeout 60 "$novillo" --stats "$guests/torture.elf" chain 100
made=$(printf '%s\n' "$err" | sed -n 's/^vcpus *made *//p')
[ "${made:-999}" -le 10 ]
ok $? "a few vCPUs serve a hundred threads that do not meet: $made"

if command -v gdb >/dev/null 2>&1; then
	try timeout 60 "$novillo" --core="$scratch/core" "$guests/fault_thread.elf"
	try timeout 60 gdb -nx -batch -ex "info threads" -ex bt \
	    -ex "thread apply all bt" "$guests/fault_thread.elf" "$scratch/core"
	has "$out" "#0  write_to_null" "a core shows the thread that faulted"
	has "$out" "main ()" "and where the first one is"
else
	skip "no gdb here"
fi
done_testing
