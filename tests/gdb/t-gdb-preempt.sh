#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# gdb in a replay of a guest whose threads are preempted, for each other and for
# signals: forward and back, and the run stays the recorded one.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"
. "$top_srcdir/tests/gdb/recorded.sh"

status=0
"$novillo" "--record=$log" "$guests/handover.elf" >"$scratch/recorded" 2>&1 \
    </dev/null || status=$?
is "$status" 0 "the guest is recorded"
total=$(sed -n 's/.*total //p' "$scratch/recorded")

# Threads have other numbers when they are made again: their stacks are the
# same.
cat >"$scratch/place" <<'END'
define place
printf "place %lx %lx %lx %lx %lu %lu\n", (long)$pc, (long)$sp, (long)$rax, (long)$rcx, rounds[0], total
end
END

# To the end, or on a slow host a third of the way, by a breakpoint that each
# handover meets, back to the beginning, and forward again.
handovers=24
here || handovers=8
{
	repeated $handovers continue
	printf 'echo there\\n\ncontinue\necho back\\n\n'
	repeated $handovers reverse-continue
} >"$scratch/handovers"
replay "break handed" "source $scratch/place" "source $scratch/handovers" \
    "reverse-continue" "print \$pc == (long)&_start" "delete" "continue" \
    "printf \"total %lu\\n\", total" "detach"
places | head -n $handovers >"$scratch/there"
places | tail -n $handovers | sed -n '1!G;h;$p' >"$scratch/back"
is "$(sort -u "$scratch/there" | wc -l)" $handovers \
    "$handovers handovers, each after a preemption, are met"
is "$(cat "$scratch/back")" "$(cat "$scratch/there")" \
    "the way back leads through the same"
has "$answer" '$1 = 1' "to the beginning"
has "$answer" "total $total" "and forward to the recorded end"
is "$(grep -c "total $total" "$scratch/guest")" 1 "the output comes once"

# The handlers that end loops.
replay "break on_alarm" "continue" "continue" "continue" "continue" \
    "reverse-continue" "reverse-continue" "reverse-continue" \
    "print alarms" "up" "reverse-finish" "detach"
is "$(printf '%s\n' "$answer" | grep -c 'Breakpoint 1, on_alarm')" 6 \
    "handlers are met in both directions"
has "$answer" '$1 = 0' "up to the first"

# check N COMMAND...: from where the commands lead, N instructions back; each is
# made again, and is one back again.
check()
{
	n_=$1
	shift
	printf '%s\n' "$@"
	while [ "$n_" -gt 0 ]; do
		for way_ in reverse-stepi stepi reverse-stepi; do
			printf '%s\nprintf "%s "\nplace\n' "$way_" "$way_"
		done
		n_=$((n_ - 1))
	done
	printf 'printf "end\\n"\n'
}

# differs: of each three places in $answer the first and the third are one; the
# second is the first of the three before, since all are one thread's.
differs()
{
	printf '%s\n' "$answer" | awk '
	/^end/ { last = "" }
	!/^(reverse-)?stepi place/ { next }
	{ at[++n] = substr($0, index($0, "place")) }
	n == 3 {
		if (at[1] != at[3])
			print "there and back: " at[1] ", " at[3]
		if (last != "" && at[2] != last)
			print "forward: " last ", " at[2]
		n = 0; last = at[1]; checked++
	}
	END { if (checked < wanted) print checked + 0 " were checked" }
	' wanted="$1"
}

# Right after each preemption but the first, which come after long turns, back
# over it.  That takes longer than a slow host has.
if here; then
	{
		event=8
		while [ $event -le 24 ]; do
			check 6 "monitor goto $event" continue
			event=$((event + 1))
		done
	} >"$scratch/over"
	replay "source $scratch/place" "source $scratch/over" "detach"
	is "$(differs 102)" "" "204 steps back are right, over preemptions"
	[ "$(printf '%s\n' "$answer" |
	    sed -n 's/^reverse-stepi place [^ ]* \(.....\).*/\1/p' |
	    sort -u | wc -l)" -eq 2 ]
	ok $? "in both threads"
fi

# Elsewhere between preemptions.
{
	printf 'break handed\n'
	for i in 9 5; do
		repeated "$i" continue | grep -v place
		printf 'disable\n'
		check 12
		printf 'enable\ncontinue\n'
	done
} >"$scratch/between"
replay "source $scratch/place" "source $scratch/between" "detach"
is "$(differs 24)" "" "48 more, before handovers"

# Watched memory, names of places, checkpoints.
replay "break handed" "continue" "continue" "continue" "continue" "delete" \
    "watch turn" "reverse-continue" "reverse-continue" "continue" "delete" \
    "monitor last-write turn 4" "monitor checkpoint" "monitor when" \
    "monitor goto 0" "continue" "monitor goto 4" "continue" "detach"
is "$(printf '%s\n' "$answer" | grep -c 'atchpoint 2: turn')" 4 \
    "a watchpoint is hit in both directions"
has "$answer" "was last written at" "the last write has a name"
has "$answer" "Checkpoint 1:" "and a place in a stretch that is preempted"

# Recorded under gdb: with stops in each turn, which the recording does not show.
rm -f "$log"
repeated 25 continue | grep -v place >"$scratch/stops"
on_line "| $novillo --gdb=stdio --record=$log $guests/handover.elf \
2>$scratch/guest" "break handed" "continue" "watch alarms" \
    "source $scratch/stops" "stepi" "delete" "continue"
is "$(printf '%s\n' "$answer" | grep -c 'hit Breakpoint 1, handed')" 24 \
    "recorded under gdb, each handover stops"
has "$answer" "New value = 2" "and so does a handler, at a watchpoint"
has "$answer" "exited normally" "the guest ends"
total=$(sed -n 's/.*total //p' "$scratch/guest")
replay "break handed if rounds[1] > 0" "continue" "continue" "delete" \
    "continue" "printf \"total %lu\\n\", total" "detach"
has "$answer" "total $total" "its replay is the same run"
rm -f "$log"
done_testing
