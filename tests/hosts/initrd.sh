#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Packs a host's whole userland: busybox, KVM's modules, the stage, /init.  The
# initrd is not compressed: reading it costs the emulators less than unpacking
# it would.  This script must not know emulators.
#
# usage: initrd.sh HOST KERNEL STAGE [TEST...] >OUT
#	KERNEL is the folder that kernel.sh prints

set -eu

here=$(cd "$(dirname "$0")" && pwd)
host=$1
kernel=$2
stage=$3
shift 3

for tool in busybox cpio; do
	command -v "$tool" >/dev/null && continue
	echo "initrd.sh: $tool is missing: install busybox-static and cpio" >&2
	exit 77
done
root=$(mktemp -d "${TMPDIR:-/tmp}/novillo-initrd.XXXXXX")
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mkdir -p "$root/bin" "$root/modules"
cp "$(command -v busybox)" "$root/bin/busybox"
while read -r module; do
	case $host:$module in
	A*:kvm-intel | B:ccp | B:kvm-amd) continue ;;
	esac
	cp "$kernel/modules/$module.ko" "$root/modules/"
	echo "$module" >>"$root/modules/order"
done <"$kernel/modules/order"
cp -R "$stage" "$root/stage"
cp "$here/init" "$root/init"
chmod 755 "$root/init"
for test; do
	echo "$test"
done >"$root/tests.list"
cd "$root"
find . | cpio --quiet -o -H newc
