#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# --core: gdb opens what is written, and sees what the guest saw.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch

core=$scratch/guest.core
try "$novillo" --core="$core" "$guests/fault_text.elf"
is "$status" 139 "the status stays that of the signal"
has "$err" "core written: gdb $guests/fault_text.elf $core" \
    "the command to look at the core is told"
[ -s "$core" ]
ok $? "the core is there"
is "$(ls -l "$core" | cut -c 1-10)" "-rw-------" "for its owner alone"

try "$novillo" --core="$scratch/none.core" "$guests/status.elf" 3
[ ! -e "$scratch/none.core" ]
ok $? "a guest that ends by itself leaves no core"
try "$novillo" --core="$scratch/no/folder" "$guests/fault_text.elf"
is "$status" 139 "a core that cannot be written does not change the status"
has "$err" "No such file" "but is told"

cp "$guests/fault_null.elf" "$scratch/guest.elf"
try "$novillo" --core "$scratch/guest.elf"
[ -s "$scratch/guest.elf.core" ]
ok $? "without a name the core lies beside the guest"

if ! command -v gdb >/dev/null 2>&1; then
	skip "gdb is not here to open the core"
	done_testing
fi

# see COMMAND PATTERN NAME: what gdb answers.
see()
{
	answer=$(DEBUGINFOD_URLS='' timeout 60 gdb -nx -batch -ex "$1" \
	    "$guests/fault_text.elf" "$core" 2>&1)
	[ $? -lt 2 ] # 1: gdb itself complained
	ok $? "gdb survives \"$1\""
	has "$answer" "$2" "$3"
}

see "backtrace" "write_to_text () at " \
    "the backtrace starts where the fault was"
see "backtrace" "in main (" "and reaches main()"
see "info auxv" "AT_ENTRY" "the auxiliary vector is there"
see "info registers rip" "<write_to_text+" "the registers are right"
see "print \$_siginfo._sifields._sigfault.si_addr" "<write_to_text" \
    "the signal's address is that of the fault"
see "print \$mxcsr" "IM DM ZM OM UM PM" "the FPU's state is there"
see "print *(char *) 0 == 0 || 1" "Cannot access memory at address 0x0" \
    "what the guest had not, the core has not"
case $answer in
*"core file may not match"* | *"Unexpected size"* | *arning*)
	ok 1 "gdb warns of nothing"
	printf '%s\n' "$answer" | sed 's/^/# /'
	;;
*) ok 0 "gdb warns of nothing" ;;
esac
done_testing
