#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The real gdb on real guests: a user's commands, and gdb's answers.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

files_by_packets
session "hello.elf you" "info registers rip" "info line" "info symbol \$pc" \
    "info auxv" "info inferiors"
has "$answer" "_start" "without a file named, gdb has the symbols"
has "$answer" "guest/runtime/start.S" "and stands at the entry"
has "$answer" "AT_ENTRY" "it can show the auxiliary vector"
has "$answer" "hello.elf" "and knows the program's file"
files_from_here

session "hello.elf you" "break main" "continue" "backtrace" \
    "print argc" "print argv[1]" "print \$_exitcode" "info frame" "list"
has "$answer" "Breakpoint 1, main (argc=2" "break main is hit"
has "$answer" '= 2' "arguments can be printed"
has "$answer" '"you"' "and what they point to"
has "$answer" "saved rip = 0x" "the frame is described"

session "hello.elf you" "break main" "continue" "next" "next" "stepi 20" \
    "step" "info threads" "continue"
has "$answer" 'Thread 1.1 "main"' "threads have names"
has "$answer" "exited normally" "after next, stepi and step the guest ends well"
has "$(cat "$scratch/guest")" "Hello, you!" "and has said all it had to say"

session "hello.elf" "break main" "continue" "print argc = 5" "print argc" \
    "set var \$rbx = 0x1234567890abcdef" "print/x \$rbx" \
    "set var \$xmm3.v2_int64[1] = 77" "print \$xmm3.v2_int64[1]" \
    "set var \$st3 = 2.5" "print \$st3" "print \$mxcsr" \
    "print \$fs_base" "print \$xmm15.uint128" "info all-registers"
has "$answer" "= 5" "a variable can be changed"
has "$answer" "0x1234567890abcdef" "and a register"
has "$answer" "= 77" "and half of a vector register"
has "$answer" "= 2.5" "and an x87 register"
has "$answer" "IM DM ZM OM UM PM" "MXCSR is shown by flags"
has "$answer" '$7 = 0' "the base of a segment is shown"
has "$answer" '$8 = 0' "and the last vector register that all have"
has "$answer" "fctrl          0x37f" "all of them are listed"

# gdb enters calls, finishes them, and leaves a loop.
session "debug.elf" "tbreak sum_to" "continue" "info breakpoints" \
    "finish" "break twice" "continue" "up" "info locals" "down" "finish"
has "$answer" "Temporary breakpoint 1, sum_to (n=10)" "tbreak is hit"
has "$answer" "No breakpoints or watchpoints" "and gone then"
has "$answer" "Value returned is \$1 = 55" "finish reports a call's value"
has "$answer" "sum = 55" "locals of the caller are shown"
has "$answer" "Value returned is \$2 = 110" "finish works twice"

# The number of the loop's last line, wherever a compiler puts its code.
back=$(grep -n 'while (i <= n);' "$top_srcdir/guest/checks/debug.c" | cut -d : -f 1)
session "debug.elf" "break sum_to if n == 10" "continue" "advance $back" \
    "print sum" "until" "print i" "info locals"
has "$answer" "sum_to (n=10)" "a condition is checked"
has "$answer" '$1 = 1' "a loop has gone round once"
has "$answer" '$2 = 11' "until leaves it when it is done"
has "$answer" "return sum" "and stands after it"

session "debug.elf" "break say_sum" "continue" "step" "step" "bt" \
    "finish" "advance twice" "bt"
has "$answer" "sum_to (n=10) at" "step goes into a call"
has "$answer" "#1 " "a backtrace has the caller"
has "$answer" "#0  twice (n=" "advance goes on to a function"

session "debug.elf" "break say_sum" "continue" "next" "next" "continue"
has "$answer" "exited normally" "next steps over calls"
has "$(cat "$scratch/guest")" "sum 55, twice 110, global 122" \
    "and the calls are made"

session "debug.elf" "break main" "continue" "print twice(21)" \
    "print sum_to(4)" "continue"
has "$answer" "= 42" "a function of the guest can be called"
has "$answer" "= 10" "and one with a loop"
has "$answer" "exited normally" "and the guest goes on as if nothing was"

session "debug.elf" "break sum_to" "continue" "return 5" "next" "continue"
has "$(cat "$scratch/guest")" "sum 5, twice 10" "return leaves a call early"

session "debug.elf" "break say_sum" "continue" "print global" \
    "print global = 9" "print many[3]" "print array[4095]" \
    "print sizeof(array)" "x/2xg &many[1]" "x/s argv" "continue"
