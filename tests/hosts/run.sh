#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Boots a host with a stage (see stage.sh), runs all tests in one boot, and
# prints report.awk's report of the host's console.
#
#	A	kvm-amd, in QEMU's TCG with nested SVM
#	Ai	A with a clock that counts instructions, to measure costs
#	B	kvm-intel, in Bochs with VMX
#
# usage: run.sh HOST STAGE TEST...	a test is a path below STAGE
#        run.sh HOST STAGE --with COMMAND...
#		runs COMMAND on this machine while the host is up, with
#		NOVILLO_HOST		the host's name
#		NOVILLO			a program that runs bin/novillo in the
#					host, given STAGE's file names here
#		NOVILLO_HOST_EXEC	a port for in.sh, which runs any command
#		NOVILLO_HOST_GDB	a port of 127.0.0.1 that leads to port
#					1234 of the host's address 10.0.2.15
#        run.sh A STAGE --shell		a shell in A, on this terminal
#
# Environment: NOVILLO_HOST_SECONDS limits the whole run, NOVILLO_TEST_SECONDS
# one test (by the host's own clock), NOVILLO_HOST_VERBOSE=1 shows every line of
# the tests, NOVILLO_HOST_APPEND is added to the kernel's command line.

set -eu

usage()
{
	sed -n 's/^# usage: \(.*\)/usage: \1/p; s/^#        run/       run/p' \
	    "$0" >&2
	exit 2
}

[ $# -ge 3 ] || usage
here=$(cd "$(dirname "$0")" && pwd)
host=$1
stage=$2
shift 2

case $1 in
--shell) mode=shell ;;
--with) mode=serve ;;
-*) usage ;;
*) mode=tests ;;
esac
[ "$mode" != serve ] || { shift; [ $# -ge 1 ] || usage; }

case $host in
A | Ai) emulator=qemu-system-x86_64 package=qemu-system-x86 ;;
B) emulator=bochs package="bochs bochs-term" ;;
*)
	echo "run.sh: no host $host: there are A, Ai and B" >&2
	exit 2
	;;
esac
if [ "$mode" = shell ] && [ "$host" = B ]; then
	echo "run.sh: B has no shell: its console is output only" >&2
	exit 2
fi
limit=${NOVILLO_HOST_SECONDS:-3600}
export NOVILLO_TEST_SECONDS="${NOVILLO_TEST_SECONDS:-900}"
command -v "$emulator" >/dev/null || {
	echo "run.sh: host $host needs $emulator: install $package" >&2
	exit 77
}

work=$(mktemp -d "${TMPDIR:-/tmp}/novillo-host-$host.XXXXXX")
pids=
finish()
{
	trap '' INT TERM HUP
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2>/dev/null || :
	wait
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The kernel prints only emergencies; words that begin with NOVILLO_ are for
# /init.
append="console=ttyS0,115200 panic=-1 loglevel=1 NOVILLO_HOST=$host \
NOVILLO_MODE=$mode NOVILLO_SECONDS=$NOVILLO_TEST_SECONDS"
# trace_eval_init names the trace points' values, which takes half of the rest
# of B's start.
append="$append initcall_blacklist=trace_eval_init ${NOVILLO_HOST_APPEND-}"

# Print a port of 127.0.0.1 on which nobody listens.
free_port()
{
	while :; do
		port=$((20000 + $(od -An -t u2 -N 2 /dev/urandom) % 12000))
		grep -qi ":$(printf %04x "$port") 0*:0000 " /proc/net/tcp ||
		    break
	done
	echo "$port"
}

tries=1
exec_port=
gdb_port=
if [ "$mode" = serve ]; then
	exec_port=$(free_port)
	gdb_port=$(free_port)
fi

# qemu OPTION...
qemu()
{
	nic=none
	[ "$mode" != serve ] || nic="user,model=e1000,restrict=on\
,hostfwd=tcp:127.0.0.1:$exec_port-10.0.2.15:1000\
,hostfwd=tcp:127.0.0.1:$gdb_port-10.0.2.15:1234"
	# shellcheck disable=SC2086
	exec timeout -k 5 $foreground "$limit" qemu-system-x86_64 "$@" \
	    -cpu EPYC-Milan,+svm,+npt -smp 1 -m 1G -nographic -no-reboot \
	    -nic "$nic" -kernel "$kernel/vmlinux" \
	    -initrd "$work/initrd" -append "$append"
}

# Debian's Bochs has only the display rfb, used with a timeout of 0, and a
# debugger, which gets one command: continue.  The first serial line is the
# terminal of script(1), because Bochs would write to a file in blocks.
#
# Bochs' TSC counts instructions, but CPUID leaf 0x15 says 3.5 GHz: without
# tsc_early_khz Linux's clock and timers run at a seventeenth.
bochs()
{
	memory=512
	mips=200
	"$here/disk.sh" "$work" "$kernel" "$memory" "$append nokaslr \
mitigations=off tsc=reliable clocksource=tsc tsc_early_khz=${mips}000 \
cryptomgr.notests"
	cat >"$work/bochsrc" <<-END
	cpu: model=corei7_skylake_x, count=1, ips=${mips}000000, reset_on_triple_fault=0
	memory: guest=$memory, host=$memory
	romimage: file=/usr/share/bochs/BIOS-bochs-latest
	vgaromimage: file=/usr/share/vgabios/vgabios.bin
	ata0-master: type=disk, path=$work/disk, mode=flat
	boot: disk
	com1: enabled=1, mode=term, dev=/dev/tty
	panic: action=fatal
	error: action=ignore
	info: action=ignore
	debug: action=ignore
	display_library: rfb, options="timeout=0"
	speaker: enabled=0
	log: $work/bochs.log
	END
	if [ "$mode" = serve ]; then
		# The host waits for peers: its clock must not run away.
		cat >>"$work/bochsrc" <<-END
		clock: sync=slowdown
		pci: enabled=1, chipset=i440fx, slot1=e1000
		e1000: enabled=1, mac=52:54:00:12:34:56, ethmod=slirp, script=$work/slirp
		END
		cat >"$work/slirp" <<-END
		# slirp config
		hostfwd = tcp:127.0.0.1:$exec_port-10.0.2.15:1000
		hostfwd = tcp:127.0.0.1:$gdb_port-10.0.2.15:1234
		END
	else
		echo "clock: sync=none" >>"$work/bochsrc"
	fi
	echo c >"$work/rc"
	cat >"$work/start" <<-END
	exec env -i PATH=$PATH HOME=$HOME TRY=$tries bochs -q \
	    -f $work/bochsrc -rc $work/rc >$work/bochs.out 2>&1
	END
	SHELL=/bin/sh exec timeout -k 5 "$limit" script -qfec "sh $work/start" /dev/null
}

start()
{
	case $host in
	A) qemu -accel tcg,thread=multi ;;
	Ai) qemu -accel tcg,thread=single -icount shift=0,sleep=off ;;
	B) bochs ;;
	esac
}

