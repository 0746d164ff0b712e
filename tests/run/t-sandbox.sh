#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# novillo confined: the rights that a running novillo keeps, seen from outside.
# The end of a guest and the debugger work as without confinement.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch

# wait_for COMMAND...: repeat COMMAND until it succeeds, for six seconds.
wait_for()
{
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 \
	    21 22 23 24 25 26 27 28 29 30; do
		"$@" && return 0
		sleep 0.2
	done
	return 1
}

try "$novillo" --sandbox=strict --stats "$guests/hello.elf" you
case $err in
*"novillo: --sandbox=strict: "*)
	is "$status" 125 "where a piece is missing, strict ends with 125"
	strict=best-effort
	;;
*)
	is "$status" 0 "strict works here"
	has "$err" "Landlock ABI" "with Landlock"
	has "$err" "seccomp filter" "and a seccomp filter"
	has "$err" "no capabilities" "and without capabilities"
	strict=strict
	;;
esac
try "$novillo" --sandbox=best-effort "$guests/hello.elf" you
is "$out$err" "Hello, you!" "best effort runs a guest and says nothing of it"
try "$novillo" --sandbox=none --stats "$guests/hello.elf" you
case $err in
*Landlock* | *seccomp*) ok 1 "none is none" ;;
*) ok 0 "none is none" ;;
esac
try "$novillo" --probe
has "$out" "Landlock  " "--probe reports Landlock"
for way in 'gate by ' 'breakpoints arrive' 'single steps arrive'; do
	printf '%s\n' "$out" | grep "^$way" | grep -q -v -e ' no$' -e ' not at all$'
	ok $? "--probe finds a way: $way"
done
has "$out" "seccomp filters  " "seccomp"
has "$out" "user namespaces  " "namespaces"
has "$out" "capabilities  " "capabilities"
has "$out" "openat2  " "and openat2"

# run OPTION... GUEST: start novillo in the background and wait until its guest
# runs; set $pid.
run()
{
	"$novillo" "--sandbox=$strict" "$@" 9</dev/null \
	    >"$scratch/out" 2>"$scratch/err" &
	pid=$!
	# Confinement is the last step before the guest.
	wait_for grep -q '^Seccomp:[[:space:]]*2' "/proc/$pid/status"
}

# of_threads NAME: the values of NAME in the status of $pid's threads.
of_threads()
{
	cat /proc/"$pid"/task/*/status | sed -n "s/^$1:[[:space:]]*//p" | sort -u
}

# The sets of capabilities of $pid's threads, but the bounding set: with
# no_new_privs it gives nothing.
capabilities()
{
	for set in CapInh CapPrm CapEff CapAmb; do
		of_threads $set
	done | sort -u | tr '\n' ' '
}

# child_of PROCESS: its only child.
child_of()
{
	for stat in /proc/[0-9]*/stat; do
		read -r number name state parent rest 2>/dev/null <"$stat" ||
		    continue
		[ "$parent" != "$1" ] || echo "$number"
	done
}

has_worker()
{
	[ -n "$(child_of "$1")" ]
}

has_threads()
{
	[ "$(ls "/proc/$pid/task" | wc -l)" -ge 2 ]
}

none="0000000000000000 "

# The descriptors of $pid, except the devices that a guest may open.
descriptors()
{
	for fd in /proc/"$pid"/fd/*; do
		[ "${fd##*/}" -gt 2 ] && readlink "$fd"
	done | sed 's/:[0-9]*$//; s/:\[[0-9]*\]$//; s/.*\///' |
	    grep -v -x -e full -e null -e random -e urandom -e zero |
	    sort | tr '\n' ' '
}

# A guest without threads and without calls for memory needs only the vCPU of
# KVM.
bare=--allow=-clone,-clone3,-brk,-mmap,-mremap,-shmat

