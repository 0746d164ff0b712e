#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# System V's objects and POSIX message queues of a guest behave as natively, and
# so they do when the guest is recorded and replayed.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch
log=$scratch/log
# A host without a compiler receives the programs ready-made.
for program in ipc mqueue; do
	! cp "$top_builddir/tests/programs/$program" "$scratch/" 2>/dev/null ||
	    continue
	${CC:-cc} -O2 -pthread -static "$top_srcdir/tests/programs/$program.c" \
	    -o "$scratch/$program" 2>"$scratch/cc" ||
	    skip_all "no static programs: $(tail -n 1 "$scratch/cc")"
done

# same HOW COMMAND...: the part's output is as natively.
same()
{
	how=$1
	shift
	try timeout 240 "$@"
	is "$status:$out:$err" "0:$native:" "$part: $how"
}

for part in shm-errors shm-once shm-twice shm-many shm-resident shm-moved \
    shm-parts shm-lost shm-replaced shm-longer sem-errors sem-values sem-threads \
    sem-waits msg-errors msg-types msg-waits proc mq-errors mq-order mq-files \
    mq-places mq-looks mq-closed mq-folder mq-notify mq-threads mq-handed mq-waits; do
	case $part in
	mq-*) program=$scratch/mqueue ;;
	*) program=$scratch/ipc ;;
	esac
	allow=@base
	case $part in
	mq-places|mq-looks|mq-folder) allow=@base,@file ;;
	esac
	if [ $part = mq-folder ]; then
		if ! grep -q ' /dev/mqueue mqueue ' /proc/mounts; then
			skip "$part: no /dev/mqueue here to compare with"
			continue
		fi
	fi
	native=$(timeout 60 "$program" $part)
	same "as natively" "$novillo" -a $allow "$program" $part
	case $part in
	# A recorded segment is memory, which counts as a whole.
	shm-twice|shm-resident|shm-lost|shm-replaced|shm-longer) continue ;;
	esac
	same "also recorded" "$novillo" -a $allow --record="$log" "$program" $part
	same "and replayed" "$novillo" --replay="$log"
	rm -f "$log"
done

try "$novillo" --record="$log" "$scratch/ipc" shm-twice
has "$err" "second attachment cannot be recorded" \
    "what cannot be recorded is said"
for part in shm-lost shm-replaced; do
	try "$novillo" --record="$log" "$scratch/ipc" $part
	has "$err" "the guest has unmapped what the segment held" \
	    "$part: so is this"
done
try "$novillo" --record="$log" "$scratch/ipc" shm-longer
has "$err" "a guest that lengthens a file's mapping" "and this"
done_testing
