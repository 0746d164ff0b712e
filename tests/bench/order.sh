#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Print bin/start.lds: the functions that starts execute.  In a build folder:
#
#	sh tests/bench/order.sh GUEST... >start.lds
#
# Novillo has to be static there; it runs step by step, a minute for each guest.
# The members of a C library are those of the compiler's libc.a.
set -e
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for guest; do
	tests/bench/steps bin/novillo "$guest" 2>&1 >/dev/null
done | grep '^[0-9a-f]\{16\}$' | sed 's/$/ ~/' >"$scratch/steps"
nm bin/novillo | awk '$2 ~ /[tTwWi]/ { print $1, $3 }' |
    sort - "$scratch/steps" |
    awk '$2 != "~" { name = $2; next } !said[name]++ { print name }' \
    >"$scratch/names"

# KIND NAME [MEMBER]: what there is in our objects, then in the C library.
{
	nm bin/*.o lib/lib*.a 2>/dev/null |
	    awk '$2 ~ /[tTwW]/ { print "own", $3 }'
	nm -A "$(${CC:-cc} -print-file-name=libc.a)" 2>/dev/null |
	    awk '$2 ~ /[tTwWi]/ { n = split($1, part, ":")
		print "libc", $3, part[n - 1] }'
} >"$scratch/symbols"

# A line of a section for each function that starts execute.
awk '$1 == "own" { own[$2] = 1 } $1 == "libc" { member[$2] = $3 }
    NF > 1 { next }
    own[$1] { sub(/\.(isra|constprop|part|cold).*/, "")
	if (!said[$1]++) printf "\t\t*(.text.%s .text.%s.*)\n", $1, $1
	next }
    $1 in member && !said[member[$1]]++ {
	printf "\t\t*libc.a:%s(.text .text.*)\n", member[$1] }' \
    "$scratch/symbols" "$scratch/names" >"$scratch/text"

cat <<'END'
/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that a start executes lie together, with their constants: the
 * host maps 16 pages of a file at each fault.  tests/bench/order.sh makes this
 * file; a name that no object has is ignored, and a function that is missing
 * here lies with the others.
 */
SECTIONS
{
	.text.start :
	{
		*crt1.o(.text .text.*)
		*crtbegin*.o(.text .text.*)
		*(.text.startup .text.startup.*)
		*libgcc_eh.a:unwind-dw2-fde-dip.o(.text .text.*)
		*libmem.a:copy.o(.text .text.*)
END
cat "$scratch/text"
cat <<'END'
	}
}
INSERT BEFORE .text;

SECTIONS
{
	.rodata.start :
	{
		*libhypercall.a:table.o(.rodata.rows .rodata.row_index)
		*libhypercall.a:table.o(.rodata.number.*)
		*libhypercall.a:set.o(.rodata .rodata.*)
		*libhypercall.a:dispatch.o(.rodata .rodata.*)
		*libsandbox.a:*(.rodata .rodata.*)
		*main.o(.rodata .rodata.*)
		*needs.o(.rodata .rodata.*)
		*options.o(.rodata .rodata.*)
		*optionrow.o(.rodata .rodata.*)
		*libhypercall.a:limits.o(.rodata .rodata.*)
		*libimage.a:image.o(.rodata .rodata.*)
		*libvm.a:cpu.o(.rodata .rodata.*)
		*libc.a:varshift.o(.rodata .rodata.*)
		*libgcc_eh.a:unwind-dw2-fde-dip.o(.rodata .rodata.*)
END
sed 's/\.text\.\*/.rodata.*/; s/\.text\.\([^ ]*\) .*/.rodata.\1.str*)/
    s/(\.text /(.rodata /' "$scratch/text"
cat <<'END'
	}
}
INSERT BEFORE .rodata;

SECTIONS
{
	.data.start : { *libc.a:*(.data) }
}
INSERT BEFORE .data;

/*
 * Storage that a start touches lies together also, in front of the rest: the
 * C library's, but for its table of thread-specific keys, ours that is small,
 * and the state of the run.
 */
SECTIONS
{
	__libc_freeres_ptrs : { *(__libc_freeres_ptrs) }
	.bss.start :
	{
		*crtbegin*.o(.bss)
		*libgcc*.a:*(.bss COMMON)
		*libc.a:*(EXCLUDE_FILE(*libc.a:pthread_keys.o) .bss COMMON)
		*(.bss.names.* .bss.opened .bss.options .bss.machine)
		*(.bss.on_segv .bss.say_quiet .bss.report .bss.report.*)
		*sandbox.o(.bss.keep.*)
		*sandbox.o(.bss.filter)
	}
	.bss.run :
	{
		*(.bss.run)
	}
}
INSERT BEFORE .bss;
END
