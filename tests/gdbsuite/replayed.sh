#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A stub for run.sh: records a program, which has a terminal without input, and
# serves its replay.  A program without an end is recorded for some seconds.
#
# usage: replayed.sh RECORDING PORT PROGRAM [ARGUMENT]...
#
# Environment: NOVILLO, its path.

recording=$1
port=$2
shift 2
expect - "$NOVILLO" --allow=@all --root=/ --timeout=10 \
    --record="$recording" "$@" >/dev/null 2>&1 <<'END'
set timeout -1
eval spawn -noecho $argv
send \004
expect eof
END
exec "$NOVILLO" --replay="$recording" "--gdb=localhost:$port"
