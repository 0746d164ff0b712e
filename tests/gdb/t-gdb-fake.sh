#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The real gdb on the stub over a made-up machine: gdb prints the values that
# the stub sends.  No KVM is needed.

. "${top_srcdir:-.}/tests/lib.sh"

need_tool gdb
need_tool timeout
stub=$top_builddir/tests/gdb/fakestub
[ -x "$stub" ] || skip_all "no fakestub was built"
make_plain_scratch

# The guest's addresses lie in the machine's memory.
as -g -o "$scratch/guest.o" "$top_srcdir/tests/gdb/fakeguest.S" \
    2>"$scratch/cc" &&
    ld -static --build-id=none -Ttext=0x401000 -Tdata=0x402000 \
	-o "$scratch/guest" "$scratch/guest.o" 2>>"$scratch/cc" ||
	skip_all "the guest cannot be built: $(head -n 1 "$scratch/cc")"

# session COMMAND...: gdb without a FILE argument; its output is in $out.
session()
{
	set -- "$@" --end
	while [ "$1" != --end ]; do
		set -- "$@" -ex "$1"
		shift
	done
	shift
	try gdb_batch 60 -ex 'set confirm off' \
	    -ex "$mode | $stub $scratch/guest" "$@"
	out="$out
$err"
	[ "$status" -lt 124 ]
	ok $? "gdb ends by itself (status $status)"
}

mode='target remote'

session 'info program' 'info symbol $pc' 'list _start,+1'
has "$out" "_start in section .text" "gdb has the symbols with no file named"
has "$out" "nop" "and the source"

session 'info threads'
has "$out" '* 1    Thread 42.1 "main"' "threads have names"
has "$out" 'Thread 42.2 "worker<&>" worker ()' \
    "a name with special characters arrives, and where its thread stands"

session 'break store' 'continue' 'p $rax' 'info breakpoints'
has "$out" 'hit Breakpoint 1' "a breakpoint is hit"
has "$out" '$1 = 2' "what ran before it is done"
has "$out" 'already hit 1 time' "and counted once"

session 'hbreak store' 'continue' 'p $pc'
has "$out" "hit Breakpoint 1" "a hardware breakpoint is hit"

session 'watch *(char *)&value' 'continue'
has "$out" 'New value = 42' "a watchpoint sees the write"

session 'awatch *(char *)&value' 'continue'
has "$out" 'access (read/write) watchpoint' "an access watchpoint does so too"

session 'stepi' 'p $pc' 'stepi 3' 'p $pc' 'next' 'p $pc'
has "$out" '(void (*)()) 0x401001 <_start+1>' "stepi steps one instruction"
has "$out" '0x40100f <_start+15>' "stepi 3 steps three"
has "$out" '0x401010' "next steps a line"

session 'thread 2' 'set scheduler-locking on' 'stepi' 'p $pc' \
    'thread 1' 'p $pc'
has "$out" '0x401801 <worker+1>' "a thread is stepped alone"
has "$out" '0x401000 <_start>' "while the other stands"

session 'p $rip = finish' 'continue'
has "$out" '[Inferior 1 (process 42) exited with code 07]' \
    "the exit status arrives"

session 'p $rip = illegal' 'continue' 'p $pc' 'p $_siginfo.si_signo' \
    'x/i $pc' 'p $rip = finish' 'signal 0'
has "$out" 'received signal SIGILL' "a fault arrives as its signal"
has "$out" '0x401018 <illegal>' "at the faulting instruction"
has "$out" '$3 = 4' "its siginfo is typed as Linux types it"
has "$out" 'exited with code 07' "and it can be repaired"

session 'p $rip = illegal' 'continue' 'continue'
has "$out" 'Program terminated with signal SIGILL' \
    "a fault that is passed on ends the guest"

session 'set var {int}&value = 5' 'x/2xb &value'
has "$out" '0x05	0x00' "memory is written and read"

session 'x/1xb 0x408000'
has "$out" 'Cannot access memory at address 0x408000' \
    "an unmapped address is an error"

