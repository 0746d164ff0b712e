#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Guests that end by a signal that the processor did not raise: the guest's own,
# that of a file shorter than its mapping, or that of a pipe without a reader;
# and the end of novillo by signals and timeouts.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch

try "$novillo" "$guests/status.elf" 0 abort
is "$status" 134 "abort ends a guest as SIGABRT does"
has "$err" "ended by SIGABRT: hypercall 234 (tgkill) sent it" "and is reported"
for n in 1 9 10 15 31; do
	try "$novillo" "$guests/status.elf" $n kill
	is "$status" $((128 + n)) "signal $n, sent to itself, ends a guest"
done
try "$novillo" "$guests/status.elf" 15 kill
has "$err" "ended by SIGTERM" "and is named"
for n in 17 18 19 23 28; do
	try "$novillo" "$guests/status.elf" $n kill
	is "$status$err" 0 "signal $n does nothing to it"
done
try "$novillo" --allow=-tgkill "$guests/status.elf" 0 abort
is "$status" 134 "a guest that may not send signals ends with that status"

# The guest's status goes to a file, for the guest's pipe is broken.
head -c 1000000 /dev/zero >"$scratch/zeros"
sh -c '"$0" "$1" <"$2"; echo $? >"$3"' "$novillo" "$guests/echo.elf" \
    "$scratch/zeros" "$scratch/status" 2>"$scratch/err" | head -c 1 >/dev/null
is "$(cat "$scratch/status")" 141 "a pipe that nobody reads ends a guest"
has "$(cat "$scratch/err")" "ended by SIGPIPE: hypercall" "by SIGPIPE"

printf 'short' >"$scratch/short"
try sh -c '"$0" "$1" <"$2"' "$novillo" "$guests/fault_file.elf" \
    "$scratch/short"
is "$out" "it begins with 's'" "standard input can be mapped"
is "$status" 135 "a page past the end of a file ends a guest as SIGBUS does"
has "$err" "is not in its file: it lies past the file's end" \
    "and the message says why"
for kind in "load 258053" "across 4096" "store 8192" "string 4096" \
    "code 28681"; do
	try sh -c '"$0" "$1" "$3" <"$2"' "$novillo" \
	    "$guests/fault_file.elf" "$scratch/short" "${kind% *}"
	has "$out" "code 2, byte ${kind#* }" \
	    "the handler gets the address (${kind% *})"
done
try sh -c '"$0" --core="$3" "$1" <"$2"' "$novillo" "$guests/fault_file.elf" \
    "$scratch/short" "$scratch/core"
is "$status" 135 "also where a core is wanted"
has "$err" "core written" "which is written"

try sh -c '"$0" -m 16M --core="$3" "$1" <"$2"' "$novillo" \
    "$guests/fault_auxv.elf" "$scratch/short" "$scratch/core"
is "$status" 139 "a guest that loses its auxiliary vector dies as others do"
has "$err" "core written" "and leaves a core without it"

# The processor cannot access memory any more, however it was taken away.
for how in munmap mremap shrink; do
	try "$novillo" "$guests/fault_unmapped.elf" $how
	has "$err" "ended by SIGSEGV: write to unmapped memory" \
	    "memory taken away by $how is not there any more"
done
try "$novillo" "$guests/fault_unmapped.elf" mprotect
has "$err" "ended by SIGSEGV: write to read-only memory" \
    "and by mprotect not writable"

# Only touched memory counts: a guest may have twice the machine's memory.
kib=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
try "$novillo" -m $((2 * kib))K "$guests/hello.elf"
is "$out" "Hello, world!" "a guest may have more memory than the machine"

# A blocking call ends when novillo ends, and continues after a stop of novillo.
# ended SIGNAL... -- COMMAND: print COMMAND's status after these signals.
ended()
{
	signals=
	while [ "$1" != -- ]; do
		signals="$signals $1"
		shift
	done
	shift
	"$@" >"$scratch/out" 2>&1 &
	pid=$!
	for signal in $signals; do
		sleep 0.3
		kill -s "$signal" "$pid"
	done
	wait "$pid" 2>/dev/null
	echo $?
}
is "$(ended TERM -- "$novillo" "$guests/sleep.elf" 100)" 143 \
    "SIGTERM ends novillo while its guest sleeps"
is "$(ended TERM -- "$novillo" "$guests/crowd.elf" 20 100000 1)" 143 \
    "and while a crowd does"
