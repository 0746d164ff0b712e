#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A static program of Free Pascal, the language of ToroV's users, runs as it
# does natively, and gdb debugs it by its source.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"
need_tool fpc
make_plain_scratch
program=$scratch/hello
mkdir "$scratch/units" "$scratch/there" "$scratch/here" || exit 99
fpc -g -O1 -l- -v0 -o"$program" -FU"$scratch/units" \
    "$top_srcdir/tests/programs/hello.pas" >"$scratch/fpc" 2>&1 ||
    skip_all "no Pascal program: $(tail -n 1 "$scratch/fpc")"

native=0
wanted=$("$program" "$scratch/there/list") || native=$?
try timeout 240 "$novillo" -a @file -v "$scratch/here:/f" "$program" /f/list
is "$out" "$wanted" "classes, exceptions and lists: as natively"
is "$status" "$native" "and the status"
is "$(cat "$scratch/here/list")" "$(cat "$scratch/there/list")" \
    "and the file that it writes"

if command -v gdb >/dev/null 2>&1; then
	answer=$(timeout 240 gdb -nx -batch -ex 'set width 0' \
	    -ex "target remote | $novillo --gdb=stdio $program" \
	    -ex 'break HALF if N = 3' -ex continue -ex 'print N' -ex backtrace \
	    -ex delete -ex 'handle SIGFPE SIGSEGV nostop pass' -ex continue \
	    2>&1 </dev/null)
	has "$answer" "tests/programs/hello.pas:13" "a breakpoint in Pascal is hit by its line"
	has "$answer" '$1 = 3' "its condition is Pascal's"
	has "$answer" "in main" "bt ends in the program"
	has "$answer" "exited with code 06" "and it ends as it would"
else
	missing "no gdb here"
fi
done_testing
