# SPDX-License-Identifier: BSD-2-Clause
#
# The common part of tests with gdb on recordings: tests source this file after
# gdb.sh.

# The recording is made and read where novillo runs.
log=/tmp/novillo-recorded-$$

# replay COMMAND...: a session with the recording, which the guest ends as it
# was recorded.
replay()
{
	on_line "| $novillo --gdb=stdio --replay=$log 2>$scratch/guest" "$@"
	is "$(grep -c '^novillo:' "$scratch/guest")" 0 \
	    "the replay does not differ"
}

# replays STATUS NAME: the replay without a debugger has that status, and the
# output of the recorded guest, which the line's novillo wrote to its errors.
replays()
{
	status_=0
	"$novillo" "--replay=$log" >"$scratch/out" 2>&1 </dev/null ||
	    status_=$?
	is "$status_" "$1" "$2: a replay has the status $1"
	is "$(grep -v '^novillo:' "$scratch/out")" \
	    "$(grep -v '^novillo:' "$scratch/guest")" \
	    "$2: and the output"
	is "$(grep -c 'differs\|torn' "$scratch/out")" 0 "$2: and all else"
}

# count TEXT: lines of $answer with it.
count()
{
	printf '%s\n' "$answer" | grep -c "$1"
}

# repeated N COMMAND: so often, each with the place after it.
repeated()
{
	i_=0
	while [ "$i_" -lt "$1" ]; do
		printf '%s\nplace\n' "$2"
		i_=$((i_ + 1))
	done
}

# places: what `place`, a command of the test's own, printed in $answer.
places()
{
	printf '%s\n' "$answer" | sed -n 's/^place //p'
}
