#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# gdb on guests that are recorded: whatever it does, the recording is right: a
# replay has the same output, status and memory.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"
. "$top_srcdir/tests/gdb/recorded.sh"

options=--record=$log

# One thread: breakpoints, which stay to the end, and steps over calls.
session "signals.elf raise" "handle SIGUSR1 nostop noprint" "break work" \
    "continue" "stepi 60" "finish" "next" "continue" "bt" "continue"
is "$(count 'hit Breakpoint 1\|Breakpoint 1[.1-9]*, work')" 2 \
    "a recorded guest meets breakpoints"
has "$answer" "exited with code 05" "and runs to its end"
replays 5 "breakpoints and steps"

# Threads, which wait for their turns while gdb holds the guest for longer than
# they may wait for each other.
session "threads.elf 2 3" "break work" "continue" "info threads" \
    "thread apply all bt" "shell sleep 6" "stepi" "continue" "stepi" \
    "thread 1" "set scheduler-locking on" "stepi" \
    "set scheduler-locking off" "delete" "watch total" "continue" "continue" \
    "delete" "catch syscall futex" "continue" "continue" "info threads" \
    "delete" "break threads.c:77" "continue" "continue"
has "$answer" '1.1 "main"' "the threads of a recorded guest are seen"
has "$answer" '1.3 "thread"' "also those that wait for their turn"
is "$(count '^#. .*in main (')" 1 "with their stacks"
has "$answer" "Hardware watchpoint 2: total" "a watchpoint stops one"
has "$answer" "(call to syscall futex)" "and so does a call"
has "$answer" "exited normally" "no thread has waited too long"
replays 0 "threads"

# Many stops of threads that wait, wake and end.
session "threads.elf 4 30" "break work if me == 5" "tbreak unlock" \
    "catch syscall futex" "continue" "continue 100" "info threads" "delete" \
    "continue"
has "$answer" "exited normally" "many stops, and conditions that are false"
replays 0 "many stops"

# An instruction that traps, and is made for the guest, is one step.
session "counter.elf" "break counter.c:17" "continue" 'set $was = $pc' \
    'x/i $pc' "stepi" 'print $pc - $was' "delete" "continue"
has "$answer" "rdtscp" "a recorded guest reads the counter"
has "$answer" '$1 = 3' "in one step"
has "$answer" "exited normally" "and goes on"
replays 0 "a step over a trap"

# Signals as the guest gets them, not as they were sent.
session "signals.elf raise" "handle SIGUSR1 stop nopass" "continue" \
    "continue" "continue"
is "$(count 'received signal SIGUSR1')" 2 "signals stop a recorded guest"
has "$(cat "$scratch/guest")" "last 0" "which does not get one that gdb keeps"
replays 5 "signals that are kept from the guest"
session "signals.elf raise" "handle SIGUSR1 nostop noprint" "break work" \
    "continue" "signal SIGUSR1" "continue"
is "$(grep -c '^got 10' "$scratch/guest")" 3 \
    "gdb's own signal comes at the next call"
replays 5 "a signal of gdb's"
session "signals.elf raise" "continue" "signal SIGWINCH" "continue"
is "$(grep -c '^got' "$scratch/guest")" 1 "one signal in place of another"
replays 5 "a signal that was replaced"
session fault_null.elf "continue" "bt" "continue"
has "$answer" "terminated with signal SIGSEGV" "a fault ends the guest"
replays 139 "a fault"
session fault_int3.elf "continue" "continue"
has "$answer" "terminated with signal SIGTRAP" \
    "the guest's own INT3 is a signal that it gets"
replays 133 "an INT3"

# The debugger changes nothing.
session "signals.elf raise" "break work" "continue" "set var last = 3" \
    "set var \$rax = 1" "call handler(3)" "jump main" "delete" \
    "handle SIGUSR1 nostop noprint" "continue"
is "$(grep -c 'a guest that is recorded cannot be changed' "$scratch/guest")" \
    1 "registers and memory cannot be written, which is said once"
replays 5 "a debugger that would change the guest"

# Ctrl-C, in a call that waits and in a computation; kill and detach.
session "sleep.elf $((gdb_pause * 2 + 1))" "$interrupt_later" "continue" \
    "bt" "continue"
has "$answer" "received signal SIGINT" "Ctrl-C interrupts a call"
has "$answer" "exited normally" "which goes on after that"
replays 0 "Ctrl-C in a call"
session "signals.elf compute" "$interrupt_later" "continue" "bt" "kill"
has "$answer" "received signal SIGINT" "Ctrl-C interrupts a computation"
replays 137 "a guest that was killed"
has "$(cat "$scratch/out")" "ended from outside" "and says where that was"
session "threads.elf 2 3" "break work" "continue" "continue" "detach"
replays 0 "a guest that gdb has left"

# The last of several runs is recorded.
target="target extended-remote"
session "threads.elf 2 3" "break work" "continue" "run" "kill" "run" \
    "delete" "continue"
has "$answer" "exited normally" "a recorded guest runs again"
replays 0 "the last run"
target="target remote"

if here; then
	cat >"$scratch/commands" <<-'END2'
		break work
		continue
		info threads
		delete
		continue
	END2
	status_=0
	# gdb must not read the user's own settings.
	HOME=$scratch XDG_CONFIG_HOME=$scratch timeout 60 "$novillo" --debug \
	    "--record=$log" "$guests/threads.elf" 2 3 <"$scratch/commands" \
	    >"$scratch/guest" 2>&1 || status_=$?
	is "$status_" 0 "--debug and --record go together"
	has "$(cat "$scratch/guest")" "hit Breakpoint 1, work" "gdb stops it"
	is "$("$novillo" "--replay=$log" 2>&1)" 6 "and it is replayed"
	rm -f "$log"
else
	sh "$top_srcdir/tests/hosts/in.sh" rm -f "$log"
fi
done_testing
