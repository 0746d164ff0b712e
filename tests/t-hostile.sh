#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Programs that do the worst to themselves and to novillo: each comes to an end,
# in time, with a status and a sentence.  t_hostile.elf tests what calls answer
# to nonsense.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"
make_scratch

# guest WHAT...: it has a time in which to end by itself, and one to be ended.
guest()
{
	try timeout -k 1 60 "$novillo" -a @all -m 4G "--timeout=${seconds:-50}" \
	    "$program" "$@"
}

# lives WHAT OUTPUT NAME: it goes on, and ends well.
lives()
{
	guest "$1"
	is "$status:$out" "0:$2" "$libc, $1: $3"
}

# dies WHAT SIGNAL TEXT NAME: by the signal, with a sentence and no more than
# the report.
dies()
{
	guest $1
	is "$status" "$((128 + $2))" "$libc, $1: $4"
	has "$(printf '%s\n' "$err" | head -n 1)" "ended by $3" "and is told so"
	is "$(printf '%s\n' "$err" | grep -c 'novillo:')" 1 "once"
}

# as_natively WHAT NAME: with a status that it has natively, too.
as_natively()
{
	native=0
	sh -c '"$0" "$1"' "$program" "$1" >"$scratch/native" 2>&1 || native=$?
	guest "$1"
	is "$status" "$native" "$libc, $1: $2"
}

# is_ended WHAT NAME: it would go on for ever.
is_ended()
{
	seconds=1 guest "$1"
	is "$status:$out" "124:ready" "$libc, $1: $2"
}

frame="SIGSEGV: a signal's frame is bad, or has no place"

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
	lives over-top 0 "nothing can be mapped where the monitor is"
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
	dies signals-altstack 11 "$frame" "on a stack for handlers, too"
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

# How a C library calls what there is too little of.
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

# What a guest makes novillo's memory grow to.
growth()
{
	# musl waits for ever for a thread that did not end by it.
	[ "$libc" = musl ] ||
	    lives handover "handed on" "a lock goes on past who dies of it"
	try timeout -k 1 60 "$novillo" -a @all -m 64M --timeout=50 --stats \
	    "$program" late
	is "$status:$out" "0:read" "$libc, late: calls that write into nowhere"
	peak=$(printf '%s\n' "$err" | sed -n 's/^memory *peak KiB *//p')
	[ "${peak:-0}" -gt 0 ] && [ "$peak" -lt 98304 ]
	ok $? "leave no more than the guest's memory behind ($peak KiB)"
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