if [ "$strict" = strict ]; then
	run --memory=64M "$bare" "$guests/sleep.elf" 100
	is "$(of_threads Seccomp)" 2 "every thread has the filter"
	is "$(of_threads NoNewPrivs)" 1 "and cannot gain privileges"
	is "$(capabilities)" "$none" "nobody keeps a capability, nor does root"
	is "$(sed -n 's/^Max core file size *\([0-9]*\) *\([0-9]*\).*/\1 \2/p' \
	    "/proc/$pid/limits")" "0 0" "it leaves no core of its own"
	is "$(descriptors)" "anon_inode:kvm-vcpu sleep.elf " \
	    "its descriptors are its vCPU and its image, none inherited"

	is "$(for fd in /proc/"$pid"/fd/*; do readlink "$fd"; done |
	    grep -c -x -e /dev/full -e /dev/random -e /dev/urandom \
		-e /dev/zero)" "$(ls /dev/full /dev/random /dev/urandom \
	    /dev/zero 2>/dev/null | wc -l | tr -d ' ')" \
	    "and the devices that its guest may open, once"

	# Guest RAM is the largest private mapping that is not larger than RAM
	# can be.
	awk '/^[0-9a-f]*-[0-9a-f]* / { line = $0; before = perms; perms = $2 }
	    /^Rss:/ { next }
	    /^Size:/ { size = $2; if (size > most && size <= 34 * 1048576) {
		if (perms == "rw-p") { most = size; guard = before; wait = 1 }
	    } }
	    /^VmFlags:/ && wait { flags = $0; wait = 0 }
	    END { print most, guard; print flags }' \
	    "/proc/$pid/smaps" >"$scratch/ram"
	ram=$(head -n 1 "$scratch/ram")
	[ "${ram%% *}" -gt 16384 ]
	ok $? "guest memory can be found: ${ram%% *} KiB"
	case $(tail -n 1 "$scratch/ram") in
	*" dd"*) ok 0 "it is in no core of ours" ;;
	*) ok 1 "it is in no core of ours" ;;
	esac
	awk '$2 ~ /x/ && $6 !~ /novillo$|\.so|^\[v/' "/proc/$pid/maps" \
	    >"$scratch/executable"
	is "$(cat "$scratch/executable")" "" \
	    "nothing is executable but novillo, its libraries and the vDSO"
	is "$(awk '$2 ~ /wx/' "/proc/$pid/maps")" "" \
	    "and nothing is writable and executable"
	is "$(awk '/^AnonHugePages:/ { n += $2 } END { print n + 0 }' \
	    "/proc/$pid/smaps")" 0 \
	    "no page of it is large, which a start would clear whole"
	# RAM lies between two guards, without a gap.
	around=$(awk '{ split($1, a, "-"); print a[1], a[2], $2 }' \
	    "/proc/$pid/maps" | while read -r from to perms; do
		[ "$from" = "$last" ] || first=
		[ "$perms" = ---p ] && [ -n "$first" ] &&
		    echo $(((0x$from - 0x$first) >> 20)) $(((0x$to - 0x$from) >> 21))
		[ "$perms" = ---p ] && first=$to
		last=$to
	done | awk '$1 >= 64 && $2 >= 1')
	[ -n "$around" ]
	ok $? "2 MiB that nobody can touch lie on either side of it: $around"
	kill "$pid"
	wait "$pid" 2>/dev/null

	# With a debugger novillo has a front, and a worker that has more threads
	# and more descriptors.
	run --gdb="unix:$scratch/sock" "$bare" \
	    "$guests/hello.elf"
	wait_for test -S "$scratch/sock"
	front=$pid
	wait_for has_worker "$front"
	pid=$(child_of "$front")
	wait_for has_threads
	is "$(of_threads Seccomp)" 2 "a debugger's threads have the filter too"
	is "$(of_threads Seccomp_filters | grep -v '^2$')" "" \
	    "of which the worker has one more than the front"
	is "$(of_threads NoNewPrivs)" 1 "and gain no privileges"
	[ "$(id -u)" -ne 0 ] ||
	    is "$(capabilities)" "$none" "nor have they capabilities"
	is "$(descriptors)" \
	    "anon_inode:[eventfd] anon_inode:kvm-vcpu hello.elf kvm socket \
socket " "it has the line, the front, KVM for the probe, and no VM"
	worker=$pid pid=$front
	is "$(of_threads Seccomp) $(of_threads NoNewPrivs)" "2 1" \
	    "the front is confined"
	[ "$(id -u)" -ne 0 ] ||
	    is "$(capabilities)" "$none" "and has no capabilities"
	is "$(descriptors)" "anon_inode:[signalfd] hello.elf kvm proc socket \
socket " "it has the line, the worker, KVM for the next one, and no vCPU"
	kill "$pid"
	wait "$pid" 2>/dev/null
	[ ! -e "/proc/$worker" ]
	ok $? "the worker ends with it"
	rm -f "$scratch/sock"

	# A capability that an option needs stays, as root's for low ports.
	if [ "$(id -u)" -eq 0 ]; then
		run --allow=bind "$bare" "$guests/sleep.elf" 100
		is "$(of_threads CapPrm) $(of_threads CapEff)" \
		    "0000000000000400 0000000000000400" \
		    "a guest that may bind has CAP_NET_BIND_SERVICE"
		kill "$pid"
		wait "$pid" 2>/dev/null
		nobody=65534
		cp "$guests/sleep.elf" "$scratch" && chmod 755 "$scratch"
		cp "$novillo" "$scratch/novillo"
		(
			cd / && exec setpriv --reuid=$nobody --regid=$nobody \
			    --clear-groups --inh-caps=+dac_override \
			    --ambient-caps=+dac_override "$scratch/novillo" \
			    --sandbox=strict --stats "$bare" \
			    "$scratch/sleep.elf" 100
		) 9</dev/null >"$scratch/out" 2>"$scratch/err" &
		pid=$!
		if command -v setpriv >/dev/null 2>&1 &&
		    wait_for grep -q '^Seccomp:[[:space:]]*2' \
			"/proc/$pid/status"; then
			is "$(capabilities)" "$none" \
			    "nor does a user keep an ambient capability"
		else
			skip "no setpriv, or no KVM for users"
		fi
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	fi
else
	skip "what a confined novillo has left: $err"
