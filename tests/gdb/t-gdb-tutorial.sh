#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# doc/tutorial.md from its empty folder to its end: each command in it is run,
# and what the document shows is what it prints.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

build=$top_builddir
[ -f "$build/Makefile" ] || build=$top_builddir/..
[ -f "$build/Makefile" ] || skip_all "no build folder here"
need_tool "${MAKE:-make}"
unset MAKEFLAGS MAKELEVEL MFLAGS GUEST_CC
source=$(cd "$top_srcdir" && pwd)
case $novillo in
*/*) novillo=$(cd "$(dirname "$novillo")" && pwd)/$(basename "$novillo") ;;
esac
scratch=$(cd "$scratch" && pwd)
start=$PWD
${MAKE:-make} -C "$build" install DESTDIR="$scratch/root" prefix=/usr \
    >"$scratch/log" 2>&1
ok $? "novillo is installed" || cat "$scratch/log"

# The commands of the tutorial.  In a host they run in a folder of it.
mkdir "$scratch/tools" "$scratch/empty"
there=/tmp/novillo-tutorial-$$
tool()
{
	{
		printf '#!/bin/sh\nPATH=%s\n' "'$PATH'"
		cat
	} >"$scratch/tools/$1"
	chmod +x "$scratch/tools/$1"
}
port=$((20000 + $$ % 20000))
if here; then
	tool novillo <<-END
	exec "$novillo" "\$@"
	END
	tool novillo-cc <<-END
	exec "$scratch/root/usr/bin/novillo-cc" "\$@"
	END
else
	port=8080
	in="sh '$source/tests/hosts/in.sh' sh -c"
	tool novillo <<-END
	exec $in 'b=\$PWD/bin; cd $there && exec "\$b/novillo" "\$@"' sh "\$@"
	END
	for name in cat wget; do
		tool $name <<-END
		exec $in 'cd $there && exec busybox $name "\$@"' sh "\$@"
		END
	done
	tool novillo-cc <<-END
	"$scratch/root/usr/bin/novillo-cc" "\$@" || exit
	for file in *; do
		$in 'mkdir -p $there; /bin/busybox cat >$there/\$0' "\$file" \\
		    <"\$file"
	done
	END
fi
here || command -v busybox >/dev/null || skip_all "no busybox here"
here && need_tool wget

sed "s/8081/$((port + 1))/g; s/8080/$port/g" "$source/doc/tutorial.md" \
    >"$scratch/tutorial"
# shellcheck disable=SC2016
sed -n '/^```c$/,/^```$/{/^```/!p;}' "$scratch/tutorial" \
    >"$scratch/empty/serve.c"
sed -n 's/^    //p' "$scratch/tutorial" >"$scratch/story"
cd "$scratch/empty" || exit 99

# gdb ARG...: with the commands that follow it in the document.
# shellcheck disable=SC2317
gdb()
{
	gdb_batch "$gdb_seconds" -ex 'set confirm off' -ex 'set width 0' \
	    -ex 'set sysroot target:' "$@" -ex "source $scratch/commands"
}

# check: the last command has printed the lines of $scratch/shown, in their
# order.
check()
{
	[ -s "$scratch/shown" ] || return 0
	rest=$(cat "$scratch/said")
	missing=
	while IFS= read -r shown; do
		case $rest in
		*"$shown"*) rest=${rest#*"$shown"} ;;
		*) missing="$missing
$shown" ;;
		esac
	done <"$scratch/shown"
	is "$missing" "" "$command"
	[ -z "$missing" ] || sed 's/^/# /' "$scratch/said"
}

in_tools()
{
	(
		PATH=$scratch/tools:$PATH
		eval "$1"
	)
}

# until_shown COMMAND...: repeat COMMAND, whose output is what the last command
# says, until the last line that the document shows is there.
until_shown()
{
	tries=0
	until grep -qF "$(tail -n 1 "$scratch/shown")" "$scratch/said"; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || break
		"$@" >>"$scratch/said" 2>&1 || [ "$1" != kill ] || break
		sleep 0.1
	done
}

# Run the command; a server runs until the document waits for it, and is ready
# when it has printed what the document shows.
run()
{
	case $command in
	'') return ;;
	wait)
		wait "$server"
		is "$?" 0 "the server ends"
		;;
	*'&')
		in_tools "${command%&}" <&3 >"$scratch/said" 2>&1 3<&- 4>&- &
		server=$!
		until_shown kill -0 "$server"
		;;
	'cat '*)
		# The program that writes the file may have begun to.
		until_shown in_tools "$command"
		;;
	novillo-cc*)
		in_tools "$command" </dev/null >"$scratch/said" 2>&1
		status_=$?
		is "$status_$(cat "$scratch/said")" 0 "the guest is built"
		[ "$status_" -eq 0 ] || exit 1
		;;
	*) in_tools "$command" </dev/null >"$scratch/said" 2>&1 ;;
	esac
}

# finish: the command's lines are complete.
finish()
{
	: >"$scratch/said"
	run
	check
	: >"$scratch/shown"
	: >"$scratch/commands"
}

command=
commands=0
: >"$scratch/shown"
: >"$scratch/commands"
while IFS= read -r line_ <&5; do
	case $line_ in
	'$ '*)
		finish
		command=${line_#??}
		commands=$((commands + 1))
		;;
	'(gdb) '*) printf '%s\n' "${line_#??????}" >>"$scratch/commands" ;;
	*) printf '%s\n' "$line_" >>"$scratch/shown" ;;
	esac
done 5<"$scratch/story"
finish
cd "$start" || exit 99
[ "$commands" -gt 20 ]
ok $? "the document has $commands commands"
done_testing
