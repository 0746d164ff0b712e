#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Packs a host's whole userland: busybox, KVM's modules, the stage, /init.
# Knows nothing of emulators.
#
# usage: initrd.sh KERNEL STAGE OUT [TEST...]	KERNEL is what kernel.sh prints

set -eu

here=$(cd "$(dirname "$0")" && pwd)
kernel=$1
stage=$2
out=$3
shift 3

busybox=$(command -v busybox) || {
	echo "initrd.sh: busybox is missing: install busybox-static" >&2
	exit 77
}
root=$(mktemp -d "${TMPDIR:-/tmp}/novillo-initrd.XXXXXX")
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT TERM HUP

mkdir -p "$root/bin" "$root/modules"
cp "$busybox" "$root/bin/busybox"
cp "$kernel"/modules/*.ko "$root/modules/"
cp -r "$stage" "$root/stage"
cp "$here/init" "$root/init"
chmod 755 "$root/init"
for test; do
	echo "$test"
done >"$root/tests.list"
(cd "$root" && find . | cpio -o -H newc 2>/dev/null | gzip -9) >"$out"
