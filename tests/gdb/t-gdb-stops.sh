#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Stops of a guest, as the real gdb reports them: steps over awkward
# instructions, breakpoints anywhere, faults, watchpoints, Ctrl-C.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

# Steps.  `over X` runs to the instruction at X, steps it, and prints whether
# the step ended after it; `at X` prints whether the program counter is X.
cat >"$scratch/over" <<'END'
define at
printf "$arg0: %d\n", $pc == (long)&$arg0
end
define over
tbreak *(long)&$arg0
continue
stepi
at $arg0_done
end
handle SIGILL SIGSEGV nopass
END

session "debug.elf awkward" "source $scratch/over" "over at_out" \
    "printf \"pid %d\n\", \$eax" "over at_syscall" \
    "printf \"pid again %d\n\", \$eax" \
    "printf \"trap flag in r11: %d\n\", (\$r11 >> 8) & 1" "over at_cpuid" \
    "over at_pushf" "printf \"trap flag pushed: %d\n\", (*(long *)\$rsp >> 8) & 1" \
    "over at_popf" "stepi" "printf \"after nop: %d\n\", \$pc - (long)&at_popf_done" \
    "stepi" "stepi" "printf \"left: %d\n\", \$ecx" "at at_rep" "stepi" \
    "printf \"left then: %d\n\", \$ecx" "stepi" "at at_rep_done" \
    "over at_int3" "continue"
has "$answer" "at_out_done: 1" "stepi makes an OUT"
has "$answer" "pid 1" "and the hypercall is served"
has "$answer" "at_syscall_done: 1" "stepi makes a syscall"
has "$answer" "pid again 1" "which is also served"
has "$answer" "trap flag in r11: 0" "and leaves no trap flag in r11"
has "$answer" "at_cpuid_done: 1" "stepi makes a CPUID"
has "$answer" "at_pushf_done: 1" "stepi makes a PUSHF"
has "$answer" "trap flag pushed: 0" "which pushes no trap flag of ours"
has "$answer" "at_popf_done: 1" "stepi makes a POPF"
has "$answer" "after nop: 1" "and the step after it is a step"
has "$answer" "left: 2" "stepi makes one round of a repeated STOS"
has "$answer" "at_rep: 1" "and stays on it"
has "$answer" "left then: 1" "then the next"
has "$answer" "at_rep_done: 1" "until it is done"
has "$answer" "at_int3_done: 1" "stepi goes over the guest's own INT3"
has "$answer" "exited normally" "and the guest ends well"
has "$(cat "$scratch/guest")" "sum 55" "having done all it had to do"

session "debug.elf" "source $scratch/over" "break main" "continue" \
    "set \$pc = (long)&at_self" "stepi" "stepi" "at at_self" \
    "set \$pc = (long)&at_self_done" "stepi" "at at_undefined" \
    "set \$pc = (long)&at_null" "set \$rax = 0" "stepi" "at at_null" \
    "print \$_siginfo" "set \$rax = \$rsp" "stepi" "at at_null_done" "stepi"
has "$answer" "at_self: 1" "a jump to itself is stepped"
has "$answer" "received signal SIGILL" "a step into a fault is the fault"
has "$answer" "at_undefined: 1" "at its instruction"
has "$answer" "received signal SIGSEGV" "another step is another fault"
has "$answer" "at_null: 1" "where it was made"
has "$answer" "at_null_done: 1" "and is made when that is repaired"
has "$answer" "exited normally" "HLT, stepped, ends the guest"

session "hello.elf" "stepi 100000"
has "$answer" "exited normally" "a whole guest can be stepped through"
has "$(cat "$scratch/guest")" "Hello, world!" "which says what it has to say"

session "debug.elf" "break main" "continue" "stepi 30" "nexti 10" \
    "tbreak say_sum" "continue" "step 5" "next 3" "continue"
has "$answer" "exited normally" "steps and breakpoints go together"
has "$(cat "$scratch/guest")" "sum 55, twice 110, global 122" \
    "and change nothing"

# Breakpoints.
session "debug.elf" "break say_sum" "break sum_to" "continue" "next" "next" \
    "info breakpoints"
has "$answer" "Breakpoint 2, sum_to" "a breakpoint in what next steps over"

session "debug.elf awkward" "source $scratch/over" "break *(long)&at_int3" \
    "break *(long)&at_out" "break *(long)&at_rep" "continue" "at at_out" \
    "stepi" "at at_out_done" "continue" "at at_rep" "continue" "continue" \
    "printf \"left: %d\\n\", \$ecx" "continue" "at at_int3" \
    "continue" "continue"
has "$answer" "at_out: 1" "a breakpoint on an OUT is hit"
has "$answer" "at_out_done: 1" "and the OUT is stepped under it"
has "$answer" "at_rep: 1" "so is one on a repeated instruction"
has "$answer" "left: 1" "for each time it repeats"
has "$answer" "at_int3: 1" "and one on the guest's own INT3"
has "$answer" "exited normally" "and all goes on"

