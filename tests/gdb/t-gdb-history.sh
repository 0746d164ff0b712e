#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Ways back that a person interrupts, recordings that were cut off, and changes
# of the past.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

# The recording is made and read where novillo runs.
log=/tmp/novillo-history-$$

# there COMMAND...: run it where novillo runs.
there()
{
	if here; then
		"$@"
	else
		sh "$top_srcdir/tests/hosts/in.sh" "$@"
	fi
}

# record STATUS [OPTION]... GUEST [ARG]...
record()
{
	status_=0
	wanted_=$1
	shift
	"$novillo" "--record=$log" "$@" >"$scratch/recorded" 2>&1 </dev/null ||
	    status_=$?
	is "$status_" "$wanted_" "$* is recorded"
}

# replay COMMAND...: a session with the recording.
replay()
{
	on_line "| $novillo --gdb=stdio --replay=$log 2>$scratch/guest" "$@"
}

# The moments at which Ctrl-C is typed, a moment after gdb has sent novillo back,
# and at which gdb has its stop.
line_log=$scratch/line
cat >"$scratch/type.sh" <<EOF
i=0
until grep -q 'w .b[cs]#' "$line_log" || [ \$i -gt 300 ]; do
	sleep 0.1
	i=\$((i + 1))
done
sleep 0.2
date +%s%N >>"$scratch/typed"
kill -INT "\$1"
EOF
# shellcheck disable=SC2016
type_later='shell sh '$scratch'/type.sh $PPID >/dev/null 2>&1 &'
note="shell date +%s%N >>$scratch/stopped"

# in_time N NAME: the nth stop came soon after its Ctrl-C.
in_time()
{
	typed=$(sed -n "$1p" "$scratch/typed")
	stopped=$(sed -n "$1p" "$scratch/stopped")
	ms=$(((stopped - typed) / 1000000))
	[ "$ms" -le "$most" ]
	ok $? "$2: $ms ms"
}

most=200
case ${NOVILLO_HOST-} in
A) most=1000 ;;
B) most=10000 ;;
esac

# A condition that is never true makes the way to the beginning long: 2 s on an
# idle host A.
record 0 "$guests/rewind.elf" 20000 100
: >"$scratch/typed"
: >"$scratch/stopped"
replay "break look_at_it" "continue" "info registers rip" \
    "break leave_trail if value == 99999999" "$type_later" \
    "reverse-continue" "$note" "info registers rip" "print state.victim" \
    "delete" "reverse-stepi" "stepi" "info registers rip"
has "$answer" "received signal SIGINT" "Ctrl-C ends reverse-continue"
in_time 1 "in time"
is "$(printf '%s\n' "$answer" | grep '^rip' | sort -u | wc -l)" 1 \
    "the guest is where it was, and the session goes on"
has "$answer" '$1 = 15000' "with its memory"

# A debugger that is killed while the guest goes back: the guest is where that
# debugger saw it last, and goes on.  novillo stands still until the next debugger
# is on the line.
# shellcheck disable=SC2016
each='for p in /proc/[0-9]*; do tr "\0" " " <$p/cmdline'
# shellcheck disable=SC2016
those='grep -q "novillo --gdb.*--replay=$2 $" && kill "-$1" "${p#/proc/}"; done'
signal_novillo()
{
	there sh -c "$each | $those" sh "$1" "$log" 2>/dev/null || :
}
record 0 "$guests/rewind.elf" 20000 2000
serve "--replay=$log"
: >"$line_log"
# shellcheck disable=SC2016
gdb_on "$line" "break leave_trail if value == 15000" "continue" "delete" \
    "break leave_trail if value == 99999999" \
    'shell echo $PPID >'"$scratch/first" "reverse-continue" &
first=$!
wait_for 'w .b[cs]#' "$line_log" "$first"
sleep 0.2
signal_novillo STOP
kill -KILL "$(cat "$scratch/first")"
wait "$first" || :
arrived=$(grep -c replaylog:begin "$line_log" || :)
line_log=$scratch/second
: >"$line_log"
(gdb_on "$line" "print state.trail[0] >= 15000 - 16" "kill"
    printf '%s\n' "$answer" >"$scratch/answer") &