session "dump binary memory $scratch/dump 0x400000 0x408000"
is "$(wc -c <"$scratch/dump" | tr -d ' ')" 32768 "memory is dumped"
is "$(head -c 4096 "$scratch/dump" | cmp -n 288 - "$scratch/guest" 2>&1)" "" \
    "and is what the image has"

# Every register accepts a value of its own, and keeps the value.
registers="rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15"
number=17
set --
for name in $registers; do
	set -- "$@" "p \$$name = $number" "p \"$name\", (long)\$$name == $number"
	number=$((number + 1))
done
session "$@" 'flushregs' 'p $rax + $r15'
is "$(echo "$out" | grep -c ' = 1$')" 16 "every general register is written"
has "$out" '= 49' "and read back from the machine"

session 'p $xmm5.v4_int32[3] = 7' 'p $ymm5.v8_int32[7] = 8' \
    'p $zmm5.v16_int32[15] = 9' 'p $zmm31.v16_int32[15] = 10' \
    'p $k3 = 11' 'p $pkru = 12' 'p $mxcsr = 0x1f81' 'p $fctrl = 0x27f' \
    'p $fs_base = 13' 'p $gs_base = 14' 'p $st2 = 2.5' 'flushregs' \
    'p $xmm5.v4_int32' 'p $ymm5.v8_int32' 'p $zmm5.v16_int32' \
    'p $zmm31.v16_int32[15] + $k3 + $pkru' 'p $mxcsr' 'p/x $fctrl' \
    'p $fs_base + $gs_base' 'p $st2'
has "$out" '$12 = {0, 0, 0, 7}' "xmm5 keeps its value"
has "$out" '$13 = {0, 0, 0, 7, 0, 0, 0, 8}' "and so does ymm5 with it"
has "$out" '$14 = {0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 9}' \
    "and zmm5"
has "$out" '$15 = 33' "zmm31, k3 and pkru keep theirs"
has "$out" '[ IE IM DM ZM OM UM PM ]' "mxcsr has flags"
has "$out" '= 0x27f' "fctrl keeps its value"
has "$out" '$18 = 27' "so do fs_base and gs_base"
has "$out" '$19 = 2.5' "and st2"

session 'info auxv' 'monitor weather' 'monitor help' 'info inferiors'
has "$out" 'Entry point of program' "the auxiliary vector is there"
has "$out" 'fair' "monitor reaches the machine"
has "$out" 'what it is like' "monitor help lists its commands"
has "$out" 'process 42' "the process has its number"

session 'catch syscall write' 'info breakpoints'
has "$out" 'syscall "write"' "hypercalls are caught by name"

session 'detach' 'info threads'
has "$out" '[Inferior 1 (process 42) detached]' "gdb detaches"

mode='target extended-remote'
session "shell (sleep 1; kill -INT \$PPID) </dev/null >/dev/null 2>&1 &" \
    'continue' 'p $pc >= (void (*)())spin'
has "$out" 'received signal SIGINT' "Ctrl-C stops a guest that runs"
has "$out" '$1 = 1' "wherever it is"

session 'p $rip = finish' 'continue' 'info inferiors'
has "$out" 'exited with code 07' "extended-remote outlives the guest"

session 'detach' 'attach 42' 'p $_thread'
has "$out" '$1 = 1' "gdb attaches again after detach"

session 'set remote exec-file /fake/guest' 'break store' 'run' 'p $rax'
has "$out" 'hit Breakpoint 1' "run starts again, with its breakpoints"

# GDB accepts the register description of any machine.
for xcr0 in 3 7 0xe7 0x207 0x2e7; do
	"$top_builddir/tests/unit/t-regs" "--xml=$xcr0" >"$scratch/target.xml"
	try gdb_batch 60 \
	    -ex "set tdesc filename $scratch/target.xml" -ex 'info line'
	is "$err" "" "GDB takes the registers of XCR0 $xcr0 without complaint"
done

done_testing
