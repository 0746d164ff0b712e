#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Tracepoints, by the real gdb: a guest is looked into while it runs.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

# matches TEXT ERE NAME: a line of TEXT matches ERE.
matches()
{
	printf '%s\n' "$1" | grep -E -q "$2"
	ok $? "$3"
}

# packets_of PART: how many packets with PART gdb has sent.
packets_of()
{
	printf '%s\n' "$answer" | grep -c "Sending packet: \$$1"
}

# actions NAME LINE...: a script of gdb's with the actions of the last
# tracepoint, in $scratch/NAME.
actions()
{
	name_=$1
	shift
	{
		echo actions
		printf '%s\n' "$@"
		echo end
	} >"$scratch/$name_"
}

# The guest is not stopped, and no packet is sent.
# shellcheck disable=SC2016
actions all 'collect $regs, total, me, $trace_timestamp' \
    'teval $count = $count + 1' 'collect $count'
# shellcheck disable=SC2016
session "threads.elf 1 40" 'tvariable $count = 5' "trace work" \
    "source $scratch/all" "tstart" "break exit" "set debug remote 1" \
    "continue" "set debug remote 0" "tstatus" "tstop" "tfind start" \
    "print total" "print me" "tdump" "backtrace 1" "tfind" "print total" \
    "print round_over" "tfind 39" "print total" 'print $count' "tfind" \
    "tfind pc work" "tfind none" "print total" "info tvariables" \
    "info tracepoints" "tstatus" "tsave $scratch/saved" "delete" "continue"
has "$answer" "Collected 40 trace frames" "a tracepoint collects at each hit"
is "$(packets_of 'vCont;')" 1 "without a packet"
is "$(cat "$scratch/guest")" 40 "and the guest makes each instruction once"
has "$answer" "Found trace frame 0, tracepoint 1" "frames are found"
has "$answer" "\$1 = 0" "a frame has what was collected"
has "$answer" "Data collected at tracepoint 1, trace frame 0" "tdump shows it"
has "$answer" "\$trace_timestamp = 1" "with the time"
has "$answer" "#0  work (me=" "the place is known"
has "$answer" "\$3 = 1" "each frame has its own values"
has "$answer" "\$4 = <unavailable>" "what was not collected is unavailable"
has "$answer" "\$5 = 39" "the last one is there"
has "$answer" "\$6 = 45" "an action has changed a variable, and collected it"
has "$answer" "No trace frame found" "there is none after it"
has "$answer" "\$7 = 40" "without a frame gdb sees the guest"
has "$answer" "tracepoint already hit 40 times" "hits are counted"
has "$answer" "Trace stopped by a tstop command" "tstop ends the run"
has "$answer" "exited normally" "the guest goes on to its end"
answer=$(gdb_batch "$gdb_seconds" "$guests/threads.elf" \
    -ex "target tfile $scratch/saved" -ex "tfind 7" -ex "print total" \
    -ex 'info symbol $rip' -ex "tdump" -ex "tstatus" 2>&1)
has "$answer" "\$1 = 7" "a saved trace is read without novillo"
matches "$answer" "^work( \+ [0-9]+)? in section" "with its registers"
has "$answer" "Collected 40 trace frames" "and all its frames"

# Locals, arguments, the return address, texts and pointers.
# shellcheck disable=SC2016
actions some 'collect $args, $locals, $_ret' 'collect /s argv[0]' 'collect argc'
# shellcheck disable=SC2016
session "threads.elf 1 1" "trace main" "source $scratch/some" \
    "set var \$rip = _start" "tstart" "break exit" "continue" "tstop" \
    "tfind start" "print argc" "print argv[0]" "tdump"
has "$answer" "\$1 = 3" "arguments are collected"
has "$answer" "threads.elf\"" "and texts"

# A hit is one exit.
actions word 'collect word'
session branches.elf "trace *turn" "source $scratch/word" "tstart" \
    "tbreak printf" "continue" "tstatus" "monitor stats" "kill"
