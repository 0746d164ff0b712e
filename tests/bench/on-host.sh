#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The benchmark as a test of tests/hosts, on the host whose clock counts
# instructions: a point for each part that the file `parts` beside it names. It
# knows only where its programs lie.

dir=$top_builddir/tests/bench
PATH=$dir/bin:$PATH
n=0

result=$(mktemp)
for part in $(cat "$dir/parts"); do
	n=$((n + 1))
	status=0
	"$dir/bench" --virtual --programs="$dir" --only="$part" --json="$result.json" \
	    "$top_builddir/bin/novillo" "$dir/floor" "$top_builddir/guest" >"$result" 2>&1 || status=$?
	sed 's/^/# /' "$result" "$result.json"
	[ "$status" -eq 0 ] || printf 'not '
	echo "ok $n - every figure of $part is within its limit"
done
echo "1..$n"
