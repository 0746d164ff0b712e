#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The linked guest images: no compiler flag of the host reached them, and a
# loader can trust their headers.  Needs no KVM.

. "${top_srcdir:-.}/tests/lib.sh"

need_tool readelf
need_tool objdump
need_tool nm

for image in "$guests"/*.elf; do
	name=${image##*/}
	headers=$(readelf -hlW "$image")
	has "$headers" "EXEC (Executable file)" "$name is ET_EXEC"
	wrong=$(printf '%s\n' "$headers" |
	    grep -E '^ *(INTERP|DYNAMIC|LOAD .* RWE)')
	is "$wrong" "" "$name is static and no segment is writable code"
	is "$(nm -u "$image")" "" "$name has no undefined symbol"
	wrong=$(objdump -d "$image" | grep -E 'endbr64|%fs:0x28|call.*@plt')
	is "$wrong" "" "$name has no CET, TLS guard or PLT in it"
	has "$(readelf -n "$image")" "Build ID" "$name keeps its build-id"
done
done_testing
