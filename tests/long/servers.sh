#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Servers with large runtimes, as tests/programs/t-servers.sh has small ones:
# etcd, Node.js and a Java virtual machine, whose compilers need @jit.  Debian's
# packages are etcd-server, 24 MB; nodejs, 200 MB; and
# openjdk-17-jdk-headless, 400 MB.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/programs/servers.sh"

sources=$(cd "$top_srcdir/tests/programs" && pwd -P)
# The servers need no settings.
export settings=

# Process 1 does not end itself by a signal, as etcd knows.
if command -v etcd >/dev/null 2>&1; then
	ends=0
	same etcd etcd "$(command -v etcd)" --data-dir data --logger zap \
	    --listen-client-urls http://127.0.0.1:PORT \
	    --advertise-client-urls http://127.0.0.1:PORT \
	    --listen-peer-urls http://127.0.0.1:PEER
	ends=
else
	skip "no etcd here"
fi

if command -v node >/dev/null 2>&1; then
	same Node.js http "$(command -v node)" "$sources/serve.js" PORT
else
	skip "no Node.js here"
fi

# The compiler is a program of Java also: it makes the same file as natively.
if command -v javac >/dev/null 2>&1; then
	java=$(dirname "$(readlink -f "$(command -v javac)")")/java
	for how in native guest; do
		mkdir "$here/$how"
		set -- "$java" -m jdk.compiler/com.sun.tools.javac.Main \
		    -d "$here/$how" "$sources/Serve.java"
		[ $how = native ] || set -- "$novillo" --root=/ -a @all,@jit \
		    -m 2G --timeout=240 "$@"
		try "$@"
		is "$status:$err" "0:" "Java compiles, $how"
	done
	cmp "$here/native/Serve.class" "$here/guest/Serve.class"
	ok $? "to the same file"
	# Its classes are not seen by --check.
	memory=2G more=@net
	same Java http "$java" -cp "$here/guest" Serve PORT
else
	skip "no Java compiler here"
fi
done_testing
