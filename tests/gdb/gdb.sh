# SPDX-License-Identifier: BSD-2-Clause
#
# The common part of tests with real debuggers: sessions, lines, interrupts.
# With NOVILLO_HOST set the debugger runs here and novillo in that host (see
# tests/hosts/run.sh).  Tests source this file after lib.sh; debugger=lldb set
# before that selects lldb instead of gdb.

need_kvm
need_tool "${debugger:-gdb}"
make_plain_scratch
export DEBUGINFOD_URLS=''

# The limit of a gdb's run, and a time after which gdb has surely continued.
gdb_seconds=600
gdb_pause=1
case ${NOVILLO_HOST-} in
A | Ai | B) gdb_pause=3 ;;
esac

# Options of novillo for the next session, after --gdb.
options=

# Is the guest run on this machine, and not in a host?
here()
{
	[ -z "${NOVILLO_HOST-}" ]
}

# gdb would read the program from novillo, by packets: that takes half of a
# session's processor time, since gdb reads a pipe's errors at each byte of its
# output, and from a host most of its time.  Here is the same file under the same
# name.
files_from_here()
{
	sysroot=/
	here || sysroot=$(cd "$top_builddir/.." && pwd)
}

# files_by_packets: for claims about these packets.
files_by_packets()
{
	! here || sysroot=target:
}
files_from_here

# The command by which gdb connects.
target="target remote"

# A file for gdb's log of the line, or nothing.
line_log=

# gdb_on LINE COMMAND...: gdb runs commands on a line; $answer is gdb's output,
# $gdb_status its status.
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
	answer=$(gdb_batch "$gdb_seconds" \
	    -ex 'set confirm off' -ex 'set width 0' \
	    -ex 'set tcp auto-retry off' -ex "directory ${top_srcdir:-.}" \
	    -ex "set sysroot $sysroot" \
	    ${line_log:+-ex "set remotelogfile $line_log"} \
	    -ex "$target $line_" \
	    "$@" 2>&1) || gdb_status=$?
	case $answer in
	*"internal-error"* | *"Fatal signal"*) gdb_status=134 ;;
	esac
}

# on_line LINE COMMAND...: gdb_on, and one point: gdb ended by itself, in time.
on_line()
{
	gdb_on "$@"
	[ "$gdb_status" -lt 124 ]
	ok $? "gdb ends by itself (status $gdb_status)"
	[ "$gdb_status" -lt 124 ] || printf '%s\n' "$answer" | sed 's/^/# /'
}

# lacks TEXT PART NAME: TEXT does not contain PART.
lacks()
{
	case $1 in
	*"$2"*) ok 1 "$3" ;;
	*) ok 0 "$3" ;;
	esac
}

# session "GUEST [ARG...]" COMMAND...: on_line with a new guest that waits for
# gdb on a pipe. The guest's output is in $scratch/guest.
session()
{
	guest_=$1
	shift
	on_line "| $novillo --gdb=stdio $options $guests/$guest_ \
2>$scratch/guest" "$@"
}

# Commands that send gdb a signal after gdb has continued the guest.
# shellcheck disable=SC2016
interrupt_later='shell (sleep '$gdb_pause'; kill -INT $PPID) >/dev/null 2>&1 &'
# shellcheck disable=SC2016
die_later='shell (sleep '$gdb_pause'; kill -KILL $PPID) >/dev/null 2>&1 &'

# serve_at ADDRESS OPTION... GUEST [ARG...]: a guest that serves ADDRESS, with
# descriptor 3 as standard input; $told is the line that novillo prints, $server
# its process.
serve_at()
{
	address_=$1
	shift
	: >"$scratch/err"
	timeout -k 5 "$gdb_seconds" "$novillo" "--gdb=$address_" "$@" \
	    <&3 3<&- 4>&- >"$scratch/out" 2>"$scratch/err" &
	server=$!
	wait_for 'waits for a debugger'
	told=$(sed -n 's/.*target [a-z-]* \(.*\)'"'"'.*/\1/p' "$scratch/err")
}

# wait_for TEXT [FILE PROCESS]: wait until novillo, or the process whose output
# is FILE, has printed TEXT, or has ended.
wait_for()
{
	waited=0
	while ! grep -q "$1" "${2-$scratch/err}" &&
	    kill -0 "${3-$server}" 2>/dev/null &&
	    [ "$waited" -lt 300 ]; do
		sleep 0.1
		waited=$((waited + 1))
	done
}

# serve OPTION... GUEST [ARG...]: a guest that serves a socket, or a port of the
# host; $line is the line's name for gdb.
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

# ended STATUS NAME: the guest of serve or serve_at ended with STATUS.
ended()
{
	served=0
	wait "$server" || served=$?
	is "$served" "$1" "$2"
}

# Descriptor 3 is the standard input of guests of serve and serve_at: empty
# unless a test redirects it.  4 is its other end, which no guest may hold.
exec 3</dev/null 4>/dev/null