is "$(ended STOP CONT -- "$novillo" --sandbox=best-effort \
    "$guests/sleep.elf" 1)" 0 "a sleep goes on after a stop"
mkfifo "$scratch/fifo"
(sleep 1; echo late) >"$scratch/fifo" &
is "$(ended STOP CONT -- sh -c 'exec "$0" "$1" <"$2"' "$novillo" \
    "$guests/echo.elf" "$scratch/fifo") $(cat "$scratch/out")" "0 late" \
    "and so does a read"

# A signal to novillo: novillo writes the trace, the counts and the core, and
# then ends by that signal, which the outer shell reports.
cat >"$scratch/kill" <<'END'
(sleep "${delay:-0.7}"; kill -s "$1" $$) &
shift
exec "$@"
END
# killed SIGNAL OPTION GUEST ARG: set $out to the status, $wanted to the output.
killed()
{
	: >"$scratch/wanted"
	rm -f "$scratch/core"
	try sh -c 'sh "$@"; echo $?' sh "$scratch/kill" "$1" "$novillo" \
	    --stats --trace --trace-summary --core="$scratch/core" \
	    --output="$scratch/wanted" "$2" "$3" "$4"
	wanted=$(cat "$scratch/wanted")
	out=${out##*
}
}
# wrote_all SIGNAL NAME: the output, the message and the core are complete.
wrote_all()
{
	has "$wanted" "+++ killed by SIG$1 (core dumped) +++" \
	    "the trace ends with SIG$1 ($2)"
	has "$wanted" " total" "there is a summary"
	has "$wanted" "peak KiB" "there are counts"
	has "$err" "ended by SIG$1: it was sent to novillo" "and a message"
	[ -s "$scratch/core" ]
	ok $? "and a core"
}
for signal in TERM HUP INT; do
	killed "$signal" --sandbox=strict "$guests/sleep.elf" 100
	wrote_all "$signal" "asleep"
	has "$wanted" "--- SIG$signal {" "which the guest got"
done
killed TERM --sandbox=none "$guests/signals.elf" nothing
wrote_all TERM "by no sandbox"
is "$out" 143 "its status is that of the signal"
has "$err" "Terminated" "because the signal ends it"
for signal in TERM INT; do
	killed "$signal" "--gdb=unix:$scratch/line" "$guests/sleep.elf" 100
	wrote_all "$signal" "waiting for a debugger"
	[ ! -e "$scratch/line" ]
	ok $? "and no socket is left"
done

# held SECONDS WHAT COMMAND...: a run that must end within SECONDS.
held()
{
	most=$1
	what=$2
	shift 2
	begun=$(date +%s)
	try timeout 30 "$@"
	took=$(($(date +%s) - begun))
	[ "$took" -le "$most" ]
	ok $? "it ends in time: $what ($took seconds)"
}

# Peers that do not read: the reader of a pipe, and a debugger.
rm -f "$scratch/fifo"
mkfifo "$scratch/fifo"
# deaf SIGNAL OPTION...: nobody reads the FIFO of --output, which is full.
deaf()
{
	sleep 20 <"$scratch/fifo" &
	reader=$!
	timeout 1 head -c 65536 /dev/zero >"$scratch/fifo"
	signal=$1
	shift
	held 6 "$signal $1" sh "$scratch/kill" "$signal" "$novillo" "$@" \
	    --trace --output="$scratch/fifo" "$guests/spin.elf" 100000000
	kill "$reader"
	has "$err" "fifo: its reader did not read; the rest is lost" \
	    "and says what is lost"
}
deaf CONT --timeout=2
is "$status" 124 "a full pipe does not delay a timeout"
deaf TERM --sandbox=none
is "$status" 143 "nor a signal"
has "$err" "ended by SIGTERM" "which is reported"

# speak NAME PACKETS SIGNAL OPTION... GUEST ARG...: a debugger on pipes sends
# PACKETS, reads nothing and stays connected.
speak()
{
	name=$1
	packets=$2
	signal=$3
	shift 3
	rm -f "$scratch/line.in" "$scratch/line.out"
	mkfifo "$scratch/line.in" "$scratch/line.out"
	(printf '%s' "$packets" && exec sleep 20) >"$scratch/line.in" &
	writer=$!
	sleep 20 <"$scratch/line.out" &
	reader=$!
	held 7 "$name" sh -c 'sh "$@" <"$0.in" >"$0.out"' "$scratch/line" \
	    "$scratch/kill" "$signal" "$novillo" --gdb=stdio "$@"
	kill "$writer" "$reader"
}
flood='$qXfer:features:read:target.xml:0,ffb#79'
for n in 1 2 3 4 5 6; do
	flood=$flood$flood
