#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The machine's control state in gdb.

. "${top_srcdir:-.}/tests/lib.sh"

. "$top_srcdir/tests/gdb/gdb.sh"

# A flag of gdb's type, and the register's numeric value.
# shellcheck disable=SC2016
session "hello.elf" 'print $cr0' 'print $cr4' 'print $efer' 'print $star' \
    'print $fmask' 'print $cr2' 'print $dr7' 'info registers cr3' \
    'print $lstar' 'print/x (long)$cr0' 'info registers xcr0'
has "$answer" '$1 = [ PE MP ET NE WP AM PG ]' "cr0 is a set of flags"
has "$answer" '$2 = [ PAE PGE OSFXSR OSXMMEXCPT' "and so is cr4"
has "$answer" '$3 = [ SCE LME LMA NXE ]' "and efer"
has "$answer" '$4 = [ SYSCALL_CS=16 SYSRET_CS=35 ]' "star has two selectors"
has "$answer" '$5 = [ TF ]' "syscall clears TF"
has "$answer" '$6 = (void *) 0x0' "cr2 is an address"
has "$answer" '$7 = [ RW0=0 LEN0=0' "dr7 has its fields"
has "$answer" 'cr3            0x' "info registers shows one"
has "$answer" '$8 = (void (*)()) 0xffffffff8000' "lstar is the shim's door"
has "$answer" '= 0x80050033' "a set of flags has a value"
has "$answer" 'xcr0           0x' "xcr0 is there"

# Those that rule the machine are not the debugger's to change.
# shellcheck disable=SC2016
session "hello.elf" 'set var $cr3 = 1' 'print $_exitcode'
has "$answer" 'cr3 belongs to the machine: it can be read, and not written' \
    "a write is refused with a sentence"
# shellcheck disable=SC2016
session "fault_null.elf" 'set var $cr2 = 0x1234' 'print $cr2' 'continue' \
    'print $cr2' 'info registers rip'
has "$answer" '$1 = (void *) 0x1234' "cr2 can be written"
has "$answer" '$2 = (void *) 0x0' "a fault writes it"

# gdb writes back what it has read around a call.
# shellcheck disable=SC2016
session "hello.elf" 'break main' 'continue' 'print $cr0' 'print $cr2' \
    'print (int)strlen(argv[0]) > 0' 'stepi' 'print (int)strlen(argv[0]) > 0' \
    'continue'
has "$answer" '$3 = 1' "a function can be called"
has "$answer" '$4 = 1' "and after a step"
has "$answer" 'exited normally' "and the guest goes on"

# A stop that only attaching made has no signal, and no siginfo of one.
serve "$guests/spin.elf" 2000000000
on_line "$line" detach
on_line "$line" 'print $_siginfo.si_signo' 'info program' kill
has "$answer" '$1 = 0' "attaching to a guest that runs leaves no SIGINT"
ended 137 "which can then be killed"

# The tables of `info os`.
session "threads.elf 2 3" 'info os' 'info os processes' 'info os exits' \
    'break meet' 'continue' 'info os threads' 'info os hypercalls' \
    'info os files' 'info os slots' 'info os nothing'
for table in processes threads files sockets hypercalls slots conditions \
    exits; do
	has "$answer" "$table " "info os lists $table"
done
has "$answer" "threads.elf" "the process is the guest"
has "$answer" "page tables" "exits and other counts are there"
has "$answer" "main " "threads have names"
has "$answer" "clone " "hypercalls are counted"
has "$answer" "2          " "files have their numbers"
has "$answer" "0x0 " "the first slot begins at 0"
has "$answer" "Can not fetch data now" "there is no other table"
options="--allow=@net"
session "echo_server.elf 0 0" 'break printf' 'info os sockets' 'continue' \
    'info os sockets' 'info os files' 'delete' 'continue'
has "$answer" "tcp        listens    0.0.0.0:" "a socket has its address"
has "$answer" "socket:[" "and is among the files"
options=
done_testing