fi

# The end of a guest, with its reports and its core.
try "$novillo" "--sandbox=$strict" --core="$scratch/core" --stats --trace \
    -o "$scratch/told" "$guests/fault_text.elf"
is "$status" 139 "a fault is a fault"
has "$err" "at guest/checks/fault_text.c:" "reported with its line"
has "$err" "core written" "and a core is written"
[ -s "$scratch/core" ]
ok $? "to its file"
has "$(cat "$scratch/told")" "KVM_RUN" "counts go to their file"
try "$novillo" "--sandbox=$strict" --core="$scratch/core" \
    "$guests/fault_text.elf"
has "$err" "core written" "an old core is replaced"
try "$novillo" "--sandbox=$strict" --core="$scratch/no/where" \
    "$guests/fault_text.elf"
has "$err" "No such file or directory" "a missing folder is reported"
try "$novillo" "--sandbox=$strict" --trace -o "$scratch/told" \
    "$guests/hello.elf" you
has "$(cat "$scratch/told")" 'write(1, "Hello, you!\n", 12) = 12' \
    "a trace goes to its file"
try timeout 60 "$novillo" "--sandbox=$strict" --timeout=0.3 \
    "$guests/sleep.elf" 100
is "$status" 124 "a timeout ends a guest that sleeps"
try timeout 60 "$novillo" "--sandbox=$strict" --timeout=0.3 "$guests/spin.elf" \
    1000000000
is "$status" 124 "and one that calls and calls"
try "$novillo" "--sandbox=$strict" "$guests/t_memory.elf"
is "$status" 0 "guests use memory as they did"


# A guest has the files of its volumes, with their rights.
mkdir "$scratch/given"
try timeout 100 "$novillo" "--sandbox=$strict" --allow=@all \
    --root="$scratch/given" "$guests/t_file.elf"
