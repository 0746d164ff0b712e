# SPDX-License-Identifier: BSD-2-Clause
#
# What shell tests share: where things are, TAP, and claims about commands.
# It runs under any POSIX shell, busybox's included, and needs no more than
# busybox has.  Sourced, never run.
#
# Environment: top_srcdir and top_builddir are set by automake and by the
# hosts; NOVILLO names another program to test; NOVILLO_REQUIRE_KVM=1 turns a
# skip for want of KVM into a failure, NOVILLO_REQUIRE_PROGRAMS=1 one for want of
# a program.

top_srcdir=${top_srcdir:-.}
top_builddir=${top_builddir:-.}
novillo=${NOVILLO:-$top_builddir/bin/novillo}
guests=$top_builddir/guest

points=0
failures=0
scratch=

skip_all()
{
	echo "1..0 # SKIP $*"
	exit 0
}

# Not whether the device exists but whether a guest can run.
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

# A folder that goes away with the test: $scratch.
make_scratch()
{
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/novillo-test.XXXXXX") || exit 99
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 1' HUP INT TERM
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
	fi
}

skip()
{
	points=$((points + 1))
	echo "ok $points # SKIP $*"
}

# A skip for want of a program or a package, which NOVILLO_REQUIRE_PROGRAMS=1
# turns into a failure, as on the machines that install them all.
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

# has TEXT PART NAME: PART stands in TEXT.
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

# try COMMAND...: its output in $out, its complaints in $err, its end in $status.
try()
{
	[ -n "$scratch" ] || make_scratch
	status=0
	"$@" >"$scratch/out" 2>"$scratch/err" || status=$?
	out=$(cat "$scratch/out")
	err=$(cat "$scratch/err")
}

done_testing()
{
	echo "1..$points"
	[ "$failures" -eq 0 ] || exit 1
	exit 0
}
