#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Prints the folder that holds the hosts' kernel, and fills it when it is not
# there yet: vmlinuz and modules/*.ko, taken from the package that Debian's
# linux-image-amd64 stands for. Nothing is installed and root is not needed.
# Knows nothing of tests, initrds or emulators.
#
# usage: kernel.sh                 exit 77, with a sentence, if it cannot be had

set -eu

# In load order. Not every release has each of them as a module.
modules="irqbypass kvm ccp kvm-amd kvm-intel e1000"

cache=${NOVILLO_HOSTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/novillo/hosts}
tmp=

cannot()
{
	echo "kernel.sh: $*" >&2
	exit 77
}

cleanup()
{
	[ -z "$tmp" ] || rm -rf "$tmp"
}

trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

need()
{
	command -v "$1" >/dev/null || cannot "$1 is missing: $2"
}

# The newest kernel of an earlier run, for a machine that has lost its network.
cached()
{
	find "$cache" -name vmlinuz 2>/dev/null | sort -V | tail -n 1
}

# name_version of the package to have; what linux-image-amd64 depends on.
wanted()
{
	name=$(apt-cache depends --important linux-image-amd64 2>/dev/null |
	    sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
	[ -n "$name" ] || return 0
	apt-cache show --no-all-versions "$name" |
	    sed -n "s/^Version: /${name}_/p" | head -n 1
}

# Module $1 of the unpacked package, made plain and without debug symbols:
# B spends a second on each megabyte it has to unpack.
take_module()
{
	ko=$(find root -name "$1.ko" -o -name "$1.ko.xz" -o -name "$1.ko.zst" |
	    head -n 1)
	case $ko in
	*.ko) cp "$ko" "new/modules/$1.ko" ;;
	*.xz) xz -dc "$ko" >"new/modules/$1.ko" ;;
	*.zst) zstd -dqc "$ko" >"new/modules/$1.ko" ;;
	*) return 0 ;;
	esac
	strip --strip-debug "new/modules/$1.ko"
}

unpack()
{
	dpkg-deb -x ./*.deb root
	rm -f ./*.deb
	mkdir -p new/modules
	cp root/boot/vmlinuz-* new/vmlinuz
	for m in $modules; do
		take_module "$m"
	done
	[ -s new/modules/kvm.ko ] || cannot "no kvm module in $package"
}

need apt-cache "the hosts are made from Debian packages"
need apt-get "the hosts are made from Debian packages"
need dpkg-deb "the hosts are made from Debian packages"
need strip "install binutils"

package=$(wanted)
if [ -z "$package" ]; then
	old=$(cached)
	[ -n "$old" ] || cannot "apt knows no linux-image-amd64: run" \
	    "'apt-get update' as root"
	dirname "$old"
	exit 0
fi

kernel=$cache/$package
if [ ! -s "$kernel/vmlinuz" ]; then
	mkdir -p "$cache"
	tmp=$(mktemp -d "$cache/tmp.XXXXXX")
	cd "$tmp"
	apt-get download -qq "${package%%_*}" >&2 2>log ||
	    cannot "apt-get download ${package%%_*}: $(tail -n 1 log)"
	unpack
	# Whoever renames first wins; the loser's copy is the same.
	mv -T new "$kernel" 2>/dev/null || [ -s "$kernel/vmlinuz" ]
fi
echo "$kernel"
