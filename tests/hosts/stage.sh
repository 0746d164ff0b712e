#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Lays out what a host needs of a build: the program, the guests, the tests.
# Knows nothing of kernels or emulators.
#
# usage: stage.sh SOURCES BUILD STAGE	the build is linked statically

set -eu

sources=$1
build=$2
stage=$3

rm -rf "$stage"
mkdir -p "$stage/bin" "$stage/guest" "$stage/tests"
cp "$build/bin/novillo" "$stage/bin/"
cp "$build/tests/t-debug" "$stage/tests/"
cp "$build/tests/killer" "$build/tests/without" "$stage/tests/"
cp "$build/guest/rounds.native" "$stage/guest/"
# What only a debugger on the host wants, goes: less for B to read.
strip "$stage/bin/novillo" "$stage/tests/t-debug" "$stage/tests/killer" \
    "$stage/tests/without"
nm "$build/guest/rounds.elf" >"$stage/tests/rounds.names"
cp "$build"/guest/*.elf "$build"/guest/*.bin "$stage/guest/"
cp "$sources"/guest/*.json "$stage/guest/"
cp "$sources"/tests/*.sh "$stage/tests/"
cp -r "$sources/tests/programs" "$stage/tests/"

# For t-static.sh: there is no compiler in there.
for kind in static static-pie; do
	${CC:-cc} -O2 "-$kind" "$sources/tests/static-hello.c" \
	    -o "$stage/tests/$kind-hello" || rm -f "$stage/tests/$kind-hello"
done
for kind in threads signals; do
	${CC:-cc} -O1 -w -static -pthread "$sources/tests/static-$kind.c" \
	    -o "$stage/tests/glibc-$kind" || rm -f "$stage/tests/glibc-$kind"
	! command -v musl-gcc >/dev/null || musl-gcc -O1 -w -static -pthread \
	    "$sources/tests/static-$kind.c" -o "$stage/tests/musl-$kind"
done
