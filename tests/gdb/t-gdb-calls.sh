#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# catch syscall in gdb: a guest stops before and after a hypercall, whichever
# gate it uses, with the registers that Linux shows; the call and its result can
# be changed.

. "${top_srcdir:-.}/tests/lib.sh"
. "${top_srcdir:-.}/tests/gdb/gdb.sh"

show='printf "<%d %d>\n", $orig_rax, $rax'

session "caught.elf calls" "catch syscall getppid" "catch syscall 39" \
    continue "$show" continue "$show" continue "$show" 'x/i $pc - 2' \
    continue "$show" continue
has "$answer" "(call to syscall getppid)" "catch syscall: a call by OUT, by name"
has "$answer" "<110 -38>" "it is not made yet: rax is -ENOSYS"
has "$answer" "(returned from syscall getppid)" "and its return"
has "$answer" "<110 0>" "with the result"
has "$answer" "(call to syscall getpid)" "a call by syscall, by number"
has "$answer" "syscall" "the instruction is the one before pc"
has "$answer" "<39 1>" "and its return"
has "$answer" "exited with code 04" "and the guest goes on"
is "$(cat "$scratch/guest")" "0 1 -38" "with the same results"

session "caught.elf calls" "catch syscall" continue continue continue \
    continue continue "$show" continue "$show" continue continue continue \
    continue continue
has "$answer" "(any syscall)" "catch syscall: every call"
has "$answer" "(call to syscall 5000)" "one that nobody has"
has "$answer" "<5000 -38>" "by its number"
has "$answer" "(call to syscall write)" "one of many"
has "$answer" "(call to syscall exit_group)" "and the last, which never returns"
has "$answer" "exited with code 04" "the guest ends as it would"

session "caught.elf calls" "catch syscall group:process" continue continue
has "$answer" "(call to syscall exit_group)" "catch syscall: a group"
session "caught.elf calls" "catch syscall exit_group" continue \
    'set $rdi = 9' continue
has "$answer" "exited with code 011" "an argument is changed"

session "caught.elf calls" "catch syscall getpid" continue \
    'set $orig_rax = 110' continue "$show" delete continue
is "$(cat "$scratch/guest")" "0 0 -38" "orig_rax is changed: another call"
session "caught.elf calls" "catch syscall getpid" continue \
    'set $orig_rax = -1' 'set $rax = 77' "$show" delete continue
has "$answer" "<-1 77>" "orig_rax is -1"
is "$(cat "$scratch/guest")" "0 77 -38" "and no call is made"
session "caught.elf calls" "catch syscall getpid" continue continue \
    'set $rax = 78' delete continue
is "$(cat "$scratch/guest")" "0 78 -38" "rax is changed: another result"

session "caught.elf calls" "catch syscall getpid" continue \
    'print twice(21)' "$show" continue "$show" 'print twice(22)' "$show" \
    continue
has "$answer" '$1 = 42' "a function is called at the entry"
has "$answer" "<39 1>" "the call is made after it"
has "$answer" '$2 = 44' "a function is called at the return"
is "$(cat "$scratch/guest")" "0 1 -38" "and the result stays"

session "caught.elf base" "catch syscall arch_prctl" continue continue continue \
    'set $gs_base = $gs_base + 8' continue continue
has "$answer" "exited with code 07" "a caught call sets a register for good"
is "$(cat "$scratch/guest")" "0 42 8" "and another reads the one that gdb has set"

session "caught.elf calls" "catch syscall getpid" continue stepi \
    'print $pc == (long)&after_syscall' stepi \
    'print $pc == (long)&after_syscall' delete continue
has "$answer" "(returned from syscall getpid)" "stepi at the entry: the return"
has "$answer" '$1 = 1' "at the instruction after the call"
has "$answer" '$2 = 0' "stepi at the return makes that"
# gdb steps over a breakpoint while it is lifted, and all other threads stay.
session "caught.elf calls" "break *after_syscall" "catch syscall getpid" \
    continue continue "$show" continue "$show" continue
