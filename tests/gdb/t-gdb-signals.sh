#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Signals in gdb: a signal stops a guest as it stops a process, and gdb passes
# it on or discards it.

. "${top_srcdir:-.}/tests/lib.sh"
. "${top_srcdir:-.}/tests/gdb/gdb.sh"

handlers="break handler"

session "signals.elf raise" continue 'print $_siginfo.si_signo' \
    'print $_siginfo._sifields._kill.si_pid' "backtrace" \
    "$handlers" continue backtrace finish delete continue continue
has "$answer" "Program received signal SIGUSR1" "a signal stops a guest"
has "$answer" '$1 = 10' "its number is in \$_siginfo"
has "$answer" '$2 = 1' "and who sent it"
has "$answer" "in work () at " "and where it came"
has "$answer" "<signal handler called>" "gdb knows a handler's frame"
has "$answer" "exited with code 05" "and the guest ends as it would"
has "$(cat "$scratch/guest")" "got 10" "with the handler called"

session "signals.elf raise" continue \
    'set var $_siginfo._sifields._kill.si_uid = 4242' \
    'print $_siginfo._sifields._kill.si_uid' 'print $_siginfo.si_signo' \
    'break *handler' continue 'print *(int *)($rsi + 20)' delete continue \
    continue
has "$answer" '$1 = 4242' "\$_siginfo is written"
has "$answer" '$2 = 10' "the rest of it stays"
has "$answer" '$3 = 4242' "and the handler gets it"
has "$answer" "exited with code 05" "and the guest ends as it would"

session "signals.elf raise" continue "signal 0" "signal 0"
has "$answer" "exited with code 05" "signal 0 goes on"
has "$(cat "$scratch/guest")" "last 0" "without the handler"

session "signals.elf raise" "handle SIGUSR1 nostop noprint pass" \
    "info signals SIGUSR1" continue
has "$answer" "User defined signal 1" "info signals names the signal"
case $answer in
*"received signal"*) false ;;
*) true ;;
esac
ok $? "handle nostop: a signal does not stop the guest"
has "$(cat "$scratch/guest")" "last 10" "and is passed"

session "signals.elf raise" "handle SIGUSR1 nopass" continue continue continue
has "$(cat "$scratch/guest")" "last 0" "handle nopass: it is not"

session "signals.elf raise" continue stepi 'print $pc == (long)handler'
has "$answer" '$1 = 1' "a step with a signal is to the handler's first line"

session "signals.elf raise" "break work" continue delete \
    "$handlers" "signal SIGTERM" continue
has "$answer" "terminated with signal SIGTERM" \
    "a signal that gdb makes up ends a guest"
has "$(cat "$scratch/guest")" "the debugger sent it" "as is reported"
session "signals.elf raise" "break work" continue delete continue \
    "$handlers" "signal SIGUSR1" backtrace
has "$answer" "handler (signal=10)" "or comes to its handler"

session "signals.elf compute" "$interrupt_later" continue \
    "handle SIGUSR1 stop print pass" "$handlers" "signal SIGUSR1" backtrace \
    kill
has "$answer" "received signal SIGINT" "Ctrl-C is the debugger's"
has "$answer" "handler (signal=10)" "and the guest gets what gdb sends"

shown='printf "<%d %d>\n", $_siginfo.si_signo, $_siginfo.si_code'
at_pc='print $_siginfo._sifields._sigfault.si_addr == $pc'

session "signals.elf raise" "break work" continue "$shown" "$at_pc" stepi \
    "$shown" "$at_pc" "watch last" continue "$shown" continue "$shown" \
    "hbreak handler" "catch syscall rt_sigreturn" continue "$shown" delete
has "$answer" "<5 1>" "\$_siginfo at a breakpoint: SIGTRAP, TRAP_BRKPT"
has "$answer" '$1 = 1' "with its address"
has "$answer" "<5 2>" "after a step: TRAP_TRACE"
has "$answer" '$2 = 1' "with its address"
has "$answer" "<10 -6>" "at a signal: its own"
has "$answer" "<5 4>" "at a watchpoint: TRAP_HWBKPT"
has "$answer" "<5 133>" "at a hypercall: as ptrace(2) says"
session "signals.elf compute" "$interrupt_later" continue "$shown" kill
has "$answer" "<2 0>" "after Ctrl-C: SIGINT, from a user"

session "signals.elf raise" "break work" continue delete \
    "queue-signal SIGUSR1" 'break *handler' continue 'print $rdi' \
    'print *(int *)($rsi + 8)' delete continue continue continue
has "$answer" '$1 = 10' "queue-signal: the signal comes when the guest goes on"
has "$answer" '$2 = 0' "from a user"

session "signals.elf raise" continue detach
is "$(grep -c "got 10" "$scratch/guest")" 2 \
    "a guest that is left at a signal gets it"
session "signals.elf raise" "handle SIGUSR1 nopass" continue detach
is "$(grep -c "got 10" "$scratch/guest")" 1 \
    "unless gdb does not pass it: then only the next one"

session "signals.elf fault-blocked" continue continue
has "$answer" "Program received signal SIGSEGV" "a fault that is blocked stops"
has "$answer" "terminated with signal SIGSEGV" "and kills"
done_testing
