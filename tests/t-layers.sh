#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The layers of doc/architecture.md: includes point one way.

. "${top_srcdir:-.}/tests/lib.sh"

[ -d "$top_srcdir/lib" ] || skip_all "no sources here"
cd "$top_srcdir" || exit 99

# may FOLDER ALLOWED...: files below FOLDER include ours from ALLOWED only.
may()
{
	folder=$1
	shift
	wrong=$(
		for file in "$folder"/*.[chS]; do
			[ -f "$file" ] || continue
			sed -n 's/^#include "\([^"]*\)".*/\1/p' "$file" |
			while read -r header; do
				good=
				for prefix in "$@"; do
					case $header in
					"$prefix"/*) good=1 ;;
					esac
				done
				[ -n "$good" ] || echo "$file: $header"
			done
		done
	)
	is "$wrong" "" "$folder includes from $* alone"
}

may lib/kvmcore kvmcore
may lib/image image
may lib/mem mem
may lib/hypercall hypercall mem abi
may lib/vm vm hypercall mem image kvmcore abi
may lib/gdb gdb
may lib/sandbox sandbox

# Guests include standard names and the ABI, by -I, and nothing of the host's.
wrong=$(grep -l '#include "\(vm\|mem\|kvmcore\|image\|hypercall\|gdb\|sandbox\)/' \
    guest/*.[chS] guest/include/*.h guest/include/sys/*.h 2>/dev/null)
is "$wrong" "" "guest includes nothing of the host's"
wrong=$(grep -l '#include "' lib/abi/*.h | xargs grep -h '#include "' |
    grep -v '\.def"')
is "$wrong" "" "the ABI includes nothing but its own lists"
wrong=$(grep -l 'sys/socket\.h' lib/gdb/*.[ch] lib/vm/*.[ch] lib/mem/*.[ch] \
    lib/image/*.[ch] lib/kvmcore/*.[ch])
is "$wrong" "" "no library but lib/hypercall knows sockets"
wrong=$(grep -l 'linux/kvm\.h\|kvmcore\.h' lib/gdb/*.[ch] lib/hypercall/*.[ch] \
    lib/mem/*.[ch] lib/image/*.[ch] lib/sandbox/*.[ch] 2>/dev/null)
is "$wrong" "" "no library but kvmcore and vm knows KVM"

# Each file says what it is and under which licence.
wrong=
for file in lib/*/*.[ch] lib/*/*.def bin/*.[ch] bin/*.def guest/*.[chS] \
    tests/*.[ch] tests/*.sh; do
	[ -f "$file" ] || continue
	head -n 2 "$file" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' ||
		wrong="$wrong $file"
done
is "$wrong" "" "each file names its licence"

# A function fits a screen.
long=$(for file in lib/*/*.c bin/*.c guest/*.c tests/*.c; do
	awk -v file="$file" '
	    /^\{/ { start = NR }
	    /^\}/ { if (start && NR - start > 61)
			print file ":" start; start = 0 }' "$file"
done)
is "$long" "" "no function is longer than 60 lines"
done_testing
