#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The author of a guest has an installation and nothing else: a guest, a flat
# image and a Linux program are built from the installed files, by novillo-cc,
# by the examples' Makefile and by pkg-config.

. "${top_srcdir:-.}/tests/lib.sh"

[ -f "$top_builddir/Makefile" ] || skip_all "no build folder here"
need_tool "${MAKE:-make}"
make_plain_scratch
unset MAKEFLAGS MAKELEVEL MFLAGS GUEST_CC
build=$(cd "$top_builddir" && pwd)
scratch=$(cd "$scratch" && pwd)
template=$(cd "${top_srcdir:-.}" && pwd)/guest/sdk/novillo-cc.in

(cd "$top_builddir" && ${MAKE:-make} install DESTDIR="$scratch/root" \
    prefix=/usr) >"$scratch/log" 2>&1
ok $? "make install DESTDIR= succeeds" || sed 's/^/# /' "$scratch/log"
usr=$scratch/root/usr
PATH=$usr/bin:$PATH
# Nothing of the build or source folder may be needed.
mkdir "$scratch/empty"
cd "$scratch/empty" || exit 99

# RPM names each folder by its whole name; a staged installation moves them all.
staged=$(readlink -f "$scratch")/staged
mkdir -p "$staged/usr/bin" "$staged/usr/lib64/novillo"
: >"$staged/usr/lib64/novillo/libguest.a"
sed 's|@exec_prefix@|/usr|; s|@includedir@|/usr/include|
    s|@libdir@|/usr/lib64|; s|@prefix@|/usr|g; s|@GUEST_CC@|cc|
    s|@[A-Z_]*@||g' "$template" >"$staged/usr/bin/novillo-cc"
try sh "$staged/usr/bin/novillo-cc" --flags -o a.elf a.c
has "$out" "-I$staged/usr/include/novillo-guest" \
    "folders with whole names move with the installation"
has "$out" "$staged/usr/lib64/novillo/libguest.a" "the library also"

cat >mine.c <<'END'
#include <errno.h>
#include <hcall.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <thread.h>

static void
count(void *arg)
{
	__atomic_add_fetch((int *)arg, 1, __ATOMIC_SEQ_CST);
}

int
main(int argc, char **argv)
{
	struct thread t = { 0 };
	int n = 0;

	if (thread_start(&t, count, &n) != 0)
		return 3;
	thread_join(&t);
	printf("%s: %d argument, %d thread, %s\n", strrchr(argv[0], '/') + 1,
	    argc - 1, n, hc_getpid() > 0 ? "a process" : "nothing");
	return argc;
}
END

try novillo-cc -Wall -Wextra -Werror -o mine.elf mine.c
is "$status $err" "0 " "novillo-cc makes a guest"
try novillo-cc --native -o mine mine.c
is "$status $err" "0 " "and a Linux program of the same source"
try ./mine word
is "$status $out" "2 mine: 1 argument, 1 thread, a process" \
    "which runs on Linux"
try novillo --check mine.elf
has "$out" "static ELF" "novillo knows the guest"
examples=$usr/share/doc/novillo/examples
try novillo-cc --flat -o torov.bin "$examples/torov.c"
cmp -s torov.bin "$build/guest/torov.bin"
ok $? "a flat image is that of the build"
printf 'int twice(int n) { return 2 * n; }\n' >twice.c
printf 'int twice(int n);\nint main(void) { return twice(21); }\n' >main.c
try novillo-cc -c twice.c
is "$status $(ls twice.o)" "0 twice.o" "novillo-cc -c makes an object"
try novillo-cc --native -O0 -o forty main.c twice.o
try ./forty
is "$status" 42 "and links objects and sources"
ln -s "$usr/bin/novillo-cc" linked
try ./linked --native -o again main.c twice.c
is "$status $err" "0 " "novillo-cc finds its files through a link"

try novillo-cc --flat --native main.c
is "$status $err" "2 novillo-cc: --flat and --native exclude each other" \
    "what novillo-cc cannot do is refused"
try novillo-cc
is "$status" 2 "as is a command without a file"
try novillo-cc --help
has "$out" "usage: novillo-cc" "--help prints the usage"
mv "$usr/lib/novillo/libguest.a" "$scratch/" 2>/dev/null ||
    mv "$(find "$usr" -name libguest.a)" "$scratch/"
