#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The command line without a guest: help, version, list, and everything that
# can be typed wrong.  Needs no KVM.

. "${top_srcdir:-.}/tests/lib.sh"

try "$novillo" --version
is "$status" 0 "--version succeeds"
has "$out" "novillo " "--version names the program"

try "$novillo" --help
is "$status" 0 "--help succeeds"
for option in --memory=SIZE --env=NAME --trace --core --timeout=SECONDS \
    --stats --probe --check --list --flat --output=FILE; do
	has "$out" "$option" "--help tells of $option"
done

try "$novillo" --list
is "$status" 0 "--list succeeds"
has "$out" "  1 write " "--list knows write by its number"
has "$out" "499 torov_print" "--list knows ToroV's console"
has "$out" "@memory" "--list names classes"

# wrong SENTENCE OPTION...: refused with 125 and that sentence.
wrong()
{
	sentence=$1
	shift
	try timeout 10 "$novillo" "$@"
	is "$status" 125 "novillo $* ends with status 125"
	has "$err" "$sentence" "novillo $*: the sentence says \"$sentence\""
}

wrong "no GUEST to run"
wrong "no GUEST to check" --check
wrong "unknown or ambiguous option --nonsense" --nonsense x
wrong "unknown or ambiguous option --t" --t x
wrong "unknown option -Z" -Z x
wrong "takes no value" --stats=3 x
wrong "needs a value" --memory
wrong "needs a value" -m
wrong "less than the 1024 KiB" --memory=0 x
wrong "less than the 1024 KiB" --memory=1B x
wrong "less than the 1024 KiB" --memory=1023K x
wrong "not a size" --memory= x
wrong "not a size" --memory=-5 x
wrong "not a size" --memory=lots x
wrong "not a size" "--memory= 5" x
wrong "unknown unit" --memory=5X x
wrong "unknown unit" --memory=5MM x
wrong "unknown unit" --memory=0x40 x
wrong "more than" --memory=99999T x
wrong "more than this machine" --memory=1000G x
wrong "more than" --memory=18446744073709551615 x
wrong "not a size" --memory=184467440737095516150 x
wrong "no name before" --env==x x
wrong "not a number of seconds" --timeout=0 x
wrong "not a number of seconds" --timeout=-1 x
wrong "not a number of seconds" --timeout=soon x
wrong "not a number of seconds" --timeout=nan x
wrong "not a number of seconds" --timeout=inf x
wrong "\"nocall\" is no hypercall" --trace=write,nocall x
wrong "\"@nothing\" is no hypercall" --trace=@nothing x
wrong "\"\" is no hypercall" --trace=write, x
wrong "not an address" --flat=here x

try "$novillo" missing-guest --version
is "$status" 127 "options end at GUEST"
is "$(printf '%s\n' "$err" | grep -c .)" 1 "one line on stderr says why"

# Without the device there is one sentence with cause and cure.
if [ ! -e /dev/kvm ]; then
	try "$novillo" --probe
	is "$status" 77 "without /dev/kvm, --probe ends with 77"
	has "$err" "load the kvm_intel or kvm_amd module" "and names the cure"
fi
done_testing
