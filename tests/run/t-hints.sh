#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Denials: each is reported once, with the smallest --allow that lets the
# program go on, and all are counted at the end.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"
make_plain_scratch

# A program that makes the calls that its arguments name, and ignores results.
cat >"$scratch/asks.c" <<'END'
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void
send_to(int port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((unsigned short)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)sendto(fd, "", 1, 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

int
main(int argc, char **argv)
{
	struct stat st;
	int i, port;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "epoll") == 0)
			(void)epoll_create1(0);
		else if (strcmp(argv[i], "eventfd") == 0)
			(void)eventfd(0, 0);
		else if (strcmp(argv[i], "stat") == 0)
			(void)stat("/x", &st);
		else if (strcmp(argv[i], "unlink") == 0)
			(void)unlink("/x");
		else if (strcmp(argv[i], "fork") == 0)
			(void)fork();
		else if (strcmp(argv[i], "map") == 0)
			(void)mmap(NULL, 100 << 20, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		else if (strcmp(argv[i], "send") == 0)
			send_to(9);
		else if (strcmp(argv[i], "scan") == 0)
			for (port = 1; port <= 300; port++)
				send_to(port);
	}
	return 0;
}
END
if ! ${CC:-cc} -static "$scratch/asks.c" -o "$scratch/asks" \
    2>"$scratch/cc"; then
	missing "no static C library: $(tail -n 1 "$scratch/cc")"
	done_testing
fi
asks=$scratch/asks

# hints NAME WANTED [OPTION...] -- CALL...: the messages of a run are WANTED.
hints()
{
	name=$1 wanted=$2
	shift 2
	set -- "$@" end
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086
	try timeout 60 "$novillo" $options "$asks" "$@"
	is "$err" "$wanted" "$name"
}

hints "a program that asks for nothing hears nothing" "" --
hints "waiting needs no option" "" -- epoll eventfd
hints "a call is reported with its class" \
    "novillo: epoll_create1 is not allowed: --allow=@poll would allow it" \
    --allow=-@poll -- epoll
hints "each call once, and their sum" \
    "novillo: socket is not allowed: --allow=@net would allow it
novillo: sendto is not allowed: --allow=@net would allow it
novillo: $asks: denied 4 times (2 calls): --allow=@net would allow all
novillo: $asks: it looks like an event loop, as Tokio has one: such programs may need --allow=@file,@net" \
    -- epoll eventfd send epoll eventfd send
hints "what the hint says lets it go on" "" \
    --allow=@file,@net -- epoll eventfd send epoll eventfd
hints "a file's name needs a folder, which allows the call" \
    "novillo: newfstatat is not allowed: --volume would give it folders, and allow it" \
    -- stat
hints "as it does" "" "--volume=$scratch:/there" -- stat
hints "what was forbidden is allowed by name, and then needs a folder" \
    "novillo: unlink is not allowed: --allow=unlink would allow it, and --volume would give it folders" \
    --allow=@file,-unlink -- unlink stat
hints "a call that was forbidden stays forbidden with a folder" \
    "novillo: unlink is not allowed: --allow=unlink would allow it" \
    --allow=-unlink "--volume=$scratch:/there" -- unlink stat
hints "fork is a dead end, and is said to be one" \
    "novillo: $asks: fork is not supported: a guest is one process, and no option allows another" \
    -- fork fork

hints "an address is reported once" \
    "novillo: connect:127.0.0.1:9 is not allowed: --allow=connect:127.0.0.1:9 would allow it
novillo: $asks: denied 3 times (1 address): --allow=connect:127.0.0.1:9 would allow all" \
    --allow=@net,connect:127.0.0.2 -- send send send
hints "and the cure works" "" \
    --allow=@net,connect:127.0.0.2 --allow=connect:127.0.0.1:9 -- send send
try timeout 60 "$novillo" --allow=@net,connect:127.0.0.2 "$asks" scan
is "$(printf '%s\n' "$err" | grep -c 'is not allowed')" 16 \
    "a guest that tries many addresses gets 16 lines"
has "$err" "denied 300 times (16 addresses and more)" "and a count"
try timeout 60 "$novillo" --allow=@net,connect:127.0.0.2 \
    --trace-summary=sendto -o "$scratch/table" "$asks" send stat
has "$err" "(1 call, 1 address): --allow=@file,connect:127.0.0.1:9 would" \
    "calls and addresses have one cure"

hints "memory that has run out is reported once, with the cure" \
    "novillo: $asks: out of memory: --memory=109M would be enough for what it asked for" \
    --memory=64M -- map map map
hints "and the cure works" "" --memory=109M -- map

# More calls than there are lines: those of sockets and of files' names.
cat >"$scratch/all.c" <<'END'
#include <sys/syscall.h>
#include <unistd.h>

static void
try_all(long from, long to)
{
	for (; from <= to; from++)
		(void)syscall(from, -1L, -1L, -1L, -1L, -1L, -1L);
}

int
main(void)
{
	try_all(SYS_socket, SYS_getsockopt);
	try_all(SYS_chdir, SYS_lchown);
	return 0;
}
END
${CC:-cc} -static "$scratch/all.c" -o "$scratch/all" || exit 99
try timeout 60 "$novillo" "$scratch/all"
is "$(printf '%s\n' "$err" | grep -c 'is not allowed')" 24 \
    "a guest that tries many calls gets 24 lines"
is "$(printf '%s\n' "$err" | tail -n 1)" \
    "novillo: $scratch/all: denied 27 times (27 calls): --allow=@file,@net would allow all" \
    "and one cure"
done_testing
