#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The layers of doc/architecture.md: includes and calls point one way.

. "${top_srcdir:-.}/tests/lib.sh"

[ -d "$top_srcdir/lib" ] || skip_all "no sources here"
built=$(cd "$top_builddir" && pwd)
cd "$top_srcdir" || exit 99

# Includes across folders below lib: "FROM TO FILE NAME".
includes=$(grep -H '^#include "[^"]*/' lib/*/*.[chS] lib/*/*/*.[chS] |
    sed -n 's,^lib/\(.*\)/\(.*\):#include "\(.*\)/\(.*\)".*,\1 \3 \2 \4,p' |
    awk '$1 != $2')
# References across folders of objects: functions and data that the linker finds
# in another folder.  Objects whose sources have been removed do not count.
objects=$(cd "$built" && find lib -name '*.o' | while read -r object; do
	for source in "$top_srcdir/${object%.o}".[cS]; do
		[ -f "$source" ] && echo "$object"
	done
done)
calls=$(cd "$built" && echo "$objects" | xargs nm -A -P -g 2>/dev/null | awk '
	{
		folder = $1
		sub(/^lib\//, "", folder)
		sub(/\/[^\/]*$/, "", folder)
	}
	$3 == "U" { from[++n] = folder; object[n] = $1; name[n] = $2 }
	$3 ~ /^[BCDGRSTVW]$/ { home[$2] = folder }
	END {
		for (i = 1; i <= n; i++)
			if (name[i] in home && home[name[i]] != from[i])
				print from[i], home[name[i]], object[i], name[i]
	}')
ok "$([ -n "$includes" ] && [ -n "$calls" ]; echo $?)" \
    "there are includes and objects to look at"

rules=

# stray FOLDER ALLOWED...: the input lines from FOLDER to a folder that is not
# ALLOWED.
stray()
{
	awk -v allowed="$*" '
	    BEGIN { n = split(allowed, a); for (i in a) good[a[i]] = 1 }
	    $1 == a[1] && !($2 in good)'
}

# may FOLDER ALLOWED...: FOLDER includes from and calls only ALLOWED.
may()
{
	is "$(echo "$includes" | stray "$@")" "" "$1 includes from $* alone"
	is "$(echo "$calls" | stray "$@")" "" "$1 calls $* alone"
	rules="$rules
$*"
}

may kvmcore
may image		abi
may json
may output
may record
may mem
may gdb
may sandbox
may hypercall/core	abi mem
may hypercall/trace	abi mem hypercall/core output
may hypercall/record	abi mem hypercall/core hypercall/signal record output
may hypercall/signal	abi mem hypercall/core
may hypercall/task	abi mem hypercall/core hypercall/signal
may hypercall/own	abi mem hypercall/core hypercall/signal hypercall/task
may hypercall/file	abi mem hypercall/core hypercall/signal hypercall/task \
    hypercall/own
may hypercall/net	abi mem hypercall/core hypercall/file
may hypercall/dispatch	abi mem hypercall/core hypercall/signal hypercall/task \
    hypercall/own hypercall/file hypercall/net
may vm			abi mem image kvmcore hypercall/core hypercall/signal \
    hypercall/trace hypercall/dispatch output
may debugger		abi mem image kvmcore gdb vm hypercall/core hypercall/trace \
    hypercall/file hypercall/net output

# Every folder has a rule, and the rules contain no cycle.
wrong=$(ls -d lib/*/ lib/*/*/ | sed 's,^lib/,,; s,/$,,' |
while read -r folder; do
	ls "lib/$folder"/*.[cS] >/dev/null 2>&1 || continue
	echo "$rules" | grep -q "^$folder\( \|$\)" || echo "$folder"
done)
is "$wrong" "" "each folder of lib says what it may include and call"
wrong=$(echo "$rules" | awk '{ for (i = 2; i <= NF; i++) print $1, $i }' |
    tsort 2>&1 >/dev/null)
is "$wrong" "" "no rules make a circle"

# Calls within lib/vm also point one way, except for one cycle: a stop makes a
# vCPU run, and the exit that ends the vCPU's run may be the next stop.
circle="debug exits preempt rest step"
inner=$(cd "$built" && echo "$objects" | grep '^lib/vm/' | xargs nm -P -g -A |
awk -v circle="$circle" '
	BEGIN { n = split(circle, a); for (i in a) member[a[i]] = 1 }
	{
		object = $1
		sub(/^lib\/vm\//, "", object)
		sub(/\.o.*$/, "", object)
		object = object in member ? "circle" : object
	}
	$3 == "U" { from[++calls] = object; name[calls] = $2 }
	$3 ~ /^[BCDGRSTVW]$/ { home[$2] = object }
	END {
		for (i = 1; i <= calls; i++)
			if (name[i] in home && home[name[i]] != from[i])
				print from[i], home[name[i]]
	}' | sort -u)
ok "$(echo "$inner" | grep -q '^hostthread circle$'; echo $?)" \
    "there are calls within lib/vm to look at"
wrong=$(echo "$inner" | tsort 2>&1 >/dev/null)
is "$wrong" "" "objects of lib/vm make no circle but $circle"

# A handler uses the path that file/path.c has resolved.
wrong=$(grep -l 'hc_tree_normalize\|gmem_string.*HC_PATH' lib/hypercall/*/*.c |
    grep -v '/core/tree\.c\|/file/path\.c\|/file/look\.c\|/own/own\.c')
