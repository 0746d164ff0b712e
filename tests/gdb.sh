# SPDX-License-Identifier: BSD-2-Clause
#
# What the tests with real debuggers share: sessions, lines, interrupts.  With
# NOVILLO_HOST set they run here and novillo in that host (see
# tests/hosts/run.sh).  Sourced after lib.sh, never run; debugger=lldb before
# that says that it is not about gdb.

need_kvm
need_tool "${debugger:-gdb}"
make_scratch
export DEBUGINFOD_URLS=''

# How long a gdb may take, and until when it has surely gone on.
gdb_seconds=60
gdb_pause=1
case ${NOVILLO_HOST-} in
A | Ai | B) gdb_seconds=300 gdb_pause=3 ;;
esac

# Options of novillo for the next session, behind --gdb.
options=

# Where gdb looks for the program: it asks novillo for it.
sysroot=target:

# gdb_on LINE COMMAND...: gdb's commands on a line; what it printed is $answer,
# how it ended $gdb_status.
gdb_on()
{
	line_=$1
	shift
	set -- "$@" --end
	while [ "$1" != --end ]; do
		set -- "$@" -ex "$1"
		shift
	done
	shift
	gdb_status=0
	answer=$(timeout -k 5 "$gdb_seconds" gdb -nx -nh -batch \
	    -ex 'set pagination off' -ex 'set confirm off' -ex 'set width 0' \
	    -ex 'set tcp auto-retry off' -ex "directory ${top_srcdir:-.}" \
	    -ex "set sysroot $sysroot" \
	    -ex "target remote $line_" \
	    "$@" 2>&1) || gdb_status=$?
	case $answer in
	*"internal-error"* | *"Fatal signal"*) gdb_status=134 ;;
	esac
}

# on_line LINE COMMAND...: the same, and one point: gdb has come to its end by
# itself, and in time.
on_line()
{
	gdb_on "$@"
	[ "$gdb_status" -lt 124 ]
	ok $? "gdb ends by itself (status $gdb_status)"
	[ "$gdb_status" -lt 124 ] || printf '%s\n' "$answer" | sed 's/^/# /'
}

# session "GUEST [ARG...]" COMMAND...: the same, on a guest of its own that
# waits for it on a pipe. What the guest did is in $scratch/guest.
session()
{
	guest_=$1
	shift
	on_line "| $novillo --gdb=stdio $options $guests/$guest_ \
2>$scratch/guest" "$@"
}

# Commands for gdb that have a signal sent to it when it has gone on.
# shellcheck disable=SC2016
interrupt_later='shell (sleep '$gdb_pause'; kill -INT $PPID) >/dev/null 2>&1 &'
# shellcheck disable=SC2016
die_later='shell (sleep '$gdb_pause'; kill -KILL $PPID) >/dev/null 2>&1 &'

# serve_at ADDRESS OPTION... GUEST [ARG...]: a guest behind a line, with our
# standard input; $told is what it says of itself, $server its process.
serve_at()
{
	address_=$1
	shift
	: >"$scratch/err"
	timeout -k 5 "$gdb_seconds" "$novillo" "--gdb=$address_" "$@" \
	    <&3 3<&- 4>&- >"$scratch/out" 2>"$scratch/err" &
	server=$!
	wait_for 'waits for a debugger'
	told=$(sed -n 's/.*target remote \(.*\)'"'"'.*/\1/p' "$scratch/err")
}

# wait_for TEXT: until novillo has said it, or is gone.
wait_for()
{
	waited=0
	while ! grep -q "$1" "$scratch/err" && kill -0 "$server" 2>/dev/null &&
	    [ "$waited" -lt 300 ]; do
		sleep 0.1
		waited=$((waited + 1))
	done
}

# serve OPTION... GUEST [ARG...]: on the line that is nearest; $line is its name
# for gdb.
lines=0
serve()
{
	if [ -n "${NOVILLO_HOST_GDB-}" ]; then
		serve_at 10.0.2.15:1234 "$@"
		line=127.0.0.1:$NOVILLO_HOST_GDB
		return
	fi
	lines=$((lines + 1))
	line=$scratch/line$lines
	serve_at "unix:$line" "$@"
}

# ended STATUS NAME: the guest that was served ended with it.
ended()
{
	served=0
	wait "$server" || served=$?
	is "$served" "$1" "$2"
}

# Standard input of guests that are served: nothing, unless 3 is led elsewhere;
# 4 is for its other end, which no guest shall hold.
exec 3</dev/null 4>/dev/null
