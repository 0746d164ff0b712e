#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Programs that were never meant for novillo: static programs of the system's C
# library run unmodified.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch

# static NAME FLAGS: compiled with FLAGS, the program runs.  A host without a
# compiler receives the program ready-made.
static()
{
	program=$top_builddir/tests/programs/$1-hello
	if [ ! -x "$program" ]; then
		program=$scratch/$1-hello
		if ! ${CC:-cc} -O2 $2 "$top_srcdir/tests/programs/static-hello.c" \
		    -o "$program" 2>"$scratch/cc"; then
			skip "no $1 program: $(tail -n 1 "$scratch/cc")"
			return
		fi
	fi
	try "$novillo" "$program" you
	has "$out" "hello you 1.500" "a $1 program runs, with strings and floats"
	is "$status" 7 "and its status arrives"
	is "$out" "$("$program" you)" "it sees the caches that it has natively"
}

static static -static
static static-pie -static-pie

# programs KIND NAME COMPILER WHAT...: each part of static-KIND.c with this C
# library behaves as natively.  Only a compiler without static libraries may
# skip.
programs()
{
	kind=$1 name=$2 compiler=$3
	program=$top_builddir/tests/programs/$name-$kind
	shift 3
	if [ ! -x "$program" ]; then
		program=$scratch/$name-$kind
		echo 'int main(void) { return 0; }' >"$scratch/none.c"
		if ! $compiler -static "$scratch/none.c" -o "$program" \
		    2>"$scratch/cc"; then
			skip "no static program of $name: $(tail -n 1 "$scratch/cc")"
			return
		fi
		$compiler -O1 -w -static -pthread \
		    "$top_srcdir/tests/programs/static-$kind.c" -o "$program"
		ok $? "a program of $name with $kind is made"
	fi
	for what; do
		if ! native=$("$program" "$what"); then
			skip "natively $kind of $name, $what, ended with $?"
			continue
		fi
		try timeout 240 "$novillo" "$program" "$what"
		is "$out" "$native" "$kind of $name, $what: as natively"
		is "$status" 0 "and they end well"
	done
}

for c in "glibc ${CC:-cc}" "musl musl-gcc"; do
	programs threads "${c%% *}" "${c#* }" \
	    mutex cond tls barrier crowd malloc robust timeout leave
	programs signals "${c%% *}" "${c#* }" torture timers jump
done

busybox=/bin/busybox
if [ -x "$busybox" ] && "$novillo" --check "$busybox" >/dev/null 2>&1; then
	try "$novillo" "$busybox" echo from busybox
	is "$out" "from busybox" "busybox echoes"
	try sh -c 'printf "b\na\n" | "$0" "$1" sort' "$novillo" "$busybox"
	is "$out" "a
b" "and sorts"
else
	skip "no static busybox here"
fi
done_testing
