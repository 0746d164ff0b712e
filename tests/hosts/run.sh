#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Boots a host with a stage and runs tests in it, all in one boot.  Prints
# their TAP, then `host A: N passed, N failed, N skipped`.
#
#	A	kvm-amd, in QEMU's TCG with nested SVM
#	Ai	the same, its clock counting instructions: for costs
#	B	kvm-intel, in Bochs with VMX
#
# usage: run.sh HOST STAGE TEST...	a test is a path below STAGE
#        run.sh A STAGE --shell		a shell in A, on this terminal

set -eu

here=$(cd "$(dirname "$0")" && pwd)
host=$1
stage=$2
shift 2

case $host in
A | Ai) limit=${NOVILLO_HOST_SECONDS:-600} ;;
B) limit=${NOVILLO_HOST_SECONDS:-1500} ;;
*)
	echo "run.sh: no host $host: there are A, Ai and B" >&2
	exit 2
	;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/novillo-host-$host.XXXXXX")
pid=
finish()
{
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || :
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

kernel=$("$here/kernel.sh")
append="console=ttyS0 panic=-1 quiet novillo_host=$host ${NOVILLO_HOST_APPEND-}"

qemu()
{
	exec qemu-system-x86_64 "$@" \
	    -cpu EPYC-Milan,+svm,+npt -smp 1 -m 1G -nographic -no-reboot \
	    -nic none -kernel "$kernel/vmlinuz" -initrd "$work/initrd.gz" \
	    -append "$append" 2>"$work/emulator.log"
}

start_A()
{
	qemu -accel tcg,thread=multi >"$work/serial" </dev/null
}

start_Ai()
{
	qemu -accel tcg,thread=single -icount shift=0,sleep=off \
	    >"$work/serial" </dev/null
}

# The Debian build of Bochs starts in its debugger, which gets one command.
start_B()
{
	lib=/usr/lib/syslinux/modules/bios
	mkdir "$work/iso"
	cp "$kernel/vmlinuz" "$work/initrd.gz" /usr/lib/ISOLINUX/isolinux.bin \
	    "$lib/ldlinux.c32" "$work/iso/"
	cat >"$work/iso/isolinux.cfg" <<-END
	DEFAULT b
	LABEL b
	 KERNEL vmlinuz
	 INITRD initrd.gz
	 APPEND $append nokaslr mitigations=off tsc=reliable clocksource=tsc lpj=4000000
	END
	xorriso -as mkisofs -quiet -o "$work/b.iso" -b isolinux.bin \
	    -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table \
	    "$work/iso" 2>"$work/emulator.log"
	cat >"$work/bochsrc" <<-END
	cpu: model=corei7_skylake_x, count=1, ips=200000000, reset_on_triple_fault=0
	memory: guest=512, host=512
	romimage: file=/usr/share/bochs/BIOS-bochs-latest
	vgaromimage: file=/usr/share/vgabios/vgabios.bin
	ata0-master: type=cdrom, path=$work/b.iso, status=inserted
	boot: cdrom
	com1: enabled=1, mode=file, dev=$work/serial
	panic: action=fatal
	error: action=ignore
	info: action=ignore
	debug: action=ignore
	display_library: rfb, options="timeout=0"
	clock: sync=none
	speaker: enabled=0
	log: $work/bochs.log
	END
	echo c >"$work/rc"
	cd "$work"
	exec bochs -q -f "$work/bochsrc" -rc "$work/rc" \
	    >"$work/emulator.log" 2>&1 </dev/null
}

need()
{
	command -v "$1" >/dev/null && return 0
	echo "host $host cannot be started: $1 is missing (install $2)" >&2
	exit 77
}

case $host in
B) need bochs bochs; need xorriso xorriso ;;
*) need qemu-system-x86_64 qemu-system-x86 ;;
esac

if [ "${1-}" = --shell ]; then
	"$here/initrd.sh" "$kernel" "$stage" "$work/initrd.gz"
	append="$append novillo_shell"
	qemu-system-x86_64 -accel tcg,thread=multi \
	    -cpu EPYC-Milan,+svm,+npt -smp 1 -m 1G -nographic -no-reboot \
	    -nic none -kernel "$kernel/vmlinuz" -initrd "$work/initrd.gz" \
	    -append "$append"
	exit
fi

"$here/initrd.sh" "$kernel" "$stage" "$work/initrd.gz" "$@"
: >"$work/serial"
"start_$host" &
pid=$!

# Bounded in time, whatever the emulator does.
waited=0
while kill -0 "$pid" 2>/dev/null && [ "$waited" -lt "$limit" ] &&
    ! grep -aq '^@@ done' "$work/serial"; do
	sleep 1
	waited=$((waited + 1))
done
kill -9 "$pid" 2>/dev/null || :
wait "$pid" 2>/dev/null || :
pid=

# What the console printed, as tests: a test is its TAP points, and a point
# more that fails if it died, timed out or told fewer than it planned.
tr -d '\r' <"$work/serial" | awk -v host="$host" -v wanted="$#" '
/^@@ up/ { up = 1 }
/^@@ begin / { test = $3; points = plan = 0; planned = 0; next }
/^@@ end / {
	ended++
	if ($3 != 0 || !planned || (points != plan && !skip_all)) {
		print "not ok - " $4 " (status " $3 ", " points " points of " \
		    plan " planned)"
		failed++
	}
	test = ""; skip_all = 0
	next
}
test == "" { next }
/^1\.\.[0-9]+/ {
	planned = 1
	plan = substr($1, 4) + 0
	if (plan == 0) { skipped++; skip_all = 1; print test ": " $0 }
	next
}
/^ok / { points++; if (/# SKIP/) { skipped++; print test ": " $0 } else passed++; next }
/^not ok / { points++; failed++; print test ": " $0; next }
/^#/ || /^Bail out/ { print test ": " $0; next }
END {
	if (!up) { print "not ok - host " host " did not come up"; failed++ }
	for (; ended < wanted; ended++) {
		print "not ok - a test was not finished"
		failed++
	}
	printf "host %s: %d passed, %d failed, %d skipped\n", host, passed, \
	    failed, skipped
	exit failed > 0
}' && exit 0

echo "--- the end of its console:"
tail -n 25 "$work/serial"
tail -n 5 "$work/emulator.log"
exit 1
