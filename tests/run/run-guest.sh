#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs a guest that is a test, or skips it where no guest can run.  Each test is
# allowed the calls that it tests.
#
# usage: run-guest.sh GUEST.elf

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
# Less than a test has: a guest that hangs says which point came last.
limit=--timeout=600
case $1 in
*/t_file.elf | */t_locks.elf | */t_memfd.elf | */t_net.elf | \
    */t_netlink.elf | */t_poll.elf | */t_mmap.elf | */t_hostile.elf | \
    */t_shm.elf | */t_signals.elf)
	make_scratch
	# t_hostile uses all of this memory.
	"$novillo" "$limit" --memory=256M --allow=@all --root="$scratch" "$@"
	exit
	;;
*/t_race.elf)
	make_scratch
	"$novillo" "$limit" --allow=@all,bind:127.0.0.1 --root="$scratch" "$@"
	exit
	;;
*/t_limits.elf | */t_timers.elf)
	# The most descriptors of a guest and those of novillo's own, where the
	# host lets us have them.
	# shellcheck disable=SC3045 # all shells that we know have it
	ulimit -n 68000 2>/dev/null || :
	exec "$novillo" "$limit" --allow=@file,@poll "$@"
	;;
*/t_proc.elf)
	# The other calls of t_proc are in @base.
	exec "$novillo" "$limit" --allow=unlink,chmod "$@"
	;;
esac
exec "$novillo" "$limit" "$@"
