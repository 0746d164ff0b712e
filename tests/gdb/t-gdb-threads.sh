#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The real gdb on guests with threads.  Each session is a claim about one use.

. "${top_srcdir:-.}/tests/lib.sh"

. "$top_srcdir/tests/gdb/gdb.sh"

# count PART: the number of lines of $answer that match PART.
count()
{
	printf '%s\n' "$answer" | grep -c "$1"
}

# Each thread's hit of a breakpoint is reported once.
session "threads.elf 4 1" "break worker" "continue" "continue" "continue" \
    "continue" "continue"
is "$(count 'hit Breakpoint 1, worker')" 4 \
    "four threads hit a breakpoint in their function, each once"
for arg in 0 1 2 3; do
	has "$answer" "worker (arg=0x$arg)" "the one with argument $arg"
done
has "$answer" "exited normally" "then the guest ends well"
is "$(cat "$scratch/guest")" 4 "and has counted right"

session "threads.elf 3 20" "break *meet" "ignore 1 1000000" "continue" \
    "info breakpoints"
has "$answer" "already hit 60 times" \
    "a breakpoint that three threads hit 20 times is hit 60 times"
is "$(cat "$scratch/guest")" 60 "and no instruction was lost under it"

# All threads stop, and gdb lists each of them.
session "threads.elf 3 2" "break meet" "continue" "info threads" \
    "thread apply all backtrace" "delete" "continue" "info threads"
has "$answer" 'Thread 1.1 "main"' "info threads shows the first thread"
has "$answer" 'Thread 1.2 "thread"' "and the new ones"
has "$answer" " main (argc=" "thread apply all bt goes to main"
has "$answer" "in guest_thread ()" "and to where a thread begins"
has "$answer" "No threads." "after its end there are none"

session "threads.elf 4 1" "break thread_join" "continue" "continue" \
    "continue" "continue" "info threads"
is "$(count 'Thread 1\.1 "main" *thread_join')" 1 \
    "a thread that has ended is not listed any more"
is "$(printf '%s\n' "$answer" | sed -n '/Target Id/,$p' |
    grep -c 'Thread 1')" \
    "$(printf '%s\n' "$answer" | sed -n '/Target Id/,$p' |
	grep -c 'Thread 1\.[1-5]')" "and only those that were made ever are"

# One thread steps while the others are stopped.
session "threads.elf 2 5" "break work" "continue" "delete" \
    "set scheduler-locking on" "print/d total" "next" "next" "next" "next" \
    "print/d total" "print own[0] + own[1]" "set scheduler-locking off" \
    "continue"
has "$answer" "\$1 = 0" "before it steps nothing is counted"
has "$answer" "\$2 = 1" "a thread that steps alone counts alone"
has "$answer" "\$3 = 1" "and the other has not moved"
is "$(cat "$scratch/guest")" 10 "let go, both count to the end"

session "threads.elf 2 3" "break work" "continue" "delete" "next" "next" \
    "next" "step" "finish" "continue"
has "$answer" "exited normally" "next, step, finish work while others run"
is "$(cat "$scratch/guest")" 6 "and disturb nobody"

session "threads.elf 1 1" "break thread_exit" "continue" "delete" \
    "set scheduler-locking on" "continue" "info threads" \
    "set scheduler-locking off" "continue"
is "$(printf '%s\n' "$answer" | sed -n '/Target Id/,$p' |
    grep -c ' Thread 1\.')" 1 \
    "when the thread that runs alone ends, gdb is back"
has "$answer" "exited normally" "and the others can go on"

# A thread created while the others are stopped is also stopped.
session "threads.elf 2 2" "break guest_clone" "continue" "delete" \
    "set scheduler-locking on" "finish" "info threads" \
    "set scheduler-locking off" "continue"
has "$answer" "Thread 1.2" "a thread made under scheduler-locking is there"
is "$(cat "$scratch/guest")" 4 "and runs when it may"

# Watchpoints see all threads.
session "threads.elf 3 1" "watch total" "continue" "continue" "continue" \
    "delete" "continue"
is "$(count 'hit Hardware watchpoint')" 3 "a watchpoint sees three threads write"
has "$answer" "New value = 3" "up to the last value"
is "$(cat "$scratch/guest")" 3 "and the guest ends well"

# Each thread has its own registers.
session "threads.elf 2 1" "break worker" "continue" "continue" \
    "thread apply all -s print \$rip" "thread 1" "print \$rsp" "up" \
    "thread 2" "print \$rbx = 77" "print \$rbx" "thread 3" "print \$rbx"
is "$(count '= 77')" 2 "a register that is written is that thread's alone"

# Faults.
session "fault_thread.elf" "continue" "backtrace" "thread 1" "backtrace" \
    "continue"
has "$answer" 'Thread 2 "thread" received signal SIGSEGV' \
    "a fault in a thread is reported for that thread"
has "$answer" "#0  write_to_null" "where it is"
has "$answer" "in main ()" "the first thread is where it was"
has "$answer" "terminated with signal SIGSEGV" "passed on, it ends the guest"

session "fault_thread.elf" "continue" "set var \$rip = thread_exit" "signal 0"
has "$answer" "exited normally" "repaired, thread and guest go on"

# gdb detaches while threads are running.
session "threads.elf 8 30" "break work" "continue" "continue" "detach"
has "$answer" "detached" "detach with eight threads"
waited=0
while ! grep -q . "$scratch/guest" && [ "$waited" -lt 100 ]; do
	sleep 0.1
	waited=$((waited + 1))
done
is "$(cat "$scratch/guest")" 240 "leaves them counting right"

# Ctrl-C.
session "torture.elf spin" "$interrupt_later" "continue" "info threads" "kill"
has "$answer" "received signal SIGINT" "Ctrl-C stops threads that compute"
is "$(printf '%s\n' "$answer" | sed -n '/Target Id/,/^$/p' |
    grep -c 'compute')" 2 "both of them"

# A thread waits for input that never comes.
mkfifo "$scratch/fifo"
exec 4<>"$scratch/fifo" 3<"$scratch/fifo"
serve "$guests/torture.elf" doze
on_line "$line" "$interrupt_later" "continue" "thread apply all backtrace 2" \
    "kill"
exec 3</dev/null 4>/dev/null
has "$answer" "received signal SIGINT" "Ctrl-C stops threads that wait"
has "$answer" "hc_futex" "one of them for a futex"
has "$answer" "hc_read" "and one for input"

# gdb asks for this in its non-stop mode.
session "threads.elf 2 3" "maint packet QThreadEvents:1" "set debug infrun 1" \
    "tbreak worker" continue "maint packet QThreadEvents:0" \
    "set debug infrun 0" "info threads" continue
# One worker may stop before the other begins, and the other's event may come
# when gdb wants none.
begun=$(printf '%s\n' "$answer" | grep -c '^. [2-9].*Thread 1\.')
events=$(printf '%s\n' "$answer" |
    grep -c 'handle_inferior_event: .*THREAD_CREATED')
[ "$events" -ge 1 ] && [ "$events" -le "$begun" ]
ok $? "gdb gets events of threads that begin ($events of $begun)"
has "$answer" "exited normally" "and the guest goes on"

session "torture.elf beat 20" "break beat_once" "ignore 1 5" "continue" \
    "delete" "continue"
has "$answer" "exited normally" \
    "a wait that was interrupted for the debugger goes on"
done_testing
