#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# --record and --replay: a replay has the same output, the same status and the
# same memory as the run that was recorded; nothing of a changed or torn
# recording is believed.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch
log=$scratch/log
case $novillo in
/*) ;;
*) novillo=$PWD/$novillo ;;
esac

# recorded NAME OPTION... GUEST ARG...: record the guest with its input from
# $scratch/in.
recorded()
{
	name=$1
	shift
	rm -f "$log"
	first=0
	timeout 60 "$novillo" --record="$log" "$@" <"$scratch/in" \
	    >"$scratch/out1" 2>"$scratch/err1" || first=$?
}

# replayed [COMMAND...]: replay it without any, by a command that runs novillo.
replayed()
{
	try timeout 60 "$@" "$novillo" --replay="$log" </dev/null
	is "$status" "$first" "$name: a replay has the status $first"
	cmp -s "$scratch/out1" "$scratch/out"
	ok $? "$name: a replay has the same output"
	is "$err" "$(cat "$scratch/err1")" "$name: and the same errors"
}

same()
{
	recorded "$@"
	replayed
}

echo "some words of input" >"$scratch/in"
same "hello" "$guests/hello.elf"
same "an exit status" "$guests/status.elf" 7
same "arguments" "$guests/env.elf" a b
same "standard input" "$guests/wc.elf"
same "the time stamp counter" "$guests/counter.elf"
same "a fault" "$guests/fault_null.elf"
for check in t_base t_calls t_malloc t_memory t_sse; do
	same "$check" --allow=@all "$guests/$check.elf"
done
# Signals of timers, at other places each time.
for turn in 1 2; do
	same "t_timers, the $turn. time" --allow=@all "$guests/t_timers.elf"
done
mkdir "$scratch/work"
same "an allowed folder" --allow=@all --volume="$scratch/work:/work" \
    "$guests/t_file.elf" /work

# Threads, in another order each time.
for turn in 1 2 3; do
	same "threads, the $turn. time" "$guests/threads.elf"
done
same "t_threads" --allow=@all "$guests/t_threads.elf"
mkdir "$scratch/locks"
same "threads that wait for locks" --allow=@all --volume="$scratch/locks:/" \
    "$guests/t_locks.elf"
for library in glibc musl; do
	program=$top_builddir/tests/programs/$library-threads
	[ -x "$program" ] || continue
	for part in cond leave; do
		same "$library: $part" --allow=@all "$program" $part
	done
done

# Programs for Linux: files, pipes, clocks, randomness, signals to themselves.
busybox=/bin/busybox
[ -x $busybox ] || busybox=/usr/bin/busybox
if [ -x $busybox ]; then
	cp "$busybox" "$scratch/work/busybox"
	same "busybox sort" --allow=@all --volume="$scratch/work:/" \
	    "$busybox" sort
	same "busybox sha256sum" --allow=@all --volume="$scratch/work:/" \
	    "$busybox" sha256sum /busybox
	same "busybox date" --allow=@all "$busybox" date +%s.%N
	is "$("$novillo" --record="$log" --allow=@all "$busybox" nproc)" \
	    "$("$novillo" --allow=@all "$busybox" nproc)" \
	    "a recorded guest sees as many processors as another"
	same "busybox ls" --allow=@all --volume="$scratch/work:/" \
	    "$busybox" ls -l /
	same "busybox cat" --allow=@all --volume="$scratch/work:/" \
	    "$busybox" cat - /t_file.txt
	# shellcheck disable=SC2016 # the guest's shell expands it
	same "a shell" --allow=@all --volume="$scratch/work:/" "$busybox" sh -c \
	    'trap "echo trapped" USR1; kill -USR1 $$; echo $RANDOM >f; read x <f
	    echo $x; exit 3'
else
	missing "no busybox here"
fi

# A replay needs none of the guest's files.
"$novillo" --record="$log" --allow=@all --volume="$scratch:/in" \
    "$guests/wc.elf" <"$scratch/in" >"$scratch/out1"
rm "$scratch/in"
try "$novillo" --replay="$log" --sandbox=strict
case $status in
0)
	is "$out" "$(cat "$scratch/out1")" \
	    "a replay under --sandbox=strict needs no file"
	;;
*) has "$err" "--sandbox=strict" "this host cannot be strict" ;;
esac
is "$(stat -c %a "$log")" 600 "nobody else may read a recording"
try "$novillo" --replay="$log" --trace
has "$err" "read(0, " "--replay --trace shows the calls"
has "$err" "+++ exited with 0 +++" "and the end"

# Nor does it matter what has become of a file that the guest has mapped: the
# status is a byte of its last page.
head -c 262144 /dev/zero | tr '\0' X >"$scratch/in"
recorded "a mapped file" "$guests/fault_file.elf" load
is "$first" 88 "a guest reads a file that it has mapped"
echo changed >"$scratch/in"
replayed
rm "$scratch/in"
replayed

# Nor where and how novillo runs.
echo >"$scratch/in"
recorded "elsewhere" -e A=1 -e TZ=Asia/Tokyo "$guests/env.elf" a b
replayed env -i B=2 TZ=UTC LC_ALL=tr_TR.UTF-8 sh -c \
    'cd / && umask 077 && ulimit -c 0 && exec "$@"' sh
replayed setsid

# The guest's program is as it was, or is not run.
cp "$guests/hello.elf" "$scratch/guest"
"$novillo" --record="$log" "$scratch/guest" >"$scratch/out1"
echo changed >>"$scratch/guest"
try "$novillo" --replay="$log"
is "$status$out" 125 "a program that has changed is not run"
has "$err" "guest: it has changed since the recording was made: put back" \
    "and the message says so, once"
rm "$scratch/guest"
try "$novillo" --replay="$log"
is "$status$out" 127 "nor is one that is gone"
has "$err" "/guest: No such file or directory: write the name that the" \
    "and the message names it, and the cure"

# It may be elsewhere.
cp "$guests/hello.elf" "$scratch/moved"
replay_given()
{
	try "$novillo" --replay="$log" "$@"
}
replay_given "$scratch/moved"
is "$status$out" "0$(cat "$scratch/out1")" "one that was moved can be given"
replay_given "$guests/env.elf"
is "$status$out" 125 "another program is not run"
has "$err" "env.elf: it has changed since" "and the message names that one"
replay_given "$scratch/moved" "$scratch/moved"
is "$status$out" 125 "a program without an interpreter takes none"
has "$err" "moved: the recorded program has no interpreter: leave this word" \
    "as the message says"
replay_given "$scratch/moved" a b
is "$status$out" 125 "nor arguments"
has "$err" "b: a recording has its guest's arguments" "which are recorded"
replay_given --core="$scratch/moved" "$scratch/moved"
is "$status" 125 "a program that is given is not overwritten"
is "$(cmp "$guests/hello.elf" "$scratch/moved")" "" "but as it was"

# A thread that spins for another is preempted between two hypercalls.
echo >"$scratch/in"
same "a thread that spins for another" "$guests/spinners.elf"

# Memory that is taken away from a call of another thread, which writes there.
same "pages withdrawn from a read" "$guests/torture.elf" withdraw
is "$first" 0 "it ends"

# Calls that the guest's end has cut leave nothing.
same "calls that the guest's end has cut" --allow=@all \
    "$guests/recorded.elf" cut
is "$first" 3 "it ends by itself"
# The control words of the floating-point units belong to a place.
same "loops that differ by MXCSR" --allow=@all "$guests/recorded.elf" mxcsr
same "loops that differ by the control word" --allow=@all \
    "$guests/recorded.elf" x87
same "two answers at one address" --allow=@all "$guests/recorded.elf" twin

# A recorded guest sees a file's pages as it does without, or is not recorded.
page=$(printf '%4095s' '')
printf '%s' "a${page}b${page}" >"$scratch/work/pages"
# mapped PART: record that part of the guest, with such a file.
mapped()
{
	same "pages: $1" --allow=@all --volume="$scratch/work:/" \
	    "$guests/recorded.elf" "$1" /pages
}
mapped file
is "$(cat "$scratch/out1")" "0 ab" "dropped pages of a file are read again"
mapped changed
is "$first" 125 "a guest that drops its changes is not recorded"
has "$(cat "$scratch/err1")" "a guest that drops what it has written" \
    "and the message says so"
mapped longer
is "$first" 125 "nor is one that maps more of a file by mremap"
has "$(cat "$scratch/err1")" "a guest that lengthens a file's mapping" \
    "and the message says so"
mapped free
is "$(cat "$scratch/out1")" "0 00" "freed pages are zero at once"

# Threads.
"$novillo" --record="$log" "$guests/threads.elf" >"$scratch/out1"
try timeout 20 "$novillo" --replay="$log" --sandbox=strict
case $status in
0) is "$out" "$(cat "$scratch/out1")" "threads are replayed under --sandbox=strict" ;;
*) has "$err" "--sandbox=strict" "this host cannot be strict" ;;
esac

# begin GUEST ARG: record it in the background; send SIGNAL NUMBER: its handler
# says that the signal came.
begin()
{
	: >"$scratch/out1"
	"$novillo" --record="$log" "$@" >"$scratch/out1" 2>"$scratch/err1" &
	pid=$!
	waits_for ready
}
waits_for()
{
	waited=0
	while ! grep -q "$1" "$scratch/out1" && [ $waited -lt 200 ]; do
		sleep 0.05
		waited=$((waited + 1))
	done
	grep -q "$1" "$scratch/out1"
}
send()
{
	kill "-$1" "$pid"
	waits_for "^got $2\$"
	ok $? "a recorded guest gets SIG$1"
}

# Signals from outside that the guest handles.
begin "$guests/signals.elf" wait
send USR1 10
send HUP 1
send WINCH 28
send USR1 10
send TERM 15
status=0
wait "$pid" || status=$?
is "$status" 7 "and ends as it likes"
try timeout 20 "$novillo" --replay="$log"
is "$status" 7 "signals from outside: a replay has the same status"
is "$out" "$(cat "$scratch/out1")" "and the same output"

# A guest that only computes is preempted for its signals.
begin "$guests/signals.elf" compute
send USR1 10
send HUP 1
send TERM 15
status=0
wait "$pid" || status=$?
is "$status" 7 "a guest without hypercalls ends by its handler"
try timeout 60 "$novillo" --replay="$log"
is "$status" 7 "a guest that only computes: a replay has the same status"
is "$out" "$(cat "$scratch/out1")" "and the same output"

# The guest ends by a signal from outside: so does the replay, with a message.
status=0
timeout -s TERM 2 "$novillo" --record="$log" "$guests/sleep.elf" 60 \
    >/dev/null 2>&1 || status=$?
try timeout 20 "$novillo" --replay="$log"
has "$err" "ended from outside" "a replay stops where the guest was ended"
is "$status" 143 "with the status of that signal"

# One answer is changed, and all sums are right: the end of the input comes one
# byte later.  The guest's next call, a write, has other bytes.
alter=$top_builddir/tests/run/alter
if [ -x "$alter" ]; then
	echo "a few words" | "$novillo" --record="$log" "$guests/wc.elf" \
	    >"$scratch/out1"
	event=$("$alter" 0 <"$log" 2>&1 >"$scratch/altered")
	try "$novillo" --replay="$scratch/altered"
	is "$status" 125 "a changed answer fails the replay"
	has "$err" "recording after event $event: the guest makes call" \
	    "the message names the event"
	has "$err" "call 1 (write)" "and the call"
	has "$err" "the guest is at 0x" "and the address"
	case $err in
	*"the guest is at 0x"*", "*+0x*) ok 0 "and the place" ;;
	*) ok 1 "and the place" ;;
	esac
	"$alter" stream 1 <"$log" >"$scratch/altered" 2>/dev/null
	try "$novillo" --replay="$scratch/altered"
	is "$status" 125 "output on another stream fails the replay"
	has "$err" "the guest's output differs" "and the message says so"
	"$alter" cpuid 1 <"$log" >"$scratch/altered"
	try "$novillo" --replay="$scratch/altered"
	is "$status$out" 125 "a processor with other features runs no replay"
	has "$err" "differs from the recorded one: CPUID leaf 0x1: replay on" \
	    "and the message names the leaf"
else
	skip "nothing to change recordings with was built"
fi

# Changes anywhere, with right sums: the replay ends, says why if it fails, and
# writes no file.
# hostile GUEST FROM TO: replay GUEST's recording with changes by these seeds.
hostile()
{
	echo "a few words" | "$novillo" --record="$log" "$guests/$1" \
	    >"$scratch/out1" 2>/dev/null
	mkdir "$scratch/nothing"
	unsaid= seed=$2 held=0
	while [ "$seed" -lt "$3" ]; do
		"$alter" random "$seed" <"$log" >"$scratch/altered"
		status=0
		(cd "$scratch/nothing" && exec timeout 30 "$novillo" \
		    --replay="$scratch/altered") >"$scratch/out2" \
		    2>"$scratch/err2" </dev/null || status=$?
		case $status in
		0) held=$((held + 1)) ;;
		159) unsaid="$unsaid $seed:SIGSYS" ;;
		*)
			grep -q "^novillo: " "$scratch/err2" ||
			    unsaid="$unsaid $seed:$status"
			;;
		esac
		seed=$((seed + 1))
	done
	is "$unsaid" "" "$1: changed recordings end with a message"
	is "$(ls "$scratch/nothing")" "" "and no replay writes a file"
	[ "$held" -le $((($3 - $2) * 3 / 4)) ]
	ok $? "and most are noticed: all but $held of $(($3 - $2))"
	rmdir "$scratch/nothing"
}
# altered HOW: replay $log with each change of that kind.  A replay that ends
# well is the same run.
altered()
{
	n=0 unsaid= other=
	while "$alter" "$1" "$n" <"$log" >"$scratch/altered"; do
		try timeout 30 "$novillo" --replay="$scratch/altered"
		case $status in
		0) [ "$out" = "$(cat "$scratch/out1")" ] || other="$other $n" ;;
		*) case $err in *novillo:*) ;; *) unsaid="$unsaid $n" ;; esac ;;
		esac
		n=$((n + 1))
	done
	is "$unsaid" "" "$1: $n recordings end with a message, or well"
	is "$other" "" "and those that end well have the same output"
}
# visited: under a debugger that goes forward and back, a replay of $log in
# another order ends, and not by a fault of its own.
visited()
{
	n=0 died=
	while "$alter" order "$n" <"$log" >"$scratch/altered"; do
		try sh -c '(for packet in "c#63" "bc#c5" "c#63" "k#6b"; do
			printf "+\$$packet"; sleep 1; done) |
		    timeout 30 "$1" --replay="$2" --gdb=stdio' sh \
		    "$novillo" "$scratch/altered"
		case $status in
		0 | 125 | 137) ;;
		*) died="$died $n:$status" ;;
		esac
		n=$((n + 1))
	done
	is "$died" "" "a debugger sees the end of each of $n orders"
}
if [ -x "$alter" ]; then
	echo "a few words" | "$novillo" --record="$log" "$guests/wc.elf" \
	    >"$scratch/out1"
	"$alter" order 3 <"$log" >"$scratch/altered"
	try timeout 30 "$novillo" --replay="$scratch/altered"
	is "$status" 137 "a guest may be ended before its first event"
	has "$err" "from outside after event 0" "and the message says so"
	"$alter" order 5 <"$log" >"$scratch/altered"
	try timeout 30 "$novillo" --replay="$scratch/altered"
	is "$status" 125 "the same after a preemption that does not come fails"
	has "$err" "a preemption between two events" "and the message names it"
fi
# These take long: NOVILLO_HOSTILE says how many changes there are.
if [ -n "${NOVILLO_HOSTILE-}" ] && [ -x "$alter" ]; then
	hostile wc.elf 0 "$NOVILLO_HOSTILE"
	altered flip
	for guest in wc.elf threads.elf; do
		echo "a few words" | "$novillo" --record="$log" \
		    "$guests/$guest" >"$scratch/out1"
		altered order
		visited
	done
fi

# Once the guest runs, a replay makes no call for it but those of its output.
if strace -qq -o /dev/null true 2>/dev/null; then
	echo "a few words" | "$novillo" --record="$log" "$guests/wc.elf" \
	    >"$scratch/out1"
	try timeout 60 strace -f -qq -o "$scratch/calls" "$novillo" \
	    --replay="$log"
	is "$out" "$(cat "$scratch/out1")" "a replay under strace is the same"
	sed -n '/KVM_RUN/,$ s/^[0-9]* *//p' "$scratch/calls" >"$scratch/later"
	has "$(cat "$scratch/later")" "write(1, " "it writes the output"
	is "$(grep -v -e '^ioctl(.*, KVM_' -e '^p*writev*2*(1, ' \
	    -e '^poll(\[{fd=1, ' -e '^exit_group(' -e '^+++' \
	    -e '^m\(un\)*map(' -e '^madvise(' -e '^mprotect(' \
	    -e '^sigaltstack(' "$scratch/later")" "" \
	    "and makes no other call, but for memory"
