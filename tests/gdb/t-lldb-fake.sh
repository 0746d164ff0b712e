#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# LLDB on the stub over a made-up machine.  No KVM is needed.

. "${top_srcdir:-.}/tests/lib.sh"

need_tool lldb
need_tool timeout
stub=$top_builddir/tests/gdb/fakestub
[ -x "$stub" ] || skip_all "no fakestub was built"
make_plain_scratch

as -g -o "$scratch/guest.o" "$top_srcdir/tests/gdb/fakeguest.S" \
    2>"$scratch/cc" &&
    ld -static --build-id=none -Ttext=0x401000 -Tdata=0x402000 \
	-o "$scratch/guest" "$scratch/guest.o" 2>>"$scratch/cc" ||
	skip_all "the guest cannot be built: $(head -n 1 "$scratch/cc")"

# session [FILE] COMMAND...: run LLDB, with FILE if it is given; LLDB's output
# is in $out.  LLDB 14 connects only by TCP.
session()
{
	: >"$scratch/port"
	"$stub" --tcp "$scratch/guest" >"$scratch/port" &
	server=$!
	tries=0
	while [ ! -s "$scratch/port" ] && [ "$tries" -lt 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	case $1 in
	"$scratch"/*)
		file=$1
		shift
		;;
	*) file= ;;
	esac
	set -- "$@" --end
	while [ "$1" != --end ]; do
		set -- "$@" -o "$1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # without a file there is no argument
	try lldb_batch 60 $file \
	    -o "gdb-remote 127.0.0.1:$(cat "$scratch/port")" "$@" </dev/null
	out="$out
$err"
	[ "$status" -lt 124 ]
	ok $? "LLDB ends by itself (status $status)"
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
}

session 'thread list' 'register read rip rsp mxcsr' 'breakpoint set -a 0x401007' \
    'continue' 'bt' 'stepi' 'memory read -c 4 0x402000' 'detach'
has "$out" "stop reason = signal SIGSTOP" "it attaches"
has "$out" "name = 'worker<&>'" "threads have names"
has "$out" "rip = 0x0000000000401000" "registers are read"
has "$out" "mxcsr = 0x00001f80" "also those of SSE"
has "$out" "stop reason = breakpoint 1.1" "a breakpoint is hit"
has "$out" "stop reason = instruction step into" "an instruction is stepped"
has "$out" "0x00402000: 2a 00 00 00" "memory is read"
has "$out" "Process 42 detached" "it detaches"

session "$scratch/guest" 'breakpoint set -n spin' 'continue' 'bt' \
    'register write rbx 0x1234' 'register read rbx ymm1 zmm17h' \
    'memory write 0x402000 0x11' 'memory read -c 1 0x402000' \
    'memory region 0x401000' 'memory region 0x408000' \
    'register write rip 0x401015' 'continue'
has "$out" 'guest`spin' "a breakpoint is set by name, and hit"
has "$out" "rbx = 0x0000000000001234" "a register is written"
has "$out" "zmm17h = {0x00" "the widest is read"
has "$out" "0x00402000: 11" "memory is written"
has "$out" "0x0000000000402000) r-x" "regions have their rights"
has "$out" "0x000000000040a000) ---" "holes have none"
has "$out" "Process 42 exited with status = 7" "the exit status arrives"

session "$scratch/guest" 'register write rip 0x401018' 'continue' 'bt' 'detach'
has "$out" "stop reason = signal SIGILL" "a fault arrives as its signal"

session "$scratch/guest" 'watchpoint set expression -w write -s 1 -- 0x402000' \
    'continue' 'detach'
has "$out" "stop reason = watchpoint 1" "a watchpoint is hit"

done_testing
