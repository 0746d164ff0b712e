#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Guests that end by a signal that no processor raised: their own, one of a
# file that is shorter than its mapping, or that of a pipe nobody reads.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch

try "$novillo" "$guests/status.elf" 0 abort
is "$status" 134 "abort ends a guest as SIGABRT does"
has "$err" "ended by SIGABRT: hypercall 234 (tgkill) sent it" "and is told"
for n in 1 9 10 15 31; do
	try "$novillo" "$guests/status.elf" $n kill
	is "$status" $((128 + n)) "signal $n, sent to itself, ends a guest"
done
try "$novillo" "$guests/status.elf" 15 kill
has "$err" "ended by SIGTERM" "and is named"
for n in 17 18 19 23 28; do
	try "$novillo" "$guests/status.elf" $n kill
	is "$status$err" 0 "signal $n does nothing to it"
done
try "$novillo" --allow=-tgkill "$guests/status.elf" 0 abort
is "$status" 134 "a guest that may not send signals ends with that status"

# How the guest ended is told by a file: its pipe is broken.
head -c 1000000 /dev/zero >"$scratch/zeros"
sh -c '"$0" "$1" <"$2"; echo $? >"$3"' "$novillo" "$guests/echo.elf" \
    "$scratch/zeros" "$scratch/status" 2>"$scratch/err" | head -c 1 >/dev/null
is "$(cat "$scratch/status")" 141 "a pipe that nobody reads ends a guest"
has "$(cat "$scratch/err")" "ended by SIGPIPE: hypercall" "by SIGPIPE"

printf 'short' >"$scratch/short"
try sh -c '"$0" "$1" <"$2"' "$novillo" "$guests/fault_file.elf" \
    "$scratch/short"
is "$out" "it begins with 's'" "standard input can be mapped"
is "$status" 135 "a page behind the end of a file ends a guest as SIGBUS does"
has "$err" "is not in its file: it lies behind the file's end" \
    "and it is told why"
try sh -c '"$0" --core="$3" "$1" <"$2"' "$novillo" "$guests/fault_file.elf" \
    "$scratch/short" "$scratch/core"
is "$status" 135 "also where a core is wanted"
has "$err" "core written" "which is written"

try sh -c '"$0" -m 16M --core="$3" "$1" <"$2"' "$novillo" \
    "$guests/fault_auxv.elf" "$scratch/short" "$scratch/core"
is "$status" 139 "a guest that loses its auxiliary vector dies as others do"
has "$err" "core written" "and leaves a core without it"

# The processor forgets what it could touch, however that is taken away.
for how in munmap mremap shrink; do
	try "$novillo" "$guests/fault_unmapped.elf" $how
	has "$err" "ended by SIGSEGV: write to unmapped memory" \
	    "memory taken away by $how is not there any more"
done
try "$novillo" "$guests/fault_unmapped.elf" mprotect
has "$err" "ended by SIGSEGV: write to read-only memory" \
    "and by mprotect not writable"

# Memory is what is touched: twice what the machine has is fine.
kib=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
try "$novillo" -m $((2 * kib))K "$guests/hello.elf"
is "$out" "Hello, world!" "a guest may have more memory than the machine"

# A blocking call is left when novillo is told to end, and goes on when it was
# only stopped.  ended SIGNAL... -- COMMAND: its status after these signals.
ended()
{
	signals=
	while [ "$1" != -- ]; do
		signals="$signals $1"
		shift
	done
	shift
	"$@" >"$scratch/out" 2>&1 &
	pid=$!
	for signal in $signals; do
		sleep 0.3
		kill -s "$signal" "$pid"
	done
	wait "$pid" 2>/dev/null
	echo $?
}
is "$(ended TERM -- "$novillo" "$guests/sleep.elf" 100)" 143 \
    "SIGTERM ends novillo while its guest sleeps"
is "$(ended TERM -- "$novillo" "$guests/crowd.elf" 20 100000 1)" 143 \
    "and while a crowd does"
is "$(ended STOP CONT -- "$novillo" --sandbox=best-effort \
    "$guests/sleep.elf" 1)" 0 "a sleep goes on after a stop"
mkfifo "$scratch/fifo"
(sleep 1; echo late) >"$scratch/fifo" &
is "$(ended STOP CONT -- sh -c 'exec "$0" "$1" <"$2"' "$novillo" \
    "$guests/echo.elf" "$scratch/fifo") $(cat "$scratch/out")" "0 late" \
    "and so does a read"

# A timeout that comes while the end is told: threads are joined then, and
# must not be kicked.
for seconds in 0.5 0.7 0.9 1.2; do
	try "$novillo" -m 256M "--timeout=$seconds" --core="$scratch/core" \
	    "$guests/crowd.elf" 150 200 100
	case $status$err in
	124*"(--timeout)" | 139*"core written"*) ok 0 "a timeout of $seconds seconds ends a crowd, or comes too late" ;;
	*) ok 1 "a timeout of $seconds seconds ends a crowd, or comes too late" ;;
	esac
done
done_testing
