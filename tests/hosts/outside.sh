#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs tests on this machine while novillo runs in a host, and prints their
# results in the format of the host's /init, for report.awk.
#
# usage: run.sh HOST STAGE --with sh outside.sh TEST...

set -u

here=$(cd "$(dirname "$0")" && pwd)
{
	echo "@@ up"
	for test; do
		echo "@@ begin $test"
		timeout -k 5 "$NOVILLO_TEST_SECONDS" \
		    sh "$top_srcdir/$test" 2>&1 </dev/null
		printf '\n@@ end %d\n' "$?"
	done
	echo "@@ done"
} | busybox awk -v host="$NOVILLO_HOST" -v tests="$*" \
    -v all="${NOVILLO_HOST_VERBOSE:-0}" -f "$here/report.awk"
