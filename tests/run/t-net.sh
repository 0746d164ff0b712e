#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A guest serves the network: real clients, rules for its addresses, and its end
# when it writes to a pipe without a reader.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
need_tool python3
make_scratch
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$scratch"' EXIT

cat >"$scratch/client.py" <<'END'
# client.py PORT CLIENTS BYTES: each client in turn sends BYTES of noise, in
# pieces of all sizes, and must get the same bytes back.
import os, socket, sys, threading

port, clients, size = map(int, sys.argv[1:])
for client in range(clients):
    line = socket.create_connection(("127.0.0.1", port), timeout=20)
    noise = os.urandom(size)

    def send():
        at = 0
        step = 1
        while at < size:
            line.sendall(noise[at:at + step])
            at += step
            step = step * 3 % 70001
        line.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    back = b""
    while True:
        piece = line.recv(65536)
        if not piece:
            break
        back += piece
    sender.join()
    if back != noise:
        sys.exit("%d bytes came back of %d" % (len(back), size))
print("the same came back")
END

# Print a port that is free now.
free_port()
{
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# start COMMAND...: start a server in the background and wait until it listens.
# The output of the server before must go first: a child that is killed before
# it executes COMMAND is a copy of this shell, and removes $scratch.
start()
{
	rm -f "$scratch/server.out"
	: >"$scratch/server.out"
	"$@" >"$scratch/server.out" 2>"$scratch/server.err" &
	server=$!
	tries=0
	until grep -q listening "$scratch/server.out"; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || return 1
		kill -0 "$server" 2>/dev/null || return 1
		sleep 0.1
	done
}

stop()
{
	kill "$server"
	wait "$server" 2>/dev/null
	server=
}

echo_server=$guests/echo_server.elf
port=$(free_port)
start "$novillo" --timeout=60 --allow=@net "$echo_server" "$port"
ok $? "the echo server listens"
try timeout 50 python3 "$scratch/client.py" "$port" 1 1
is "$out" "the same came back" "a byte comes back"
try timeout 50 python3 "$scratch/client.py" "$port" 5 100000
is "$out" "the same came back" "and 100000, five times"
try timeout 50 python3 "$scratch/client.py" "$port" 1 5000000
is "$out" "the same came back" "and 5000000"
stop
is "$(cat "$scratch/server.err")" \
    "novillo: $echo_server: ended by SIGTERM: it was sent to novillo" \
    "there was nothing to complain about before"

# ToroV's example runs by its configuration, on its port if the port is free.
mkdir "$scratch/example"
cp "$echo_server" "$top_srcdir/guest/examples/echo_server.json" "$scratch/example"
cd "$scratch/example" || exit 99
case $novillo in
/*) ;;
*) novillo=$OLDPWD/$novillo ;;
esac
if start "$novillo" --timeout=60 -c echo_server.json; then
	ok 0 "ToroV's configuration is enough for it"
	try timeout 50 python3 "$scratch/client.py" 50000 2 1000
	is "$out" "the same came back" "on ToroV's port"
	stop
elif grep -q "in use" "$scratch/server.err"; then
	server=
	skip "port 50000 is in use here"
	skip "port 50000 is in use here"
else
	server=
	ok 1 "ToroV's configuration is enough for it"
	sed 's/^/# /' "$scratch/server.err"
fi
cd "$OLDPWD" || exit 99

# Rules for the addresses that a guest may bind to.
try "$novillo" --timeout=20 --allow=@net,bind:127.0.0.1 "$echo_server" "$port"
is "$status" 1 "an address that is not allowed is refused"
is "$(printf '%s\n' "$err" | head -n 1)" \
    "novillo: bind:0.0.0.0:$port is not allowed: --allow=bind:0.0.0.0:$port would allow it" \
    "and the message names the cure"
has "$err" "bind: Permission denied" "the guest sees EACCES"
start "$novillo" --timeout=60 --allow="@net,bind:0.0.0.0:$port" \
    "$echo_server" "$port"
ok $? "the cure works"
stop
try "$novillo" --timeout=20 "$echo_server" "$port"
has "$err" "socket is not allowed: --allow=@net would allow it" \
    "without --allow there are no sockets"

# A pipe without a reader ends a guest as it ends a process.
{
	yes | "$novillo" --timeout=20 "$guests/number.elf" 2>/dev/null
	echo $? >"$scratch/status"
} | head -n 1 >/dev/null
is "$(cat "$scratch/status")" 141 \
    "writing where nobody reads ends a guest by SIGPIPE"
done_testing