is "$status" 0 "guests use files as they did"
if [ "$strict" = strict ]; then
	run --volume="$scratch/given:/data:ro" --allow=@file "$bare" \
	    "$guests/sleep.elf" 100
	is "$(descriptors)" "anon_inode:kvm-vcpu fd given given sleep.elf " \
	    "beside its image novillo has the folders of its guest"
	kill "$pid"
	wait "$pid" 2>/dev/null
fi

# Hosts that lack a call: older kernels (38 is ENOSYS), and hosts on which
# another sandbox forbids the call (1 is EPERM).
without=$top_builddir/tests/run/without
[ -x "$without" ] || skip "nothing to take calls away with was built"

# --sandbox=strict refuses what its host lacks, after the files were opened.
for debug in $([ -x "$without" ] && echo --stats --gdb=); do
	rm -f "$scratch/new" "$scratch/socket"
	echo "it was there" >"$scratch/old"
	case $debug in --gdb=) debug=--gdb=unix:$scratch/socket ;; esac
	try timeout 100 "$without" landlock_create_ruleset 38 "$novillo" \
	    --sandbox=strict "$debug" --record="$scratch/old" \
	    --trace-out="$scratch/new" "$guests/hello.elf"
	is "$status" 125 "strict needs Landlock, with $debug"
	is "$(cat "$scratch/old")" "it was there" "a file stays as it was"
	[ ! -e "$scratch/new" ] && [ ! -e "$scratch/socket" ]
	ok $? "and no new one is left"
done

# A file that cannot be emptied (5 is EIO) stays as it was.
if [ -x "$without" ]; then
	echo "it was there" >"$scratch/old"
	chmod 640 "$scratch/old"
	try timeout 100 "$without" ftruncate 5 "$novillo" \
	    --record="$scratch/old" "$guests/hello.elf"
	is "$status" 125 "a recording needs an empty file"
	is "$(ls -l "$scratch/old" | cut -c 1-10) $(cat "$scratch/old")" \
	    "-rw-r----- it was there" "and another stays as it was"
	try "$novillo" --record="$scratch/old" "$guests/hello.elf"
	is "$status $(ls -l "$scratch/old" | cut -c 1-10)" "0 -rw-------" \
	    "its recording is its owner's only"
fi

for error in $([ -x "$without" ] && echo 38 1); do
	for test in t_file t_hostile; do
		try timeout 100 "$without" openat2 $error "$novillo" \
		    "--sandbox=$strict" --allow=@all --memory=64M \
		    --root="$scratch/given" "$guests/$test.elf"
		is "$status" 0 "$test is the same without openat2 ($error)"
	done
	try "$without" openat2 $error "$novillo" --probe
	has "$out" "openat2                no" "--probe knows ($error)"
	for call in landlock_create_ruleset close_range; do
		try "$without" $call $error "$novillo" --sandbox=strict \
		    "$guests/hello.elf"
		is "$status" 125 "strict does not run without $call ($error)"
		has "$err" "novillo: --sandbox=strict: " "and says why"
		try "$without" $call $error "$novillo" \
		    --sandbox=best-effort "$guests/hello.elf"
		is "$out$err" "Hello, world!" "best effort does"
	done
done

# A service manager's filter forbids the signal by which threads end, also that
# of musl.
lonely()
{
	try timeout -k 5 60 "$without" tgkill 1 "$without" tkill 1 \
	    "$novillo" "$@"
}
if [ -x "$without" ]; then
	lonely --timeout=1 "$guests/sleep.elf" 100
	is "$status" 125 "without tgkill no guest with threads runs"
	has "$err" "forbids signals between its threads (tgkill: " \
	    "and novillo says why"
	lonely --gdb="unix:$scratch/line" "$guests/hello.elf"
	is "$status" 125 "nor one with a debugger"
	lonely --timeout=0.3 --allow=-clone,-clone3 "$guests/sleep.elf" 100
	is "$status" 124 "and one without threads runs and ends"
fi

