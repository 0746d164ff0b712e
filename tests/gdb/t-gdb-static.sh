#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The real gdb on an unmodified static program of the system's C library, with
# threads and signals: the program behaves as a process does.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"

program=$scratch/sessions
${CC:-cc} -g -O0 -static -pthread "$top_srcdir/tests/programs/sessions.c" \
    -o "$program" 2>"$scratch/cc" ||
    skip_all "no static program: $(tail -n 1 "$scratch/cc")"

# on WHAT COMMAND...: a session with the program as `sessions WHAT`; $said is
# the program's output.
on()
{
	what_=$1
	shift
	on_line "| $novillo --gdb=stdio $program $what_ 2>$scratch/guest" "$@"
	said=$(cat "$scratch/guest")
}

# count PART: the number of lines of $answer that match PART.
count()
{
	printf '%s\n' "$answer" | grep -c "$1"
}

# lacks PART NAME: no line of $answer matches PART.
lacks()
{
	is "$(count "$1")" 0 "$2"
}

on threads "break work" continue "info threads" "thread apply all -s bt 3" \
    delete continue "info threads"
has "$answer" 'Thread 1.1 "main"' "info threads shows the first thread"
for n in 0 1 2; do
	has "$answer" "\"worker-$n\"" "and the name that thread $n gave itself"
done
has "$answer" "in worker (arg=0x" "bt goes from a function to its thread's"
has "$answer" "exited with code 07" "the program ends as it would"
has "$answer" "No threads." "and its threads with it"
is "$said" "total 6" "undisturbed"

on threads "break work" continue continue continue continue
is "$(count 'hit Breakpoint 1, work')" 3 \
    "a breakpoint in a function of threads is hit by each, once"
of='gdb.selected_inferior()'
on threads "break work" continue "set scheduler-locking on" \
    'print $self = (unsigned long) pthread_self()' \
    "python t = $of.thread_from_handle(gdb.parse_and_eval('\$self'))" \
    'python print("found", t == gdb.selected_thread(), t.handle().hex())' \
    "python print(len(set(t.handle() for t in $of.threads())))" kill
has "$answer" "found True" "a thread has the handle that pthread_self() returns"

on threads "break work if self == 2" continue "print self" "up" "print arg" \
    continue
has "$answer" '$1 = 2' "with a condition it is hit by one"
has "$answer" '$2 = (void *) 0x2' "which is the right one"
is "$said" "total 6" "and the others went on"

# Each thread has its own thread-local variables.
on threads "tbreak work if self == 2" continue "print mine" next next \
    "print mine" "thread apply all -q print mine" continue
has "$answer" '$1 = 0' "a thread-local variable is found"
has "$answer" '$2 = 200' "and is the thread's that stopped"
is "$(count '^\$[3-6] = ')" 4 "and each thread has one"

# One thread steps while the others are stopped; then all threads continue.
on threads "tbreak work if self == 1" continue "set scheduler-locking on" \
    'set $a = own[0]' 'set $c = own[2]' next next "print own[1]" next next \
    "print own[1]" 'print own[0] == $a && own[2] == $c' \
    "set scheduler-locking off" next next continue
has "$answer" '$1 = 2' "a thread that steps alone works"
has "$answer" '$2 = 4' "line by line"
has "$answer" '$3 = 1' "and alone"
is "$said" "total 6" "and disturbs nobody"
on threads "watch total" continue continue continue delete continue
is "$(count 'Hardware watchpoint 1: total')" 4 \
    "a watchpoint sees each of three threads write"
has "$answer" "New value = 6" "and the last value"
on spin "tbreak compute" continue next next next "info threads" \
    "set var done = 1" continue
has "$answer" "own[(long)arg]++" "next goes on in its thread while others run"
is "$said" "spun" "and each comes to its end"
on chain "break pass" "ignore 1 50" continue "info threads" delete continue
is "$(count 'Thread 1\.[0-9]* *"')" 2 \
    "no thread of the fifty that came and went is listed"
is "$said" "passed" "and more come"

# Faults and interrupts.
on faults continue "info threads" bt 'print $_siginfo.si_signo' \
    'print $_siginfo._sifields._sigfault.si_addr' continue
has "$answer" '"culprit" received signal SIGSEGV' \
    "a fault in a thread is reported, with its name"
has "$answer" "write_badly (at=0x0)" "where it is"
has "$answer" '$1 = 11' "and what"
has "$answer" "terminated with signal SIGSEGV" "passed on, it ends the program"
on faults continue "set var done = 1" "signal SIGUSR1"
has "$answer" "terminated with signal SIGUSR1" \
    "instead another signal may be sent"

on spin "$interrupt_later" continue "info threads" "thread apply all -s bt 2" \
    "set var done = 1" continue
has "$answer" "received signal SIGINT" "Ctrl-C stops threads that compute"
is "$(printf '%s\n' "$answer" | sed -n '/Target Id/,/^$/p' |
    grep -c 'compute (arg=')" 3 "all of them"
is "$said" "spun" "and they go on"

# A step over `syscall` is one step, whatever the call does.
cat >"$scratch/commands" <<'END'
define to_syscall
while *(unsigned short *)$pc != 0x050f
stepi
end
end
END
on signals "handle SIGUSR1 nostop noprint" "source $scratch/commands" \
    "break raise" continue to_syscall 'set $at = $pc' stepi 'print $pc - $at' \
    'print $rax' to_syscall 'set $at = $pc' nexti 'print $pc - $at' \
    to_syscall 'print $rax' 'print $rdx' continue
