#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# --debug: novillo starts gdb on its guest, and ends as the guest does.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
need_tool gdb
make_scratch
export DEBUGINFOD_URLS=''
# A user's own settings are not ours to test.
export HOME="$scratch" XDG_CONFIG_HOME="$scratch"

# debug GUEST [ARG]... -- COMMAND...: what both say is $out, how it ended $status.
debug()
{
	set -- "$@" --end
	guest=
	while [ "$1" != -- ]; do
		guest="$guest $1"
		shift
	done
	shift
	: >"$scratch/commands"
	while [ "$1" != --end ]; do
		printf '%s\n' "$1" >>"$scratch/commands"
		shift
	done
	status=0
	# shellcheck disable=SC2086
	timeout 60 "$novillo" --debug $guest <"$scratch/commands" \
	    >"$scratch/out" 2>&1 || status=$?
	out=$(cat "$scratch/out")
	folder=$(sed -n 's/.*Remote debugging using \(.*\)\/line/\1/p' \
	    "$scratch/out")
	[ -n "$folder" ] && [ ! -e "$folder" ]
	ok $? "nothing is left of the line"
}

debug "$guests/status.elf" 7 -- "break main" continue "print argc" continue
has "$out" "Breakpoint 1, main (argc=2" "gdb debugs the guest"
has "$out" "exited with code 07" "to its end"
is "$status" 7 "whose status is novillo's"

debug "$guests/status.elf" 7 -- "info registers rip" quit
has "$out" "will be killed" "gdb knows that the guest is its own"
is "$status" 137 "and it goes with gdb"

debug "$guests/status.elf" 7 -- "break main" continue detach quit
is "$status" 7 "let go of, it runs on"

debug "$guests/status.elf" 7 -- "break main" continue "shell kill -9 \$PPID"
is "$status" 137 "it does not outlive a gdb that is killed"

debug "$guests/fault_null.elf" -- continue backtrace continue
has "$out" "received signal SIGSEGV" "a fault stops the guest"
is "$status" 139 "and passed on it is novillo's end, too"
has "$out" "ended by SIGSEGV" "with its report"

try timeout 30 "$novillo" --debug=/nowhere/gdb "$guests/hello.elf"
is "$status" 125 "without gdb novillo fails"
has "$err" "--debug: /nowhere/gdb: No such file or directory; install it" \
    "and says so"
try timeout 30 "$novillo" --debug=true "$guests/hello.elf"
is "$status" 125 "a gdb that does not come is no debugger"
has "$err" "true has ended without a word" "which is said"
try timeout 30 "$novillo" --debug --gdb "$guests/hello.elf"
is "$status" 125 "one can start a debugger or wait for one"
has "$err" "cannot be both" "not both"
done_testing
