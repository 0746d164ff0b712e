#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The real gdb on a dynamic program: it sees program, loader and libraries, and
# stops in each.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"
files_by_packets

here || skip_all "no dynamic program on this host"
programs=$top_srcdir/tests/programs
folder=$(cd "$scratch" && pwd)
{
	${CC:-cc} -g -O0 -shared -fPIC "$programs/twice.c" \
	    -o "$scratch/libtwice.so" &&
	    cp "$scratch/libtwice.so" "$scratch/liblate.so" &&
	    ${CC:-cc} -g -O0 -fPIE -pie "$programs/twofold.c" -pthread -ldl \
		-L"$scratch" -ltwice -Wl,-rpath,"$folder" \
		-o "$scratch/twofold" &&
	    ${CC:-cc} -g -O0 -no-pie "$programs/twofold.c" -pthread -ldl \
		-L"$scratch" -ltwice -Wl,-rpath,"$folder" \
		-o "$scratch/fixed"
} 2>"$scratch/cc" || skip_all "no dynamic program: $(tail -n 1 "$scratch/cc")"

options="--root=/:ro --allow=@file"
# shellcheck disable=SC2034
guests=$scratch
pending="set breakpoint pending on"

for program in twofold fixed; do
	session "$program $folder/liblate.so" "$pending" "info sharedlibrary" \
	    "info symbol \$pc" "break twice" continue "info sharedlibrary" \
	    backtrace finish continue "info threads" delete continue
	has "$answer" "_start in section .text of target:/lib" \
	    "$program starts in its loader"
	is "$(printf '%s\n' "$answer" | grep -c 'Yes .*target:/lib.*ld-')" 2 \
	    "which gdb knows from the beginning"
	has "$answer" "hit Breakpoint 1, twice (x=42)" \
	    "a breakpoint in a library is hit"
	has "$answer" "libtwice.so" "the library is listed"
	has "$answer" "libc.so" "and the C library"
	has "$answer" " in main (argc=2" "bt goes on in the program"
	has "$answer" "Value returned is \$1 = 84" "and finish returns there"
	has "$answer" 'hit Breakpoint 1, twice (x=42) at' "so does a thread"
	has "$answer" "exited with code 05" "the program ends as it would"
	is "$(tail -n 1 "$scratch/guest")" "late loaded" "with all its output"
done

session "twofold $folder/liblate.so" "$pending" \
    "tbreak main" continue \
    "catch load liblate" continue \
    "info sharedlibrary liblate"
has "$answer" "Temporary breakpoint 1, main (argc=2" "main is reached"
has "$answer" "Inferior loaded target:$folder/liblate.so" \
    "a library that is loaded late is reported"

session twofold "$pending" "break _dl_debug_state" "break main" continue \
    "info auxv" "info proc exe" "delete 1" continue "info proc mappings" "next" "step" \
    "info line" kill
has "$answer" "Breakpoint 1, " "a breakpoint in the loader is hit"
has "$answer" "AT_BASE" "there is a vector"
has "$answer" "r-xp   /lib" "mappings name the loader"

# run and start, as often as wanted.
serve $options "$scratch/twofold"
target="target extended-remote" on_line "$line" start "print \$_exitcode" \
    "tbreak twice" continue "start" "tbreak twice" continue kill
is "$(printf '%s\n' "$answer" | grep -c 'Temporary breakpoint .*, main (')" 2 \
    "start stops in main, twice"
is "$(printf '%s\n' "$answer" | grep -c 'Temporary breakpoint .*, twice (')" 2 \
    "and goes on into the library"
ended 137 "killed at the end"

try timeout 60 "$novillo" --root=/:ro -a @file --core="$scratch/core" \
    "$scratch/twofold" "$folder/liblate.so"
is "$status" 5 "without a debugger it ends well"
done_testing
