#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Pictures of a run: the events of --trace-out.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch

# traced ARG...: run novillo with --trace-out; $events has a line for each
# event, as t-events prints it: phase, category, thread, name.
traced()
{
	rm -f "$scratch/events.json"
	try timeout 120 "$novillo" --trace-out="$scratch/events.json" "$@"
	events=$("$top_builddir/tests/unit/t-events" "$scratch/events.json") ||
	    ok 1 "the events are JSON: $*"
}

traced --sandbox=strict "$guests/busy.elf" 3
is "$status $out$err" "0 " "--trace-out writes nothing but its file"
has "$events" "M - 1 process_name $guests/busy.elf" "the picture has a title"
has "$events" "M - 1 thread_name busy.elf" "a thread has a line with its name"
has "$events" "M - 2 thread_name cook" "and so has another"
has "$events" "X call 3 getrandom" "a call is a slice of its thread's line"
has "$events" "X call 2 exit" "also one that does not return"
has "$events" "X wait 1 waits" "a wait is a slice within its call"
has "$events" "i signal 1 SIGUSR1" "a signal is a moment"
has "$events" "i end 1 exited with 0" "the guest's end is the last"
is "$(ls -l "$scratch/events.json" | cut -c 1-10)" -rw------- \
    "nobody else may read the file"
if command -v python3 >/dev/null; then
	python3 -m json.tool "$scratch/events.json" >/dev/null
	ok $? "another reader takes the file"
else
	skip "no python3 here"
fi

traced --timeout=0.5 "$guests/torture.elf" spin
is "$status" 124 "a guest's time may be over"
has "$events" "i end 1 ended by --timeout" "the file is complete then"
traced --timeout=0.5 "$guests/sleep.elf" 10
has "$events" "X call 1 nanosleep" "also with a call in progress"
traced "$guests/fault_null.elf"
has "$events" "i signal 1 SIGSEGV" "a fault is the signal that it is"
has "$events" "i end 1 killed by SIGSEGV" "and the end"
traced --trace=write --record="$scratch/record" "$guests/hello.elf"
has "$err" "write(1, " "--trace shows calls as ever"
is "$(printf '%s\n' "$events" | grep -c "X call 1 write")" 1 \
    "each once in either"
traced --replay="$scratch/record"
is "$(printf '%s\n' "$events" | grep -c "X call 1 write")" 1 \
    "a replay has the events of its recording"

# A step of a debugger's, and its end.
traced --gdb=stdio "$guests/hello.elf" <<END
\$vCont;s:1#23\$k#6b
END
has "$events" "i stop 1 stepped" "a debugger's stop is a moment"

# A guest that says more than its file may have.
try sh -c 'ulimit -f 1; exec timeout 120 "$@"' - "$novillo" \
    --trace-out="$scratch/full.json" "$guests/busy.elf" 3
is "$status" 0 "a guest does not mind a full disk"
has "$err" "full.json: File too large; the rest is lost" "novillo says it"

done_testing
