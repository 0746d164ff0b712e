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

# again WHAT [COMMAND...]: record it and replay it, by a command that runs each;
# print what differs.
again()
{
	what=$1
	shift
	rm -f "$log"
	timeout 120 "$@" "$novillo" --record="$log" --allow=@all "$program" "$what" \
	    >"$scratch/out1" 2>"$scratch/err1" </dev/null ||
	    echo "a recording has the status $?: $(cat "$scratch/err1")"
	timeout 120 "$@" "$novillo" --replay="$log" --stats \
	    >"$scratch/out2" 2>"$scratch/err2" </dev/null ||
	    echo "its replay has the status $?: $(cat "$scratch/err2")"
	cmp "$scratch/out1" "$scratch/out2"
}

# differs WHAT [COMMAND...]: the same for all of them.
differs()
{
	i=0
	while [ $i -lt "$count" ]; do
		again "$@"
		i=$((i + 1))
	done
}

# Vector registers survive, whose upper halves no general register shows.
case $("$novillo" "$program" vectors) in
"no AVX") skip "the processor has no AVX" ;;
*)
	is "$(differs vectors)" "" \
	    "vectors: a replay is the same ($count recordings)"
	is "$(cut -d ' ' -f 2- "$scratch/out1")" "+1 +2 +3
+100 +200 +300" "and all lanes have counted"
	;;
esac

for what in spin door seqlock repeat alarm; do
	is "$(differs $what)" "" "$what: a replay is the same ($count recordings)"
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

# Kicks without a reason, at which KVM leaves the guest with a trap on its way,
# change nothing.  An emulated host would do nothing but take them.
pester=$top_builddir/tests/run/pester
for what in spin repeat; do
	[ -x "$pester" ] || break
	is "$(differs $what "$pester" 200)" "" \
	    "$what: so is one that is kicked all the time"
done
done_testing
