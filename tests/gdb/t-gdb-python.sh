#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# gdb's Python, by a script that uses what debuggers' add-ons use.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

gdb -nx -batch -ex 'python print(1)' >/dev/null 2>&1 ||
    skip_all "gdb has no Python here"

# Each line of the script is a point.
by_script()
{
	printf '%s\n' "$answer" | grep '^ok \|^not ok ' >"$scratch/lines"
	while read -r line_; do
		case $line_ in
		"ok "*) ok 0 "${line_#ok }" ;;
		*) ok 1 "${line_#not ok }" ;;
		esac
	done <"$scratch/lines"
	has "$answer" "ok threads are gone" "the script comes to its end"
}

# gdb takes the image's symbols from novillo, where it has to follow /proc.
session "threads.elf 3 40" "set \$folder = \"$scratch\"" \
    "source $top_srcdir/tests/gdb/api.py"
by_script
is "$(cat "$scratch/guest")" 120 "the guest has counted right"

done_testing
