#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Prints the folder of GDB's own testsuite, from Debian's source package of the
# debugger that is installed.  If the folder does not exist, downloads and
# unpacks it.  Nothing is installed, nothing below /etc is changed, and root is
# not needed.
#
# usage: source.sh		exit 77, with a message, if it fails

set -eu

version=13.1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/novillo/gdbsuite
cache=${NOVILLO_GDBSUITE_CACHE:-$cache}
# The number changes with the list of parts, so that no older folder is used.
layout=1
parts="testsuite syscalls nat features contrib"
tmp=

cannot()
{
	echo "source.sh: $*" >&2
	exit 77
}

trap '[ -z "$tmp" ] || rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

need()
{
	command -v "$1" >/dev/null || cannot "$1 is missing: install $2"
}

# The machine's own list of mirrors, with sources in place of binaries.
list_sources()
{
	for file in /etc/apt/sources.list.d/*.sources; do
		[ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file"
	done >list.sources
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ ! -f "$file" ] || sed -n 's/^deb /deb-src /p' "$file"
	done >list.list
	[ -s list.sources ] && echo list.sources || echo list.list
}

# apt_get ARG...: apt-get with lists of its own.
apt_get()
{
	apt-get -qq -o "Dir::Etc::SourceList=$tmp/$list" \
	    -o Dir::Etc::SourceParts=/nonexistent \
	    -o "Dir::State::Lists=$tmp/lists" -o "Dir::Cache=$tmp/cache" \
	    -o APT::Sandbox::User= "$@" >log 2>&1
}

fetch()
{
	mkdir -p lists/partial cache
	list=$(list_sources)
	apt_get update || cannot "no list of Debian's sources: $(tail -n 1 log)"
	apt_get source --download-only gdb ||
	    cannot "no source package of gdb: $(tail -n 1 log)"
	set -- "gdb-$version/include" "gdb-$version/gdbsupport"
	for part in $parts; do
		set -- "$@" "gdb-$version/gdb/$part"
	done
	tar -xJf "gdb_$version.orig.tar.xz" "$@" ||
	    cannot "Debian's package is not of gdb $version"
}

need runtest dejagnu
need expect expect
need gdb gdb
need g++ g++
need xz xz-utils
gdb --version | grep -q "^GNU gdb .* $version\$" ||
    cannot "gdb $version is missing, whose server gave the figures"

if [ ! -f "$cache/$layout/gdb-$version/gdb/testsuite/lib/gdb.exp" ]; then
	need apt-get "the testsuite is unpacked from Debian's source package"
	mkdir -p "$cache/$layout"
	tmp=$(mktemp -d "$cache/tmp.XXXXXX")
	cd "$tmp"
	fetch
	# Another process may have renamed its own, equal copy first.
	mv -T "gdb-$version" "$cache/$layout/gdb-$version" 2>/dev/null ||
	    [ -d "$cache/$layout/gdb-$version" ]
fi
echo "$cache/$layout/gdb-$version/gdb/testsuite"
