#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The state that a fuzzer keeps between its pieces: a fuzzer that is killed
# while it writes leaves each file as it was, or whole.

. "${top_srcdir:-.}/tests/lib.sh"

fuzzer=$top_builddir/tests/fuzz/fuzz-json
[ -x "$fuzzer" ] || skip_all "no fuzzer was built"
make_scratch
state=$scratch/new/state

# piece RUNS: bring the runs up to RUNS.
piece()
{
	try "$fuzzer" --runs="$1" --state="$state" \
	    "$top_srcdir/tests/run/config.json"
}

piece 100
is "$status $(cat "$state/count")" "0 100" "a piece's runs are counted"
ln "$state/count" "$scratch/before"
piece 200
is "$status $(cat "$state/count")" "0 200" "and those of the next are added"
is "$(cat "$scratch/before")" 100 "in a new file: the old one was not cut"
is "$(ls "$state" | grep -c new)" 0 "which has its name"
done_testing
