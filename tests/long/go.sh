#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The tests of Go's own library, natively and as guests: a test that passes
# natively also passes as a guest, unless it starts a process.
#
# usage: go.sh PACKAGE...

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
need_tool go
make_scratch
sources=$(go env GOROOT)/src
export CGO_ENABLED=0 GOFLAGS=-buildvcs=false
kept=$(go env GOCACHE 2>/dev/null)
mkdir -p "$kept" 2>/dev/null
[ -w "$kept" ] || export GOCACHE="$scratch/go"
case $novillo in
/*) ;;
*) novillo=$(pwd)/$novillo ;;
esac

# begun FILE: the tests that a log says were begun.
begun()
{
	sed -n 's|^=== RUN  *\([^/ ]*\)$|\1|p' "$1" | sort -u
}

# results COMMAND...: run COMMAND; print the names of its passed tests, sorted.
# After a test that ends the program, as a panic does, those of $scratch/tests that
# were not begun are run by another.
results()
{
	: >"$scratch/log"
	pattern=.
	while [ -n "$pattern" ]; do
		(cd "$sources/$package" && timeout -k 5 1200 "$@" -test.short \
		    -test.v -test.run "$pattern") >"$scratch/part" 2>&1
		cat "$scratch/part" >>"$scratch/log"
		begun "$scratch/part" >"$scratch/begun"
		[ -s "$scratch/begun" ] || break
		begun "$scratch/log" | comm -13 - "$scratch/tests" \
		    >"$scratch/rest"
		pattern=$(sed 's/.*/^&$/' "$scratch/rest" | paste -s -d '|' -)
	done
	sed -n 's/^ *--- PASS: \([^ ]*\).*/\1/p' "$scratch/log" | sort -u
}

# The tests that passed natively and start a process, with all their parts: Go
# reports no part that ends later than its test, as TestNohup's may.
starting()
{
	awk 'FNR == NR {
		if (/^=== (RUN|CONT|NAME)/)
			now = $3
		if (/fork\/exec .*function not implemented/)
			starts[top(now)] = 1
		next
	    }
	    top($1) in starts
	    function top(name) {
		sub("/.*", "", name)
		return name
	    }' "$scratch/log" "$scratch/native"
}

# Tests of what no guest has (doc/abi.md): raw sockets, /proc/net/igmp6, one of
# novillo's own files sent over a socket, another user's id.
differing()
{
	printf '%s\n' TestIPConnLocalName TestIPConnRemoteName \
	    TestIPConnSpecificMethods TestInterfaceMulticastAddrs \
	    TestUnixConnReadMsgUnixSCMRightsCloseOnExec TestSetuidEtc
}

for package; do
	if ! (cd "$sources/$package" && go test -c -o "$scratch/test") \
	    >"$scratch/cc" 2>&1; then
		skip "$package: no test here: $(tail -n 1 "$scratch/cc")"
		continue
	fi
	: >"$scratch/tests"
	results "$scratch/test" >"$scratch/native"
	begun "$scratch/log" >"$scratch/tests"
	results "$novillo" -a @all -m 2G --root=/ --timeout=1200 \
	    --chdir="$sources/$package" --env=PATH="$PATH" \
	    "$scratch/test" >"$scratch/guest"
	{ starting; differing; } | sort -u - "$scratch/guest" >"$scratch/known"
	is "$(comm -23 "$scratch/native" "$scratch/known")" "" \
	    "$package: as a guest $(wc -l <"$scratch/native") tests pass"
	[ -s "$scratch/native" ]
	ok $? "and there are tests"
done
done_testing
