#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Thousands of threads, signals under load, cancellation, all kinds of locks and
# timers: with each available C library, the same as natively.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"
make_scratch

# guest WHAT: the program as a guest, with room for its stacks and arenas.
guest()
{
	try timeout 240 "$novillo" -a @all -m 4G "$program" "$1"
}

# torture NAME COMPILER
torture()
{
	program=$scratch/$1
	if ! $2 -O1 -static -pthread "$top_srcdir/tests/programs/torture.c" \
	    -o "$program" 2>"$scratch/cc"; then
		missing "no $1 program: $(tail -n 1 "$scratch/cc")"
		return
	fi
	for what in lives cancel mutexes heirs locks world faults queues storm \
	    timers names inheritance; do
		native=$(timeout 240 "$program" $what)
		guest $what
		is "$status:$out" "0:$native" "$1, $what: as natively"
		is "$err" "" "and there is nothing to say"
	done
}

torture glibc "${CC:-cc}"
torture musl musl-gcc
done_testing
