#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs files of GDB's own testsuite with the installed gdb on novillo, or on
# another stub, and compares what passes with what passes on gdbserver.
#
# usage: run.sh [FILE.exp...]		default: the files of core.txt
#
# Exit status: 0, 1 below the bounds, 77 where the testsuite cannot run.
#
# Environment:
#	GDBSUITE_LINK		how programs are linked: -static, -static-pie, -pie
#	GDBSUITE_PROTOCOL	remote (default) or extended-remote
#	GDBSUITE_OUT		folder of the results, made anew
#	GDBSUITE_JOBS		files at a time: 2
#	GDBSUITE_SECONDS	limit for each file: 600
#	GDBSUITE_STUB		command line of another stub: see novillo.exp
#	GDBSUITE_TABLE		gdbserver's passes: gdbserver followed by
#				GDBSUITE_LINK
#	GDBSUITE_PACKETS	if not empty, packets are kept
#	GDBSUITE_LEAST		least score in percent: 98.5
#	GDBSUITE_LEAST_FILE	least share of a file in percent: 90
#
#	GDBSUITE_KEEP		if not empty, the tests' programs are kept
#
# In the folder of results: results.tsv, a line for each file; below
# outputs/FILE gdb.log, all that gdb and the test said, and gdb.sum, the verdicts.

set -u

here=$(cd "$(dirname "$0")" && pwd)
GDBSUITE_LINK=${GDBSUITE_LINK:--static}
GDBSUITE_PROTOCOL=${GDBSUITE_PROTOCOL:-remote}
GDBSUITE_OUT=${GDBSUITE_OUT:-gdbsuite-out}
GDBSUITE_SECONDS=${GDBSUITE_SECONDS:-600}
GDBSUITE_PACKETS=${GDBSUITE_PACKETS:-}
export GDBSUITE_LINK GDBSUITE_PROTOCOL GDBSUITE_OUT GDBSUITE_SECONDS \
    GDBSUITE_PACKETS

# Kill the processes that have this text in their environment.
end_all_with()
{
	# shellcheck disable=SC2013
	for file in $(grep -lszxF -- "$1" /proc/[0-9]*/environ); do
		pid=${file#/proc/}
		pid=${pid%/environ}
		[ "$pid" = $$ ] || kill -KILL "$pid" 2>/dev/null
	done
}

# one FILE: run FILE, and write its line of results.tsv into its own folder.
# Executables are large, and can be made again.
one()
{
	folder=$GDBSUITE_OUT/outputs/${1%.exp}
	mkdir -p "$folder"
	note=
	started=$(date +%s)
	GDBSUITE_ONE=$folder timeout -k 5 "$GDBSUITE_SECONDS" \
	    runtest --tool gdb --target_board="novillo/$GDBSUITE_LINK" \
	    --outdir="$folder" GDB_PARALLEL=yes GDB=gdb "$1" \
	    >"$folder/runtest.out" 2>&1 </dev/null || status=$?
	case ${status:-0} in
	124 | 137) note="time-out" ;;
	esac
	end_all_with "GDBSUITE_ONE=$folder"
	touch "$folder/gdb.sum"
	awk -v file="$1" -v seconds="$(($(date +%s) - started))" \
	    -v note="$note" '
		/^PASS: /			{ pass++ }
		/^FAIL: /			{ fail++ }
		/^(UNRESOLVED|ERROR): /		{ fail++ }
		/^(UNTESTED|UNSUPPORTED): /	{ out++ }
		END {
			printf "%s\t%d\t%d\t%d\t%d\t%s\n", file, pass, fail,
			    out, seconds, note
		}' "$folder/gdb.sum" >"$folder/result.tsv"
	[ -n "${GDBSUITE_KEEP:-}" ] || find "$folder" -type f -size +200k \
	    ! -name 'gdb.*' ! -name 'packets.*' -exec rm -f {} +
}

# This script starts itself for each file.
if [ "${1-}" = --one ]; then
	one "$2"
	exit 0
fi

source=$(sh "$here/source.sh") || exit $?
novillo=${NOVILLO:-${top_builddir:-.}/bin/novillo}
case $novillo in
/*) ;;
*) novillo=$(pwd)/$novillo ;;
esac
if [ -z "${GDBSUITE_STUB:-}" ]; then
	"$novillo" --probe >/dev/null 2>&1 || {
		echo "run.sh: no usable KVM" >&2
		exit 77
	}
	GDBSUITE_STUB="$novillo --allow=@all --root=/ --gdb=localhost:%port %program"
fi
export GDBSUITE_STUB

if [ -e "$GDBSUITE_OUT" ] && [ ! -f "$GDBSUITE_OUT/site.exp" ]; then
	echo "run.sh: $GDBSUITE_OUT is not a folder of results" >&2
	exit 2
fi
rm -rf "$GDBSUITE_OUT"
mkdir -p "$GDBSUITE_OUT/boards" || exit 2
GDBSUITE_OUT=$(cd "$GDBSUITE_OUT" && pwd)
cp "$here/novillo.exp" "$GDBSUITE_OUT/boards"
cat >"$GDBSUITE_OUT/site.exp" <<EOF
set host_triplet x86_64-pc-linux-gnu
set target_alias x86_64-pc-linux-gnu
set target_triplet x86_64-pc-linux-gnu
set build_triplet x86_64-pc-linux-gnu
set srcdir $source
set tool gdb
set enable_libctf no
lappend boards_dir "$source/boards" "$GDBSUITE_OUT/boards"
EOF
# Names have no blanks.
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(sed 's/#.*//' "$here/core.txt")
printf '%s\n' "$@" >"$GDBSUITE_OUT/list"

script=$here/run.sh
trap 'end_all_with "GDBSUITE_RUN=$GDBSUITE_OUT"; exit 130' HUP INT TERM
(cd "$GDBSUITE_OUT" && GDBSUITE_RUN=$GDBSUITE_OUT \
    xargs -n 1 -P "${GDBSUITE_JOBS:-2}" sh "$script" --one <list)
for file; do
	cat "$GDBSUITE_OUT/outputs/${file%.exp}/result.tsv"
done >"$GDBSUITE_OUT/results.tsv"
awk -v least="${GDBSUITE_LEAST:-98.5}" \
    -v least_file="${GDBSUITE_LEAST_FILE:-90}" -f "$here/score.awk" \
    "$here/${GDBSUITE_TABLE:-gdbserver$GDBSUITE_LINK}.tsv" \
    "$GDBSUITE_OUT/results.tsv"
