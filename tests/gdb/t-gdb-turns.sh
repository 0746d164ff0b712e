#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# gdb in a replay of a guest with threads, and of one with signals: forward and
# back, and the run stays the recorded one.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"
. "$top_srcdir/tests/gdb/recorded.sh"

# record GUEST [ARG]...
record()
{
	status_=0
	"$novillo" "--record=$log" "$@" >"$scratch/recorded" 2>&1 </dev/null ||
	    status_=$?
	is "$status_" 0 "${1##*/} is recorded"
}

cat >"$scratch/place" <<'END'
define place
printf "place %lx %lx %ld\n", (long)$pc, (long)$sp, total
end
END

record "$guests/threads.elf" 2 3

# Forward: the threads, and where each is.
repeated 5 continue >"$scratch/five"
replay "break work" "continue" "info threads" "thread apply all bt" \
    "source $scratch/place" "place" "source $scratch/five" "delete" \
    "continue" "info threads" "detach"
has "$answer" '1.1 "main"' "the threads of a replay are seen: the first"
has "$answer" 'Thread 3 "thread" hit' "and the last"
is "$(printf '%s\n' "$answer" | grep -c '^#. .*in main (')" 1 \
    "with the stack of a thread that waits"
is "$(printf '%s\n' "$answer" | grep -c 'hit Breakpoint 1, work')" 6 \
    "each round of each worker meets the breakpoint"
is "$(places | cut -d ' ' -f 2 | sort | uniq -c | sed 's/^ *//; s/ .*//' |
    tr '\n' ' ')" "3 3 " "in both threads"
has "$answer" "No more reverse-execution history" \
    "the end of one thread is not the guest's"
places >"$scratch/forward"

# Back to each of these stops: the same threads and places, the last first.
repeated 5 reverse-continue >"$scratch/back"
replay "break work" "source $scratch/place" "continue" "place" \
    "source $scratch/five" "delete" "continue" "break work" \
    "reverse-continue" "place" "source $scratch/back" "reverse-continue" \
    "print \$pc == (long)&_start" "info threads" "detach"
has "$answer" "\$1 = 1" "reverse-continue leads to the start"
is "$(places | head -n 6 | cksum)" "$(cksum <"$scratch/forward")" \
    "the stops on the way there are the same in each session"
is "$(places | tail -n 6 | sed '1!G;h;$!d' | cksum)" \
    "$(cksum <"$scratch/forward")" "and on the way back, in reverse order"

# Single steps of a thread, through a wake and a wait, in which others have the
# turn, and back.
cat >"$scratch/steps" <<'END'
set $i = 0
while $i < 130
place
stepi
set $i = $i + 1
end
place
END
cat >"$scratch/steps-back" <<'END'
set $i = 0
while $i < 130
reverse-stepi
place
set $i = $i + 1
end
END
replay "source $scratch/place" "break work if me == 1" "continue" \
    "delete" "source $scratch/steps" "source $scratch/steps-back" \
    "detach"
places | head -n 130 >"$scratch/there"
is "$(places | tail -n 130 | sed '1!G;h;$!d' | diff "$scratch/there" -)" "" \
    "130 instructions of a thread are the same in both directions"
is "$(count SIGTRAP)" 0 "no other thread stops on the way"
[ "$(places | sed 's/.* //' | sort -u | wc -l)" -ge 4 ]
ok $? "over other threads' turns"

# A step back of another thread, which waits; and back to a thread's beginning.
repeated 20 reverse-stepi >"$scratch/begin"
replay "source $scratch/place" "break worker" "continue" "delete" "thread 1" \
    "set scheduler-locking on" "set \$was = (long)\$pc" "reverse-stepi" \
    "printf \"main %d %d\\n\", \$_thread, \$was - (long)\$pc < 16" \
    "set scheduler-locking off" "break worker" "continue" \
    "source $scratch/begin" "detach"
has "$answer" "main 1 1" "scheduler-locking chooses the thread that steps back"
has "$answer" "No more reverse-execution history" \
    "a thread's history begins with it"
is "$(count 'SIGTRAP\|not found')" 0 "and no other stops"

# The last change of a variable, and places with names.
replay "source $scratch/place" "break work if own[0] == 2" "continue" \
    "delete" "watch total" "reverse-continue" "place" "delete" \
    "monitor last-write total 8" "monitor when" "monitor checkpoint" \
    "monitor goto 0" "continue" "break work" "continue" "detach"
has "$answer" "Hardware watchpoint 2: total" "a watchpoint stops on the way back"
has "$answer" "was last written at" "the last write is found"
has "$answer" "Checkpoint 1: " "a place of several threads is marked"
is "$(printf '%s\n' "$answer" | grep -c 'hit Breakpoint 3, work')" 1 \
    "from the start the guest makes its threads again"
name=$(printf '%s\n' "$answer" | sed -n 's/^Checkpoint 1: //p')
places >"$scratch/named"
replay "source $scratch/place" "monitor goto $name" "continue" "place" "detach"
is "$(places)" "$(cat "$scratch/named")" "its name leads there in each session"

# The turns of the recording count, not what gdb would hold.
replay "break work" "continue" "continue" "thread 1" \
    "set scheduler-locking on" "stepi" "info threads" \
    "set scheduler-locking off" "delete" "continue" "detach"
has "$answer" "No more reverse-execution history" \
    "a step of a thread without the turn waits until the thread has it"

# Steps over calls at which the turn is passed on, and back.
record "$guests/turns.elf"
{
	repeated 5 stepi
	repeated 5 reverse-stepi
} >"$scratch/over"
replay "source $scratch/place" "break pass" \
    "continue" "place" "source $scratch/over" \
    "continue" "place" "source $scratch/over" \
    "continue" "place" "source $scratch/over" "detach"
is "$(places | awk '
	{ at[NR % 11] = $0 }
	NR % 11 == 0 {
		for (i = 1; i <= 5; i++)
			if (at[i] != at[(12 - i) % 11])
				print at[i] ", back: " at[(12 - i) % 11]
		rounds++
	}
	END { print rounds + 0 }')" 3 "places after such calls are the same"

# Signals come where they were recorded, on the way out of a handler and into it.
status_=0
"$novillo" "--record=$log" "$guests/signals.elf" raise >"$scratch/recorded" \
    2>&1 </dev/null || status_=$?
is "$status_" 5 "signals.elf is recorded"
replay "handle SIGUSR1 nostop noprint" "break work" "break handler" "continue" \
    "continue" "print signal" "reverse-continue" "continue" "print signal" \
    "reverse-finish" "continue" "continue" "print last" "continue" \
    "print last" "reverse-continue" "reverse-continue" "print last" "detach"
is "$(printf '%s\n' "$answer" | grep -c 'Breakpoint 2[.1-9]*, handler (')" 5 \
    "a handler is met in both directions"
is "$(printf '%s\n' "$answer" | grep -c 'Breakpoint 1[.1-9]*, work')" 4 \
    "and the call before it"

if here; then
	rm -f "$log"
else
	sh "$top_srcdir/tests/hosts/in.sh" rm -f "$log"
fi
done_testing
