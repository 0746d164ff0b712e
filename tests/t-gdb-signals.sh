#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Signals in gdb: they stop a guest as they stop a process, and are passed on,
# or not.

. "${top_srcdir:-.}/tests/lib.sh"
. "${top_srcdir:-.}/tests/gdb.sh"

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

session "signals.elf raise" continue "signal 0" "signal 0"
has "$answer" "exited with code 05" "signal 0 goes on"
has "$(cat "$scratch/guest")" "last 0" "without the handler"

session "signals.elf raise" "handle SIGUSR1 nostop noprint pass" \
    "info signals SIGUSR1" continue
has "$answer" "User defined signal 1" "info signals tells"
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
session "signals.elf raise" "break work" continue delete continue \
    "$handlers" "signal SIGUSR1" backtrace
has "$answer" "handler (signal=10)" "or comes to its handler"

session "signals.elf compute" "$interrupt_later" continue \
    "handle SIGUSR1 stop print pass" "$handlers" "signal SIGUSR1" backtrace \
    kill
has "$answer" "received signal SIGINT" "Ctrl-C is the debugger's"
has "$answer" "handler (signal=10)" "and the guest gets what gdb sends"

session "signals.elf fault-blocked" continue continue
has "$answer" "Program received signal SIGSEGV" "a fault that is blocked stops"
has "$answer" "terminated with signal SIGSEGV" "and kills"
done_testing