# start_behind FILE: the emulator in the background, with its console to FILE.
start_behind()
{
	start >"$1" 2>"$work/errors" </dev/null &
	pids=$!
}

complain()
{
	tail -n 5 "$work/errors" >&2
	[ ! -s "$work/bochs.out" ] || grep -A 1 'exiting with\|overflow' \
	    "$work/bochs.out" | tail -n 1 >&2
}

run_shell()
{
	foreground=--foreground limit=0
	(start)
}

run_tests()
{
	mkfifo "$work/console"
	start_behind "$work/console"
	# awk also runs in the background: a shell in wait handles signals at
	# once.
	busybox awk -v host="$host" -v tests="$*" \
	    -v all="${NOVILLO_HOST_VERBOSE:-0}" -f "$here/report.awk" \
	    "$work/console" &
	report=$!
	pids="$pids $report"
	status=0
	wait "$report" || status=$?
	[ "$status" -lt 2 ] || complain
	return "$status"
}

# make_novillo FILE: write a program that runs bin/novillo in the host.  It
# replaces a name of a file in the stage by the file's name in the host.
make_novillo()
{
	cat >"$1" <<-END
	#!/bin/sh
	for word; do
		set -- "\$@" "\${word#$stage/}"
		shift
	done
	exec sh "$here/in.sh" bin/novillo "\$@"
	END
	chmod 755 "$1"
}

# Does the host come up?  Not if the emulator ends before.
comes_up()
{
	: >"$work/console"
	rm -f "$work/disk.lock"
	start_behind "$work/console"
	until grep -q '^@@ up' "$work/console"; do
		sleep 0.2
		kill -0 "$pids" 2>/dev/null || return 1
	done
}

# With a network card Debian's Bochs aborts while it starts under environments of
# some sizes, by a buffer overflow that its C library finds: each try has
# another size.
run_with()
{
	until comes_up; do
		echo "run.sh: host $host did not come up" >&2
		complain
		tries=$tries-again
		[ "$tries" != 1-again-again-again ] || return 1
	done
	make_novillo "$work/novillo"
	NOVILLO=$work/novillo NOVILLO_HOST=$host NOVILLO_HOST_EXEC=$exec_port \
	    NOVILLO_HOST_GDB=$gdb_port "$@"
}

foreground=
kernel=$("$here/kernel.sh")
case $mode in
tests) sh "$here/initrd.sh" "$host" "$kernel" "$stage" "$@" ;;
*) sh "$here/initrd.sh" "$host" "$kernel" "$stage" ;;
esac >"$work/initrd"
case $mode in
shell) run_shell ;;
serve) run_with "$@" ;;
tests) run_tests "$@" ;;
esac
