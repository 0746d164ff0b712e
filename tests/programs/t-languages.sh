#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Languages and their runtimes as guests: SQLite on a file of a volume, Lua, Go.
# Each behaves as it does natively.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"
make_scratch
programs=$top_srcdir/tests/programs
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$scratch"' EXIT

# same NAME INPUT PROGRAM [ARG...]: natively and as a guest, each in its own
# folder, which is the guest's volume at its root.
same()
{
	name=$1 input=$2
	shift 2
	rm -rf "$scratch/there" "$scratch/here"
	mkdir -p "$scratch/there/tmp" "$scratch/here/tmp"
	cp "$programs"/*.lua "$scratch/there"
	cp "$programs"/*.lua "$scratch/here"
	native=0
	(cd "$scratch/there" && exec env -i HOME=/ "$@") <"$input" \
	    >"$scratch/native.out" 2>&1 || native=$?
	try timeout 240 "$novillo" -e HOME=/ -a @all \
	    --volume="$scratch/here:/" "$@" <"$input"
	is "$out" "$(cat "$scratch/native.out")" \
	    "$name: the output is as natively"
	is "$status" "$native" "and so is the status"
	is "$err" "" "and novillo has nothing to say"
}

if ${CC:-cc} -O2 -static "$programs/sql.c" -o "$scratch/sql" -lsqlite3 -lm \
    2>"$scratch/cc"; then
	same "SQLite, in memory" "$programs/statements.sql" "$scratch/sql" \
	    :memory:
	same "SQLite, on a file" "$programs/statements.sql" "$scratch/sql" \
	    data.db
	echo 'PRAGMA integrity_check; SELECT count(*), sum(price) FROM item;' \
	    >"$scratch/look.sql"
	try "$scratch/sql" "$scratch/here/data.db" <"$scratch/look.sql"
	is "$out" "$("$scratch/sql" "$scratch/there/data.db" \
	    <"$scratch/look.sql")" "a guest's database is good natively"
	cp "$scratch/there/data.db" "$scratch/here/native.db"
	try timeout 240 "$novillo" -a @file -v "$scratch/here:/db:ro" \
	    "$scratch/sql" /db/native.db <"$scratch/look.sql"
	has "$out" "ok" "and one from outside is good to the guest, read-only"
else
	missing "no SQLite: $(tail -n 1 "$scratch/cc")"
fi

lua=$(pkg-config --cflags lua5.4 2>/dev/null) || lua=
# shellcheck disable=SC2086
if ${CC:-cc} -O2 -static $lua "$programs/lua.c" -o "$scratch/lua" -llua5.4 \
    -lm 2>"$scratch/cc"; then
	for script in language work files; do
		same "Lua, $script.lua" /dev/null "$scratch/lua" $script.lua
	done
else
	missing "no Lua: $(tail -n 1 "$scratch/cc")"
fi

# go_build NAME [OPTION...]: objects are kept in Go's cache, or here if that
# cannot be written.
go_build()
{
	source=$1.go
	shift
	(cd "$programs" && GO111MODULE=off go build "$@" "$source") \
	    >"$scratch/cc" 2>&1
}

if ! command -v go >/dev/null 2>&1; then
	missing "no Go here"
	done_testing
fi
kept=$(go env GOCACHE 2>/dev/null)
mkdir -p "$kept" 2>/dev/null
[ -w "$kept" ] || export GOCACHE="$scratch/go"
CGO_ENABLED=0 go_build routines -o "$scratch/routines"
is "$?:$(cat "$scratch/cc")" "0:" "a Go program without C"
same "Go" /dev/null "$scratch/routines"

printf '%s\n' 'package main' 'import "os"' \
    'func main() { _, err := os.ReadFile("/f"); if err != nil { panic(err) } }' \
    >"$scratch/reads.go"
programs=$scratch CGO_ENABLED=0 go_build reads -o "$scratch/reads"
try timeout 240 "$novillo" "$scratch/reads"
has "$err" "openat is not allowed: --volume would give it folders, and allow\
 it" "a Go program that may open no file needs a volume"
try timeout 240 "$novillo" -v "$scratch:/" "$scratch/reads"
has "$err" "open /f: no such file" "what the message says lets it go on"

CGO_ENABLED=0 go_build notify -o "$scratch/notify"
same "Go, with signals" /dev/null "$scratch/notify"
try timeout 240 "$novillo" -a @all -m 64M "$scratch/notify"
is "$status" 3 "which needs far more addresses than memory"

# With C, whose library is ready-made, and still linked statically.
go_build serve -ldflags '-linkmode external -extldflags -static' \
    -o "$scratch/serve"
[ -x "$scratch/serve" ]
ok $? "a Go program with C"
same "Go, HTTP with itself" /dev/null "$scratch/serve" 127.0.0.1:0

"$novillo" -a @net,bind:127.0.0.1:0 --timeout=60 "$scratch/serve" \
    127.0.0.1:0 outside >"$scratch/address" 2>"$scratch/server.err" &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	[ -s "$scratch/address" ] && break
	sleep 0.2
done
if command -v busybox >/dev/null 2>&1; then
	url=http://$(cat "$scratch/address")
	try timeout 20 busybox wget -q -O - "$url/a/page"
	is "$out" "GET /a/page 127.0.0.1" "an HTTP server answers from a guest"
	head -c 3000000 /dev/zero | tr "\\0" x >"$scratch/much"
	try timeout 20 busybox wget -q -O - --post-file="$scratch/much" \
	    "$url/sum"
	is "$out" 3000000 "and takes what is posted"
	try timeout 20 busybox wget -q -O - "$url/end"
	is "$out" "ends" "and is asked to end"
	status=0
	wait "$server" || status=$?
	server=
	is "$status:$(cat "$scratch/server.err")" "0:" "and ends well"
else
	missing "no busybox here"
fi
done_testing
