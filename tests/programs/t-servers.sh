#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Servers of the system, run directly with the host's files as the guest's, give
# hundreds of requests over several connections at once the answers that they
# give natively.  Each is ended by SIGTERM, as a system ends its servers.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/programs/servers.sh"

PATH=$PATH:/usr/sbin

# same_server PROGRAM ...: if it is there.
same_server()
{
	if command -v "$1" >/dev/null 2>&1; then
		program=$(command -v "$1") name=$1 kind=$2
		shift 2
		same "$name" "$kind" "$program" "$@"
	else
		missing "no $1 here"
		return 1
	fi
}

# A guest has no processes to make, and no other user to become.
settings='daemon off;
master_process off;
user root;
pid nginx.pid;
error_log stderr;
events { }
http {
	access_log off;
	client_body_temp_path tmp/a;
	proxy_temp_path tmp/b;
	fastcgi_temp_path tmp/c;
	uwsgi_temp_path tmp/d;
	scgi_temp_path tmp/e;
	keepalive_requests 50;
	sendfile on;
	server { listen 127.0.0.1:PORT; root www; }
}'
same_server nginx http -e stderr -p . -c settings

settings='server.bind = "127.0.0.1"
server.port = PORT
server.document-root = var.CWD + "/www"'
same_server lighttpd http -D -f settings

settings=
same_server memcached memcached -u root -l 127.0.0.1 -p PORT -t 4

# The data of Redis are there after a restart, here and natively.
if same_server redis-server redis --port PORT --appendonly yes --save "" \
    --dir .; then
	set -- "$program" --port "$port" --appendonly yes --save "" --dir .
	guest look "$@"
	again=$out
	is "$status:$err" "0:" "a second guest reads what the first wrote"
	serve look "$@"
	is "$status:$out" "0:$again" "and so does Redis natively"
fi
done_testing
