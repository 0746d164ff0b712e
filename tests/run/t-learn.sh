#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# --learn: what it writes lets the same run go on without a denial, and allows
# no more than that.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch
file=$scratch/learned.json

# learn OPTION... GUEST ARG...: run it, and keep what was learned.
learn()
{
	rm -f "$file"
	try timeout 60 "$novillo" "--learn=$file" "$@"
	first=$status$out
	learned=$(cat "$file")
	line=$(printf '%s\n' "$err" | sed -n 's/^novillo: learned: novillo//p')
}

# again NAME: what was learned is enough, as a file and as a line.
again()
{
	try timeout 60 "$novillo" -c "$file"
	is "$status$out $err" "$first " "$1: its configuration is enough"
	(
		# shellcheck disable=SC2086
		eval "set -- $line"
		exec timeout 60 "$novillo" "$@"
	) >"$scratch/out" 2>"$scratch/err"
	is "$?$(cat "$scratch/out" "$scratch/err")" "$first" \
	    "$1: so are its options"
}

learn -a @net,@file "$guests/hello.elf" Ann
is "$learned" '{
    "guest": "'"$guests"'/hello.elf",
    "args": ["Ann"]
}' "what a guest does not use is not allowed"
again "a greeting"

learn -a @file "$guests/echo_server.elf" 0 0
has "$learned" '"allow": "@net,bind:0.0.0.0:0,connect:0.0.0.0:0"' \
    "a server gets sockets, its address, and nobody to send to"
again "a server"
try timeout 60 "$novillo" -c "$file" "$guests/echo_server.elf" 50000 0
has "$status $err" "1 novillo: bind:0.0.0.0:50000 is not allowed" \
    "another address is not learned"

learn "$guests/write_file.elf"
has "$learned" '"allow": "@file"' "a guest with files gets their calls"
has "$err" "it looked for files, and has no folders" "and a hint"
mkdir "$scratch/a folder"
learn -v "$scratch/a folder:/" "$guests/write_file.elf"
is "$(printf '%s\n' "$learned" | grep allow)" "" "a volume allows them"
has "$learned" "\"volume\": [\"$scratch/a folder:/\"]" "and is written"
again "files"

learn --allow=-lseek -v "$scratch/a folder:/" "$guests/write_file.elf"
has "$err" "lseek is not allowed: --allow=lseek would allow it" \
    "what the user forbids is denied"
has "$learned" '"allow": "-lseek"' "and stays forbidden"
learn --allow=@net,-listen "$guests/echo_server.elf" 0 0
has "$learned" '@net,bind:0.0.0.0:0,connect:0.0.0.0:0,-listen"' \
    "also in a class that is allowed"
learn --allow=bind:127.0.0.1 "$guests/echo_server.elf" 0 0
has "$first $err" "bind:0.0.0.0:0 is not allowed" \
    "the user's rules for addresses hold"

cat >"$scratch/own.c" <<'EOF_C'
#include <arpa/inet.h>
#include <sys/socket.h>

int
main(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *any = (struct sockaddr *)&in;
	socklen_t len = sizeof(in);
	int a = socket(AF_INET, SOCK_STREAM, 0);
	int b = socket(AF_INET, SOCK_STREAM, 0);

	return bind(a, any, len) < 0 || listen(a, 1) < 0 ||
	       getsockname(a, any, &len) < 0 || connect(b, any, len) < 0;
}
EOF_C
range=$(tr '\t' - </proc/sys/net/ipv4/ip_local_port_range)
if ${CC:-cc} -static "$scratch/own.c" -o "$scratch/own" 2>"$scratch/cc"; then
	learn "$scratch/own"
	is "$first" 0 "a guest connects to itself"
	has "$learned" "@net,bind:127.0.0.1:0,connect:127.0.0.1:$range" \
	    "at any port that the kernel chooses"
	again "its own port"
else
	skip "no static programs are built here"
fi

# shellcheck disable=SC1003,SC2016
learn -m 96M -e 'A=b "c\' -e "B=it's" --no-vdso --sandbox=none --chdir=/ \
    -v "$scratch:/:ro" "$guests/env.elf" 'one $word' "it's" '"'
again "quotes, and other options"
has "$learned" '"memory": "98304K"' "memory is written"
has "$learned" ':/:ro"]' "a folder stays read-only"
has "$learned" '"no-vdso": true' "switches also"

learn "$guests/t_proc.elf"
again "novillo's own files"

try timeout 60 "$novillo" --learn "$guests/hello.elf"
has "$err" '    "guest": "'"$guests"'/hello.elf"
}' "without a file it goes to standard error"
try timeout 60 "$novillo" "--learn=$file" "--record=$scratch/r" \
    "$guests/hello.elf"
has "$status $err" "125 novillo: --learn excludes --record" \
    "a recording does not learn"
cp "$guests/hello.elf" "$scratch/hello.elf"
try timeout 60 "$novillo" "--learn=$scratch/hello.elf" "$scratch/hello.elf"
is "$status" 125 "the guest is not overwritten"
cmp -s "$guests/hello.elf" "$scratch/hello.elf"
ok $? "and stays as it is"
done_testing
