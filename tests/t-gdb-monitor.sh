#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The machine's `monitor` commands, as gdb's user sees them.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
need_tool gdb
make_scratch
export DEBUGINFOD_URLS=''

# session GUEST COMMAND...: each command a line of a gdb script; what gdb
# printed is $answer.
session()
{
	guest=$1
	shift
	for line in "set pagination off" "set debuginfod enabled off" \
	    "target remote | $novillo -m 64M --gdb=stdio $guests/$guest 2>/dev/null" \
	    "$@"; do
		printf '%s\n' "$line"
	done >"$scratch/script"
	answer=$(timeout 60 gdb -nx -batch -x "$scratch/script" 2>&1)
	ok $? "gdb ends by itself"
}

session hello.elf "monitor help"
for command in phys walk regions registers counters hypercall; do
	has "$answer" "$command" "monitor help has $command"
done

session hello.elf "break main" "continue" "monitor phys 0x401000 20" \
    "x/20xb 0x401000"
has "$answer" "0x000401000  " "phys shows physical memory"
bytes=$(printf '%s\n' "$answer" | sed -n 's/.*:	//p' | tr -d '\n' |
    sed 's/0x//g; s/	/ /g' | cut -c 1-23)
has "$answer" "0x000401000  $bytes" "which is what the guest has there"

session hello.elf "monitor walk 0x401000" "monitor walk 0" \
    "monitor walk 0x809fffff8" "monitor walk 0xffffffff80002000"
has "$answer" "265 present user accessed dirty taken of a file" \
    "walk tells an entry's flags in words"
has "$answer" "0x401000 is physical 0x401000." "and where it leads"
has "$answer" "0x0 is not mapped." "or that it leads nowhere"
has "$answer" "no-execute" "the stack is not to be executed"
has "$answer" "PTE   0x000000080a002061 present accessed dirty" \
    "the monitor's pages are the supervisor's"

session hello.elf "monitor regions"
has "$answer" "0x000401000-" "regions lists the image"
has "$answer" "r-x" "with its rights"
has "$answer" "stack" "and the stack"

session hello.elf "monitor registers" "print/x \$rip"
has "$answer" "vCPU 0, thread 1" "registers tells whose they are"
has "$answer" "CR0   0x80050033 PE MP ET NE WP AM PG" "CR0 has its flags"
has "$answer" "EFER  0xd01 SCE LME LMA NXE" "and so has EFER"
has "$answer" "CR3   0x80a200000" "CR3 is shown"
has "$answer" "CS    0x0033 base 0x0" "and segments are"

session fault_null.elf "continue" "monitor registers" "monitor counters"
has "$answer" "in the monitor's stub of trap 14" \
    "after a fault the vCPU rests in the monitor"
has "$answer" "CR2   0x0" "and CR2 has the address"
has "$answer" "ioctl        KVM_RUN" "counters tells what --stats does"

# At a gate, and somewhere else.
session echo.elf "monitor hypercall" \
    "while *(unsigned short *)\$pc != 0x10e7" "stepi" "end" \
    "monitor hypercall" "stepi" "monitor hypercall"
has "$answer" "thread 1: none" "no hypercall at the entry"
has "$answer" "thread 1: read(0" "the one a thread is at is shown as --trace does"

session hello.elf "monitor phys" "monitor phys 0 5000" "monitor phys -1" \
    "monitor phys 0x7000000000" "monitor phys 1 2 3" "monitor walk x" \
    "monitor walk 0x800000000000" "monitor walk 99999999999999999999" \
    "monitor frobnicate" "monitor registers x" \
    "monitor phys 0xffffffffffffffff 2"
has "$answer" "usage: monitor phys ADDRESS [LENGTH]" \
    "a wrong number of arguments is told"
has "$answer" "At most 4096 bytes" "so is a length that is too long"
has "$answer" '"-1" is no number' "and what is no number"
has "$answer" '"99999999999999999999" is no number' "or too large for one"
has "$answer" "Physical memory ends at" "and what lies behind memory"
has "$answer" "is not canonical" "and an address that is none"
has "$answer" "No such command" "and an unknown command"
has "$answer" "usage: monitor registers" "and an argument too many"

# Nothing is changed by looking.
session hello.elf "monitor phys 0x4200000 4096" "monitor walk 0x401000" \
    "monitor regions" "monitor registers" "monitor hypercall" \
    "monitor phys 0x4200000 4096" "continue"
same=$(printf '%s\n' "$answer" | grep '^0x00420' | sort | uniq -c |
    grep -cv '^ *2 ')
is "$same" 0 "the page tables are as they were"
has "$answer" "exited normally" "and the guest goes on"
done_testing