runs=$(printf '%s\n' "$answer" |
    sed -n 's/^ioctl  *KVM_RUN  *\([0-9]*\)$/\1/p')
has "$answer" "Collected 300 trace frames" "300 hits are collected"
[ "${runs:-0}" -ge 300 ] && [ "$runs" -lt 330 ]
ok $? "a hit needs no second KVM_RUN ($runs)"

# Conditions, pass counts, points that are off.
session "threads.elf 1 40" "trace work if total >= 30 && me == 0" \
    "trace meet" "passcount 12" "trace worker" "disable 3" \
    "tstart" "break exit" "continue" "tstatus" "info tracepoints"
has "$answer" "Trace stopped by tracepoint 2" "a pass count ends the run"
has "$answer" "Collected 12 trace frames" "a condition that is false collects nothing"
session "threads.elf 1 40" "trace work if total >= 30 && me == 0" \
    "trace worker" "disable 2" "tstart" "break exit" "continue" \
    "tstatus" "info tracepoints" "tstop" "tfind start" "info symbol \$pc"
has "$answer" "hit 10 times" "where it is true a frame is made"
matches "$answer" "^work( \+ [0-9]+)? in section" \
    "which has a place without registers also"

# While-stepping, over a call of a function and a hypercall.
actions steps 'while-stepping 20' 'collect total' 'end'
session "threads.elf 1 5" "trace work" "source $scratch/steps" "tstart" \
    "break exit" "continue" "tstatus" "tstop" "tfind start" \
    "set \$first = \$pc" "tfind" "info symbol \$pc" "print total" "tfind 20" \
    "info symbol \$pc" "tfind 21" "print \$pc == \$first"
has "$answer" "Collected 105 trace frames" "a thread is followed by steps"
has "$answer" "work + " "from the tracepoint on"
has "$answer" "\$2 = 1" "until the next hit"
# Several threads meet one, and each is followed.
session "threads.elf 4 15" "trace work" "source $scratch/steps" "tstart" \
    "break exit" "continue" "tstatus" "tstop" "continue"
has "$answer" "Collected 1260 trace frames" "several threads meet it and are followed"
has "$answer" "exited normally" "and go on"

# A ring keeps the last.
actions little 'collect total'
session "threads.elf 1 300" "set trace-buffer-size 200" \
    "set circular-trace-buffer on" "trace work" "source $scratch/little" \
    "tstart" "break exit" "continue" "tstop" "tfind start" "print total" \
    "tfind 7" "print total" "tstatus"
has "$answer" "(of 300 created total)" "a ring takes all"
has "$answer" "\$1 = 292" "and keeps the last"
has "$answer" "\$2 = 299" "in their order"
session "threads.elf 1 300" "set trace-buffer-size 200" "trace work" \
    "source $scratch/little" "tstart" "break exit" "continue" "tstatus"
has "$answer" "Trace stopped because the buffer was full" \
    "a buffer that is not a ring ends the run when it is full"

# A hypercall is a static tracepoint. For strace -m, gdb 13 assigns to a string
# that it has not constructed (code_breakpoint's constructor), and dies unless
# its new memory happens to be zero: glibc fills it here.
# shellcheck disable=SC2016
actions number 'collect $rax' 'collect $rip'
export GLIBC_TUNABLES=glibc.malloc.perturb=255:glibc.malloc.tcache_count=0
session "spin.elf 30" "info static-tracepoint-markers" "strace -m getpid" \
    "source $scratch/number" "tstart" "break exit" "continue" "tstop" \
    "tstatus" "tfind start" 'print $rax' "info symbol \$pc"
unset GLIBC_TUNABLES
has "$answer" "Collected 30 trace frames" "a hypercall is traced by its name"
has "$answer" "\$1 = 39" "with its registers"
has "$answer" "main + " "where it was made"

