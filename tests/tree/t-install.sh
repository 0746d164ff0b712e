#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# `make install`: the installed program runs, and another program builds with
# only the installed library.  `make uninstall` leaves what is not novillo's.

. "${top_srcdir:-.}/tests/lib.sh"

[ -f "$top_builddir/Makefile" ] || skip_all "no build folder here"
need_tool "${MAKE:-make}"
make_scratch
source=$(cd "$top_srcdir" && pwd)

# staged GOAL: make GOAL for the folder $scratch/root.
staged()
{
	(unset MAKEFLAGS MAKELEVEL MFLAGS
	cd "$top_builddir" && ${MAKE:-make} "$1" DESTDIR="$scratch/root" \
	    prefix=/usr) >"$scratch/log" 2>&1
	status=$?
	[ "$status" -eq 0 ] || sed 's/^/# /' "$scratch/log"
	ok "$status" "make $1 DESTDIR= succeeds"
}

staged install
usr=$scratch/root/usr

[ -x "$usr/bin/novillo" ]
ok $? "the program is there"
try "$usr/bin/novillo" --version
is "$status" 0 "and runs"
for file in include/kvmcore.h share/man/man1/novillo.1 \
    share/man/man1/novillo-cc.1 \
    share/man/man3/kvmcore.3 share/man/man7/novillo-gdb.7 \
    share/man/man7/novillo-guest.7 \
    share/man/man7/novillo-hypercalls.7 share/doc/novillo/abi.md \
    share/bash-completion/completions/novillo \
    share/zsh/site-functions/_novillo \
    share/fish/vendor_completions.d/novillo.fish; do
	[ -f "$usr/$file" ]
	ok $? "$file is there"
done

lib=$(dirname "$(find "$usr" -name libkvmcore.a)")
[ -f "$lib/pkgconfig/kvmcore.pc" ]
ok $? "pkg-config finds the library"
${CC:-cc} -Wall -Wextra -Werror -I"$usr/include" "$source/doc/tenbytes.c" \
    -L"$lib" -lkvmcore $SANITIZE_FLAGS -o "$scratch/tenbytes" 2>"$scratch/cc"
ok $? "the example builds with the installed library alone"
sed 's/^/# /' "$scratch/cc"

if "$novillo" --probe >/dev/null 2>&1; then
	try "$scratch/tenbytes"
	is "$out" "the guest says 4" "and its guest of ten bytes runs"
else
	skip "no KVM for the example's guest"
fi

strange=$(find "$scratch/root" -type f -perm -002)
is "$strange" "" "nothing is writable by all"

# Other packages share all folders but those of novillo's own.
inside() { (cd "$scratch/root" && find . | sort); }
shared=$(cd "$scratch/root" && find . -type d ! -path '*/novillo*' | sort)
mine=$usr/share/doc/novillo/mine
has "$shared" "./usr/share/man/man1" "shared folders are there"
: >"$mine"
staged uninstall
is "$(inside)" "$(printf '%s\n' "$shared" ./usr/share/doc/novillo \
    ./usr/share/doc/novillo/mine | sort)" \
    "shared folders are left, and a folder with another's file"
rm "$mine"
staged uninstall
is "$(inside)" "$shared" "an empty folder of novillo's is removed"
done_testing
