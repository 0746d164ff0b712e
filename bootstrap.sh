#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# From a git checkout to ./configure. With --deps it first installs what a
# build and `make check` need, as root or by sudo.
#
# usage: ./bootstrap.sh [--deps]

set -eu

cd "$(dirname "$0")"

# What a packager lists as build dependencies; gdb for the tests, and on Debian
# the programs and libraries that they run as guests.
install_deps()
{
	root=
	[ "$(id -u)" -eq 0 ] || root=sudo
	if command -v apt-get >/dev/null; then
		$root apt-get update -qq
		$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		    --no-install-recommends autoconf automake bash-static \
		    busybox-static fp-compiler g++ gcc gdb golang-go \
		    libc6-dev liblua5.4-dev libsqlite3-dev make mandoc \
		    musl-tools pkg-config python3 sash zsh-static
	elif command -v dnf >/dev/null; then
		$root dnf install -y autoconf automake gcc gdb glibc-static \
		    kernel-headers make mandoc pkgconf-pkg-config
	elif command -v pacman >/dev/null; then
		$root pacman -Sy --needed --noconfirm autoconf automake gcc gdb \
		    linux-api-headers make mandoc pkgconf
	elif command -v apk >/dev/null; then
		$root apk add autoconf automake gcc gdb linux-headers make mandoc \
		    musl-dev pkgconf
	else
		echo "bootstrap.sh: no apt-get, dnf, pacman or apk here:" \
		    "install autoconf, automake, a C compiler and make" >&2
		return 1
	fi
}

case "$#:${1-}" in
0:) ;;
1:--deps) install_deps ;;
*)
	echo "usage: ./bootstrap.sh [--deps]" >&2
	exit 2
	;;
esac

autoreconf -fi
