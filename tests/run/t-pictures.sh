#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Pictures of a run: the events of --trace-out, the samples of --profile.

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

# A debugger that steps, waits for the stop, and kills.
mkfifo "$scratch/line"
timeout 120 "$novillo" -q --trace-out="$scratch/events.json" --gdb=stdio \
    "$guests/hello.elf" <"$scratch/line" >"$scratch/replies" &
exec 3>"$scratch/line"
printf '$vCont;s:1#23' >&3
waits=0
until grep -q T05 "$scratch/replies" || [ $((waits += 1)) -gt 600 ]; do
	sleep 0.1
done
printf '+$k#6b' >&3
exec 3>&-
wait
events=$("$top_builddir/tests/unit/t-events" "$scratch/events.json")
has "$events" "i stop 1 stepped" "a debugger's stop is a moment"

# A guest that says more than its file may have.
try sh -c 'ulimit -f 1; exec timeout 120 "$@"' - "$novillo" \
    --trace-out="$scratch/full.json" "$guests/busy.elf" 3
is "$status" 0 "a guest does not mind a full disk"
has "$err" "full.json: File too large; the rest is lost" "novillo says it"

# profiled ARG...: run novillo with --profile; $stacks are the folded stacks.
profiled()
{
	rm -f "$scratch/stacks"
	try timeout 120 "$novillo" --profile="$scratch/stacks" "$@"
	stacks=$(cat "$scratch/stacks")
	is "$(printf '%s\n' "$stacks" | grep -Evc '^[!-~]+ [1-9][0-9]*$')" 0 \
	    "each line is a stack and a number: $*"
}

# count PATTERN: the samples of stacks that match.
count()
{
	printf '%s\n' "$stacks" | awk -v p="$1" '$1 ~ p { n += $2 }
	    END { print n + 0 }'
}

profiled --sandbox=strict "$guests/busy.elf" 100
is "$status $out$err" "0 " "--profile writes nothing but its file"
all=$(count .)
[ "$(count '^cook;.*;cook;chop;cut$')" -gt 0 ]
ok $? "a stack has the thread, and the functions that call each other"
[ "$(count '^cook;')" -gt $((all / 2)) ]
ok $? "who computes has the most samples: $(count '^cook;') of $all"
[ "$(count '^busy.elf;')" -lt $((all / 4)) ]
ok $? "a wait has none: $(count '^busy.elf;')"
[ "$(count '^shop;.*;\\[getrandom\\]$')" -gt 0 ]
ok $? "a hypercall that works has some: $(count "^shop;")"
is "$(ls -l "$scratch/stacks" | cut -c 1-10)" -rw------- \
    "nobody else may read the file"

profiled --timeout=0.5 "$guests/torture.elf" spin
is "$status" 124 "a guest's time may be over"
[ "$(count .)" -gt 0 ]
ok $? "its samples are written then"
profiled --record="$scratch/record" "$guests/busy.elf" 5
[ "$status" -eq 0 ] && [ "$(count '^cook;')" -gt 0 ]
ok $? "a guest may be recorded at the same time"
profiled --replay="$scratch/record"
[ "$status" -eq 0 ] && [ "$(count '^cook;')" -gt 0 ]
ok $? "and its replay profiled"
profiled "$guests/t_signals.elf"
is "$status" 0 "signals find their handlers as ever"
profiled --profile-rate=10000 "$guests/t_threads.elf"
is "$status" 0 "and threads each other"

try timeout 120 "$novillo" --profile="$scratch/flame.svg" \
    --trace-out="$scratch/events.json" "$guests/busy.elf" 5
is "$status$err" 0 "both pictures may be made at once"
flame=$(cat "$scratch/flame.svg")
has "$flame" '<title>cut: ' "a flame graph has the functions"
has "$flame" '>busy.elf: ' "and a title"
is "$(printf '%s\n' "$flame" | grep -o 'https*://[^"]*')" \
    "http://www.w3.org/2000/svg" "and nothing from elsewhere"
is "$(tail -n 1 "$scratch/flame.svg")" "</svg>" "it is complete"
for rate in 0 10001 x; do
	try "$novillo" --profile-rate=$rate "$guests/hello.elf"
	has "$err" "not a number from 1 to 10000" "--profile-rate=$rate is refused"
done

done_testing
