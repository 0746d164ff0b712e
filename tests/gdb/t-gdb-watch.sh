#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Watchpoints of the real gdb that need the operands of an instruction: its read
# may begin below the watched word, or at another operand's address.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"

program=$scratch/watched
${CC:-cc} -g -O0 -static "$top_srcdir/tests/programs/watched.c" \
    -o "$program" 2>"$scratch/cc" ||
    skip_all "no static program: $(tail -n 1 "$scratch/cc")"

# stops_of WATCH TIMES: the functions in which a watchpoint stops the program.
stops_of()
{
	watch_=$1
	times_=$2
	set -- "break main" continue delete "$watch_"
	while [ "$times_" -gt 0 ]; do
		set -- "$@" continue
		times_=$((times_ - 1))
	done
	on_line "| $novillo --gdb=stdio $program 2>$scratch/guest" "$@"
	stops=$(printf '%s\n' "$answer" |
	    sed -n '/^Value = \|^New value = /,$ {
		s/^\(0x[0-9a-f]* in \)\{0,1\}\([a-z_]*\) ().*/\2/p
	    }' | tr '\n' ' ')
}

stops_of "rwatch value.high" 10
is "$stops" "read_wide read_vector push_it compare copy " \
    "rwatch sees each read of a word, and no read beside it"
is "$(cat "$scratch/guest")" "done" "and the program is undisturbed"
stops_of "awatch value.high" 10
is "$stops" "read_wide read_vector push_it compare copy overwrite " \
    "awatch sees the write as well"
stops_of 'rwatch *((int *)&text + 1)' 10
is "$stops" "read_text " "rwatch sees a read from a page of code"
has "$answer" "exited normally" "which goes on running"
done_testing
