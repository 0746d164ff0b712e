#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# clang-tidy, the analyzer of gcc, and cppcheck over lib and bin.  A finding is
# mended, or it stands in known.txt with its file, its check and the reason.
# Checks that are off as a whole are in .clang-tidy.
#
# usage: analyze.sh SRCDIR FLAGS OUT	FLAGS are the preprocessor's, as a shell
#					reads them; OUT is what a program prints
#
# A program that is not installed is named and left out.

cd "$1" || exit
flags="$2 -D_GNU_SOURCE -std=gnu11 -Ilib -Ibin"
jobs=$(getconf _NPROCESSORS_ONLN)
status=0

installed()
{
	command -v "$1" >/dev/null && return
	echo "$1 is not installed" >&2
	return 1
}

# each COMMAND: run COMMAND for every source, which is its $1.
each()
{
	find lib bin -name '*.c' | LC_ALL=C sort |
	    xargs -n 1 -P "$jobs" sh -c "$1" x 2>&1
}

# judge NAME: of the lines FILE:LINE:COLUMN: KIND: TEXT [CHECK], print those that
# are not known.
judge()
{
	LC_ALL=C awk -v name="$1" -v here="$PWD/" '
	    FNR == NR { if ($1 !~ /^#/) known[$1 " " $2] = 1; next }
	    !/^[^ :]+:[0-9]+:[0-9]+: (warning|error|style|[a-z]+): .*\]$/ {
		next
	    }
	    {
		file = $0
		sub(/:.*/, "", file)
		if (index(file, here) == 1)
			file = substr(file, length(here) + 1)
		check = $0
		sub(/\]$/, "", check)
		sub(/.*\[-?/, "", check)
		if (seen[$0]++)
			next
		if ((file " " check) in known) {
			passed++
			next
		}
		print
		found++
	    }
	    END {
		printf "%s: %d findings, and %d that are known\n", name, found,
		    passed
		exit found > 0
	    }' tests/analyze/known.txt - || status=1
}

if installed clang-tidy; then
	each "clang-tidy --quiet \"\$1\" -- $flags" >"$3"
	judge clang-tidy <"$3"
fi
if installed gcc; then
	each "gcc $flags -O2 -fanalyzer -fdiagnostics-plain-output \
-c -o /dev/null \"\$1\"" >"$3"
	judge "gcc -fanalyzer" <"$3"
fi
if installed cppcheck; then
	cppcheck -j "$jobs" --quiet --std=c11 \
	    --enable=warning,performance,portability \
	    --template='{file}:{line}:{column}: {severity}: {message} [{id}]' \
	    -D__x86_64__ -D_GNU_SOURCE -Ilib -Ibin lib bin >"$3" 2>&1
	judge cppcheck <"$3"
fi
exit "$status"