has "$answer" '$1 = 2' "a step over syscall is one"
has "$answer" '$2 = ' "and has its result"
has "$answer" '$3 = 2' "so is the next"
has "$answer" '$4 = 234' "up to the one that sends the signal"
has "$answer" '$5 = 10' "which it is"
is "$said" "handled 10 total 11" "and it is handled"

# Signals.
on signals "info signals SIGUSR1" continue bt "break handler" continue bt \
    finish delete continue
has "$answer" "SIGUSR1       Yes	Yes	Yes" "info signals lists the actions"
has "$answer" "received signal SIGUSR1" "a signal stops the program"
has "$answer" "in raise ()" "where it was sent"
has "$answer" "handler (signal=10)" "it is passed to its handler"
has "$answer" "<signal handler called>" "whose caller gdb names"
has "$answer" "signals () at" "up to who raised it"
is "$said" "handled 10 total 11" "and nothing is lost"

on signals "handle SIGUSR1 nostop noprint pass" continue
lacks "received signal" "handle nostop: it does not stop"
is "$said" "handled 10 total 11" "and is passed"
on signals "handle SIGUSR1 nopass" continue continue
is "$said" "handled 0 total 10" "handle nopass: it is not"
on signals continue "signal 0"
is "$said" "handled 0 total 10" "nor with signal 0"
on signals "handle SIGUSR1 nostop noprint" "break between" continue \
    "tbreak handler" "signal SIGUSR1" bt 3 finish continue
has "$answer" "#2  between () at" \
    "signal SIGUSR1 calls the handler from where the program stood"
lacks "hit Breakpoint 1.*hit Breakpoint 1" "once"
is "$said" "handled 10 total 12" "and then goes on there"

on signals continue stepi "print \$pc == (long)handler" bt 2 next next next \
    "info symbol \$pc" finish "tbreak between" continue continue
has "$answer" '$1 = 1' "a step with a signal goes to its handler"
has "$answer" "handled = signal" "which is stepped"
has "$answer" "between () at" "and left for where it came from"
is "$said" "handled 10 total 11" "and the end is the same"

on targets continue "info threads" "tbreak handler" continue "bt 2" continue
has "$answer" '"sleeper" received signal SIGUSR1' \
    "a signal to a thread stops there"
has "$answer" '"sleeper" hit Temporary breakpoint' "and is handled there"
is "$said" "handled 10 total 1" "once"

# Stepping, with a signal every half millisecond that gdb does not report.
on ticks "handle SIGALRM nostop noprint pass" "break between" continue next \
    next next next step next next delete continue
is "$(count 'hit Breakpoint 1, between\|^Breakpoint 1, between')" 2 \
    "next over signals stops at the next line, and at breakpoints"
lacks "handler (signal" "and in no handler"
is "$said" "ticked 1" "and the program ends well"
on ticks "handle SIGALRM nostop noprint pass" "break handler" "ignore 1 5" \
    continue bt 2 delete continue
has "$answer" "handler (signal=14)" "unless a breakpoint is in there"
is "$said" "ticked 1" "and the program ends well"

# Several threads get signals at the same time, and gdb reports each signal.
crowd=$scratch/torture
${CC:-cc} -O1 -static -pthread "$top_srcdir/tests/programs/torture.c" \
    -o "$crowd"
for what in world faults storm; do
	on_line "| $novillo --gdb=stdio -m 4G $crowd $what 2>$scratch/guest" \
	    "handle SIGUSR1 SIGUSR2 SIGALRM SIGSEGV nostop print pass" continue
	is "$(cat "$scratch/guest")" "$("$crowd" $what)" \
	    "$what: no signal is lost that gdb passes on"
done

# Threads that wait are stopped, and each calls a function that waits.  Then each
# waits for the rest of its time, and not anew.
on_line "| $novillo --gdb=stdio $program waits 2>$scratch/guest" \
    "$interrupt_later" continue "set scheduler-locking on" \
    "thread apply 2 3 4 5 -q print (int)poll(0, 0, 100)" \
    "thread apply 2 -q print (int)usleep(100000)" \
    "thread 1" "set scheduler-locking off" "print resumed = (double)now()" \
    continue
is "$(count '^\$[1-5] = 0$')" 5 "calls that wait return to threads that wait"
is "$(cat "$scratch/guest")" "nanosleep: all its time, and no more
poll: all its time, and no more
select: all its time, and no more
epoll_wait: all its time, and no more" "whose waits go on where they were"

# A hardware breakpoint on a page that is not there yet.
on_line "| $novillo --gdb=stdio -a @file $program late 2>$scratch/guest" \
    "hbreak *0x70000000" continue 'print $pc' continue 'print $pc' continue
is "$(count '^\$[12] = .* 0x70000000$')" 2 \
    "hbreak is hit when its page has come, and come again"
is "$(cat "$scratch/guest")" "late 14" "and the code is as it was"

# gdb can open the core that it wrote.
on faults continue "generate-core-file $scratch/core" kill
try gdb -nx -batch -ex "info threads" "$program" "$scratch/core"
has "$out" "write_badly (at=0x0)" "gdb's core shows the fault"
is "$(printf '%s\n' "$out" | grep -c '^[* ] [0-9].*LWP ')" 4 "and all threads"
done_testing
