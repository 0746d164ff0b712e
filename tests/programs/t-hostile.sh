#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Programs that attack themselves and novillo: each ends in time, with a status
# and a sentence.  t_hostile.elf tests the results of calls with nonsense.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"
make_scratch

# guest WHAT...: the program has a time to end by itself, and is then ended.
guest()
{
	try timeout -k 1 240 "$novillo" -a @all -m 4G "--timeout=${seconds:-200}" \
	    "$program" "$@"
}

# lives WHAT OUTPUT NAME: the program goes on, and ends well.
lives()
{
	guest "$1"
	is "$status:$out" "0:$2" "$libc, $1: $3"
}

# dies WHAT SIGNAL TEXT NAME: by the signal, with a sentence and at most the
# report.
dies()
{
	guest $1
	is "$status" "$((128 + $2))" "$libc, $1: $4"
	has "$(printf '%s\n' "$err" | head -n 1)" "ended by $3" "and is reported so"
	is "$(printf '%s\n' "$err" | grep -c 'novillo:')" 1 "once"
}

# as_natively WHAT NAME: the program ends with a status that it has natively.
as_natively()
{
	native=0
	sh -c '"$0" "$1"' "$program" "$1" >"$scratch/native" 2>&1 || native=$?
	guest "$1"
	is "$status" "$native" "$libc, $1: $2"
}

# is_ended WHAT NAME: the program would never end by itself.
is_ended()
{
	seconds=1 guest "$1"
	is "$status:$out" "124:ready" "$libc, $1: $2"
}

frame="SIGSEGV: a signal frame is invalid, or its stack is not writable"

memory_of_its_own()
{
	dies no-stack 11 "SIGSEGV" "a program unmaps its stack"
	as_natively no-stack-exit "and can still end by a call"
	dies no-code 11 "SIGSEGV: jump to unmapped memory" \
	    "a program unmaps its code"
	dies no-rights 11 "SIGSEGV: jump to inaccessible memory" \
	    "a program takes its code's rights away"
	dies nothing 11 "SIGSEGV: jump to unmapped memory" \
	    "a program unmaps all there is"
	dies over-all 11 "SIGSEGV" "a program maps over all there is"
	lives over-top 0 "nothing can be mapped where the shim is"
	as_natively over-heap "a program maps over its heap"
	guest over-stack
	case $status in
	5 | 139) true ;;
	*) false ;;
	esac
	ok $? "$libc, over-stack: a program maps over its stack ($status)"
	guest over-code
	case $status in
	0 | 132 | 139) true ;;
	*) false ;;
	esac
	ok $? "$libc, over-code: a program maps over its code ($status)"
	as_natively double-free "a C library's own crash is one here"
}

signals_without_end()
{
	dies signals 11 "$frame" "signals in handlers without end"
	dies signals-altstack 11 SIGSEGV "nested signals on an alternate stack"
	dies fault-handler 11 "SIGSEGV: write through a null pointer" \
	    "a handler of faults that faults"
	is_ended fault-ever "a fault that is raised again for ever is ended"
	is_ended signal-ever "so is a handler that raises its own signal"
	is_ended signal-war \
	    "so are threads that only send each other signals, with timers"
	for what in zeros ones junk nowhere; do
		dies return-$what 11 "$frame" \
		    "rt_sigreturn with $what for a frame"
	done
	wrong=0
	for what in 1 2 3 4 5 6 7 8 9 10 11 12; do
		seconds=1 guest return-spoiled $what
		case $status in
		124 | 132 | 133 | 134 | 135 | 136 | 139) ;;
		*)
			wrong=$((wrong + 1))
			echo "# seed $what: status $status, $err"
			;;
		esac
	done
	is "$wrong" 0 "$libc: frames that are spoiled at random do no more than that"
}

# C libraries react to exhausted resources.
exhaustion()
{
	lives threads "255 threads, then $again
255 threads, then $again" "ten thousand threads: as many as may be, twice"
	lives waiters "255 waiters of 255" "all wait for one futex, and come back"
	lives timers "$again" "timers end"
	lives signal-flood "$again
all came" "signals without number: as many as can wait are kept"
	lives descriptors "$too_many, 0 more
$too_many, 0 more
$too_many" "descriptors end, and come back"
	lives memory "much
$no_memory" "memory ends"
	lives mappings "given back" "pages with rights by turns, all of them"
	is_ended bomb "threads that make threads are ended"
	guest exit-under-all
	is "$status:$err" "6:" "$libc: a thread leaves for all that wait"
	guest thread-junk
	case $status in
	0 | 139) true ;;
	*) false ;;
	esac
	ok $? "$libc, thread-junk: threads made with nonsense ($status)"
	dies thread-nowhere 11 "SIGSEGV: " "a thread without a stack"
}

instructions()
{
	native=$("$program" instructions)
	guest instructions
	is "$status:$out" "0:$native" \
	    "$libc: instructions of a kernel's are the signals they are natively"
}

# The memory that novillo uses for a guest.
growth()
{
	# musl waits for ever for a thread that did not end through musl.
	[ "$libc" = musl ] ||
	    lives handover "handed on" "a lock outlives its owner"
	try timeout -k 1 240 "$novillo" -a @all -m 96M --timeout=200 --stats \
	    "$program" late
	is "$status:$out" "0:read" "$libc, late: calls that write into nowhere"
	peak=$(printf '%s\n' "$err" | sed -n 's/^memory *peak KiB *//p')
	[ "${peak:-0}" -gt 0 ] && [ "$peak" -lt 131072 ]
	ok $? "take no more than the guest's memory ($peak KiB)"
}

# Pages of large pages that were unmapped: a block of 2 MiB counts for each.
remnants()
{
	try timeout -k 1 240 "$novillo" -m 64M --timeout=200 "$program" remnants
	kept=${out% kept}
	[ "$status" -eq 0 ] && [ "${kept:-400}" -gt 8 ] && [ "$kept" -lt 32 ]
	ok $? "$libc, remnants: large pages count whole to their last page ($out)"
}

# No processor keeps a right that mprotect() has removed.
rights()
{
	lives rights "0 stores without a right" "a right that is taken is gone"
}

# As on Linux, a page fault waits for a change of mappings.
replaced()
{
	lives replaced "replaced: 1000
grown: 1000" "a page in use that is replaced or grows is never absent"
}

# hostile NAME COMPILER
hostile()
{
	libc=$1 program=$scratch/$1
	if ! $2 -O1 -w -static -pthread "$top_srcdir/tests/programs/hostile.c" \
	    -o "$program" 2>"$scratch/cc"; then
		missing "no $1 program: $(tail -n 1 "$scratch/cc")"
		return
	fi
	memory_of_its_own
	signals_without_end
	exhaustion
	instructions
	remnants
	rights
	replaced
	growth
}

again="Resource temporarily unavailable"
too_many="Too many open files"
no_memory="Cannot allocate memory"
hostile glibc "${CC:-cc}"
too_many="No file descriptors available"
no_memory="Out of memory"
hostile musl musl-gcc
done_testing
