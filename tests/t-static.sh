#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Programs that were never meant for novillo: static ones of the system's C
# library run as they are.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch

# static NAME FLAGS: compiled so, it runs.  A host without a compiler is given
# the program ready-made.
static()
{
	program=$top_builddir/tests/$1-hello
	if [ ! -x "$program" ]; then
		program=$scratch/$1-hello
		if ! ${CC:-cc} -O2 $2 "$top_srcdir/tests/static-hello.c" \
		    -o "$program" 2>"$scratch/cc"; then
			skip "no $1 program: $(tail -n 1 "$scratch/cc")"
			return
		fi
	fi
	try "$novillo" "$program" you
	is "$out" "hello you 1.500" "a $1 program runs, strings and floats too"
	is "$status" 7 "and its status arrives"
}

static static -static
static static-pie -static-pie

# threads NAME COMPILER: what threads of that C library do, here as natively.
threads()
{
	program=$top_builddir/tests/$1-threads
	if [ ! -x "$program" ]; then
		program=$scratch/$1-threads
		if ! $2 -O2 -static -pthread \
		    "$top_srcdir/tests/static-threads.c" -o "$program" \
		    2>"$scratch/cc"; then
			skip "no $1 program with threads: $(tail -n 1 "$scratch/cc")"
			return
		fi
	fi
	for what in mutex cond tls barrier malloc robust timeout leave; do
		native=$("$program" $what)
		# glibc gives each a stack like the first one's: 8 MiB.
		try timeout 60 "$novillo" -m 256M "$program" $what
		is "$out" "$native" "threads of $1, $what: as natively"
		is "$status" 0 "and they end well"
	done
}

threads glibc "${CC:-cc}"
threads musl musl-gcc

# signals NAME COMPILER: so do signals.
signals()
{
	program=$top_builddir/tests/$1-signals
	if [ ! -x "$program" ]; then
		program=$scratch/$1-signals
		if ! $2 -O1 -w -static -pthread \
		    "$top_srcdir/tests/static-signals.c" -o "$program" \
		    2>"$scratch/cc"; then
			skip "no $1 program with signals: $(tail -n 1 "$scratch/cc")"
			return
		fi
	fi
	for what in torture timers jump; do
		native=$("$program" $what)
		try timeout 60 "$novillo" -m 256M "$program" $what
		is "$out" "$native" "signals of $1, $what: as natively"
		is "$status" 0 "and they end well"
	done
}

signals glibc "${CC:-cc}"
signals musl musl-gcc

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

if [ "$(command -v sh)" ] && ! "$novillo" --check /bin/sh >/dev/null 2>&1
then
	try "$novillo" /bin/sh
	is "$status" 126 "a dynamic program does not run"
	has "$err" "link it with -static" "and the sentence says what to do"
fi
done_testing
