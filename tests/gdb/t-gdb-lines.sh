#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The lines by which gdb connects to a guest, and successive sessions.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

# line_to ADDRESS: gdb's name for a port on the machine that runs novillo.
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

wrong "is not a port" nonsense
wrong "is not a port" 99999
wrong "is not a port" 127.0.0.1:
wrong "No such file" unix:
wrong "No such file" unix:/nowhere/x
wrong "Bad file descriptor" fd:77
wrong "Bad file descriptor" fd:x

# TCP.
serve_at :0 "$guests/hello.elf" you
has "$told" "127.0.0.1:" "the port is printed, on the loopback"
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

# The spellings of gdb and QEMU, each with the start of the address it means.
spelled()
{
	serve_at "$1" "$guests/hello.elf"
	case $told in
	"$2"*) ok 0 "--gdb=$1 waits at $2" ;;
	*) ok 1 "--gdb=$1 waits at $2 ($told)" ;;
	esac
	kill "$server"
	wait "$server"
}
if here; then
	spelled localhost:0 127.0.0.1:
	wrong "is not an address: give its number" nowhere.invalid:0
	spelled tcp::0 127.0.0.1:
	spelled tcp4:127.0.0.2:0 127.0.0.2:
	spelled tcp::0,server,nowait 127.0.0.1:
	spelled tcp::0,server=on,wait=off 127.0.0.1:
	wrong "is not a port" tcp::0,something
	serve_at :0 "$guests/hello.elf"
	wrong "the port is in use: give another, or --gdb=:0" "$told"
	kill "$server"
	wait "$server"
fi

# say_at HOST:PORT TEXT: connect, send TEXT, and print the reply up to the end
# of the connection, which may be reset.
say_at()
{
	timeout 20 bash -c 'exec 5<>"/dev/tcp/${0%:*}/${0##*:}" &&
	    printf "%b" "$1" >&5 && cat <&5' "$1" "$2" 2>/dev/null
}

# A web page can make a browser send a request to a port of the loopback, with
# a body that the page chooses.
refusal="does not speak GDB's protocol"
if here && command -v bash >/dev/null; then
	serve_at :0 "$guests/hello.elf" you
	body='+$D#44$k#6b'
	for before in '' '+' '\0003' '$' '+$'; do
		is "$(say_at "$told" "${before}POST / HTTP/1.1\r\nHost: x\r
Content-Type: text/plain\r\nContent-Length: 11\r\n\r\n$body")" "" \
		    "a request after '$before' gets no reply"
	done
	is "$(grep -c "$refusal" "$scratch/err")" 1 "one message says so"
	timeout 20 bash -c 'exec 5<>"/dev/tcp/${0%:*}/${0##*:}"; exec sleep 19' \
	    "$told" &
	idle=$!
	sleep "$gdb_pause"
	on_line "$(line_to "$told")" "info symbol \$pc" "detach"
	has "$answer" "_start in section .text" \
	    "gdb finds the guest at its entry, and no idle peer is in its way"
	ended 0 "and the guest runs when gdb lets it"
	is "$(cat "$scratch/out")" "Hello, you!" "and says all it has to say"
	kill "$idle"
fi
if here; then
	try timeout "$gdb_seconds" "$novillo" --gdb=stdio "$guests/hello.elf" <<-END
	GET / HTTP/1.1
	END
	is "$status" 137 "a guest that waits for a debugger on stdio, and gets \
a request, ends"
	has "$err" "$refusal" "and a message says why"
fi

# A guest ends when no debugger is connected and none can connect.
gone="the debugger is gone and no other can connect"
if here; then
	try timeout "$gdb_seconds" "$novillo" --gdb=stdio "$guests/hello.elf" \
	    </dev/null
	is "$status" 137 "a guest whose only debugger never comes ends"
	has "$err" "$gone" "and a message says why"
	gdb_on "| $novillo --gdb=stdio $guests/signals.elf compute \
2>$scratch/guest" "$die_later" "continue"
	is "$gdb_status" 137 "gdb on a pipe is killed while the guest runs"
	waited=0
	while ! grep -q "$gone" "$scratch/guest" && [ "$waited" -lt 100 ]; do
		sleep 0.1
		waited=$((waited + 1))
	done
	has "$(cat "$scratch/guest")" "$gone" "the guest ends then"
	serve_at "unix:$scratch/once" --once "$guests/signals.elf" compute
	gdb_on "$scratch/once" "$die_later" "continue"
	is "$gdb_status" 137 "gdb is killed with --once"
	ended 137 "and so does the guest"
