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

# results COMMAND...: run COMMAND; print the names of its passed tests, sorted.
results()
{
	(cd "$sources/$package" &&
	    timeout -k 5 1200 "$@" -test.short -test.v) >"$scratch/log" 2>&1
	sed -n 's/^ *--- PASS: \([^ ]*\).*/\1/p' "$scratch/log" | sort
}

# The tests in the log that failed for want of a process.
starting()
{
	awk '/^=== RUN/ { starts = 0 }
	    /fork\/exec .*function not implemented/ { starts = 1 }
	    /^--- FAIL: / && starts { print $3 }' "$scratch/log"
}

for package; do
	if ! (cd "$sources/$package" && go test -c -o "$scratch/test") \
	    >"$scratch/cc" 2>&1; then
		skip "$package: no test here: $(tail -n 1 "$scratch/cc")"
		continue
	fi
	results "$scratch/test" >"$scratch/native"
	results "$novillo" -a @all -m 2G --root=/ --timeout=1200 \
	    "$scratch/test" >"$scratch/guest"
	starting | sort - "$scratch/guest" >"$scratch/known"
	is "$(comm -23 "$scratch/native" "$scratch/known")" "" \
	    "$package: as a guest $(wc -l <"$scratch/native") tests pass"
	[ -s "$scratch/native" ]
	ok $? "and there are tests"
done
done_testing
