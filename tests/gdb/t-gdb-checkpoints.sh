#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Copies of a replay's states: ways back begin at the nearest, they are bounded
# and cost little, and the guest is the same with them.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

# The recording is made and read where novillo runs.
log=/tmp/novillo-checkpoints-$$
rounds=20000
case ${NOVILLO_HOST-} in
B) rounds=4000 ;;
esac

# record ARG...: a recording of rewind.elf.
record()
{
	status_=0
	"$novillo" "--record=$log" "$guests/rewind.elf" "$@" \
	    >"$scratch/recorded" 2>&1 </dev/null || status_=$?
	is "$status_" 0 "rewind.elf $* is recorded"
}

# replay COMMAND...: a session with the recording.
replay()
{
	on_line "| $novillo --gdb=stdio --replay=$log 2>$scratch/guest" "$@"
}

# count KIND NAME NTH: what the nth `monitor stats` of $answer says.
count()
{
	printf '%s\n' "$answer" | awk -v kind="$1" -v name="$2" -v nth="$3" '
	    $1 == kind && $2 == name && ++n == nth { print $3 }'
}

# spent KIND NAME: between the first two of them.
spent()
{
	echo $(($(count "$1" "$2" 2) - $(count "$1" "$2" 1)))
}

# last PATTERN: the last such line of $answer.
last()
{
	printf '%s\n' "$answer" | grep "$1" | tail -n 1
}

# A run with a hypercall in each round.
record "$rounds" 100
replay "break look_at_it" "continue" "monitor checkpoints" "monitor stats" \
    "reverse-stepi" "monitor stats" "stepi" "print state.victim" \
    "info registers rip" "monitor checkpoints"
has "$answer" "Breakpoint 1, look_at_it" "the replay reaches its last function"
# At events or between them: that is a matter of the machine's speed.
taken=$(printf '%s\n' "$answer" | grep -c '^[a-z ]* after event')
[ "$taken" -gt 4 ]
ok $? "checkpoints were taken: $taken lines"
calls=$(spent hypercall getppid)
echo "# reverse-stepi: $(spent ioctl KVM_RUN) entries, $calls calls replayed" \
    "of $rounds; $(last 'checkpoints of')"
[ "$calls" -lt $((rounds / 2)) ]
ok $? "a way back begins near the present: $calls calls of $rounds"
set -- $(last 'checkpoints of' | sed 's/[^0-9]\{1,\}/ /g')
[ "$1" -le "$2" ] && [ "$3" -le "$4" ]
ok $? "they are bounded: $1 of $2, $3 pages of $4"
[ $(($7 * 100)) -le $(($5 * 15)) ]
ok $? "they take at most 15 % of the time: $7 of $5 ms"

# The same places and values, whichever checkpoint a way begins at.
record 3000 100
replay "watch state.victim" "continue" "info registers rip" \
    "print state.trail[3]" "delete" "break look_at_it" "continue" "delete" \
    "watch state.victim" "reverse-continue" "stepi" "info registers rip" \
    "print state.trail[3]" "reverse-continue"
is "$(printf '%s\n' "$answer" | grep -c '^New value = 2250')" 2 \
    "forward, the bad write is seen, and after the way back again"
has "$answer" "New value = 1234" "and backward"
is "$(printf '%s\n' "$answer" | grep '^rip' | sort -u | wc -l)" 1 \
    "at the same place"
is "$(printf '%s\n' "$answer" | sed -n 's/^\$[12] = //p' | sort -u | wc -l)" 1 \
    "with the same memory"
has "$answer" "No more reverse-execution history" \
    "without an earlier write the way leads to the beginning"

# Breakpoints far back, in the order of the way.
replay "break look_at_it" "continue" "break leave_trail if at == 16" \
    "reverse-continue" "print value" "delete" \
    "break leave_trail if value == 3" "reverse-continue" "print value" \
    "reverse-continue"
has "$answer" "\$1 = 2250" "a breakpoint is found on the way back"
has "$answer" "\$2 = 3" "and another, near the beginning"

# A long way without an event.  A machine that halts while the first copy is
# made makes copies look too dear for this way, so there are three sessions.
record 3000 10000 quiet
for session in 1 2 3; do
	replay "break leave_trail if value == 2900" "continue" \
	    "monitor checkpoints" "info registers rip" "reverse-stepi" \
	    "stepi" "info registers rip" "print value"
	case $answer in
	*"some time after event"*) break ;;
	esac
done
has "$answer" "some time after event" \
    "checkpoints are taken where there is no event"
is "$(printf '%s\n' "$answer" | grep '^rip' | sort | uniq -c | wc -l)" 1 \
    "a way back leads over them"
has "$answer" '$1 = 2900' "to the same state"

# A loop of short instructions without an event: the guest counts its rounds.
# gdb steps back from after the loop, from within it, and from its first round.
record 2 "$((rounds * 50))" quiet
replay "break leave_trail if value == 1" "continue" "monitor stats" \
    "reverse-stepi" "monitor stats" "reverse-stepi 40" "info registers rip" \
    "print \$rsp" "reverse-stepi" "stepi" "info registers rip" "print \$rsp"
is "$(printf '%s\n' "$answer" | grep -c 'The way was not found')" 0 \
    "there is a way back out of a loop of short instructions"
is "$(printf '%s\n' "$answer" | grep '^rip' | sort -u | wc -l)" 1 \
    "and a further one, by steps that agree"
entries=$(spent ioctl KVM_RUN)
[ "$entries" -lt 2000 ]
ok $? "its $((rounds * 50)) rounds cost $entries entries"
replay "break work" "continue" "continue" "stepi 300" "monitor stats" \
    "reverse-stepi" "monitor stats" "stepi" "reverse-stepi 301" \
    "info registers rip"
has "$answer" "<work>" "the first rounds lead back to the loop's function"

rm -f "$log"
done_testing
