#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# /proc, /dev and /sys for programs that were not written for novillo: they
# describe the guest, and nothing of the host.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch

busybox=/bin/busybox
"$novillo" --check "$busybox" >/dev/null 2>&1 || skip_all "no static busybox"

# guest APPLET...: run busybox's APPLET as a guest.
guest()
{
	try "$novillo" --allow=newfstatat "$busybox" "$@" </dev/null
}

# The default permissions and newfstatat are enough.
guest readlink /proc/self/exe
is "$out$err" "$busybox" "/proc/self/exe is the program, as it was called"
guest nproc
is "$out" "$(nproc)" "there are as many processors as novillo may use"
guest cat /proc/self/maps
has "$out" "[stack]" "maps has a stack"
has "$out" "$busybox" "and the program"
is "$(printf '%s\n' "$out" | grep -c novillo)" 0 "and nothing of novillo's"
is "$err" "" "without a word"
guest grep -c '^processor' /proc/cpuinfo
is "$out" "$(nproc)" "cpuinfo has them all"
guest sed -n 's/^MemTotal: *//p' /proc/meminfo
is "$out" "1048576 kB" "meminfo has the guest's memory"
try "$novillo" -m 256M "$busybox" free
has "$out" "Mem:         262144" "so has free"
try sh -c '"$1" "$2" tr "\0" " " </dev/null' sh "$novillo" "$busybox"
is "$status" 0 "standard input may be anything"
guest cat /proc/self/cmdline
is "$(tr '\0' ' ' <"$scratch/out")" "$busybox cat /proc/self/cmdline " \
    "cmdline is what was typed"
try "$novillo" -e A=1 -e B=2 --allow=newfstatat "$busybox" cat /proc/self/environ
is "$(tr '\0' ' ' <"$scratch/out")" "A=1 B=2 " "environ is what --env says"
guest head -c 4 /dev/zero
is "$(od -An -tx1 <"$scratch/out" | tr -d ' ')" 00000000 "/dev/zero has zeros"
guest sh -c 'echo lost >/dev/null; echo told >/dev/stderr; echo $?'
is "$out" 0 "a shell writes to /dev/null"
has "$err" told "and to /dev/stderr"
guest sh -c 'echo full >/dev/full'
has "$err" "No space left on device" "/dev/full is full"
guest wc -c /dev/null
is "$out" "0 /dev/null" "/dev/null is empty"
try sh -c 'echo piped | "$1" "$2" cat /dev/stdin' sh "$novillo" "$busybox"
is "$out" piped "/dev/stdin is standard input"
guest ls /proc/self/fd
is "$(echo $out)" "0 1 2 3" "/proc/self/fd has what is open, and no more"
guest ls -l /dev/null /dev/zero
has "$out" "1,   3" "devices have their numbers"
guest date +%Y
is "$err" "" "nobody misses /etc/localtime"
try "$novillo" "$busybox" ls /etc
has "$err" "is not allowed" "but no other file is opened"

if command -v script >/dev/null 2>&1; then
	try script -qec "$novillo $busybox tty" /dev/null </dev/null
	has "$out" "/dev/tty" "a terminal has a name"
	try script -qec "$novillo $busybox sh -c 'echo told >/dev/tty'" \
	    /dev/null </dev/null
	has "$out" "told" "by which it can be written to"
else
	skip "no script(1) here"
fi
guest sh -c ': >/dev/tty'
has "$err" "No such device" "where there is none it is not"

# With all calls allowed the host's files are not there either.
mkdir "$scratch/root" "$scratch/root/proc" "$scratch/root/proc/1"
echo secret >"$scratch/root/proc/1/mem"
all()
{
	try "$novillo" --allow=@all --root="$scratch/root" "$busybox" "$@"
}
for name in /proc/self/mem /proc/1/mem /proc/self/../1/mem \
    /proc/self/root/proc/1/mem /proc/self/cwd/../proc/1/mem /dev/kvm \
    /proc/kcore /proc/self/map_files /proc/sys/kernel/modprobe \
    /proc/self/fd/7 /proc/sysrq-trigger /proc/2/maps; do
	all cat $name
	has "$err" "No such file" "$name is not there"
done
all rm -f /dev/null
has "$err" "Operation not permitted" "nothing is removed from /dev"
all mv /proc/version /x
has "$err" "Operation not permitted" "nor moved out of /proc"
all chmod 0 /dev/null
has "$err" "Operation not permitted" "nor its mode changed"
[ -c /dev/null ] && [ -w /dev/null ]
ok $? "the host's is as it was"
all mkdir /proc/x
has "$err" "No such file" "nothing is made there"
all ln -s /etc /proc/self/x
has "$err" "No such file" "in no way"
all sh -c 'echo 1 >/proc/sys/vm/overcommit_memory'
has "$err" "Permission denied" "nor written"
echo visible >"$scratch/root/file"
all cat /proc/self/root/file /proc/self/cwd/file
is "$out" "visible
visible" "links of /proc lead to the guest's files"
ln -s /proc/self/mem "$scratch/root/link"
all cat /link
has "$err" "No such file" "and those of a volume into the volume alone"
all sh -c 'exec 5</file; read line </proc/self/fd/5; echo $line'
is "$out" visible "an open file is found by its descriptor"
all sh -c 'cd /proc/self/task && pwd && echo *'
is "$out" "/proc/self/task
1" "folders are entered and listed"
try "$novillo" --allow=@all --root="$scratch/root" \
    --volume="$scratch/root:/proc:ro" "$busybox" cat /proc/file
is "$out" visible "a volume in the place of /proc is what the user wants"
try "$novillo" --volume="$scratch/root:/w:ro" "$busybox" cat /proc/mounts
has "$out" "novillo / tmpfs ro 0 0
novillo /w novillo ro 0 0" "without a root mounts has the one made up"
try "$novillo" --allow=-@own "$busybox" cat /proc/version
has "$err" "openat is not allowed" "--allow=-@own takes them away"
try "$novillo" --allow=@all "$busybox" top -b -n1
has "$out" "$busybox top" "top runs"

# The filter of a strict sandbox allows the calls that these files need.
try "$novillo" --sandbox=strict "$guests/hello.elf"
if [ "$status" -eq 0 ]; then
	least=-@all,@own,@memory,read,write,close,exit_group,arch_prctl
	try "$novillo" --sandbox=strict "--allow=$least" "$busybox" head -n 1 \
	    /proc/self/auxv /proc/self/cmdline /proc/self/comm \
	    /proc/self/environ /proc/self/limits /proc/self/maps \
	    /proc/self/mounts /proc/self/stat /proc/self/statm \
	    /proc/self/status /proc/thread-self/comm /proc/cpuinfo \
	    /proc/loadavg /proc/meminfo /proc/stat /proc/uptime /proc/version \
	    /proc/sys/kernel/hostname /proc/sys/vm/overcommit_memory \
	    /sys/devices/system/cpu/online /dev/null /dev/stdin </dev/null
	is "$status" 0 "the filter allows what the answers need"
	has "$out" "MemTotal:" "and it is answered"
	try "$novillo" --sandbox=strict "--allow=$least" "$busybox" \
	    ls -lR /proc /dev /sys
	has "$out" "exe -> $busybox" "folders and links as well"
	try "$novillo" --timeout=60 --sandbox=strict \
	    --allow=pipe,unlink,chmod "$guests/t_proc.elf"
	is "$status" 0 "for all of it"
else
	skip "no strict sandbox here"
fi
done_testing
