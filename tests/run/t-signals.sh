#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Signals seen from outside: novillo passes its signals to its guest, and a
# guest that handles them badly ends.  t_signals.elf tests signals from within.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch

# begin OPTION... WHAT: start novillo and wait until its guest prints "ready";
# set $novillo_pid.
begin()
{
	: >"$scratch/out"
	"$novillo" --timeout=60 "$@" >"$scratch/out" 2>"$scratch/err" &
	novillo_pid=$!
	waits_for ready
}

# waits_for TEXT: wait until the guest has printed TEXT.
waits_for()
{
	waited=0
	while ! grep -q "$1" "$scratch/out" && [ "$waited" -lt 200 ]; do
		sleep 0.05
		waited=$((waited + 1))
	done
	grep -q "$1" "$scratch/out"
}

# send SIGNAL NUMBER NAME: SIGNAL to novillo calls the guest's handler.
send()
{
	kill "-$1" "$novillo_pid"
	waits_for "^got $2\$"
	ok $? "$3"
}

# ends STATUS NAME
ends()
{
	status=0
	wait "$novillo_pid" || status=$?
	is "$status" "$1" "$2"
}

for how in wait compute; do
	begin "$guests/signals.elf" $how
	send HUP 1 "SIGHUP goes to a guest that handles it ($how)"
	send INT 2 "and SIGINT ($how)"
	send USR1 10 "and SIGUSR1 ($how)"
	send USR2 12 "and SIGUSR2 ($how)"
	send WINCH 28 "and SIGWINCH ($how)"
	send TERM 15 "and SIGTERM ($how)"
	ends 7 "which ends as it likes ($how)"
done

begin "$guests/signals.elf" sigwait
kill -TERM "$novillo_pid"
ends 8 "SIGTERM goes to a guest that waits for it"
has "$(cat "$scratch/out")" "waited for 15" "and is reported"

# answers COUNT NAME: SIGUSR1 makes novillo write its counts the COUNTth time.
answers()
{
	kill -USR1 "$novillo_pid"
	waited=0
	while [ "$(grep -c "^ioctl *KVM_RUN" "$scratch/err")" -lt "$1" ] &&
	    [ "$waited" -lt 200 ]; do
		sleep 0.05
		waited=$((waited + 1))
	done
	is "$(grep -c "^memory *peak KiB" "$scratch/err")" "$1" "$2"
}

for how in nothing spin; do
	begin "$guests/signals.elf" $how
	answers 1 "SIGUSR1 that a guest does not take shows counts ($how)"
	answers 2 "as often as it comes ($how)"
	kill -TERM "$novillo_pid"
	ends 143 "and does not end the guest ($how)"
done
begin --stats --json "$guests/signals.elf" nothing
kill -USR1 "$novillo_pid"
kill -TERM "$novillo_pid"
ends 143 "a guest with --stats"
is "$(grep -c '^{"stats": {"ioctl": {"KVM_RUN": .*}}}$' "$scratch/err")" 2 \
    "writes them in the form of --json, and once more at its end"
begin "$guests/signals.elf" sleep
answers 1 "a guest that sleeps"
ends 9 "goes on to sleep"
has "$(cat "$scratch/out")" "slept 0" "and does not notice"

begin "$guests/signals.elf" nothing
kill -WINCH "$novillo_pid"
kill -USR2 "$novillo_pid"
ends 140 "a guest that handles nothing ends, and novillo by the signal"
begin "$guests/signals.elf" nothing
kill -TERM "$novillo_pid"
ends 143 "so it is with SIGTERM"
has "$(cat "$scratch/err")" "ended by SIGTERM: it was sent to novillo" \
    "and that is reported"

begin --sandbox=none "$guests/signals.elf" wait
send TERM 15 "a sandbox makes no difference"
ends 7 "nor to the end"

try sh -c 'trap "" HUP; "$0" --timeout=20 "$1" nothing & pid=$!; sleep 1
    kill -HUP $pid; sleep 0.3; kill -TERM $pid; wait $pid' \
    "$novillo" "$guests/signals.elf"
is "$status" 143 "a guest ignores the signals that novillo's parent ignores"

try "$novillo" "$guests/signals.elf" raise
is "$status" 5 "a guest may send itself what it handles"

# ends_badly HOW TEXT NAME
ends_badly()
{
	try timeout 60 "$novillo" --timeout=50 "$guests/signals.elf" "$1"
	is "$status" 139 "$3 is SIGSEGV"
	has "$err" "$2" "which is reported"
}
ends_badly fault-again "write through a null pointer" \
    "a handler that faults without end"
ends_badly raise-again "frame is invalid, or its stack is not writable" \
    "a handler that raises its own signal without end"
ends_badly fault-blocked "fault_while_blocked" "a fault that is blocked"
ends_badly fault-ignored "fault_while_ignored" "a fault that is ignored"
ends_badly return "frame is invalid, or its stack is not writable" \
    "a return from no handler"
ends_badly lose-stack "frame is invalid, or its stack is not writable" \
    "a stack for handlers that is not there"

try "$novillo" --trace "$guests/signals.elf" raise
has "$err" "rt_sigreturn({mask=[]}) = ?" "a handler's return is traced"
done_testing
