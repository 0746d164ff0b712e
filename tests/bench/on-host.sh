#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The benchmark as a test of tests/hosts, on the host whose clock counts
# instructions.  Knows only where its programs lie.

dir=$top_builddir/tests/bench

echo "1..1"
result=$(mktemp)
"$dir/bench" --virtual "$top_builddir/bin/novillo" "$dir/floor" \
    "$top_builddir/guest" >"$result" 2>&1
status=$?
sed 's/^/# /' "$result"
[ "$status" -eq 0 ] || printf 'not '
echo "ok 1 - every figure is within its limit"
