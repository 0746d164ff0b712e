#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A stub for run.sh: records a program, which gets no input, and serves its replay.
#
# usage: replayed.sh RECORDING PORT PROGRAM [ARGUMENT]...
#
# Environment: NOVILLO, its path.

recording=$1
port=$2
shift 2
"$NOVILLO" --allow=@all --root=/ --record="$recording" "$@" </dev/null \
    >/dev/null 2>&1
exec "$NOVILLO" --replay="$recording" "--gdb=localhost:$port"
