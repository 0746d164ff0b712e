#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# C and C++ programs that know nothing of novillo, linked statically with each
# available C library, behave as guests as they do natively.  They cover every
# known mistake of the nearest peer.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"
make_scratch
programs=$top_srcdir/tests/programs
musl=/usr/lib/x86_64-linux-musl

# build KIND NAME: the program at $program; fails if the kind is unavailable.
build()
{
	program=$scratch/$1-$2
	case $1 in
	musl*) command -v musl-gcc >/dev/null 2>&1 || return 1 ;;
	esac
	source=$programs/$2.c
	case $1 in
	musl-pie)
		# Debian's musl-gcc lacks -static-pie, but has the parts for it.
		musl-gcc -O2 -fPIE -pthread -nostartfiles -static \
		    -Wl,-pie,--no-dynamic-linker,-z,text "$musl/rcrt1.o" \
		    "$musl/crti.o" "$source" "$musl/crtn.o" -o "$program"
		;;
	musl) musl-gcc -O2 -pthread -static "$source" -o "$program" ;;
	static-pie) ${CC:-cc} -O2 -pthread -static-pie "$source" -o "$program" ;;
	static) ${CC:-cc} -O2 -pthread -static "$source" -o "$program" ;;
	c++*) ${CXX:-g++} -O1 -pthread "-${1#c++}" "$programs/$2.cc" \
		    -o "$program" ;;
	esac 2>"$scratch/cc"
}

# same KIND NAME [ARG...]: natively and as a guest, each in a new folder.
same()
{
	kind=$1 name=$2
	shift 2
	rm -rf "$scratch/there" "$scratch/here"
	mkdir "$scratch/there" "$scratch/here"
	more=
	[ "$name:${1-}" != memory:vast ] || more=--memory=64G
	native=0
	(cd "$scratch/there" && exec "$program" "$@") \
	    <"$programs/applets.txt" >"$scratch/native.out" \
	    2>"$scratch/native.err" || native=$?
	status=0
	timeout 240 "$novillo" -a @all --root="$scratch/here" $more "$program" \
	    "$@" <"$programs/applets.txt" >"$scratch/guest.out" \
	    2>"$scratch/guest.err" || status=$?
	cmp -s "$scratch/native.out" "$scratch/guest.out"
	ok $? "$kind $name $*: the output is as natively"
	diff -a "$scratch/native.out" "$scratch/guest.out" | head -n 10 |
	    cut -c 1-200 | sed 's/^/# /'
	is "$status" "$native" "and so is the status"
	(cd "$scratch/there" && find . -type f -exec md5sum {} + | sort) \
	    >"$scratch/native.files"
	(cd "$scratch/here" && find . -type f -exec md5sum {} + | sort) \
	    >"$scratch/guest.files"
	is "$(cat "$scratch/guest.files")" "$(cat "$scratch/native.files")" \
	    "and so are its files"
}

for kind in static static-pie musl musl-pie; do
	if ! build "$kind" calls; then
		missing "no $kind programs: $(tail -n 1 "$scratch/cc")"
		continue
	fi
	same "$kind" calls
	is "$(cat "$scratch/guest.err")" "" "and novillo has nothing to say"
	build "$kind" events
	same "$kind" events
	is "$(cat "$scratch/guest.err")" "" "and novillo has nothing to say"
	same "$kind" events crash
	build "$kind" sockets
	same "$kind" sockets
	is "$(cat "$scratch/guest.err")" "" "and novillo has nothing to say"
	build "$kind" memory
	same "$kind" memory
	same "$kind" memory vast
	for how in readonly none gone; do
		try timeout 240 "$novillo" "$program" $how
		is "$status:$out" "139:" "$kind memory: a breach ends it, $how"
	done
	build "$kind" threads
	for what in spin vectors timeouts leave crowd; do
		same "$kind" threads $what
	done
	build "$kind" spawn
	try timeout 240 "$novillo" -a @all "$program"
	is "$(printf '%s\n' "$out" | grep -v '^popen' |
	    grep -c 'unction not implemented')" 7 \
	    "$kind spawn: each way to another process is an error"
	has "$out" "waitpid: -1 No child process" "nobody is waited for"
	has "$out" "system: failed" "nor is there a shell"
	is "$(printf '%s\n' "$err" | grep -c "$program: .* is not supported")" 6 \
	    "each is reported once, with the program's name"
	has "$err" "fork is not supported: a guest is one process" \
	    "and why"
done

for kind in static static-pie; do
	if build "c++$kind" modern; then
		same "c++$kind" modern
	else
		missing "no C++ compiler: $(tail -n 1 "$scratch/cc")"
	fi
done
# A loader is static, and loads a dynamic program.
loader=/lib64/ld-linux-x86-64.so.2
if [ -x "$loader" ]; then
	try timeout 240 "$novillo" -a @file --root=/ "$loader" /bin/echo "by it"
	is "$status:$out:$err" "0:by it:" "a loader runs a dynamic program"
else
	missing "no $loader here"
fi
# A trace shows signals as strace does.
signals_of()
{
	grep -a -e '^---' -e '^+++' "$1" |
	    sed 's/si_pid=[0-9]*/si_pid=PID/; s/si_addr=0x[4-9a-f][0-9a-f]*/si_addr=CODE/'
}

if ! command -v strace >/dev/null 2>&1 || ! strace -o /dev/null true 2>/dev/null; then
	missing "no strace here, or it may not trace"
elif build static raised; then
	strace -o "$scratch/wanted" "$program" >/dev/null 2>&1
	try "$novillo" --no-vdso --trace -o "$scratch/trace" "$program"
	is "$(signals_of "$scratch/trace")" "$(signals_of "$scratch/wanted")" \
	    "signals are traced as strace does it"
fi
done_testing