else
	missing "no strace here"
fi

# A recording is a regular file.
mkfifo "$scratch/fifo"
ln -s in "$scratch/link"
for name in "$scratch/fifo" "$scratch/link" /dev/null; do
	try timeout 20 "$novillo" --record="$name" "$guests/hello.elf"
	is "$status" 125 "${name##*/} is not recorded to"
	has "$err" "not a regular file" "and the message says why"
done

# The recorded program is not in the command line of a replay.
cp "$guests/hello.elf" "$scratch/guest"
"$novillo" --record="$log" "$scratch/guest" >"$scratch/out1"
for option in core log output; do
	try timeout 20 "$novillo" --replay="$log" --stats \
	    --$option="$scratch/guest"
	is "$status" 125 "--$option does not name the recorded program"
	has "$err" "is the guest's program: name another file" \
	    "the message says so"
done
cmp "$scratch/guest" "$guests/hello.elf"
ok $? "the recorded program is as it was"

# Nor how much memory it gets.
"$novillo" --memory=1100M --record="$log" "$guests/hello.elf" >/dev/null
try timeout 20 "$novillo" --replay="$log"
is "$status" 125 "a recording does not get more memory than --memory gives"
has "$err" "1100 MiB of memory: if it may have that here, add --memory=1100M" \
    "the message says so"
