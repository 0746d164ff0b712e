# SPDX-License-Identifier: BSD-2-Clause
#
# The shell tests' common part: paths, TAP, and claims about commands.  Tests
# source it.  It runs under any POSIX shell, also busybox's, and needs only
# busybox's commands.
#
# Environment: top_srcdir and top_builddir are set by automake and by the
# hosts; NOVILLO names another program to test; NOVILLO_REQUIRE_KVM=1 turns a
# skip for lack of KVM into a failure, NOVILLO_REQUIRE_PROGRAMS=1 a skip for
# lack of a program.

top_srcdir=${top_srcdir:-.}
top_builddir=${top_builddir:-.}
novillo=${NOVILLO:-$top_builddir/bin/novillo}
guests=$top_builddir/guest

# Debuggers and script(1) run commands by the user's shell.
SHELL=/bin/sh
export SHELL

points=0
failures=0
scratch=

skip_all()
{
	echo "1..0 # SKIP $*"
	exit 0
}

# Test whether a guest can run, not whether the device exists.
need_kvm()
{
	kvm_why=$("$novillo" --probe 2>&1 >/dev/null) && return 0
	if [ "${NOVILLO_REQUIRE_KVM:-0}" = 1 ]; then
		echo "1..1"
		echo "not ok 1 - KVM is there: ${kvm_why:-novillo --probe failed}"
		exit 1
	fi
	skip_all "no usable KVM: ${kvm_why:-novillo --probe failed}"
}

need_tool()
{
	command -v "$1" >/dev/null 2>&1 || skip_all "no $1 here"
}

# Make $scratch, a folder that is removed when the test ends.
make_scratch()
{
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/novillo-test.XXXXXX") || exit 99
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 1' HUP INT TERM
}

# make_scratch for a debugger's command line, which splits at blanks: if TMPDIR
# has blanks, $scratch is a link below the build folder to the real folder.
make_plain_scratch()
{
	make_scratch
	case $scratch in
	*[!A-Za-z0-9/._+-]*) ;;
	*) return ;;
	esac
	scratch_link=$top_builddir/tests/scratch.$$
	ln -s "$scratch" "$scratch_link" || exit 99
	trap 'rm -rf "$scratch/"; rm -f "$scratch_link"' EXIT
	scratch=$scratch_link
}

# ok STATUS NAME: one point, passed if STATUS is 0.
ok()
{
	points=$((points + 1))
	if [ "$1" -eq 0 ]; then
		printf '%s\n' "ok $points - $2"
	else
		failures=$((failures + 1))
		printf '%s\n' "not ok $points - $2"
		[ -z "${err-}" ] ||
		    printf '%s\n' "$err" | sed -n '1,40s/^/# stderr: /p'
	fi
}

skip()
{
	points=$((points + 1))
	echo "ok $points # SKIP $*"
}

# A skip for lack of a program or a package.  NOVILLO_REQUIRE_PROGRAMS=1 turns
# the skip into a failure, for machines that have all programs installed.
missing()
{
	if [ "${NOVILLO_REQUIRE_PROGRAMS:-0}" = 1 ]; then
		ok 1 "$*"
	else
		skip "$*"
	fi
}

# is GOT WANTED NAME
is()
{
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		printf '%s\n' "got:" "$1" "wanted:" "$2" | sed 's/^/# /'
	fi
}

# has TEXT PART NAME: TEXT contains PART.
has()
{
	case $1 in
	*"$2"*) ok 0 "$3" ;;
	*)
		ok 1 "$3"
		printf '%s\n' "got:" "$1" "wanted in it:" "$2" | sed 's/^/# /'
		;;
	esac
}

# try COMMAND...: run COMMAND; set $out to its output, $err to its errors and
# $status to its status.
try()
{
	[ -n "$scratch" ] || make_scratch
	status=0
	"$@" >"$scratch/out" 2>"$scratch/err" || status=$?
	out=$(cat "$scratch/out")
	err=$(cat "$scratch/err")
}

# gdb_batch SECONDS ARG...: gdb without the user's settings.  On a busy machine
# a reply may take longer than gdb's default timeout of two seconds.
gdb_batch()
{
	seconds_=$1
	shift
	timeout -k 5 "$seconds_" gdb -nx -nh -batch \
	    -iex 'set remotetimeout 60' -iex 'set pagination off' \
	    -iex 'set debuginfod enabled off' "$@"
}

# lldb_batch SECONDS ARG...: lldb without the user's settings.
lldb_batch()
{
	seconds_=$1
	shift
	timeout -k 5 "$seconds_" lldb --no-lldbinit --batch \
	    -O 'settings set plugin.process.gdb-remote.packet-timeout 60' "$@"
}

done_testing()
{
	echo "1..$points"
	[ "$failures" -eq 0 ] || exit 1
	exit 0
}
