#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# System V's objects of a guest behave as natively, and so they do when the
# guest is recorded and replayed.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"
make_scratch
program=$scratch/ipc
log=$scratch/log
${CC:-cc} -O2 -pthread -static "$top_srcdir/tests/programs/ipc.c" \
    -o "$program" 2>"$scratch/cc" ||
    skip_all "no static programs: $(tail -n 1 "$scratch/cc")"

# same HOW COMMAND...: the part's output is as natively.
same()
{
	how=$1
	shift
	try timeout 240 "$@"
	is "$status:$out:$err" "0:$native:" "$part: $how"
}

for part in shm-errors shm-once shm-twice shm-many sem-errors sem-values \
    sem-threads sem-waits msg-errors msg-types msg-waits; do
	native=$(timeout 60 "$program" $part)
	same "as natively" "$novillo" "$program" $part
	[ $part != shm-twice ] || continue
	same "also recorded" "$novillo" --record="$log" "$program" $part
	same "and replayed" "$novillo" --replay="$log"
	rm -f "$log"
done

try "$novillo" --record="$log" "$program" shm-twice
has "$err" "second attachment cannot be recorded" \
    "what cannot be recorded is said"
done_testing