try timeout 60 "$novillo" --replay="$log" --memory=1100M
is "$status" 0 "with which it runs"

# A recording chooses neither where a core is written nor a debugger's options.
cp "$guests/fault_null.elf" "$scratch/-ex=dies"
(cd "$scratch" && "$novillo" --record="$log" -- "-ex=dies") 2>/dev/null
mkdir "$scratch/elsewhere"
try sh -c 'cd "$1" && "$2" --core --replay="$3"' sh "$scratch/elsewhere" \
    "$novillo" "$log"
is "$status$(ls "$scratch/elsewhere")" 139 "a core is not beside the program"
[ -s "$log.core" ]
ok $? "but beside the recording"
printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"%s"\n' "$scratch/arguments" \
    >"$scratch/show"
chmod +x "$scratch/show"
try timeout 20 "$novillo" --replay="$log" --debug="$scratch/show"
is "$(tail -n 1 "$scratch/arguments")" "./-ex=dies" \
    "the name of a guest is not an option of the debugger"

# A debugger leaves, or kills the guest, at an end of the history.
"$novillo" --record="$log" "$guests/where.elf" >/dev/null 2>&1
for packets in '$bc#c5 ' '$c#63 ' '$bc#c5 +$k#6b' '$c#63 +$k#6b'; do
	try sh -c '(printf "%s" "+${1% *}"; sleep 2; printf "%s" "${1#* }") |
	    timeout 40 "$2" --replay="$3" --gdb=stdio' sh "$packets" \
	    "$novillo" "$log"
	has "$out" replaylog: "$packets leads to an end of the history"
	is "$status" 137 "where the guest is ended"