second=$!
wait_for 'w .qSupported' "$line_log" "$second"
signal_novillo CONT
wait "$second" || :
line_log=
if [ "$arrived" -gt 0 ]; then
	skip "the way back was over before its debugger was killed"
else
	has "$(cat "$scratch/answer")" '$1 = 1' "the guest is not left on a way back"
fi
ended 137 "and the next debugger has it"

# Millions of instructions lead from the only meeting before the present to it:
# the guest counts them.
record 0 "$guests/rewind.elf" 1 3000000
replay "break leave_trail" "continue" "info registers rip" "reverse-stepi" \
    "stepi" "info registers rip" "print value" "detach"
is "$(printf '%s\n' "$answer" | grep '^rip' | sort -u | wc -l)" 1 \
    "a step back over them is one"
has "$answer" '$1 = 0' "the guest is where it was"
is "$(grep -c '^novillo:' "$scratch/guest")" 0 "and ends as it was recorded"

# A guest that was ended from outside.
record 124 --timeout=1 "$guests/rewind.elf" 100000000 100
replay "break leave_trail if value == 100" "continue" "delete" "continue" \
    "reverse-stepi" "stepi" "break leave_trail if value == 99" \
    "reverse-continue" "print value" "continue" "detach"
[ "$(printf '%s\n' "$answer" | grep -c '^No more reverse')" -ge 2 ]
ok $? "a recording that was cut ends where it was"
has "$answer" '$1 = 99' "and the way back is free"

# A file that is torn in the middle of a block.
record 0 "$guests/rewind.elf" 20000 10
there sh -c "head -c 100000 $log >$log.torn; mv $log.torn $log"
replay "break leave_trail if value == 100" "continue" "delete" \
    "reverse-stepi" "break leave_trail if value == 50" "reverse-continue" \
    "print value" "delete" "continue" "reverse-stepi" "stepi" "detach"
has "$answer" '$1 = 50' "in a torn recording the way back is free"
is "$(printf '%s\n' "$answer" | grep -c '^No more reverse')" 1 \
    "the guest stops before the record that is torn"
has "$(cat "$scratch/guest")" "the recording is torn" \
    "up to its last good record, and novillo says so"
there sh -c "head -c 30000 $log >$log.torn; mv $log.torn $log"
gdb_on "| $novillo --gdb=stdio --replay=$log 2>$scratch/guest" "continue"
has "$(cat "$scratch/guest")" "torn" "one without a good block is refused"

# At a call by SYSCALL that is not made yet, and after it.
record 0 "$guests/caught.elf" many 100
at='printf "at %lx %lx %lx\n", (long)$rip - (long)&after_syscall, $rcx, $r11'
replay "break *((long)&after_syscall - 2)" "ignore 1 50" "continue" "delete" \
    "$at" "reverse-stepi" "stepi" "$at" \
    "stepi" "$at" "reverse-stepi" "$at" "stepi" "$at" "monitor when" "detach"
places=$(printf '%s\n' "$answer" | sed -n 's/^at //p')
is "$(printf '%s\n' "$places" | sed 's/ .*//' | tr '\n' ' ')" \
    "fffffffffffffffe fffffffffffffffe 0 fffffffffffffffe 0 " \
    "steps lead back and forward over a call that SYSCALL makes"
is "$(printf '%s\n' "$places" | sort -u | wc -l)" 2 \
    "with the same registers each time"
lacks "$answer" "not found" "and each way is found"

# A way back to a call that comes after many other instructions, each made once:
# it leads over the entry of the function of the call.
record 0 "$guests/straight.elf"
replay "break ask" "continue" "delete" "catch syscall getppid" "continue" \
    "delete" "reverse-stepi" "monitor stats" "reverse-stepi" "monitor stats" \
    "info registers rip" "stepi" "reverse-stepi" "info registers rip"
lacks "$answer" "not found" "a call whose catchpoint is deleted is found again"
runs=$(printf '%s\n' "$answer" | awk '/ KVM_RUN / { print $3 - n; n = $3 }' |
    tail -n 1)
[ "${runs:-10000}" -lt 600 ]
ok $? "steps back do not make all of them one by one: $runs entries"
is "$(printf '%s\n' "$answer" | grep '^rip' | sort -u | wc -l)" 1 \
    "and lead to the same place again"

