#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# --trace writes hypercalls down as strace does.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm

try "$novillo" --trace "$guests/hello.elf" Ann
has "$err" 'write(1, "Hello, Ann!\n", 12) = 12' "a call with its text and result"
has "$err" 'exit_group(0) = ?' "a call that does not return"
is "$out" "Hello, Ann!" "the guest's own output is as ever"

try "$novillo" --trace=exit_group "$guests/hello.elf"
is "$err" "exit_group(0) = ?" "--trace=NAME shows that call alone"
try "$novillo" --trace=@memory "$guests/t_memory.elf"
has "$err" "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x" \
    "flags are shown by name, addresses in hexadecimal"
has "$err" "= -1 EINVAL (Invalid argument)" "errors by name"
has "$err" "PROT_NONE" "and a permission of 0 as PROT_NONE"

printf 'quote" tab\t back\\ \001 2' >"$scratch/in"
try sh -c '"$0" -t -o "$2/trace" "$1" <"$2/in"' "$novillo" \
    "$guests/echo.elf" "$scratch"
has "$(cat "$scratch/trace")" 'quote\" tab\t back\\ \1 2' \
    "text is escaped as in C"
try "$novillo" --trace "$guests/sleep.elf" 0
has "$err" "{tv_sec=0, tv_nsec=" "structures are shown by field"
done_testing