done

# A recording of a limited size: it is whole up to the last event.
try "$novillo" --record="$log" --record-limit=1.5M "$guests/busy.elf" 100
is "$status" 125 "a guest ends whose recording is too large"
has "$err" "--record-limit, so the guest ends" "and the message says why"
size=$(wc -c <"$log")
[ "$size" -gt 1572864 ] && [ "$size" -lt 1966080 ]
ok $? "its file is as large, and one event more ($size)"
try "$novillo" --replay="$log"
is "$status" 125 "it is replayed"
has "$err" "ended from outside after event" "up to its last event"
try "$novillo" --record="$log" --record-limit=64M "$guests/busy.elf" 5
is "$status$err" 0 "a limit that is not reached changes nothing"
try "$novillo" --record="$log" --record-limit=9K "$guests/busy.elf" 5
has "$err" "less than a recording's first block" "a limit has a least value"

# Torn, changed and foreign recordings.
"$novillo" --record="$log" "$guests/hello.elf" >"$scratch/out1"
size=$(wc -c <"$log")
head -c $((size - 3)) "$log" >"$scratch/torn"
try "$novillo" --replay="$scratch/torn"
is "$status" 125 "a torn recording fails"
has "$err" "torn" "and the message says that it is torn"
try "$novillo" --replay="$guests/hello.elf"
is "$status" 125 "a program is not a recording"
has "$err" "not a recording" "and the message says so"

# Each byte of the end, and some others, one at a time.
unseen=
at=0
while [ $at -lt "$size" ]; do
	{
		head -c $at "$log"
		# A byte that is surely another one.
		byte=$(dd if="$log" bs=1 skip=$at count=1 2>/dev/null |
		    od -An -tu1 | tr -d ' ')
		printf "\\$(printf %03o $(((${byte:-0} + 85) % 256)))"
		tail -c +$((at + 2)) "$log"
	} >"$scratch/changed"
	status=0
	timeout 20 "$novillo" --replay="$scratch/changed" >/dev/null \
	    2>&1 || status=$?
	[ $status -eq 125 ] || unseen="$unseen $at:$status"
	at=$((at + size / 12 + 1))
done
is "$unseen" "" "no changed byte goes unseen"

for options in "--record=x --replay=x" "--gdb --multi --record=x" \
    "--gdb --multi --replay=x"; do
	# shellcheck disable=SC2086 # several options
	try timeout 60 "$novillo" $options "$guests/hello.elf"
	is "$status" 125 "$options is refused"
done
done_testing
