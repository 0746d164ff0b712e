#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# gdb's TUI on a guest, in a terminal whose screen is compared.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

screen=$top_builddir/tests/gdb/screen
[ -x "$screen" ] || skip_all "no screen was built"
gdb -nx -nh -batch -ex 'tui enable' 2>&1 | grep -q 'Undefined' &&
    skip_all "gdb has no TUI here"
infocmp vt100 >/dev/null 2>&1 || [ -e /lib/terminfo/v/vt100 ] ||
    [ -e /usr/share/terminfo/v/vt100 ] || skip_all "no terminfo of vt100 here"

# shown ROWS COLS: gdb follows the script on standard input in a terminal; each
# thing that is to be seen is a point.
shown()
{
	"$screen" "$gdb_seconds" "$1" "$2" gdb -nx -nh -q \
	    -iex 'set debuginfod enabled off' -iex 'set remotetimeout 60' \
	    -iex "set sysroot $sysroot" -iex 'set confirm off' \
	    -iex "directory $top_srcdir" \
	    -iex 'set tui border-kind ascii' "$program" \
	    >"$scratch/screen" 2>"$scratch/screen.err"
	sed 's/^/# /' "$scratch/screen.err"
	while IFS= read -r line_; do
		case $line_ in
		"ok "*) ok 0 "${line_#ok }" ;;
		"not ok "*) ok 1 "${line_#not ok }" ;;
		*) printf '%s\n' "$line_" ;;
		esac
	done <"$scratch/screen"
}

program=$guests/threads.elf
serve "$program" 1 300
shown 30 90 <<SCRIPT
see \(gdb\)
type target remote $line
see _start
type layout src
see start\.S
type break work
see Breakpoint 1 at 0x
type continue
see hit Breakpoint 1, work
see ^\|B\+> +[0-9]+ +(\{|own\[me\]\+\+)
see Thread .*In: work
type next
see ^\|  > +[0-9]+ +(own\[me\]\+\+|lock_acquire)
see ^\|B\+  +[0-9]+
type delete
lose ^\|[Bb]\+
type layout asm
see ^\|  +0x[0-9a-f]+ <[a-z]+\+[0-9]+>
type nexti
see ^\|  > 0x[0-9a-f]+ <work\+
type layout regs
type nexti
see ^\|rax  *0x[0-9a-f]+
see ^\|rsp  *0x[0-9a-f]+ 
size 40 110
type layout src
see Thread .*In: work  *L[0-9]+ +PC: 0x
see ^\|  > +[0-9]+ +
see ^\|.{107}[ |]\|$
type continue
see exited normally
type quit
end
SCRIPT
ended 0 "the guest ends as without"

# Ctrl-C while the guest computes.
program=$guests/compute.elf
serve "$program" 2000000000
shown 24 80 <<SCRIPT
see \(gdb\)
type target remote $line
see _start
type layout src
type continue
see Continuing
key 3
see received signal SIGINT
see ^\|  > +[0-9]+ +
see In: main
type kill
type quit
end
SCRIPT
ended 137 "the guest is killed"

done_testing
