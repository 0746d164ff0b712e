#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Parts of tests/long/endure, one after the other, in a folder of their own; what
# a part leaves there is a failure.  The states of processes that hung stay in
# the working folder, as endure-PID.log.
#
# usage: endure.sh PART:COUNT[:AT_ONCE]...; t-endure.sh sources it

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
endure=$(cd "$top_builddir" && pwd)/tests/long/endure
[ -x "$endure" ] || skip_all "no endure was built"
top_builddir=$(cd "$top_builddir" && pwd)
export top_builddir
[ -z "${NOVILLO-}" ] || NOVILLO=$(realpath "$NOVILLO")
here=$(pwd)
make_scratch
export TMPDIR="$scratch/tmp"
mkdir "$TMPDIR"

for part; do
	count=${part#*:}
	at_once=1
	case $count in
	*:*) at_once=${count#*:} count=${count%:*} ;;
	esac
	name=${part%%:*}
	if [ "$name" = gdb ] && ! command -v gdb >/dev/null 2>&1; then
		skip "no gdb here"
		continue
	fi
	status=0
	(cd "$TMPDIR" && "$endure" "$name" "$count" "$at_once") \
	    >"$scratch/log" 2>&1 || status=$?
	sed 's/^/# /' "$scratch/log"
	mv "$TMPDIR"/endure-*.log "$here" 2>/dev/null
	is "$status" 0 "$name: $count, $at_once at once: no hang, no growth"
	rm -f "$TMPDIR/core"
	is "$(ls -A "$TMPDIR")" "" "$name leaves no file"
done
done_testing
