#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Files that are not guests: each gets its own sentence and status 126 or 127.
# novillo checks files before it opens KVM, so this test runs everywhere.

. "${top_srcdir:-.}/tests/lib.sh"

make_scratch
"$top_builddir/tests/run/mkelf" "$scratch" >"$scratch/cases" || exit 99
tab=$(printf '\t')
while IFS=$tab read -r name sentence; do
	[ -n "$sentence" ] || continue
	try timeout 10 "$novillo" --check "$scratch/$name.elf"
	is "$status" 126 "$name.elf cannot run"
	has "$err" "$sentence" "$name.elf: the sentence says \"$sentence\""
done <"$scratch/cases"

# claim WHAT STATUS SENTENCE FILE
claim()
{
	try timeout 10 "$novillo" "$4"
	is "$status" "$2" "$1 ends with status $2"
	has "$err" "$3" "$1: the sentence says \"$3\""
}

claim "a missing file" 127 "No such file" "$scratch/missing"
claim "a file below a file" 127 "Not a directory" "$scratch/good.elf/x"
claim "a folder" 126 "is a folder" "$scratch"
mkfifo "$scratch/fifo"
claim "a FIFO" 126 "is a FIFO" "$scratch/fifo"
claim "a device" 126 "is a character device" /dev/null
claim "a name without end" 126 "File name too long" \
    "$(printf '%05000d' 0)"
if [ "$(id -u)" -ne 0 ]; then
	chmod 000 "$scratch/good.elf"
	claim "an unreadable file" 126 "Permission denied" "$scratch/good.elf"
fi

# A file cut short anywhere is refused, without a crash.
"$top_builddir/tests/run/mkelf" "$scratch" >/dev/null
crashes=
for bytes in 0 1 3 4 16 63 64 65 100 119 120 175 176 177 2048 4095 4096 6000; do
	head -c "$bytes" "$scratch/good.elf" >"$scratch/cut.elf"
	try timeout 10 "$novillo" --check "$scratch/cut.elf"
	[ "$status" -eq 126 ] || crashes="$crashes $bytes:$status"
done
is "$crashes" "" "a file cut short anywhere is refused"
done_testing
