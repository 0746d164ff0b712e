#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Recorded guests that compute while another thread, or a signal, waits: where
# they were preempted is found again, so their counters have the same values.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch
log=$scratch/log

# NOVILLO_PREEMPTED says how many recordings are made of each.
count=${NOVILLO_PREEMPTED-2}
program=$guests/preempted.elf

# again WHAT: record it and replay it; print what differs.
again()
{
	rm -f "$log"
	timeout 120 "$novillo" --record="$log" --allow=@all "$program" "$1" \
	    >"$scratch/out1" 2>"$scratch/err1" </dev/null ||
	    echo "a recording has the status $?: $(cat "$scratch/err1")"
	timeout 120 "$novillo" --replay="$log" --stats \
	    >"$scratch/out2" 2>"$scratch/err2" </dev/null ||
	    echo "its replay has the status $?: $(cat "$scratch/err2")"
	cmp "$scratch/out1" "$scratch/out2"
}

for what in spin door seqlock repeat alarm; do
	differs=
	i=0
	while [ $i -lt "$count" ]; do
		differs=$differs$(again $what)
		i=$((i + 1))
	done
	is "$differs" "" "$what: $count replays are the same"
done

# The guest itself finds where a loop that counts was preempted: there are few
# exits.
runs=$(sed -n 's/^ioctl  *KVM_RUN  *//p' "$scratch/err2")
[ "${runs:-1000}" -lt 1000 ]
ok $? "the positions cost few exits: $runs in all"

# A debugger that does not see the signals goes on past all preemptions.  Its line
# stays open until the stop has come.
goes_on()
{
	printf '+$QPassSignals:e#58+$c#63'
	waited=0
	while ! grep -q replaylog "$scratch/stops" && [ $waited -lt 600 ]; do
		sleep 0.1
		waited=$((waited + 1))
	done
	printf '+$k#6b'
}
: >"$scratch/stops"
goes_on | timeout 120 "$novillo" --replay="$log" --gdb=stdio \
    >"$scratch/stops" 2>"$scratch/err2"
has "$(cat "$scratch/stops")" replaylog: \
    "a debugger comes to the end of the history"
has "$(cat "$scratch/err2")" "$(cat "$scratch/out1")" \
    "and the guest has written the same"
done_testing