# An error is reported, and the guest runs on.
actions wrong 'collect *(long *)0'
session "threads.elf 1 5" "trace work" "source $scratch/wrong" "tstart" \
    "continue" "tstatus"
has "$answer" "exited normally" "what cannot be collected does not stop the guest"
session "threads.elf 1 5" "trace work" "source $scratch/wrong" "tstart" \
    "break exit" "continue" "tstatus"
has "$answer" "Trace stopped by an error (memory cannot be read, tracepoint 1)" \
    "and is reported"

# The run ends with its guest, and its frames stay until the next one.
target="target extended-remote"
session "threads.elf 1 5" "trace work" "source $scratch/little" "tstart" \
    "continue" "tstatus" "tfind start" "tsave $scratch/last" "run" \
    "tstatus" "info tracepoints"
target="target remote"
has "$answer" "(the guest has ended)" "a run ends with its guest"
has "$answer" "No trace has been run" "the next guest has none"
is "$(printf '%s\n' "$answer" | grep -c "error code")" 1 \
    "which is not an error, but to look at the frames of a former one"
answer=$(gdb_batch "$gdb_seconds" "$guests/threads.elf" \
    -ex "target tfile $scratch/last" -ex "tfind 4" -ex "print total" 2>&1)
has "$answer" "\$1 = 4" "and its frames can be saved then"

# gdb has not looked at a register before it saves them.
# shellcheck disable=SC2016
actions count 'collect $rdi'
session "threads.elf 1 5" "trace work" "source $scratch/count" "tstart" \
    "break exit" "continue" "tstop" "tsave $scratch/last"
answer=$(gdb_batch "$gdb_seconds" "$guests/threads.elf" \
    -ex "target tfile $scratch/last" -ex "tfind 4" \
    -ex 'info symbol $rip' 2>&1)
matches "$answer" "^work( \+ [0-9]+)? in section" \
    "registers are saved by a gdb that has seen none"

# A prefix that makes a branch undefined is not lost at a tracepoint.  An
# emulated processor may take no notice of it.
session "branches.elf 4" continue kill
case $answer in
*SIGILL*)
	session "branches.elf 4" "trace *locked_at" "tstart" "continue" \
	    'print $_siginfo.si_signo' "print \$rip == (long)&locked_at" "kill"
	has "$answer" "\$1 = 4" "a branch with LOCK is undefined at a tracepoint"
	has "$answer" "\$2 = 1" "where it is"
	;;
*) skip "this processor makes branches with LOCK" ;;
esac

# A core has the guest's code, and not what is planted.
if here; then
	options="--core=$scratch/core"
	session branches.elf "trace *turn" "tstart" "tbreak printf" "continue" \
	    "monitor core" "kill"
	options=
	has "$answer" "The core is written" "a core is written during a trace"
	answer=$(gdb_batch "$gdb_seconds" "$guests/branches.elf" \
	    "$scratch/core" -ex "x/i turn" 2>&1)
	has "$answer" "push " "its code is the guest's own"
fi

# One inspects a service that runs: the trace outlives its debugger.
serve "$guests/pace.elf"
actions visits 'collect me, visits'
on_line "$line" "set disconnected-tracing on" "trace visit" \
    "source $scratch/visits" "tstart" "detach"
on_line "$line" "tstatus" "info tracepoints" "tstop" "tfind start" \
    "print visits" "tfind" "tfind none" "detach"
has "$answer" "Trace is running" "a trace goes on without its debugger"
has "$answer" "collect me, visits" "which finds the tracepoint again"
has "$answer" "Found trace frame 1, tracepoint 1" "and frames"
on_line "$line" "trace visit" "source $scratch/visits" "tstart" "detach"
on_line "$line" "tstatus" "set var enough = 1" "continue"
has "$answer" "Trace stopped because of disconnection" \
    "one that is not to ends with it"
has "$answer" "exited normally" "the guest is none the worse"
ended 0 "to its end"

done_testing