is "$wrong" "" "no handler fetches or normalises a path itself"

# A call of the host's that may wait is one that a kick ends: hc_host_wait().  The
# text of novillo's own files is written to memory, the eventfd of a file of
# signals does not block, nor does that of a message queue, whose value is known,
# and looks at sockets and pipes have no time to wait.
wrong=$(for file in lib/hypercall/*/*.c; do
	tr -s '\n\t ' ' ' <"$file" | grep -oE "hc_host\( ?SYS_(accept4|\
clock_nanosleep|connect|copy_file_range|epoll_p?wait2?|flock|fsync|futex_waitv|\
nanosleep|poll|ppoll|read|readv|recvfrom|recvmsg|sendfile|sendmsg|sendto|splice|\
tee|write|writev)\b[^,]*,[^,]*" | sed "s,^,$file: ,"
done | grep -v '^lib/hypercall/own/text\.c: .*SYS_write, text->fd' |
    grep -v '^lib/hypercall/net/inflight\.c: .*SYS_ppoll, &p' |
    grep -v '^lib/hypercall/signal/signalcall\.c: .*SYS_poll, &p' |
    grep -v '^lib/hypercall/task/mqfile\.c: .*, event' |
    grep -v '^lib/hypercall/signal/signalfile\.c: .*, f->event')
is "$wrong" "" "no handler waits where no kick ends the wait"

# Options, configuration and start-up use vCPUs and a debugged machine only
# through functions of lib/vm and lib/debugger.
wrong=$(grep -n 'vcpu\|[>.]debug\.' bin/*.[ch])
is "$wrong" "" "no file in bin reaches into a vCPU or a debugged machine"

# Guests include standard headers and the ABI, by -I, and no header of the host.
wrong=$(grep -l '#include "\(vm\|mem\|kvmcore\|image\|hypercall\|gdb\|debugger\|sandbox\|json\|output\|record\)/' \
    guest/*/*.[chS] guest/include/*/*.h 2>/dev/null)
is "$wrong" "" "guest includes nothing of the host's"
wrong=$(grep -l '#include "' lib/abi/*.h | xargs grep -h '#include "' |
    grep -v '\.def"')
is "$wrong" "" "the ABI includes nothing but its own lists"
wrong=$(grep -l 'sys/socket\.h' lib/gdb/*.[ch] lib/vm/*.[ch] lib/mem/*.[ch] \
    lib/image/*.[ch] lib/kvmcore/*.[ch] lib/json/*.[ch] lib/debugger/*.[ch] |
    grep -v '^lib/debugger/connection\.c$')
is "$wrong" "" "only lib/hypercall and the debugger's connection know sockets"
wrong=$(grep -l 'linux/kvm\.h\|kvmcore\.h' lib/gdb/*.[ch] lib/hypercall/*/*.[ch] \
    lib/mem/*.[ch] lib/image/*.[ch] lib/sandbox/*.[ch] 2>/dev/null)
is "$wrong" "" "no library but kvmcore and vm knows KVM"

# Each file names its licence.
wrong=
for file in lib/*/*.[ch] lib/*/*/*.[ch] lib/*/*.def lib/*/*/*.def \
    bin/*.[ch] bin/*.def guest/*/*.[chS] \
    tests/*/*.[ch] tests/*.sh tests/*/*.sh; do
	[ -f "$file" ] || continue
	head -n 2 "$file" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' ||
		wrong="$wrong $file"
done
is "$wrong" "" "each file names its licence"

# A function fits a screen.
long=$(for file in lib/*/*.c lib/*/*/*.c bin/*.c guest/*/*.c tests/*/*.c; do
	awk -v file="$file" '
	    /^\{/ { start = NR }
	    /^\}/ { if (start && NR - start > 61)
			print file ":" start; start = 0 }' "$file"
done)
is "$long" "" "no function is longer than 60 lines"
done_testing
