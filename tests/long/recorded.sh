#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# novillo for tests, as $NOVILLO: each guest is recorded, and its recording is
# replayed and compared.  The test sees the run that was recorded.
#
# usage: RECORDED=FILE NOVILLO_RECORDED=NOVILLO recorded.sh [OPTION]... GUEST...
#
# FILE gets a line for each guest: `same`, `refused` (what cannot be recorded),
# or `DIFFERS` with the first line of what the recording or the replay said.

novillo=$NOVILLO_RECORDED

# Runs that are observed otherwise, and those without a guest.
for option in "$@"; do
	case $option in
	--check | --probe | --version | --help* | -l | --list* | --gdb* | \
	    --debug* | --trace* | --stats* | --learn* | --profile* | --core*)
		exec "$novillo" "$@"
		;;
	-*) ;;
	*) [ ! -f "$option" ] || break ;;
	esac
done

scratch=$(mktemp -d "${TMPDIR:-/tmp}/novillo-recorded.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

status=0
"$novillo" --record="$scratch/log" "$@" >"$scratch/out" 2>"$scratch/err" ||
    status=$?
cat "$scratch/out"
cat "$scratch/err" >&2

verdict=same
# A thread that cannot be preempted is a fault, unlike a call without a form.
if [ $status -eq 125 ] && grep -q "waited too long" "$scratch/err"; then
	verdict="DIFFERS: $(grep -m 1 "waited too long" "$scratch/err")"
elif [ $status -eq 125 ] && grep -q "record" "$scratch/err"; then
	verdict="refused: $(grep -m 1 "record" "$scratch/err")"
elif [ $status -eq 124 ]; then
	verdict="refused: ended by --timeout"
elif [ -s "$scratch/log" ]; then
	again=0
	"$novillo" --replay="$scratch/log" --memory=64G </dev/null \
	    >"$scratch/out2" 2>"$scratch/err2" || again=$?
	[ $again -eq $status ] &&
	    cmp -s "$scratch/out" "$scratch/out2" &&
	    cmp -s "$scratch/err" "$scratch/err2" ||
	    verdict="DIFFERS: $status, $again: $(head -n 1 "$scratch/err2")"
fi
printf '%s: %s\n' "$verdict" "$*" | tr '\n' ' ' | cut -c -300 >>"$RECORDED"
exit $status