done
speak "a debugger that reads nothing, and SIGTERM" "$flood" TERM \
    "$guests/spin.elf" 1
is "$status" 143 "SIGTERM ends the guest of a debugger that does not read"
speak "a peer that says nothing, and --timeout" "" CONT --timeout=2 \
    "$guests/spin.elf" 1
is "$status" 124 "a peer that is not a debugger does not stop the timeout"
delay=3
export delay
speak "an idle debugger, --timeout and SIGINT" "+\$?#3f" INT --timeout=1 \
    "$guests/spin.elf" 1
is "$status" 130 "a debugger that holds the guest stops the timeout"
unset delay
speak "an idle debugger after the guest's end" "+\$!#21+\$c#63+" CONT \
    --timeout=2 "$guests/hello.elf"
is "$status" 0 "the timeout ends the wait for it, not the guest"

delay=2
export delay
speak "an idle debugger after the guest's end, and SIGTERM" \
    "+\$!#21+\$c#63+" TERM "$guests/hello.elf"
is "$status" 0 "SIGTERM ends that wait also"
unset delay

# A full disk is reported by one message.
for option in --trace --trace-summary --stats; do
	try "$novillo" "$option" --output=/dev/full "$guests/hello.elf"
	is "$err" "novillo: /dev/full: No space left on device; the rest is lost" \
	    "a full disk is reported once ($option)"
	is "$status" 0 "and does not change the status"
done

# A parent may leave any signal blocked or ignored.
if env --block-signal --ignore-signal=CHLD true 2>/dev/null; then
	try timeout 20 env --block-signal --ignore-signal=CHLD "$novillo" \
	    --timeout=1 "$guests/spin.elf" 100000000000
	is "$status" 124 "a timeout ends a guest where all signals are blocked"
	try timeout 20 env --block-signal --ignore-signal=CHLD "$novillo" \
	    --new-pid "$guests/status.elf" 7
	case $status$err in
	125*unshare*) skip "no pid namespace: $err" ;;
	*) is "$status" 7 "--new-pid returns the status where SIGCHLD is ignored" ;;
	esac
else
	missing "env cannot block signals"
fi

# A timeout may come while the end is reported; novillo must not kick the joined
# threads.  A host takes minutes for each.
moments="0.5 0.7 0.9 1.2"
[ -z "${NOVILLO_HOST-}" ] || moments=0.9
for seconds in $moments; do
	try "$novillo" -m 256M "--timeout=$seconds" --core="$scratch/core" \
	    "$guests/crowd.elf" 150 200 100
	case $status$err in
	124*"(--timeout)" | 139*"core written"*) ok 0 "a timeout of $seconds seconds ends a crowd, or comes too late" ;;
	*) ok 1 "a timeout of $seconds seconds ends a crowd, or comes too late" ;;
	esac
done

# emptied CALL WHEN GUEST STATUS NAME: run GUEST; its file is emptied while
# novillo is held in its WHENth CALL on it.  The guest ends with STATUS, and with
# all that was asked for.
emptied()
{
	cp "$guests/$3" "$scratch/emptied"
	: >"$scratch/calls"
	(
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			sleep 1
			grep -q "^[0-9]* *$1" "$scratch/calls" && break
		done
		: >"$scratch/emptied"
	) &
	try timeout 60 strace -f -qq -o "$scratch/calls" \
	    -P "$scratch/emptied" \
	    -e "inject=$1:delay_enter=10000:delay_exit=4000000:when=$2" \
	    "$novillo" --stats --trace-summary --core="$scratch/core" \
	    "$scratch/emptied" </dev/null
	wait
	is "$status" "$4" "$5"
	has "$err" "ended by SIG" "and says how"
	has "$err" "% time" "with the summary of its calls"
	has "$err" "page tables" "and its counts"
	has "$err" "core written" "and its core"
}

# novillo's own access to a page that is lost: of the image, for the report, and
# of guest memory, when the image is loaded.
if [ -z "${NOVILLO_HOST-}" ] && strace -qq -o /dev/null true 2>/dev/null; then
	emptied lseek 1 fault_null.elf 139 \
	    "a guest whose file is emptied during its report ends as it would"
	emptied pread64 2 wc.elf 135 \
	    "one whose file is emptied when it is loaded ends by SIGBUS"
else
	missing "no strace here"
fi
done_testing
