#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs a command in the host that `run.sh --with` keeps up, in the folder of
# the stage.  The command's standard streams and status are those of this
# script, and its time limit is that of a test.  For example, this connects gdb
# on this machine to a stub in the host:
#
#	target remote | tests/hosts/in.sh bin/novillo --gdb=stdio guest/x.elf
#
# A command uses two connections (see init): one for its input and output,
# unchanged, and one for its errors and a line with its status.
#
# usage: in.sh COMMAND [ARG...]

set -eu

port=${NOVILLO_HOST_EXEC:?is set by run.sh --with}
dir=$(mktemp -d "${TMPDIR:-/tmp}/novillo-in.XXXXXX")
name=${dir##*.}
input=
trap '[ -z "$input" ] || kill "$input" 2>/dev/null || :; rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

command=
for word; do
	quoted=$(printf '%s' "$word" | sed "s/'/'\\\\''/g")
	command="$command '$quoted'"
done
case $command in
*'
'*)
	echo "in.sh: a word with a newline cannot be sent" >&2
	exit 2
	;;
esac

# Print a newline only when the next line arrives: the last one belongs to
# "@@ end".
printf 'errors %s\n' "$name" | busybox nc 127.0.0.1 "$port" | busybox awk '
/^@@ end [0-9]+$/ { status = $3; known = 1; exit }
{ printf "%s%s", (NR > 1 ? "\n" : ""), $0 >"/dev/stderr" }
END {
	if (!known) {
		print "in.sh: the host is gone" >"/dev/stderr"
		status = 255
	}
	exit status
}' &
errors=$!

# nc must end with the command, although our input may not have ended.
mkfifo "$dir/input"
exec 3<&0
{
	printf 'run %s %s\n' "$name" "$command"
	exec cat <&3
} >"$dir/input" &
input=$!
busybox nc 127.0.0.1 "$port" <"$dir/input" || :
wait "$errors"
