#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# gdb goes back in a guest that is still recorded, and forward into the living
# guest: neither the guest nor its recording shows that.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"
. "$top_srcdir/tests/gdb/recorded.sh"

options=--record=$log

# nth TEXT N: the Nth line of $answer with it.
nth()
{
	printf '%s\n' "$answer" | grep "$1" | sed -n "$2p"
}

end_of_history="No more reverse-execution history"

# A corrupted variable, found while the guest that has it lives.
session "rewind.elf 300 5" "break look_at_it" "continue" \
    "printf \"at %lx %lx\\n\", \$pc, \$sp" "reverse-stepi" \
    "printf \"back at %lx\\n\", \$pc" "stepi" \
    "printf \"at %lx %lx\\n\", \$pc, \$sp" "watch state.victim" \
    "reverse-continue" "print at" "reverse-finish" "delete 2" \
    "continue" "printf \"at %lx %lx\\n\", \$pc, \$sp" "next" "bt" "continue"
is "$(printf '%s\n' "$answer" | grep '^at ' | sort -u | wc -l)" 1 \
    "the way forward leads to where the living guest stands"
is "$(count '^at ')" 3 "each time"
is "$(count "$end_of_history")" 2 "and gdb says that this is the end"
has "$answer" "New value = 1234" "a watchpoint leads back to a write"
has "$answer" "\$1 = 16" "of which gdb shows the cause"
has "$answer" "exited normally" "from there the guest goes on to its end"
"$novillo" "$guests/rewind.elf" 300 5 >"$scratch/native" 2>&1
is "$(cat "$scratch/guest")" "$(cat "$scratch/native")" \
    "and its output is that without a debugger, once"
replays 0 "a guest with a past"

# Names, which hold in a session with the recording.
session "rewind.elf 300 5" "break look_at_it" "continue" \
    "print &state.victim" "monitor when" "monitor last-write state+64 4" \
    "monitor checkpoint" "monitor goto 100" "continue" "monitor when" \
    "monitor goto 301:0x1" "continue" "reverse-continue" \
    "delete" "break leave_trail" "continue" "print value" "delete" \
    "continue" "monitor checkpoints" "continue"
place=$(nth '^300:0x' 1)
has "$place" ":1" "the present of a living guest has a name"
has "$answer" "was last written at 225:0x" "so has a write of the past"
has "$answer" "d2 04 00 00 became e1 00 00 00" "of which the bytes are shown"
is "$(count '^100$')" 1 "a name leads to its place"
has "$answer" "There is no such place" "but not beyond the present"
is "$(nth '^\$' 2)" "\$2 = 0" "and gdb goes forward from the start"
is "$(count "^Checkpoint 1: $place")" 2 "a place is kept in the present, too"
has "$answer" "exited normally" "and the guest ends as it would"
replays 0 "places"
on_line "| $novillo --gdb=stdio --replay=$log 2>$scratch/guest" \
    "break look_at_it" "continue" "monitor when"
is "$(nth '^300:0x' 1)" "$place" "the replay has the same name for it"

# Between two events: the place is in a loop without any.  An emulated host
# takes long for each round.
rounds=3000
here || rounds=60
last=$((rounds * 3 / 4 - 1))
session "rewind.elf $rounds 20 quiet" "break leave_trail if value == $last" \
    "continue" "stepi 3" "printf \"at %lx %lx\\n\", \$pc, i" \
    "monitor when" "reverse-stepi" "reverse-stepi" "print value" "nexti" \
    "stepi" "printf \"at %lx %lx\\n\", \$pc, i" "reverse-continue" \
    "delete" "watch state.trail[3]" "reverse-continue" "print value" \
    "continue" "continue" "printf \"at %lx %lx\\n\", \$pc, i" "delete" \
    "next" "print i" "continue"
is "$(count '^at ')" 3 "a living guest stands in a loop"
is "$(printf '%s\n' "$answer" | grep '^at ' | sort -u | wc -l)" 1 \
    "and is met in the same round"
has "$(nth '^0:0x' 1)" ":$((last + 1))" "which has its number"
is "$(nth '^\$' 1)" "\$1 = $last" "the past is that of this round"
is "$(nth '^\$' 2)" "\$2 = $((last - (last - 3) % 16))" "and of those before"
has "$answer" "exited normally" "a loop goes on"
replays 0 "a loop"
place=$(nth '^0:0x' 1) at=$(nth '^at ' 1)
on_line "| $novillo --gdb=stdio --replay=$log 2>$scratch/guest" \
    "monitor goto $place" "continue" "printf \"at %lx %lx\\n\", \$pc, i"
is "$(nth '^at ' 1)" "$at" "and its name leads there in a replay"

# Calls that are shown, and the way across them.
session "rewind.elf 30 5" "catch syscall getppid" "continue" \
    "reverse-stepi" "printf \"rax %ld\\n\", \$rax" "reverse-stepi" "stepi" \
    "stepi" "printf \"rax %ld\\n\", \$rax" "continue" "continue" \
    "reverse-continue" "reverse-continue" "reverse-continue" "delete" \
    "continue" "continue"
is "$(nth '^rax' 1)" "rax 110" "a call that is shown has its past"
is "$(nth '^rax' 2)" "rax 0" "and is made when the guest lives on"
is "$(count 'returned from syscall getppid')" 3 "calls stop the way back"
is "$(count 'call to syscall getppid')" 4 "also before they are made"
has "$answer" "exited normally" "and are not made twice"
replays 0 "calls"

