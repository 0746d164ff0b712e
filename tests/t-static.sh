#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Programs that were never meant for novillo: static ones of the system's C
# library run as they are.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch

cat >"$scratch/hello.c" <<'END'
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
	char *copy = strdup(argc > 1 ? argv[1] : "nobody");
	printf("hello %s %.3f\n", copy, 1.5);
	free(copy);
	return 7;
}
END

# static NAME FLAGS: compiled so, it runs.
static()
{
	if ! ${CC:-cc} -O2 $2 "$scratch/hello.c" -o "$scratch/$1" \
	    2>"$scratch/cc"; then
		skip "the compiler makes no $1: $(tail -n 1 "$scratch/cc")"
		return
	fi
	try "$novillo" "$scratch/$1" you
	is "$out" "hello you 1.500" "a $1 program runs, strings and floats too"
	is "$status" 7 "and its status arrives"
}

static static -static
static static-pie -static-pie

busybox=$(command -v busybox) || busybox=
if [ -n "$busybox" ] && "$novillo" --check "$busybox" >/dev/null 2>&1; then
	try "$novillo" "$busybox" echo from busybox
	is "$out" "from busybox" "busybox echoes"
	try sh -c 'printf "b\na\n" | "$0" "$1" sort' "$novillo" "$busybox"
	is "$out" "a
b" "and sorts"
else
	skip "no static busybox here"
fi

if [ "$(command -v sh)" ] && ! "$novillo" --check /bin/sh >/dev/null 2>&1
then
	try "$novillo" /bin/sh
	is "$status" 126 "a dynamic program does not run"
	has "$err" "link it with -static" "and the sentence says what to do"
fi
done_testing
