#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Copies this machine's gdbserver and its libraries for a host, which has none.
# Without a gdbserver here the bench leaves its comparisons out.
#
# usage: gdbserver.sh FOLDER	a program FOLDER/bin/gdbserver, its parts beside it

set -eu

server=$(command -v gdbserver) || exit 0
loader=$(ldd "$server" | sed -n 's|^[[:space:]]*\(/[^ ]*ld-linux[^ ]*\) .*|\1|p')
mkdir -p "$1/bin" "$1/lib"
cp "$server" "$1/lib/gdbserver"
cp "$loader" "$1/lib/loader"
ldd "$server" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' |
    while read -r library; do
	cp "$library" "$1/lib/"
done
cat >"$1/bin/gdbserver" <<'EOF'
#!/bin/sh
lib=${0%/*}/../lib
exec "$lib/loader" --library-path "$lib" "$lib/gdbserver" "$@"
EOF
chmod 755 "$1/bin/gdbserver"
