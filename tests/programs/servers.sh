# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Servers under load, natively and as guests, for t-servers.sh and servers of
# tests/long.  To be sourced after tests/lib.sh.

need_kvm
need_tool python3
[ -z "${NOVILLO_HOST-}" ] || skip_all "no dynamic programs on this host"
make_scratch
load=$top_srcdir/tests/programs/load.py
here=$(cd "$scratch" && pwd -P)
case $novillo in
/*) ;;
*) novillo=$(pwd)/$novillo ;;
esac
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$scratch"' EXIT

# The folder in which a server runs: files to serve, and the $settings of it.
make_folder()
{
	rm -rf "$here/run"
	mkdir -p "$here/run/tmp" "$here/run/www/sub"
	echo text >"$here/run/www/a.txt"
	awk 'BEGIN { for (i = 0; i < 40000; i++) print i * i }' \
	    >"$here/run/www/big"
	printf '%s\n' "$settings" | sed "s/PORT/$port/g" >"$here/run/settings"
}

# serve KIND COMMAND...: put load on the server on $port, and end it by SIGTERM:
# its status is in $ended.
serve()
{
	kind=$1
	shift
	(cd "$here/run" && exec "$@") >"$scratch/server.log" 2>&1 </dev/null &
	server=$!
	try timeout 240 python3 "$load" "$kind" "$port"
	kill "$server"
	ended=0
	wait "$server" || ended=$?
	server=
}

# guest KIND COMMAND...: the same, with what --check says that the program needs,
# and $more.
guest()
{
	kind=$1
	shift
	allow=$("$novillo" --check --root=/ "$1" | sed -n 's/^ *cure *--allow=//p')
	serve "$kind" "$novillo" --root=/ ${allow:+--allow="$allow"} \
	    ${more:+--allow="$more"} --timeout=240 \
	    -m "${memory:-1G}" --chdir="$here/run" "$@"
}

# same NAME KIND COMMAND...: natively and as a guest, which ends with the status
# $ends if that is set, else the native one.  PORT in the command and in $settings
# is a free port, PEER another.  The guest's folder is left.
same()
{
	name=$1 kind=$2
	shift 2
	port=$(python3 "$load" port)
	peer=$(python3 "$load" port)
	for word; do
		shift
		set -- "$@" "$(printf '%s\n' "$word" |
		    sed "s/PORT/$port/g; s/PEER/$peer/g")"
	done
	make_folder
	serve "$kind" "$@"
	wanted=$out native=$ended
	[ -n "$wanted" ] && [ "$status" = 0 ]
	ok $? "$name answers natively"
	make_folder
	guest "$kind" "$@"
	is "$status:$out:$err" "0:$wanted:" "$name: as a guest as natively"
	is "$ended" "${ends:-$native}" "and ends as it should"
	[ "$ended:$out" = "${ends:-$native}:$wanted" ] ||
		tail -n 20 "$scratch/server.log" | sed 's/^/# /'
}
