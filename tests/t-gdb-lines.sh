#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The lines on which gdb comes to a guest, and sessions one after the other.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb.sh"

here()
{
	[ -z "${NOVILLO_HOST-}" ]
}

# line_to ADDRESS: of a port where novillo runs, as gdb names it.
line_to()
{
	here || printf '| sh %s nc ' "$top_srcdir/tests/hosts/in.sh"
	if here; then echo "$1"; else echo "$1" | tr : ' '; fi
}

# wrong SENTENCE ADDRESS
wrong()
{
	try timeout "$gdb_seconds" "$novillo" "--gdb=$2" "$guests/hello.elf"
	is "$status" 125 "--gdb=$2 ends with status 125"
	has "$err" "$1" "--gdb=$2: the sentence says \"$1\""
}

wrong "is no port" nonsense
wrong "is no port" 99999
wrong "is no port" 127.0.0.1:
wrong "No such file" unix:
wrong "No such file" unix:/nowhere/x
wrong "Bad file descriptor" fd:77
wrong "Bad file descriptor" fd:x

# TCP.
serve_at :0 "$guests/hello.elf" you
has "$told" "127.0.0.1:" "the port is told, on the loopback"
on_line "$(line_to "$told")" "break main" "continue" "detach"
has "$answer" "Breakpoint 1, main" "gdb connects by TCP"
ended 0 "left alone, the guest runs to its end"
is "$(cat "$scratch/out")" "Hello, you!" "and says all it has to say"

if here; then
	serve_at '[::1]:0' "$guests/hello.elf" you
	case $told in
	"[::1]:"*)
		on_line "$told" "continue"
		has "$answer" "exited normally" "gdb connects by IPv6"
		wait "$server"
		;;
	*) skip "no IPv6 here: $(cat "$scratch/err")" ;;
	esac
fi

# What novillo says can be pasted.
if here; then
	serve_at :0 "$guests/hello.elf" you
	command=$(sed -n 's/.*waits for a debugger: \(gdb .*\)/\1/p' \
	    "$scratch/err")
	has "$(eval "timeout 60 $command -nx -batch -ex continue" 2>&1)" \
	    "exited normally" "the command that novillo prints works as it is"
	wait "$server"
fi

# Other lines; in a host they would need what is out here.
if here; then
	on_line "| $novillo --gdb=fd:3 $guests/hello.elf you 3<&0 </dev/null \
2>$scratch/guest >$scratch/out" "break main" "continue" "continue"
	has "$answer" "Breakpoint 1, main" "gdb is led in as a descriptor"
	is "$(cat "$scratch/out")" "Hello, you!" "beside the guest's streams"

	on_line "| $top_builddir/tests/onpty $novillo --gdb=@ \
$guests/hello.elf you 2>$scratch/guest" "break main" "continue" \
	    "print argv[1]" "continue"
	has "$answer" "Breakpoint 1, main" "gdb comes by a serial line"
	has "$answer" '"you"' "which lets all bytes through"
	has "$answer" "exited normally" "up to the end"
	has "$(cat "$scratch/guest")" "Hello, you!" \
	    "and the guest says what it has to say"
fi

# -s, -S: a port that others may want too.
busy=0
while here && grep -qi ':04D2 0*:0000 ' /proc/net/tcp && [ "$busy" -lt 30 ]; do
	sleep 1
	busy=$((busy + 1))
done
# short OPTION...: as serve_at, at the port that has no name.
short()
{
	: >"$scratch/err"
	timeout -k 5 "$gdb_seconds" "$novillo" "$@" <&3 3<&- 4>&- \
	    >"$scratch/out" 2>"$scratch/err" &
	server=$!
	wait_for 'waits for a debugger'
	line=$(line_to 127.0.0.1:1234)
}
if [ "$busy" -lt 30 ]; then
	short -s "$guests/sleep.elf" $((gdb_pause * 2))
	on_line "$line" "bt" "continue"
	has "$answer" "nanosleep (" "with -s the guest does not wait"
	has "$answer" "exited normally" "but can be debugged"
	ended 0 "and ends as it would"
	short -s -S "$guests/hello.elf" you
	on_line "$line" "info symbol \$pc" "continue"
	has "$answer" "_start in section .text" "with -s -S it waits"
	ended 0 "until it is let go"
	short --gdb --once "$guests/sleep.elf" $((gdb_pause * 3))
	on_line "$line" "break main" "continue" "detach"
	has "$answer" "Breakpoint 1, main" "with --once one gdb is let in"
	on_line "$line" "print 40 + 2"
	case $answer in
	*refused* | *"closed"* | *"reset by peer"*) ok 0 "and no second" ;;
	*) has "$answer" "refused" "and no second" ;;
	esac
	ended 0 "nor does the guest mind"
else
	skip "somebody else has port 1234: -s, -S"
fi

# Sessions.
exec 4>&-
mkfifo "$scratch/fifo"
exec 4<>"$scratch/fifo" 3<"$scratch/fifo"
serve "$guests/echo.elf"
for n in 1 2 3 4 5; do
	on_line "$line" "bt" "break write" "info breakpoints" "detach"
	has "$answer" "breakpoint" "session $n on one guest"
done
has "$answer" "read (" "finds it where it is"

on_line "$line" "shell timeout $gdb_seconds gdb -nx -batch \
-ex 'target remote $line' >$scratch/second 2>&1" "print 40 + 2" \
    "info symbol \$pc" "detach"
case $(cat "$scratch/second") in
*_start* | *"in read"*) ok 1 "a second gdb at the same time is sent away" ;;
*) ok 0 "a second gdb at the same time is sent away" ;;
esac
has "$answer" "in section .text" "and the first does not mind"

gdb_on "$line" "break write" "$die_later" "continue"
is "$gdb_status" 137 "gdb is killed while the guest runs"
printf 'all of it\n' >&4
sleep "$gdb_pause"
on_line "$line" "break write" "bt" "detach"
has "$answer" "read (" "then another finds the guest, which has gone on"
exec 3</dev/null 4>&-
ended 0 "and in the end it ends well"
is "$(cat "$scratch/out")" "all of it" "without a planted byte"

serve "$guests/hello.elf" again
gdb_on "$line" "break main" "continue" "break printf" "stepi" "$die_later" \
    "shell sleep $((gdb_pause * 3))"
is "$gdb_status" 137 "gdb is killed while the guest stands"
ended 0 "the guest runs to its end then"
is "$(cat "$scratch/out")" "Hello, again!" "and says all it has to say"

serve "$guests/sleep.elf" 1000
on_line "$line" "break main" "continue" "kill"
has "$answer" "killed" "gdb kills the guest"
ended 137 "and the status says so"
done_testing