# Another PID namespace.
case $("$novillo" --probe) in
*"user namespaces        yes"*)
	try "$novillo" "--sandbox=$strict" --new-pid "$guests/status.elf" 7
	is "$status" 7 "--new-pid hands the status on"
	try "$novillo" "--sandbox=$strict" --new-pid "$guests/fault_null.elf"
	is "$status" 139 "and that of a fault"
	try timeout 60 "$novillo" "--sandbox=$strict" --new-pid --timeout=0.3 \
	    "$guests/sleep.elf" 100
	is "$status" 124 "and that of a timeout"
	"$novillo" "--sandbox=$strict" --new-pid "$guests/sleep.elf" 100 &
	pid=$!
	wait_for grep -q . "/proc/$pid/task/$pid/children"
	child=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
	is "$(sed -n 's/^NSpid:.*[[:space:]]//p' "/proc/$child/status")" 1 \
	    "the process that runs the guest is process 1"
	if [ "$strict" = strict ]; then
		wait_for grep -q '^Seccomp:[[:space:]]*2' "/proc/$pid/status"
		is "$(of_threads Seccomp) $(of_threads NoNewPrivs)" "2 1" \
		    "the process that waits for it is confined too"
		is "$(capabilities)" "$none" "without capabilities"
		is "$(descriptors)" "" "and without descriptors"
	fi
	kill "$pid"
	wait "$pid" 2>/dev/null
	gone()
	{
		! kill -0 "$child" 2>/dev/null
	}
	wait_for gone
	ok $? "and ends with the process that waits for it"

	# No files but the guest's.  pivot_root cannot leave an initramfs, so
	# it is the last step there.
	last=umount2
	try "$novillo" --new-mount "$guests/hello.elf"
	case $err in
	*"pivot_root: Invalid argument"*)
		last=
		skip "the root is an initramfs"
		;;
	*"mount: Operation not permitted"*) skip "a container forbids it" ;;
	*)
		is "$out$err" "Hello, world!" "--new-mount runs guests"
		for more in "" --new-pid; do
			run --new-mount $more --volume="$scratch/given:/data" \
			    --allow=@file,@net "$guests/sleep.elf" 100
			child=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
			# The process that waits may be confined before it.
			wait_for grep -q '^Seccomp:[[:space:]]*2' \
			    "/proc/${child:-$pid}/status"
			is "$(cd "/proc/${child:-$pid}/root" && find . -maxdepth 3)" \
			    "$(printf '%s\n' . ./proc ./proc/self ./proc/self/fd)" \
			    "there is an empty folder and nothing else $more"
			is "$(sed -n 's/^CapEff:[[:space:]]*//p' \
			    "/proc/${child:-$pid}/status")" 0000000000000000 \
			    "and no power over it $more"
			kill "$pid"
			wait "$pid" 2>/dev/null
			for test in t_file t_net; do
				try timeout 100 "$novillo" \
				    "--sandbox=$strict" --new-mount $more \
				    --allow=@all --root="$scratch/given" \
				    "$guests/$test.elf"
				is "$status" 0 "$test is the same there $more"
			done
		done
		try "$novillo" --new-mount --stats -o "$scratch/told" \
		    "$guests/fault_text.elf"
		has "$err" "at guest/checks/fault_text.c:" "faults are reported"
		has "$(cat "$scratch/told")" "KVM_RUN" "and counts go to a file"
		;;
	esac
	# A container may refuse any of the steps.
	for call in $([ -x "$without" ] &&
	    echo unshare mount mkdir pivot_root $last); do
		try "$without" $call 1 "$novillo" --new-mount \
		    "$guests/hello.elf"
		is "$status$out $err" \
		    "125 novillo: namespaces: $call: Operation not permitted" \
		    "without $call --new-mount fails and says why"
	done
	for call in $([ -x "$without" ] && echo unshare mount); do
		try "$without" $call 1 "$novillo" --new-pid "$guests/hello.elf"
		is "$status$out $err" \
		    "125 novillo: namespaces: $call: Operation not permitted" \
		    "so does --new-pid"
	done
	try "$novillo" --new-mount --core="$scratch/core" "$guests/hello.elf"
	is "$status $err" "125 novillo: --new-mount and --core exclude each other" \
	    "a core would have no place there"
	try "$novillo" --new-mount --gdb="unix:$scratch/sock" \
	    "$guests/hello.elf"
	is "$status $err" \
	    "125 novillo: --new-mount and --gdb=unix: exclude each other" \
	    "nor would the debugger's socket"
	;;
