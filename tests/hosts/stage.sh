#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Copies the parts of a build that a host needs: the program, the guests, the
# tests.  This script must not know kernels or emulators.
#
# usage: stage.sh SOURCES BUILD STAGE	the build is linked statically

set -eu

sources=$1
build=$2
stage=$3

rm -rf "$stage"
mkdir -p "$stage/bin" "$stage/doc" "$stage/guest/examples" \
    "$stage/tests/unit"
cp "$build/bin/novillo" "$stage/bin/"
for room in gdb long programs run; do
	cp -r "$sources/tests/$room" "$stage/tests/"
done
cp "$sources/tests/lib.sh" "$stage/tests/"
for program in unit/t-debug unit/t-events unit/t-target gdb/killer run/alter \
    run/without; do
	cp "$build/tests/$program" "$stage/tests/$program"
done
cp "$build/guest/rounds.native" "$stage/guest/"
# No debugger runs in a host, so B need not read symbols.
strip "$stage/bin/novillo" "$stage/tests/unit/t-debug" \
    "$stage/tests/unit/t-events" "$stage/tests/unit/t-target" "$stage/tests/gdb/killer" \
    "$stage/tests/run/alter" "$stage/tests/run/without"
nm "$build/guest/rounds.elf" >"$stage/tests/gdb/rounds.names"
cp "$build"/guest/*.elf "$build"/guest/*.bin "$stage/guest/"
cp "$sources/doc/novillo.1" "$sources/doc/timeline.awk" "$stage/doc/"
cp "$sources"/guest/examples/*.json "$stage/guest/examples/"

# t-static.sh and t-ipc.sh need these programs: a host has no compiler.
programs=$stage/tests/programs
for kind in static static-pie; do
	${CC:-cc} -O2 "-$kind" "$programs/static-hello.c" \
	    -o "$programs/$kind-hello" || rm -f "$programs/$kind-hello"
done
for program in ipc mqueue; do
	${CC:-cc} -O2 -static -pthread "$programs/$program.c" \
	    -o "$programs/$program" || rm -f "$programs/$program"
done
for kind in threads signals; do
	${CC:-cc} -O1 -w -static -pthread "$programs/static-$kind.c" \
	    -o "$programs/glibc-$kind" || rm -f "$programs/glibc-$kind"
	! command -v musl-gcc >/dev/null || musl-gcc -O1 -w -static -pthread \
	    "$programs/static-$kind.c" -o "$programs/musl-$kind"
done
