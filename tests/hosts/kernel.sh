#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Prints the folder of the hosts' kernel.  If the folder does not exist, fills
# it from the package that Debian's linux-image-amd64 depends on.  Nothing is
# installed and root is not needed.  This script must not know tests, initrds or
# emulators.
#
#	vmlinux			unpacked, for emulators are slow at unpacking
#	modules/*.ko, order	KVM and a network card; their load order
#
# usage: kernel.sh		exit 77, with a message, if it fails

set -eu

# The modules in load order.  A release may have some of them built in.
modules="irqbypass kvm ccp kvm-amd kvm-intel e1000"

cache=${NOVILLO_HOSTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/novillo/hosts}
# The number changes with the list above, so that no older folder is used.
layout=3
tmp=

cannot()
{
	echo "kernel.sh: $*" >&2
	exit 77
}

trap '[ -z "$tmp" ] || rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

need()
{
	command -v "$1" >/dev/null || cannot "$1 is missing: $2"
}

# The newest kernel of an earlier run, for a machine that has lost its network.
cached()
{
	find "$cache/$layout" -name vmlinux 2>/dev/null | sort -V | tail -n 1
}

# NAME_VERSION of the package that linux-image-amd64 depends on.
wanted()
{
	name=$(apt-cache depends --important linux-image-amd64 2>/dev/null |
	    sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
	[ -n "$name" ] || return 0
	apt-cache show --no-all-versions "$name" |
	    sed -n "s/^Version: /${name}_/p" | head -n 1
}

# take_module NAME: add the package's module NAME, decompressed and without
# debug symbols.
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
	echo "$1" >>new/modules/order
}

# number OFFSET SIZE: a field of the package's vmlinuz.
number()
{
	od -An -v -t "u$2" -j "$1" -N "$2" root/boot/vmlinuz-* | tr -d ' '
}

# Unpack the ELF file of a bzImage (Linux, Documentation/x86/boot.rst): it lies
# setup_sects sectors and payload_offset from the start; its last 4 bytes are
# its unpacked size.
unpack_kernel()
{
	start=$((($(number 497 1) + 1) * 512 + $(number 584 4)))
	tail -c "+$((start + 1))" root/boot/vmlinuz-* |
	    head -c "$(($(number 588 4) - 4))" >payload
	case $(od -An -t x1 -N 4 payload | tr -d ' ') in
	fd377a58) xz -dc <payload >new/vmlinux ;;
	28b52ffd) zstd -dqc <payload >new/vmlinux ;;
	*) cannot "$package is packed in a way not known here" ;;
	esac
}

unpack()
{
	dpkg-deb -x ./*.deb root
	mkdir -p new/modules
	unpack_kernel
	for m in $modules; do
		take_module "$m"
	done
	[ -s new/modules/kvm.ko ] || cannot "$package has no module kvm"
}

need apt-cache "the hosts are made from Debian packages"
need apt-get "the hosts are made from Debian packages"
need dpkg-deb "the hosts are made from Debian packages"
need strip "install binutils"
need xz "install xz-utils"

package=$(wanted)
if [ -z "$package" ]; then
	old=$(cached)
	[ -n "$old" ] || cannot "apt knows no linux-image-amd64: run" \
	    "'apt-get update' as root"
	dirname "$old"
	exit 0
fi

kernel=$cache/$layout/$package
if [ ! -s "$kernel/vmlinux" ]; then
	mkdir -p "$cache/$layout"
	tmp=$(mktemp -d "$cache/tmp.XXXXXX")
	cd "$tmp"
	apt-get download -qq "${package%%_*}" >&2 2>log ||
	    cannot "apt-get download ${package%%_*}: $(tail -n 1 log)"
	unpack
	# Another process may have renamed its own, equal copy first.
	mv -T new "$kernel" 2>/dev/null || [ -s "$kernel/vmlinux" ]
fi
echo "$kernel"
