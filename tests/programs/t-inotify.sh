#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# inotify reports to a guest what it reports natively, within the guest's
# volumes.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"
make_scratch
program=$scratch/notices
${CC:-cc} -O2 -static "$top_srcdir/tests/programs/notices.c" \
    -o "$program" 2>"$scratch/cc" ||
    skip_all "no static programs: $(tail -n 1 "$scratch/cc")"
mkdir "$scratch/there" "$scratch/here" "$scratch/log"
(cd "$scratch/there" && "$program") >"$scratch/native" 2>/dev/null ||
    skip_all "no inotify here"

try timeout 240 "$novillo" --root="$scratch/here" "$program"
is "$status:$out:$err" "0:$(cat "$scratch/native"):" \
    "events and errors are as natively"
for option in --sandbox=strict --new-mount; do
	try timeout 240 "$novillo" $option --root="$scratch/here" "$program"
	case $status in
	125) missing "no $option here" ;;
	*) is "$status:$out" "0:$(cat "$scratch/native")" \
	    "also with $option" ;;
	esac
done
try timeout 240 "$novillo" --record="$scratch/log/1" --root="$scratch/here" \
    "$program"
is "$status:$out" "0:$(cat "$scratch/native")" "also recorded"
try timeout 240 "$novillo" --replay="$scratch/log/1"
is "$status:$out" "0:$(cat "$scratch/native")" "and replayed"

# A change by another process wakes the guest.
timeout 240 "$novillo" --root="$scratch/here" "$program" wait \
    >"$scratch/out" 2>&1 &
guest=$!
until grep -q ready "$scratch/out"; do sleep 0.05; done
: >"$scratch/here/given"
wait "$guest"
is "$(cat "$scratch/out")" "ready
poll(&p, 1, 60000): 1
from outside:
  1 100 0 given" "what others do in a volume is reported"

# Programs of the system: watched COMMAND... reads changes of the folder $watched,
# whose names it prints, and is ended.
watched=$(cd "$scratch" && pwd -P)/watched
user=
trap '[ -z "$user" ] || kill "$user"; rm -rf "$scratch"' EXIT
await()
{
	n=0
	until grep -q "$1" "$scratch/printed" "$scratch/said"; do
		n=$((n + 1))
		[ $n -lt 1200 ] || break
		sleep 0.05
	done
}
watched()
{
	rm -rf "$watched"
	mkdir "$watched"
	echo first >"$watched/log"
	: >"$scratch/printed" >"$scratch/said"
	timeout 240 "$@" >"$scratch/printed" 2>"$scratch/said" &
	user=$!
	await "$begins"
	echo second >>"$watched/log"
	await "$goes_on"
	mv "$watched/log" "$watched/old"
	echo third >"$watched/log"
	mv "$watched/old" "$watched/older"
	await "$ends"
	kill "$user"
	wait "$user" 2>/dev/null
	user=
}
# same BEGINS GOES-ON ENDS COMMAND...: natively and as a guest; the texts say that
# it has begun, and has seen the first and the last change.
same()
{
	begins=$1 goes_on=$2 ends=$3
	shift 3
	if ! command -v "$1" >/dev/null 2>&1; then
		missing "no $1 here"
		return
	fi
	watched "$@"
	wanted=$(cat "$scratch/printed")
	watched "$novillo" --root=/:ro -a @all "$@"
	is "$(cat "$scratch/printed")" "$wanted" "$1: as natively"
	ok "$(echo "$wanted" | grep -q "$ends"; echo $?)" "and all of it"
}
same established "CLOSE_WRITE.* log" "MOVED_TO older" \
    inotifywait -m -e close_write,create,move --format '%e %f' "$watched"
same first second third tail -n +1 -F "$watched/log"

# Nothing outside the volumes is watched.
cat >"$scratch/outside.c" <<'END'
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
int main(void)
{
	static const char *const names[] = { "/proc/self/status", "/dev/null",
		"/dev/shm", "/proc/self/fd/1", "/proc/self/exe", "/", "/etc" };
	unsigned i, in = inotify_init();

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		printf("%s: %s\n", names[i],
		    inotify_add_watch(in, names[i], IN_OPEN) < 0
			? strerror(errno) : "watched");
	return 0;
}
END
${CC:-cc} -static "$scratch/outside.c" -o "$scratch/outside"
try timeout 240 "$novillo" --volume="$scratch/here:/data" "$scratch/outside"
is "$out" "/proc/self/status: Permission denied
/dev/null: Permission denied
/dev/shm: Permission denied
/proc/self/fd/1: Permission denied
/proc/self/exe: Permission denied
/: Permission denied
/etc: No such file or directory" "nothing outside the volumes is watched"
done_testing
