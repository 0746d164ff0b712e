#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs tests while novillo runs in a host, and fetches what they have counted
# there, for report.sh.  A machine without KVM counts this way what needs guests.
#
# usage: run.sh A STAGE --with sh on-host.sh BUILD INSIDE... -- OUTSIDE...
#
# BUILD is the host's build, STAGE has its programs.  Tests INSIDE run in the
# host, tests OUTSIDE on this machine (see tests/hosts/outside.sh).

set -u

hosts=$(cd "$(dirname "$0")/../hosts" && pwd)
in=$hosts/in.sh
build=$1
shift

# Shells write to errors what became of their jobs, in the middle of a point.
inside()
{
	echo "@@ up"
	for test; do
		echo "@@ begin $test"
		case $test in
		*.elf) sh "$in" sh tests/run/run-guest.sh "$test" ;;
		*.sh) sh "$in" sh "$test" ;;
		*) sh "$in" "$test" ;;
		esac </dev/null 2>/dev/null
		printf '\n@@ end %d\n' "$?"
	done
	echo "@@ done"
}

tests=
while [ "$1" != -- ]; do
	tests="$tests $1"
	shift
done
shift

status=0
# shellcheck disable=SC2086
inside $tests | busybox awk -v host="$NOVILLO_HOST" -v tests="$tests" -v all=0 \
    -f "$hosts/report.awk" || status=1
sh "$hosts/outside.sh" "$@" || status=1

# A program that no test has started has no counters.
for program in bin/novillo tests/unit/t-debug tests/unit/t-target; do
	! sh "$in" test -e "$program.counters" </dev/null ||
	    sh "$in" cat "$program.counters" </dev/null \
		>"$build/$program.counters" || status=1
done
exit "$status"