try novillo-cc main.c
has "$err" "libguest.a is missing" "an installation without the library is named"
mv "$scratch/libguest.a" "$(dirname "$(find "$usr" -name guest.lds)")"

cp "$examples"/* .
for c in *.c; do
	case $c in
	main.c | mine.c | twice.c | torov.c) continue ;;
	esac
	set -- "$@" "${c%.c}.elf"
done
try ${MAKE:-make} "$@"
is "$status $(ls "$@" | wc -l)" "0 $#" "the Makefile builds the examples"

# The programs in novillo-guest(7), and what two of them print on Linux.
mkdir manual
awk '/^\.Bd -literal/ { text = ""; inside = 1; next }
    /^\.Ed/ && text ~ /main\(/ { printf "%s", text >("manual/" ++n ".c") }
    /^\.Ed/ { inside = 0 }
    inside { gsub(/\\e/, "\\"); text = text $0 "\n" }' \
    "$usr/share/man/man7/novillo-guest.7"
built=0
for c in manual/*.c; do
	try novillo-cc -Wall -Wextra -Werror -o "${c%.c}.elf" "$c"
	is "$status $err" "0 " "novillo-guest(7): $c is a guest"
	built=$((built + 1))
done
is "$built" 5 "novillo-guest(7) has programs"
try novillo-cc --native -o manual/threads manual/5.c
try manual/threads
is "$status $out" "0 42" "and threads that add up on Linux"
try novillo-cc --native -o manual/hello manual/2.c
try manual/hello
is "$status $(printf '%s\n' "$out" | sort -u)" "0 Hello by a hypercall" \
    "and hypercalls"

if command -v pkg-config >/dev/null 2>&1; then
	pc=$(dirname "$(find "$usr" -name novillo-guest.pc)")
	flags=$(PKG_CONFIG_PATH=$pc pkg-config --define-variable=prefix="$usr" \
	    --define-variable=libdir="$(dirname "$pc")" \
	    --define-variable=includedir="$usr/include" \
	    --cflags --libs novillo-guest)
	# shellcheck disable=SC2086
	try ${CC:-cc} -O2 -o other.elf main.c twice.c $flags
	is "$status $err" "0 " "pkg-config's flags make a guest"

	# The files for CMake and meson that novillo-cc(1) has.
	mkdir moved other
	sed "s|^prefix=.*|prefix=$usr|; s|^libdir=.*|libdir=$(dirname "$pc")|
	    s|^includedir=.*|includedir=$usr/include|" "$pc/novillo-guest.pc" \
	    >moved/novillo-guest.pc
	for name in CMakeLists.txt meson.build; do
		sed -n "/^\\.Pa $name :/,/^\\.Ed/{/^\\./!p;}" \
		    "$usr/share/man/man1/novillo-cc.1" >other/$name
	done
	cp mine.c other/
	PKG_CONFIG_PATH=$PWD/moved
	export PKG_CONFIG_PATH
	unset CFLAGS CPPFLAGS LDFLAGS
	if command -v cmake >/dev/null 2>&1; then
		(cmake -S other -B cmade && cmake --build cmade) >log 2>&1 ||
		    sed 's/^/# /' log
		try novillo --check cmade/mine.elf
		has "$out" "static ELF" "CMake makes a guest"
	else
		skip "no cmake here"
	fi
	if command -v meson >/dev/null 2>&1; then
		(meson setup mesoned other && meson compile -C mesoned) \
		    >log 2>&1 || sed 's/^/# /' log
		try novillo --check mesoned/mine.elf
		has "$out" "static ELF" "meson makes a guest"
	else
		skip "no meson here"
	fi
else
	missing "pkg-config's flags: no pkg-config here"
fi

if novillo --probe >/dev/null 2>&1; then
	try novillo ./mine.elf word
	is "$status $out" "2 mine.elf: 1 argument, 1 thread, a process" \
	    "the guest runs"
	try novillo manual/3.elf
	is "$status $out" "0 ok" "so does one without the library's calls"
	try novillo manual/4.elf
	is "$status $out" "1 no sockets here: novillo --allow=@net" \
	    "and one that is denied a call"
	try novillo hello.elf
	is "$out" "Hello, world!" "and an example"
else
	skip "no KVM for the guests"
fi
done_testing
