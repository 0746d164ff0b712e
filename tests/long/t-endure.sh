#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A little of what `make long-endurance` does much of.

set -- watch:60:3 killed:60 crowd:1 steps:2000 starts:20:2
. "${top_srcdir:-.}/tests/long/endure.sh"