session "hello.elf" "set logging file /dev/null" "rbreak ." "continue" "bt 1" \
    "continue" "continue" "delete" "continue"
has "$answer" "exited normally" "breakpoints can be in all functions"
has "$(cat "$scratch/guest")" "Hello, world!" "and go without a trace"

session "status.elf 3" "hbreak main" "hbreak exit" "hbreak _exit" \
    "hbreak atoi" "hbreak strcmp" "hbreak *_start" "continue" "continue" \
    "continue" "delete" "continue"
has "$answer" "Breakpoint 1, main" "more than four hardware breakpoints"
has "$answer" "Breakpoint 4, atoi" "are hit, each"
has "$answer" "exited with code 03" "and the guest ends as it would"

# A hardware breakpoint needs no page: it is hit before the fault of the fetch.
session "hello.elf" "hbreak *0x3000001" "continue"
has "$answer" "exited normally" "hbreak needs no mapped page"
session "hello.elf" "break *main" "continue" "hbreak *0" \
    "set var *(long *)\$rsp = 0" "continue" "continue"
has "$answer" "Breakpoint 2, 0x0000000000000000 in ??" \
    "hbreak is hit where nothing is mapped"
has "$answer" "received signal SIGSEGV" "then the fetch faults"

# A breakpoint after an INT3 that the program itself has.
session "debug.elf awkward" "source $scratch/over" "break *(long)&at_int3" \
    "continue" "break *((long)&at_int3 + 1)" "continue" "continue"
has "$answer" "Breakpoint 2," "a breakpoint right after the guest's INT3 is hit"
has "$answer" "exited normally" "and all goes on"

# Nothing forks or executes here: such catchpoints wait for ever.
session "hello.elf" "catch fork" "catch vfork" "catch exec" "continue"
hasnt=$(printf '%s\n' "$answer" | grep -c 'Error inserting')
is "$hasnt" 0 "catch fork, vfork and exec are accepted"
has "$answer" "exited normally" "and the guest runs to its end"

# gdb can access a page that mprotect() has made PROT_NONE.
session "t_memory.elf" "break *mprotect if \$edx == 0" "continue" \
    "set \$page = (char *)\$rdi" "set var *\$page = 77" "finish" \
    "print *\$page" "set var *\$page = 78" "print *\$page" \
    "set var *\$page = 0" "continue"
has "$answer" "= 77 'M'" "a PROT_NONE page can be read"
has "$answer" "= 78 'N'" "and written"
has "$answer" "exited normally" "as the guest sees when it has it again"

# Faults are inspected, repaired and retried, or passed on.
session "fault_text.elf" "continue" "backtrace" "continue"
has "$answer" "received signal SIGSEGV" "a fault stops the guest"
has "$answer" "write_to_text () at" "at the instruction that made it"
has "$answer" "in main ()" "with its callers"
has "$answer" "terminated with signal SIGSEGV" "passed on, it ends the guest"

session "fault_null.elf" "continue" "print \$rax" "print nowhere" \
    "print \$pc == (long)write_to_null + 11" "continue"
has "$answer" "= 0" "the registers of a fault are its own"
try "$novillo" "$guests/fault_null.elf"
is "$(sed '/waits for a debugger/d' "$scratch/guest")" "$err" \
    "the report says the same as without gdb"

session "fault_divide.elf" "continue" "print zero" "set \$rcx = 1" "signal 0"
has "$answer" "received signal SIGFPE" "a divide error is SIGFPE"
has "$answer" "exited normally" "repaired, it is tried again and made"

session "fault_null.elf" "continue" "signal 0" "signal 0" \
    "set \$rax = \$rsp - 64" "signal 0"
has "$answer" "exited normally" "so is a write, at the third time"

session "fault_undefined.elf" "continue" "print \$pc" "jump *(\$pc + 2)"
has "$answer" "received signal SIGILL" "an undefined instruction is SIGILL"
has "$answer" "exited normally" "jumped over, it does not stop again"

session "fault_exec.elf" "continue" "print \$pc == (long)code" "kill"
has "$answer" "received signal SIGSEGV" "execution of data is SIGSEGV"
has "$answer" '$1 = 1' "there, where nothing may be executed"
has "$answer" "killed" "and the guest can be killed"

session "fault_stack.elf" "continue" "backtrace -3" "continue"
has "$answer" "in main ()" "a stack that is too deep can be walked"
has "$answer" "terminated with signal SIGSEGV" "and its overflow passed on"

session "fault_int3.elf" "continue" "continue"
has "$answer" "received signal SIGTRAP" "a breakpoint of nobody is SIGTRAP"
has "$answer" "exited normally" "and after it the guest goes on"