has "$answer" "= 122" "a global can be printed"
has "$answer" "= 103" "and an element of an array"
has "$answer" "99 'c'" "and the last of another"
has "$answer" "0x0000000000000066" "memory can be examined"
has "$(cat "$scratch/guest")" "global 9" "and what is written is used"

cat >"$scratch/commands" <<'END'
commands
silent
printf "twice of %d\n", n
continue
end
END
session "debug.elf" "break twice" "source $scratch/commands" "continue"
has "$answer" "twice of 55" "commands of a breakpoint are run"

session "debug.elf" "break sum_to" "ignore 1 5" "continue" "print \$_exitcode"
has "$answer" "exited normally" "an ignored breakpoint lets the guest run"

session "status.elf 7" "hbreak main" "continue" "finish" "continue"
has "$answer" "Breakpoint 1, main" "hbreak is hit"
has "$answer" "exited with code 07" "the exit status arrives"

session "hello.elf" "break main" "continue" "signal SIGTERM"
has "$answer" "Program terminated with signal SIGTERM" \
    "a signal that gdb makes up ends the guest"
has "$(cat "$scratch/guest")" "ended by SIGTERM" "which says so"

# Inserted breakpoints are invisible, and none is left after the session.
session "hello.elf" "break main" "break *main" "hbreak main" "tbreak *_start" \
    "continue" "delete" "x/4xb main" "disconnect"
without=$(gdb -nx -batch -ex "x/4xb main" "$guests/hello.elf" 2>&1)
has "$answer" "$(printf '%s' "$without" | tail -n 1)" \
    "memory shows the guest's own bytes"

session "debug.elf" "break main" "continue" "break sum_to" "break twice" \
    "set var \$from = (long)&_start & ~4095" \
    "dump binary memory $scratch/text \$from (long)&etext" "continue"
objcopy -O binary -j .text "$guests/debug.elf" "$scratch/own"
cmp "$scratch/text" "$scratch/own" >"$scratch/cmp" 2>&1
is "$?" 0 "all of its code read with breakpoints in it is its own code"

session "debug.elf" "break twice" "continue" "x/i \$pc" \
    "compare-sections .text" "find /b (long)&array, +4096, 'c'" \
    "generate-core-file $scratch/core" "kill"
has "$answer" "=> 0x" "code is disassembled"
has "$answer" "matched." "the guest's code is that of its file"
has "$answer" "array+4095" "memory can be searched"
has "$(gdb -nx -batch "$guests/debug.elf" "$scratch/core" -ex bt 2>&1)" \
    "in say_sum ()" "a core that gdb writes can be opened"

session "debug.elf" "break twice" "continue" "set debug remote 1" \
    "compare-sections .text" "find /b (long)&array, +4096, 'c'" \
    "find /h (long)&array, +4096, (short)0x1234" \
    "find 0, +4096, (char)1" "set debug remote 0" "kill"
has "$answer" "Sending packet: \$qCRC:" "novillo computes the checksum"
has "$answer" "Sending packet: \$qSearch:memory:" "and searches"
has "$answer" "Packet received: 1," "it finds"
has "$answer" "Pattern not found." "or does not"
case $answer in
*"qCRC is NOT supported"* | *"memory (search-memory) is NOT supported"*)
	false
	;;
*) true ;;
esac
ok $? "without a packet that it lacks"

session "debug.elf" "print *(int *)0" "x/2xb &etext" "print *(char *)-1" \
    "print/x *(char *)0x7fffffffff" "print \$pc"
has "$answer" "Cannot access memory at address 0x0" "page 0 cannot be read"
has "$answer" "Cannot access memory at address 0xffffffffffffffff" \
    "nor is a word that is not an address"

session "debug.elf" "break main" "continue" "jump say_sum" "info registers rip"
has "$(cat "$scratch/guest")" "global 0" "jump goes to its argument"

session "debug.elf" "monitor help" "monitor nonsense"
has "$answer" "this list" "monitor help helps"

# Without Z0 packets gdb writes INT3 into memory itself.
session "debug.elf" "set remote software-breakpoint-packet off" \
    "break twice" "continue" 'print $pc == (long)twice' "bt 1" "continue"
has "$answer" "Breakpoint 1, twice" "a breakpoint that gdb writes is hit"
session "debug.elf" "set remote software-breakpoint-packet off" \
    "break say_sum" "continue" "print sum" "next" "delete" "continue"
has "$answer" "Breakpoint 1, say_sum" "so is another"
has "$answer" "exited normally" "and gdb steps off it to the guest's end"

session "hello.elf" "break main" "continue" "kill"
has "$answer" "killed" "kill ends the guest"
has "$(cat "$scratch/guest")" "SIGKILL" "and novillo says by what"

done_testing