# In the midst of an instruction that repeats, and right after it: its rounds are
# instructions for gdb, and are not made one by one.
replay "break copy" "continue" "watch to[16384]" "continue" "delete" \
    "info registers rip rcx" "monitor stats" "reverse-stepi" "monitor stats" \
    "info registers rip rcx" "stepi" "info registers rip rcx" \
    "break after_copy" "continue" "delete" "monitor stats" "reverse-stepi" \
    "monitor stats" "info registers rip rcx"
runs=$(printf '%s\n' "$answer" | awk '/ KVM_RUN / { print $3 - n; n = $3 }' |
    awk 'NR == 2 { print } NR == 4 { print }' | sort -n | tail -n 1)
[ "${runs:-100000}" -lt 600 ]
ok $? "rounds of a repeated instruction are not made one by one: $runs entries"
is "$(printf '%s\n' "$answer" | awk '/^rcx/ { print $3 }' | tr '\n' ' ')" \
    "49151 49152 49151 1 " "and lead to the same places"
is "$(printf '%s\n' "$answer" | grep '^rip' | sort -u | wc -l)" 1 \
    "at the same instruction"

# The same in one that compares, and the way to its name.
replay "break search" "continue" "rwatch to[16384]" "continue" "delete" \
    "info registers rip rcx" "monitor stats" "reverse-stepi" "monitor stats" \
    "info registers rip rcx" "monitor when" "monitor stats" "stepi" \
    "info registers rip rcx"
runs=$(printf '%s\n' "$answer" | awk '/ KVM_RUN / { print $3 - n; n = $3 }' |
    tail -n 2 | sort -n | tail -n 1)
[ "${runs:-100000}" -lt 600 ]
ok $? "nor are rounds that compare: $runs entries"
is "$(printf '%s\n' "$answer" | awk '/^rcx/ { print $3 }' | tr '\n' ' ')" \
    "49151 49152 49151 " "and lead to the same places"
is "$(printf '%s\n' "$answer" | grep -c '^[0-9]*:0x[0-9a-f]*:16385$')" 1 \
    "whose names count them"

# While a deep recursion unwinds, the same return site is passed each time, before
# instructions of one byte.
record 0 "$guests/unwind.elf"
replay "break unwound" "continue" "monitor when" "detach"
event=$(printf '%s\n' "$answer" | sed -n 's/^\([0-9]*\):0x[0-9a-f]*:1$/\1/p')
replay "monitor goto $event:unwound:2000" "continue" "monitor stats" \
    "reverse-stepi" "monitor stats" "stepi" "monitor stats" \
    "info registers rbx rip" "monitor when"
runs=$(printf '%s\n' "$answer" | awk '/ KVM_RUN / { print $3 }' | tail -n 1)
[ "${runs:-10000}" -lt 600 ]
ok $? "ways in a recursion do not stop at each return: $runs entries"
is "$(printf '%s\n' "$answer" | awk '/^rbx/ { print $3 }')" 2000 \
    "and a step leads to the same place again"
is "$(printf '%s\n' "$answer" | grep -c "^$event:0x[0-9a-f]*:2000$")" 1 \
    "which has its name"

# The middle of the code that a jump replaces is entered from elsewhere, each other
# time, and holds an instruction that is undefined.
record 0 "$guests/middle.elf"
is "$(cat "$scratch/recorded")" "200 400" "each of its faults is handled"
replay "break place" "continue" "monitor when" "detach"
event=$(printf '%s\n' "$answer" | sed -n 's/^\([0-9]*\):0x[0-9a-f]*:1$/\1/p')
replay "monitor goto $event:place:100" "continue" "info registers rbx" \
    "print faults" "reverse-stepi" "stepi" "info registers rbx" \
    "monitor when" "continue"
is "$(printf '%s\n' "$answer" | awk '/^rbx/ { print $3 }' | tr '\n' ' ')" \
    "99 99 " "ways lead to its hundredth time"
has "$answer" '$1 = 198' "with each fault so far"
is "$(printf '%s\n' "$answer" | grep -c "^$event:0x[0-9a-f]*:100$")" 1 \
    "which has its name"

