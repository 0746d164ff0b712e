#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs each test TIMES times.  Prints a line for each test, and the failures of
# each failed run.
#
# usage: repeat.sh TIMES TEST...	a test is a path below the build or
#					source folder, as in TESTS
# Status: 1 if a run failed.

set -u

times=$1
shift
log=$(mktemp "${TMPDIR:-/tmp}/novillo-long.XXXXXX") || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 1' HUP INT TERM

run_one()
{
	case $1 in
	*.elf) sh "$top_srcdir/tests/run/run-guest.sh" "$top_builddir/$1" ;;
	*.sh) sh "$top_srcdir/$1" ;;
	*) "$top_builddir/$1" ;;
	esac
}

bad=0
for test; do
	failed=0
	n=0
	while [ "$n" -lt "$times" ]; do
		n=$((n + 1))
		status=0
		run_one "$test" >"$log" 2>&1 </dev/null || status=$?
		[ "$status" -eq 0 ] && ! grep -q '^not ok' "$log" && continue
		failed=$((failed + 1))
		echo "# $test, run $n, status $status:"
		grep -A 20 '^not ok' "$log" || tail -n 20 "$log"
	done
	echo "$test: $((n - failed)) of $n runs passed"
	bad=$((bad + failed))
done
[ "$bad" -eq 0 ]