# Signals: that of the present comes when the guest lives on.
session "signals.elf raise" "continue" "reverse-stepi" "continue" "continue" \
    "continue" "reverse-continue" "continue" "continue" "continue"
is "$(count 'received signal SIGUSR1')" 5 \
    "a signal of the present is reported again"
is "$(count "$end_of_history")" 2 "after its past"
is "$(grep -c '^got 10' "$scratch/guest")" 2 "and comes once"
replays 5 "signals"
session fault_null.elf "continue" "reverse-stepi" "info registers rip" \
    "continue" "continue" "continue"
is "$(count 'received signal SIGSEGV')" 2 "a fault has its past"
has "$answer" "<write_to_null+4>" "which is the instruction before"
has "$answer" "terminated with signal SIGSEGV" "and ends the guest once"
replays 139 "a fault"
session fault_int3.elf "continue" "reverse-stepi" "info registers rip" \
    "continue" "continue" "continue"
has "$answer" "<execute_int3+4>" "and so has an INT3"
replays 133 "an INT3"

# Ctrl-C, in a call that waits and in a computation.
session "sleep.elf $((gdb_pause * 2 + 1))" "$interrupt_later" "continue" \
    "reverse-stepi" "printf \"rax %ld\\n\", \$rax" "reverse-continue" \
    "continue" "continue"
is "$(nth '^rax' 1)" "rax 35" "the past of a call that waits"
is "$(count "$end_of_history")" 2 "from the start to the present"
has "$answer" "exited normally" "where the call goes on"
replays 0 "Ctrl-C in a call"
session "signals.elf compute" "$interrupt_later" "continue" \
    "printf \"at %lx\\n\", \$pc" "reverse-stepi" "reverse-stepi" "continue" \
    "printf \"at %lx\\n\", \$pc" "reverse-stepi" "kill"
is "$(nth '^at' 2)" "$(nth '^at' 1)" "a computation is stopped anywhere"
replays 137 "a guest that is killed in its past"

# Threads, by their turns.
session "threads.elf 2 3" "break work" "continue" "reverse-stepi" \
    "info threads" "continue" "continue" "watch total" "continue" \
    "reverse-continue" "reverse-continue" "print total" "info threads" \
    "delete" "continue" "print total" "continue"
is "$(count '^\* 2 ')" 2 "threads have a past"
is "$(nth '^\$' 1) $(nth '^\$' 2)" "\$1 = 0 \$2 = 2" "and a present"
is "$(count "$end_of_history")" 2 "to which gdb returns"
has "$answer" "exited normally" "before they go on"
replays 0 "threads"

# All of them wait: the one that ran last is before its call.
session "threads.elf 2 3" "catch syscall futex" "continue" "continue" \
    "reverse-stepi" "reverse-stepi" "continue" "delete" "continue"
is "$(count "$end_of_history")" 1 "the past of a thread that is to wait"
has "$answer" "exited normally" "which waits then"
replays 0 "threads that wait"

# The past cannot be changed, and has no tracepoints.
session "rewind.elf 30 5" "break look_at_it" "continue" \
    "trace leave_trail" "tstart" "reverse-stepi" "info registers rip" \
    "tstop" "delete 2" "reverse-stepi" "set var state.victim = 3" \
    "print state.victim" "delete" "continue" "continue"
is "$(nth '^\$' 1)" "\$1 = 22" "the past cannot be changed"
has "$answer" "there are tracepoints" "what cannot be shown is refused"
has "$(nth '^rip' 1)" "<look_at_it>" "and the guest is where it was"
has "$answer" "exited normally" "from where it goes on"
replays 0 "refusals"

# Other ends of a visit.
session "rewind.elf 30 5" "break look_at_it" "continue" "reverse-stepi" \
    "detach"
replays 0 "a guest that gdb leaves in its past"
target="target extended-remote"
session "rewind.elf 30 5" "break look_at_it" "continue" "reverse-stepi" \
    "run" "reverse-stepi" "continue" "delete" "continue"
is "$(count "$end_of_history")" 1 "a guest is run again from its past"
has "$answer" "exited normally" "and has another"
replays 0 "the last run"
target="target remote"

if here; then
	serve "--record=$log" "$guests/rewind.elf" 30 5
	gdb_on "$line" "break look_at_it" "continue" "reverse-stepi" \
	    "shell kill -KILL \$PPID"
	ended 0 "a guest runs on if gdb is lost in its past"
	cp "$scratch/out" "$scratch/guest"
	replays 0 "a guest whose debugger was lost"

	serve "--record=$log" "$guests/rewind.elf" 30 5
	gdb_on "$line" "break look_at_it" "continue" "reverse-stepi" \
	    "shell kill -TERM $server" "shell sleep 1" "stepi"
	ended 143 "a signal to novillo ends the guest, and its past"
	cat >"$scratch/commands" <<-'END2'
		break look_at_it
		continue
		reverse-stepi
		continue
		continue
	END2
	status_=0
	# gdb must not read the user's own settings.
	HOME=$scratch XDG_CONFIG_HOME=$scratch timeout 60 "$novillo" --debug \
	    "--record=$log" "$guests/rewind.elf" 30 5 <"$scratch/commands" \
	    >"$scratch/guest" 2>&1 || status_=$?
	is "$status_" 0 "--debug goes back, too"
	has "$(cat "$scratch/guest")" "$end_of_history" "and forward"
	is "$("$novillo" "--replay=$log" 2>&1)" "$("$novillo" \
	    "$guests/rewind.elf" 30 5)" "and it is replayed"
	rm -f "$log"
else
	sh "$top_srcdir/tests/hosts/in.sh" rm -f "$log"
fi
done_testing
