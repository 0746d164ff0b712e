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
