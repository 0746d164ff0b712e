#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The real gdb and the vDSO: an object with symbols and unwind tables, which gdb
# reads from the guest's memory.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

vdso='system-supplied DSO at 0x'

session clocks.elf "info auxv" "info symbol __vdso_time" "info line main" \
    "break __vdso_clock_gettime" continue bt "stepi 3" bt \
    "x/i \$pc" finish "info symbol \$pc" "info proc mappings" \
    "delete" continue
has "$answer" "AT_SYSINFO_EHDR" "info auxv shows where the vDSO is"
has "$answer" "section .text of $vdso" "gdb has its symbols"
has "$answer" "Breakpoint 1, 0x" "it stops in the vDSO"
n=$(printf '%s\n' "$answer" | grep -c ' in read_clock () at')
is "$n" 2 "bt goes out of it to its caller, also after its prologue began"
n=$(printf '%s\n' "$answer" | grep -c ' in main (')
is "$n" 2 "and on to main"
has "$answer" "clock_gettime + " "finish leads to the C library's function"
has "$answer" "[vdso]" "info proc mappings shows it"
has "$answer" "[vvar]" "and its page"
has "$answer" "exited normally" "the guest goes on"

# Stepping over and into, with the page of clocks expired at each stop.
session clocks.elf "break read_clock" continue next next "print now" \
    continue
has "$answer" "tv_sec = " "a clock is read by a step"
has "$answer" "exited normally" "and the guest ends"

# The page is the VMM's: a debugger cannot change it either.
session clocks.elf "info auxv" "python
a = [l for l in gdb.execute('info auxv', to_string=True).splitlines()
    if 'AT_SYSINFO_EHDR' in l][0].split()[-1]
gdb.execute('print *(int *)(%s - 0x1000) = 8' % a)
end" kill
has "$answer" "Cannot access memory" "the page of clocks is not written"

options=--no-vdso
session clocks.elf "info auxv" "info symbol __vdso_time" continue
lacks "$answer" "AT_SYSINFO_EHDR" "with --no-vdso there is none"
lacks "$answer" "$vdso" "and gdb finds none"
has "$answer" "exited normally" "a guest runs without it"
options=

# A core has it, as the guest's own code.
if here; then
	on_line "| $novillo --gdb=stdio $guests/clocks.elf 2>$scratch/guest" \
	    "break __vdso_clock_gettime" continue "gcore $scratch/core" kill
	answer=$(gdb_batch "$gdb_seconds" "$guests/clocks.elf" \
	    "$scratch/core" -ex bt -ex "info symbol \$pc" 2>&1)
	has "$answer" "section .text of $vdso" "a core has the vDSO"
	has "$answer" "in read_clock () at" "and bt goes out of it"
fi

done_testing
