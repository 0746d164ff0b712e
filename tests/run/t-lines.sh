#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Where novillo's own lines, traces and counts go, and in which form.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch
file=$scratch/lines
text=$guests/hello.elf

# run OPTION...: run novillo in strict confinement.
run()
{
	try timeout 60 "$novillo" --sandbox=strict "$@"
}

run --stats --json "$text"
is "$status$(printf '%s\n' "$err" | grep -c '')" 01 "--stats --json is one line"
has "$err" '{"stats": {"ioctl": {"KVM_RUN": ' "an object"
has "$err" '"hypercall": {"write": ' "of objects"
is "$(printf '%s\n' "$err" | grep -o '"[a-z]*": {' | sort | uniq -d)" "" \
    "no kind of which occurs twice"
is "$(printf '%s' "$err" | tail -c 3)" "}}}" "which ends"
if command -v python3 >/dev/null 2>&1; then
	printf '%s\n' "$err" | python3 -m json.tool >"$scratch/json"
	ok $? "it is JSON"
fi
run --trace-summary --json "$text"
has "$err" '{"trace-summary": [{"call": "' "so is --trace-summary --json"
has "$err" '{"call": "write", "calls": 1, "errors": 0, "seconds": ' \
    "with the columns of the table"
is "$(printf '%s\n' "$err" | grep -c '')$(printf '%s' "$err" | tail -c 2)" \
    "1]}" "in one line"

echo before >"$file"
run --trace=exit_group -o "+$file" "$text"
run --trace=exit_group -o "+$file" "$text"
is "$(cat "$file")" "before
exit_group(0) = ?
+++ exited with 0 +++
exit_group(0) = ?
+++ exited with 0 +++" "-o +FILE appends"
run --trace=exit_group -o "$file" "$text"
is "$(grep -c '' "$file")" 2 "-o FILE truncates"
run --stats -o "+$scratch/no/file" "$text"
has "$err" "novillo: --output=$scratch/no/file: No such file" "its fault has its name"

for options in "" --new-pid; do
	run $options --log="$file" "$guests/fault_null.elf"
	is "$status$err" 139 "${options:-no option}: nothing but --log=FILE"
	has "$(cat "$file")" "novillo: $guests/fault_null.elf: ended by SIGSEGV" \
	    "has novillo's lines"
	has "$(cat "$file")" "rip" "and the report"
done
run --log="+$file" "$guests/fault_null.elf"
is "$(grep -c "ended by SIGSEGV" "$file")" 2 "--log=+FILE appends"
run --log="$scratch/no/file" "$text"
is "$status" 125 "a log that cannot be written is a fault"
has "$err" "novillo: --log=$scratch/no/file: No such file" "which is on stderr"

run --quiet "$guests/fault_null.elf"
is "$status$err" 139 "--quiet: no report"
run -q --timeout=100ms "$guests/sleep.elf" 100
is "$status$err" 124 "and no line about the end"
run -q --allow=-exit_group --on-deny=kill "$text"
is "$status$err" 159 "and no hint"
run -q "$scratch/nowhere"
is "$status" 127 "a guest that is not there"
has "$err" "$scratch/nowhere: No such file" "is reported nevertheless"

run --timeout=1s "$guests/sleep.elf" 100
has "$err" "ended after 1 second (--timeout)" "one second is one"
run --timeout=1500ms "$guests/sleep.elf" 100
has "$err" "ended after 1.5 seconds (--timeout)" "and more are more"
done_testing