has "$answer" "Breakpoint 1, " "a breakpoint after a caught call is met"
has "$answer" "<39 1>" "at its return"
has "$answer" "<-1 -38>" "and again at the next call, which is not caught"
session "caught.elf calls" 'break *(long)&after_syscall - 2' \
    "catch syscall getpid" continue continue "$show" continue "$show" continue \
    continue
has "$answer" "(call to syscall getpid)" "a breakpoint on a caught call: its entry"
has "$answer" "<39 -38>" "before it is made"
has "$answer" "(returned from syscall getpid)" "and its return"
has "$answer" "exited with code 04" "and the guest goes on"
session "caught.elf calls" "break by_syscall" continue delete \
    "catch syscall getpid" stepi stepi stepi stepi continue continue
has "$answer" "(call to syscall getpid)" "stepi over a call: its entry"
has "$answer" "exited with code 04" "and the guest goes on"
session "caught.elf calls" "catch syscall getpid" continue delete \
    "break *after_syscall" continue 'print $rax' continue 'print $rax' continue
has "$answer" "Breakpoint 2, " "a breakpoint after the call is met"
has "$answer" '$1 = 1' "after the call was made"
has "$answer" '$2 = -38' "and again"
session "caught.elf calls" "tcatch syscall getpid" continue 'break *$pc - 2' \
    continue continue
has "$answer" "Temporary catchpoint 1 (call to syscall getpid)" "tcatch syscall"
has "$answer" "Breakpoint 2, " "a breakpoint on the instruction is the next call"

session "caught.elf sleep $((4 * gdb_pause))" \
    "catch syscall nanosleep" continue \
    "$interrupt_later" continue "$show" 'print twice(50)' continue "$show" \
    continue
has "$answer" "received signal SIGINT" "Ctrl-C stops a caught call that waits"
has "$answer" '$1 = 100' "a function is called in the middle of it"
has "$answer" "(returned from syscall nanosleep)" "it returns later"
has "$answer" "<35 0>" "with its own result"
is "$(cat "$scratch/guest")" "slept once" "and has waited for its time once"
has "$answer" "exited with code 06" "and the guest ends as it would"

session "caught.elf wait" "catch syscall futex" continue continue "$show" \
    continue continue
has "$answer" "(call to syscall futex)" "a thread's call is caught"
has "$answer" "<202 -512>" "a signal interrupts it: it returns"
has "$answer" "received signal SIGUSR1" "then the signal comes"
has "$answer" "exited with code 03" "and the guest ends"
is "$(cat "$scratch/guest")" "result -4, handled 1" "as it would, with EINTR"
session "caught.elf wait restart" "catch syscall futex" continue continue \
    continue continue "$show" delete continue
has "$answer" "<202 -38>" "with SA_RESTART it is called again"
is "$(cat "$scratch/guest")" "result 0, handled 1" "as it would"
session "caught.elf wait" "catch syscall futex" continue continue \
    'set $rax = 0' continue continue
is "$(cat "$scratch/guest")" "result 0, handled 1" \
    "a result in place of the interruption"
session "caught.elf wait" "catch syscall rt_sigreturn" \
    "handle SIGUSR1 nostop noprint pass" continue continue continue
has "$answer" "(call to syscall rt_sigreturn)" "a handler's end is caught"
has "$answer" "(returned from syscall rt_sigreturn)" "and its return"
is "$(cat "$scratch/guest")" "result -4, handled 1" "and leads where it would"

session "caught.elf wait" "catch syscall futex" continue detach
is "$(cat "$scratch/guest")" "result -4, handled 1" \
    "a guest whose debugger leaves at a call goes on"
session "caught.elf wait" "catch syscall futex" continue "signal SIGUSR1" \
    continue continue continue continue continue
is "$(cat "$scratch/guest")" "result -4, handled 2" \
    "a signal that gdb makes up interrupts the call"
session "caught.elf sleep $((4 * gdb_pause))" \
    "catch syscall nanosleep" continue kill
has "$answer" "killed]" "a guest is killed at a call"
done_testing