# From the first instruction of a loop, to which a step back has led as the last
# meeting of the way: the next does not seek the present again, for which states
# of the loop would be taken.  Seeking takes an entry for each, about 250.
record 0 "$guests/alike.elf"
replay "break *(long)&alike + 5" "ignore 1 250" "continue" "delete" \
    "monitor stats" "reverse-stepi" "monitor stats" "reverse-stepi 31" \
    "info registers rip rax rcx" "monitor stats" "reverse-stepi" \
    "monitor stats" "stepi" "info registers rip rax rcx"
runs=$(printf '%s\n' "$answer" | awk '/ KVM_RUN / { print $3 - n; n = $3 }')
further=$(printf '%s\n' "$runs" | sed -n 4p)
[ "${further:-1000}" -lt 120 ]
ok $? "the way of which is known: $further entries"
is "$(printf '%s\n' "$answer" | grep '^r[aci][xp] ' | sort | uniq -c |
    awk '{ print $1 }' | tr '\n' ' ')" "2 2 2 " "and leads to the right place"

# The guest runs up to a signal, or stops at its own INT3: how far that is from
# the copy of the last way back is not known.
record 5 "$guests/signals.elf" raise
replay "break work" "continue" "stepi 3" "reverse-stepi" "continue" \
    "info registers rip" "reverse-stepi" "stepi" "info registers rip"
has "$answer" "received signal SIGUSR1" "after a way back comes a signal"
is "$(printf '%s\n' "$answer" | grep '^rip' | sort -u | wc -l)" 1 \
    "the instruction before a signal is found"
record 133 "$guests/debug.elf" awkward
replay "continue" "reverse-stepi 3" "stepi 3" "reverse-stepi" \
    "print /x *(unsigned char *)\$pc"
has "$answer" '$1 = 0xcc' "the guest's own INT3 is one step"

# A question about the present leaves the caught calls as they are.
record 4 "$guests/caught.elf" calls
replay "set breakpoint always-inserted on" "catch syscall getppid" "continue" \
    "monitor when" "monitor checkpoint" "monitor last-write main 4" \
    "continue"
has "$answer" "returned from syscall getppid" \
    "a call is caught after its place was named"

# The longest list of calls to catch, in a replay and on the way to the past.
calls="getppid $(seq -s ' ' 2000 2510)"
replay "catch syscall $calls" "continue" "continue" "reverse-continue"
is "$(printf '%s\n' "$answer" | grep -c 'call to syscall getppid')" 2 \
    "512 calls are caught in a replay"
options=--record=$log
session "caught.elf calls" "break twice" "continue" "catch syscall $calls" \
    "reverse-continue"
options=
has "$answer" "returned from syscall getppid" "512 calls are caught in the past"

# Checkpoints have whole vector registers.
record 0 "$guests/preempted.elf" vectors
lanes='printf "lanes %.0f %.0f\n", $ymm7.v4_double[0], $ymm7.v4_double[3]'
replay "catch syscall getpid" "continue 10" "monitor checkpoint" "$lanes" \
    "continue 4" "$lanes" "reverse-continue 4" "$lanes" "continue 4" "$lanes"
case $(cat "$scratch/recorded") in
"no AVX") skip "the processor has no AVX" ;;
*)
	# shellcheck disable=SC2046
	set -- $(printf '%s\n' "$answer" | sed -n 's/^lanes //p')
	is "$#$5,$6,$7,$8" "8$1,$2,$3,$4" \
	    "all lanes of a vector are those of the past"
	is "$((${2:-0} - ${1:-0})),$((${3:-0} != ${1:-0}))" 3,1 \
	    "each has its own"
	;;
esac

# The past cannot be changed, also on the way and at its ends.
record 0 "$guests/rewind.elf" 100
replay "break leave_trail if value == 50" "continue" "reverse-stepi" \
    "set var \$rax = 1" "set var state.victim = 1" "print state.victim" \
    "call leave_trail(1, 1)" "jump main" "reverse-stepi" "stepi" "stepi" \
    "print value"
is "$(printf '%s\n' "$answer" |
    grep -c 'Could not write register\|Cannot access memory')" 4 \
    "registers and memory cannot be written, nor functions called"
is "$(grep -c 'a replay cannot be changed' "$scratch/guest")" 1 \
    "novillo says so once"
has "$answer" '= 50' "and the guest goes on as it was"

there rm -f "$log"
done_testing
