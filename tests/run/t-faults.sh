#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Guests that fault end with the status of Linux's signal; the report has a
# sentence, the place, the registers and a backtrace.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm

# fault NAME STATUS SENTENCE FUNCTION
fault()
{
	try timeout 60 "$novillo" "$guests/fault_$1.elf"
	is "$status" "$2" "fault_$1 ends with status $2"
	has "$err" "$3" "fault_$1: the sentence says \"$3\""
	has "$err" "$4+0x" "fault_$1: the report names $4()"
	has "$err" "at guest/checks/fault_$1.c:" "fault_$1: and the line in its source"
}

fault null 139 "ended by SIGSEGV: write through a null pointer at 0x0" \
    write_to_null
fault text 139 "ended by SIGSEGV: write to read-only memory at 0x4" \
    write_to_text
fault exec 139 "ended by SIGSEGV: execution of non-executable memory" \
    execute_data
fault stack 139 "ended by SIGSEGV: stack overflow at 0x" recurse
fault divide 136 "ended by SIGFPE: divide error" divide_by_zero
fault undefined 132 "ended by SIGILL: undefined instruction" execute_undefined
fault noncanonical 139 "ended by SIGSEGV: " read_noncanonical
fault privileged 139 "ended by SIGSEGV: privileged instruction" read_cr0
fault msr 139 "ended by SIGSEGV: privileged instruction" read_msr
port="use of an I/O port that is not the hypercall gate"
fault port 139 "ended by SIGSEGV: $port" write_to_port
# The processor of host A does not raise the first two, and reports the wrong
# place and number of the third.
if [ "${NOVILLO_HOST-}" != A ] && [ "${NOVILLO_HOST-}" != Ai ]; then
	fault align 135 "ended by SIGBUS: unaligned access" read_unaligned
	fault fp 136 "ended by SIGFPE: SSE floating point error" \
	    divide_by_fp_zero
	fault int 139 "ended by SIGSEGV: INT 0x77, a software interrupt" \
	    interrupt_it
	try "$novillo" "$guests/fault_int.elf" 80
	has "$err" "INT 0x80, a 32-bit system call, which is not supported" \
	    "Linux's 32-bit system call is named"
fi
try timeout 60 "$novillo" --memory=16M "$guests/fault_memory.elf"
is "$status" 135 "using more memory than there is ends with SIGBUS"
has "$err" "SIGBUS: no memory is left for the page at 0x" "which says so"
has "$err" "at guest/checks/fault_memory.c:" "and where"
has "$err" "--memory=" "and the cure"
try timeout 60 "$novillo" --memory=16M "$guests/fault_memory.elf" handle
is "$out" "code 2, in the mapping" "the signal can be handled"
fault int3 133 "ended by SIGTRAP: breakpoint instruction" execute_int3

try timeout 60 "$novillo" "$guests/fault_port.elf" read
has "$err" "ended by SIGSEGV: $port" "prefixes do not hide the use of a port"
has "$err" "read_from_port+0x" "nor its place"

try timeout 60 "$novillo" "$guests/fault_msr.elf" write
is "$status" 139 "writing a model-specific register ends a guest too"
has "$err" "write_msr+0x" "where it does"

try "$novillo" "$guests/fault_text.elf"
has "$err" "trap #PF page fault, error 0x7: page present, write, user mode" \
    "the error code is decoded"
has "$err" "rip    0x0000000000401" "the registers are shown"
has "$err" "rflags 0x" "with the flags"
has "$err" "#1 0x" "the backtrace has a caller"
has "$err" " main+0x" "which is main()"
is "$(printf '%s\n' "$err" | head -n 1 | cut -c 1-9)" "novillo: " \
    "the first line is the sentence"
done_testing
