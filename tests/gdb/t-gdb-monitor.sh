#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The output of the `monitor` commands in gdb.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
need_tool gdb
make_plain_scratch
export DEBUGINFOD_URLS=''

# session GUEST COMMAND...: each command is a line of a gdb script; $answer is
# gdb's output.
session()
{
	guest=$1
	shift
	for line in "target remote | $novillo -m 64M --gdb=stdio $guests/$guest 2>/dev/null" \
	    "$@"; do
		printf '%s\n' "$line"
	done >"$scratch/script"
	answer=$(gdb_batch 60 -x "$scratch/script" 2>&1)
	ok $? "gdb ends by itself"
}

session hello.elf "monitor help"
for command in phys walk regions registers stats hypercall hypercalls fds \
    "trace on|off" core exit; do
	has "$answer" "$command" "monitor help has $command"
done

session hello.elf "break main" "continue" "monitor phys 0x401000 20" \
    "x/20xb 0x401000"
has "$answer" "0x000401000  " "phys shows physical memory"
bytes=$(printf '%s\n' "$answer" | sed -n 's/.*:	//p' | tr -d '\n' |
    sed 's/0x//g; s/	/ /g' | cut -c 1-23)
has "$answer" "0x000401000  $bytes" "phys and gdb's x show the same bytes"

session hello.elf "monitor walk 0x401000" "monitor walk 0" \
    "monitor walk 0x809fffff8" "monitor walk 0xffffffff80002000"
has "$answer" "265 present user accessed dirty taken of a file" \
    "walk shows an entry's flags in words"
has "$answer" "0x401000 is physical 0x401000." "and where it leads"
has "$answer" "0x0 is not mapped." "or that it leads nowhere"
has "$answer" "no-execute" "the stack is not to be executed"
has "$answer" "PTE   0x000000080a002061 present accessed dirty" \
    "the shim's pages are the supervisor's"

session hello.elf "monitor regions"
has "$answer" "0x000401000-" "regions lists the image"
has "$answer" "r-x" "with its rights"
has "$answer" "stack" "and the stack"

session hello.elf "monitor registers" "print/x \$rip"
has "$answer" "vCPU 0, thread 1" "registers names vCPU and thread"
has "$answer" "CR0   0x80050033 PE MP ET NE WP AM PG" "CR0 has its flags"
has "$answer" "EFER  0xd01 SCE LME LMA NXE" "and so has EFER"
has "$answer" "CR3   0x80a222000" "CR3 is shown"
has "$answer" "CS    0x0033 base 0x0" "and segments are"

session fault_null.elf "continue" "monitor registers" "monitor stats"
has "$answer" "in the shim's stub of trap 14" \
    "after a fault the vCPU rests in the shim"
has "$answer" "CR2   0x0" "and CR2 has the address"
has "$answer" "ioctl        KVM_RUN" "stats reports what --stats does"

# Arguments are numbers, registers, symbols and sums of them.
# shellcheck disable=SC2016
session hello.elf "break *main" "continue" 'monitor walk $rip' \
    'monitor walk &main+4-4' 'monitor phys $pc 2' "monitor walk \$nosuch" \
    "monitor walk main+" "monitor walk no_such_symbol" 'monitor walk $xmm0' \
    'monitor walk &' 'monitor walk &1' 'monitor walk $cr3' 'printf "at %lx\n", $pc'
at=$(printf '%s\n' "$answer" | sed -n "s/^at //p")
is "$(printf '%s\n' "$answer" | grep -c "^0x$at is physical")" 2 \
    "a register and a symbol are addresses"
has "$answer" "0x000$at " "of any command"
for word in '$nosuch' main+ no_such_symbol '$xmm0' '&' '&1'; do
	has "$answer" "\"$word\" is not a number: write" "$word is refused"
done
has "$answer" "is not mapped" "CR3 is a number too"

# gdb selects a thread when it asks for its registers.
# shellcheck disable=SC2016
session "threads.elf 2 3" "break meet" "continue" "thread 1" \
    'info registers rax' 'monitor walk $rip' 'printf "first %lx\n", $pc' "thread 2" \
    'info registers rax' 'monitor walk $rip' 'printf "second %lx\n", $pc'
for thread in first second; do
	at=$(printf '%s\n' "$answer" | sed -n "s/^$thread //p")
	has "$answer" "0x$at is physical" \
	    "registers are those of the selected thread, the $thread"
done

session hello.elf "monitor fds" "monitor hypercalls" "break write" "continue" \
    "monitor trace maybe" "monitor trace on" "finish" "monitor hypercalls" \
    "monitor trace off" "continue"
has "$answer" "fd            name" "fds is a table"
has "$answer" "2             " "with a row for each descriptor"
has "$answer" "usage: monitor trace on|off" "trace is on or off"
has "$answer" "write         1             1             0 " \
    "hypercalls counts calls, and traced ones with errors and time"
has "$answer" "Hypercalls are not traced." "it can be ended"
session hello.elf "monitor core" "monitor core other"
is "$(printf '%s\n' "$answer" | grep -c 'start it with --core=FILE and')" 2 \
    "without --core no core can be written, and how one can is said"

# A thread is at a hypercall gate, or somewhere else.
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
    "a wrong number of arguments is an error"
has "$answer" "At most 4096 bytes" "so is a length that is too long"
has "$answer" '"-1" is not a number' "so is a word that is not a number"
has "$answer" '"99999999999999999999" is not a number' "or too large for one"
has "$answer" "Physical memory ends at" "and an address past memory"
has "$answer" "is not canonical" "and a non-canonical address"
has "$answer" "No such command" "and an unknown command"
has "$answer" "usage: monitor registers" "and an argument too many"

# Trace lines go where those of --trace go, from the next call on.  A host has
# files of its own.
if [ -z "${NOVILLO_HOST-}" ]; then
	for command in "target remote | $novillo -m 64M --gdb=stdio \
--core=$scratch/core $guests/hello.elf 2>$scratch/lines" "monitor trace on" \
	    "break main" "continue" "monitor core" "monitor trace off" "continue"; do
		printf '%s\n' "$command"
	done >"$scratch/script"
	answer=$(gdb_batch 60 -x "$scratch/script" 2>&1)
	has "$answer" "The core is written: $scratch/core." "a core can be written"
	is "$(grep -c '^write' "$scratch/lines")" 0 "what is not traced has no line"
	answer=$(gdb_batch 60 -ex bt "$guests/hello.elf" "$scratch/core" 2>&1)
	has "$answer" "#0  main" "and gdb reads it"
	sed -i '/trace off/d' "$scratch/script"
	answer=$(gdb_batch 60 -x "$scratch/script" 2>&1)
	is "$(grep -c '^write(1, "Hello, world!' "$scratch/lines")" 1 \
	    "a traced call has one"
fi

# The commands change nothing.
session hello.elf "monitor phys 0x4200000 4096" "monitor walk 0x401000" \
    "monitor regions" "monitor registers" "monitor hypercall" \
    "monitor phys 0x4200000 4096" "continue"
same=$(printf '%s\n' "$answer" | grep '^0x00420' | sort | uniq -c |
    grep -cv '^ *2 ')
is "$same" 0 "the page tables are as they were"
has "$answer" "exited normally" "and the guest goes on"
done_testing
