#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs a guest that is a test by itself, or skips it where no guest can run.
# What it tests says which calls it is allowed.
#
# usage: run-guest.sh GUEST.elf

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
case $1 in
*/t_file.elf | */t_net.elf | */t_poll.elf | */t_mmap.elf | */t_hostile.elf | \
    */t_signals.elf)
	make_scratch
	"$novillo" --timeout=60 --allow=@all --root="$scratch" "$@"
	exit
	;;
esac
exec "$novillo" --timeout=60 "$@"
