#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The session of doc/timetravel.md: each command in it is run, and what the
# document shows is what gdb says.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

# The recording is made and read where novillo runs.
log=/tmp/novillo-story-$$

# The examples, and the commands in them.
sed -n '/^## A corrupted/,/^## Before/s/^    //p' \
    "$top_srcdir/doc/timetravel.md" >"$scratch/story"
sed -n 's/^(gdb) //p' "$scratch/story" >"$scratch/commands"
commands=$(wc -l <"$scratch/commands")
[ "$commands" -gt 10 ]
ok $? "the document has a session: $commands commands"

run=$(sed -n 's/^\$ novillo --record=bad //p' "$scratch/story")
# shellcheck disable=SC2086
set -- $run
guest=$guests/${1##*/}
shift
status_=0
said=$("$novillo" "--record=$log" "$guest" "$@" 2>&1 </dev/null) ||
    status_=$?
is "$status_" 0 "the program is recorded"
has "$(cat "$scratch/story")" "$said" "and prints what the document says"

cp "$scratch/commands" "$scratch/batch"
on_line "| $novillo --gdb=stdio --replay=$log 2>$scratch/guest" \
    "source $scratch/batch"
lacks "$answer" "Error in sourced command file" "each command is known to gdb"

# In this order; addresses depend on the compiler.
plain='s/0x[0-9a-f]\{1,\}/0x0/g'
rest=$(printf '%s\n' "$answer" | sed "$plain")
grep -v '^\$ novillo\|^(gdb)' "$scratch/story" | sed "1d; $plain" \
    >"$scratch/shown"
missing=
while IFS= read -r line; do
	case $rest in
	*"$line"*) rest=${rest#*"$line"} ;;
	*) missing="$missing
$line" ;;
	esac
done <"$scratch/shown"
is "$missing" "" "gdb says what the document shows"
[ -z "$missing" ] || printf '%s\n' "$answer" | sed 's/^/# /'

rm -f "$log"
done_testing