session "fault_port.elf" "continue" "continue"
has "$answer" "received signal SIGSEGV" "a port of nobody is SIGSEGV"
has "$answer" "write_to_port () at" "at its OUT"
has "$answer" "terminated with signal SIGSEGV" "which ends the guest"

# The processor of host A raises neither of these two exceptions.
session "fault_align.elf" "continue" "continue"
if [ "${NOVILLO_HOST-}" = A ] || [ "${NOVILLO_HOST-}" = Ai ]; then
	has "$answer" "exited normally" "host A knows no unaligned access"
else
	has "$answer" "received signal SIGBUS" "an unaligned access is SIGBUS"
fi
session "fault_fp.elf" "continue" "continue"
if [ "${NOVILLO_HOST-}" = A ] || [ "${NOVILLO_HOST-}" = Ai ]; then
	has "$answer" "exited normally" "host A knows no SSE exception"
else
	has "$answer" "received signal SIGFPE" "an SSE exception is SIGFPE"
fi

# Watchpoints.
session "debug.elf" "watch global" "continue" "continue" "continue"
has "$answer" "Hardware watchpoint 1: global" "a watchpoint can be set"
has "$answer" "New value = 7" "and is hit"
has "$answer" "New value = 122" "each time"
has "$answer" "write_memory () at" "where it was written"
has "$answer" "exited normally" "and then the guest ends"

session "debug.elf" "break write_memory" "continue" "next" "watch local" \
    "continue" "info watchpoints" "continue" "continue"
has "$answer" "New value = 22" "a local can be watched"
has "$answer" "deleted because the program has left the block" \
    "as long as it lives"

session "debug.elf" "set print elements 2" "watch array" "continue" \
    "print array[0]" "continue" "print array[2048]" "continue" \
    "print array[4095]" "delete" "continue"
has "$answer" "97 'a'" "4096 bytes are watched from their first"
has "$answer" "98 'b'" "over their middle"
has "$answer" "99 'c'" "to their last"
has "$answer" "exited normally" "and no longer when nobody wants to"

session "debug.elf" "watch many[0]" "watch many[1]" "watch many[2]" \
    "watch many[3]" "watch many[4]" "watch many[5]" "watch global" \
    "continue" "continue" "continue" "continue" "continue" "continue" \
    "continue" "continue" "continue"
has "$answer" "New value = 100" "seven watchpoints at once: the first is hit"
has "$answer" "New value = 104" "so is the fifth"
has "$answer" "New value = 105" "and the sixth"
has "$answer" "New value = 122" "and the seventh"

session "debug.elf" "rwatch global" "continue" "info symbol \$pc" "continue"
has "$answer" "Hardware read watchpoint 1: global" "a read can be watched"
has "$answer" "Value = 122" "and is seen, the writes before it not"
session "debug.elf" "awatch global" "continue" "continue" "continue"
has "$answer" "New value = 7" "any access can be: a write"
has "$answer" "Value = 122" "and a read"

session "debug.elf" "break write_memory" "continue" "watch global" "next" \
    "next" "next" "next" "print global" "watch many[7] if many[7] == 107" \
    "continue" "continue"
has "$answer" "New value = 7" "a watchpoint is hit within next"
has "$answer" "New value = 107" "and one with a condition"

# Watchpoints also see writes by hypercalls.
printf 'abc' >"$scratch/input"
exec 3<"$scratch/input"
serve "$guests/echo.elf"
on_line "$line" "break main" "continue" "watch *(char *)&buf" "continue" \
    "delete" "continue"
exec 3</dev/null
has "$answer" "New value = 97 'a'" "a write by read() is watched"
ended 0 "then the guest goes on"
is "$(cat "$scratch/out")" "abc" "with what it has read"

# Ctrl-C.
session "compute.elf 100000000000" "$interrupt_later" "continue" "bt" \
    "stepi" "$interrupt_later" "continue" "kill"
has "$answer" "received signal SIGINT" "Ctrl-C stops a guest that computes"
has "$answer" "main (argc" "somewhere in its code"

session "sleep.elf $((gdb_pause * 3))" "$interrupt_later" "continue" "bt" \
    "stepi" "continue"
has "$answer" "received signal SIGINT" "Ctrl-C stops a guest that sleeps"
has "$answer" "nanosleep (" "in its call"
has "$answer" "exited normally" "which sleeps on afterwards, to its end"

mkfifo "$scratch/fifo"
exec 4<>"$scratch/fifo" 3<"$scratch/fifo"
serve "$guests/wc.elf"
on_line "$line" "$interrupt_later" "continue" "bt" "print twice" \
    "$interrupt_later" "continue" "detach"
has "$answer" "received signal SIGINT" "Ctrl-C stops a guest that reads"
has "$answer" "read (" "in its call"
printf 'one two\nthree\n' >&4
exec 3</dev/null 4>&-
ended 0 "left alone, it reads on"
is "$(cat "$scratch/out")" "2 3 14" "all that comes"
done_testing
