#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs a guest that is a test by itself, or skips it where no guest can run.
#
# usage: run-guest.sh GUEST.elf

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
exec "$novillo" --timeout=60 "$@"