*)
	try "$novillo" --new-mount "$guests/status.elf" 7
	is "$status" 125 "without namespaces --new-mount fails"
	try "$novillo" --new-pid "$guests/status.elf" 7
	is "$status" 125 "without namespaces --new-pid fails"
	;;
esac

command -v gdb >/dev/null 2>&1 || { skip "no gdb here"; done_testing; }
export DEBUGINFOD_URLS=''

# gdb makes novillo call a system call that the filter refuses.
if [ "$strict" = strict ]; then
	run "$guests/sleep.elf" 100
	timeout 60 gdb -nx -batch -p "$pid" -ex 'handle SIGSYS nostop pass' \
	    -ex 'print ((int (*)(void))getppid)()' >"$scratch/answer" 2>&1
	gdb=$(cat "$scratch/answer")
	case $gdb in
	*SIGSYS*)
		kill -CONT "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		is $? 159 "a call that its filter refuses ends novillo"
		has "$(cat "$scratch/err")" \
		    "does not allow the system call getppid (110)" \
		    "and it says which"
		;;
	*)
		skip "gdb cannot make novillo call: $gdb"
		kill "$pid"
		wait "$pid" 2>/dev/null
		;;
	esac
fi

# A whole session on a socket; then a session with a guest that faults.
"$novillo" "--sandbox=$strict" --gdb="unix:$scratch/sock" \
    "$guests/hello.elf" you >"$scratch/out" 2>"$scratch/err" &
pid=$!
wait_for test -S "$scratch/sock"
answer=$(gdb_batch 60 -ex "target remote $scratch/sock" -ex 'watch environ' -ex continue \
    -ex 'break main' -ex continue -ex 'stepi 20' -ex 'info threads' \
    -ex 'print $mxcsr' -ex 'set $rbx_was = $rbx' -ex 'set var $rbx = 77' \
    -ex 'print $rbx' -ex 'set var $rbx = $rbx_was' \
    -ex 'info auxv' -ex detach 2>&1)
has "$answer" "Hardware watchpoint 1: environ" "gdb watches a confined guest"
has "$answer" "New value = " "which is hit"
has "$answer" "Breakpoint 2, main" "breaks by symbols"
has "$answer" 'Thread 1.1 "main"' "steps"
has "$answer" "= 77" "changes registers"
has "$answer" "AT_ENTRY" "has the auxiliary vector"
has "$answer" "detached" "and leaves"
wait "$pid"
is $? 0 "the guest runs on to its end"
is "$(cat "$scratch/out")" "Hello, you!" "and says what it has to say"
[ ! -e "$scratch/sock" ]
ok $? "and the socket is gone with it"

"$novillo" "--sandbox=$strict" --gdb="unix:$scratch/sock" --core="$scratch/c2" \
    "$guests/fault_text.elf" >"$scratch/out" 2>"$scratch/err" &
pid=$!
wait_for test -S "$scratch/sock"
answer=$(gdb_batch 60 -ex "target remote $scratch/sock" \
    -ex continue -ex backtrace -ex 'print $_siginfo.si_signo' \
    -ex continue 2>&1)
has "$answer" "received signal SIGSEGV" "a fault stops it before its debugger"
has "$answer" "in main ()" "with its callers"
has "$answer" "terminated with signal SIGSEGV" "passed on, it ends it"
wait "$pid"
is $? 139 "with its status"
[ -s "$scratch/c2" ]
ok $? "and its core"
done_testing