fi

# A killed novillo leaves its socket.
if here; then
	: >"$scratch/err"
	"$novillo" "--gdb=unix:$scratch/stale" "$guests/hello.elf" first \
	    </dev/null 2>"$scratch/err" &
	server=$!
	wait_for 'waits for a debugger'
	try timeout "$gdb_seconds" "$novillo" "--gdb=unix:$scratch/stale" \
	    "$guests/hello.elf"
	has "$err" "Address already in use" "a socket in use is not taken"
	kill -KILL "$server"
	wait "$server" 2>/dev/null || :
	[ -S "$scratch/stale" ]
	ok $? "a novillo that is killed leaves its socket"
	# Its worker goes with it, a moment later.
	sleep "$gdb_pause"
	serve_at "unix:$scratch/stale" "$guests/hello.elf" second
	on_line "$scratch/stale" "continue"
	has "$answer" "exited normally" "the next one takes its place"
	wait "$server" || :
	serve_at "unix:$scratch/term" "$guests/hello.elf"
	kill -TERM "$server"
	wait "$server" || :
	[ ! -e "$scratch/term" ]
	ok $? "SIGTERM removes the socket of a guest that waits"
	serve_at "unix:$scratch/term" "$guests/sleep.elf" 1000
	on_line "$scratch/term" "detach"
	kill -TERM "$server"
	wait "$server" || :
	[ ! -e "$scratch/term" ]
	ok $? "and of one that runs"
	: >"$scratch/file"
	try timeout "$gdb_seconds" "$novillo" "--gdb=unix:$scratch/file" \
	    "$guests/hello.elf"
	has "$err" "Address already in use" "a file that is not a socket stays"
	[ -f "$scratch/file" ]
	ok $? "as it is"
fi

# The command that novillo prints can be pasted.
if here; then
	serve_at :0 "$guests/hello.elf" you
	command=$(sed -n 's/.*waits for a debugger: \(gdb .*\)/\1/p' \
	    "$scratch/err")
	has "$(eval "timeout 60 $command -nx -batch -ex continue" 2>&1)" \
	    "exited normally" "the command that novillo prints works as it is"
	wait "$server"
fi

# Other lines.  In a host they would need programs that only this machine has.
if here; then
	on_line "| $novillo --gdb=fd:3 $guests/hello.elf you 3<&0 </dev/null \
2>$scratch/guest >$scratch/out" "break main" "continue" "continue"
	has "$answer" "Breakpoint 1, main" "gdb is led in as a descriptor"
	is "$(cat "$scratch/out")" "Hello, you!" "beside the guest's streams"

	on_line "| $top_builddir/tests/gdb/onpty $novillo --gdb=@ \
$guests/hello.elf you 2>$scratch/guest" "break main" "continue" \
	    "print argv[1]" "continue"
	has "$answer" "Breakpoint 1, main" "gdb comes by a serial line"
	has "$answer" '"you"' "which lets all bytes through"
	has "$answer" "exited normally" "up to the end"
	has "$(cat "$scratch/guest")" "Hello, you!" \
	    "and the guest says what it has to say"

	on_line "| { printf noise; sleep $gdb_pause; cat; } | \
$top_builddir/tests/gdb/onpty $novillo --gdb=@ $guests/hello.elf you \
2>$scratch/guest" "break main" "continue" "continue"
	has "$answer" "Breakpoint 1, main" "noise on the line does not matter"
	has "$answer" "exited normally" "up to the end"
fi

# -s and -S use a fixed port, which another process may hold.
busy=0
while here && grep -qi ':04D2 0*:0000 ' /proc/net/tcp && [ "$busy" -lt 30 ]; do
	sleep 1
	busy=$((busy + 1))
done
# short OPTION...: as serve_at, at the fixed port 1234.
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

# Successive sessions on one guest.
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
-ex 'set remotetimeout 60' -ex 'target remote $line' >$scratch/second 2>&1" "print 40 + 2" \
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
