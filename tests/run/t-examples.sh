#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The examples of novillo(1), as printed.  Without KVM novillo still reads each
# command line, and must have nothing else to report than the lack of KVM.

. "${top_srcdir:-.}/tests/lib.sh"

manual=$top_srcdir/doc/novillo.1
[ -f "$manual" ] || skip_all "no manual here"
lack=$("$novillo" --probe 2>&1 >/dev/null) && lack=
[ -z "$lack" ] || [ "${NOVILLO_REQUIRE_KVM:-0}" != 1 ] || need_kvm
make_scratch

# The folder in which a reader has built novillo, and the reader's own files.
mkdir "$scratch/bin" "$scratch/work" "$scratch/work/guest" "$scratch/work/doc" \
    "$scratch/work/www"
cp "$(command -v "$novillo")" "$scratch/bin/novillo"
cp "$guests"/*.elf "$scratch/work/guest/"
mkdir "$scratch/work/guest/examples"
cp "$top_srcdir"/guest/examples/*.json "$scratch/work/guest/examples/"
cp "$top_srcdir/doc/timeline.awk" "$scratch/work/doc/"
cp "$guests/hello.elf" "$scratch/work/serve"
echo "a note" >"$scratch/work/notes.txt"
cat >"$scratch/work/count.c" <<'END'
#include <stdio.h>

int
main(void)
{
	int lines = 0, c;

	while ((c = getchar()) != EOF)
		lines += c == '\n';
	return printf("%d\n", lines) < 0;
}
END
gdb=$(command -v gdb)
cat >"$scratch/bin/gdb" <<END
#!/bin/sh
exec "$gdb" -nx -nh -batch -iex 'set remotetimeout 60' \\
    -iex 'set debuginfod enabled off' "\$@"
END
[ -z "$gdb" ] || chmod +x "$scratch/bin/gdb"
command -v cc >/dev/null || cp "$guests/wc.elf" "$scratch/work/count"

# absent COMMAND: print what this machine lacks for it.
absent()
{
	case $1 in
	*gdb* | *--debug*) [ -n "$gdb" ] || echo gdb ;;
	cc\ *) command -v cc >/dev/null || echo cc ;;
	esac
	for word in $1; do
		case $word in
		/*) [ -e "$word" ] || echo "$word" ;;
		esac
	done
}

# Faults have a status from 128.
judge()
{
	case $example in
	novillo\ *) ;;
	*)
		is "$status" 0 "$example"
		return
		;;
	esac
	if [ -n "$lack" ]; then
		is "$(grep '^novillo: ' "$scratch/err" | grep -vF "$lack")" "" \
		    "$example"
	else
		[ "$status" -lt 124 ] || [ "$status" -ge 128 ]
		ok $? "$example: status $status"
	fi
}

# Run $example, if it can run here.
attempt()
{
	why=$(absent "$example" | head -n 1)
	if [ -n "$why" ]; then
		missing "$example: no $why here"
		return
	fi
	try sh -c "$example" </dev/null
	judge
}

# --learn writes nothing without a guest.
[ -z "$lack" ] ||
    echo '{ "guest": "./count" }' >"$scratch/work/count.json"

# A blank line ends a group of commands, which run in one folder.
sed -n '/^\.Sh EXAMPLES/,/^\.Sh DIAGNOSTICS/{s/^\.Dl \$ //p;s/^\.Pp$//p;}' \
    "$manual" >"$scratch/examples"
PATH=$(cd "$scratch/bin" && pwd):$PATH
work=$(cd "$scratch/work" && pwd)
cd "$work" || exit 99
scratch=$(dirname "$work")
while IFS= read -r example <&3; do
	case $example in
	"") cd "$work" || exit 99 ;;
	"cd "*) $example || exit 99 ;;
	"gdb "*" core" | "awk "*)
		if [ -n "$lack" ]; then
			skip "$example: no guest has written that"
		else
			attempt
		fi
		;;
	*) attempt ;;
	esac
done 3<"$scratch/examples"
[ "$points" -ge 20 ]
ok $? "novillo(1) has examples"
done_testing
