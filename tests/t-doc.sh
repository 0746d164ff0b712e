#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The manuals say what the program does, and nothing else.  Needs no KVM.

. "${top_srcdir:-.}/tests/lib.sh"

doc=$top_srcdir/doc
[ -d "$doc" ] || skip_all "no documents here"
manual=$(cat "$doc/novillo.1")

for option in $("$novillo" --help | grep -o ' --[a-z][a-z]*' | sort -u); do
	name=${option#--}
	has "$manual" "Fl -$name" "novillo.1 tells of $option"
done
for name in $(grep -o 'Fl -[a-z][a-z]*' "$doc/novillo.1" | sort -u |
    sed 's/Fl -//'); do
	case $name in
	static) continue ;;
	esac
	"$novillo" --help | grep -q -e "--$name" && continue
	case $name in
	?) "$novillo" --help | grep -q -e "-$name," && continue ;;
	esac
	ok 1 "novillo.1 tells of --$name, which there is not"
done
ok 0 "novillo.1 tells of no option that there is not"

manual=$(cat "$doc/kvmcore.3")
for function in $(grep -o '\bkvmcore_[a-z_0-9]*(' \
    "$top_srcdir/lib/kvmcore/kvmcore.h" | sort -u | tr -d '('); do
	has "$manual" ".Fn $function " "kvmcore.3 tells of $function()"
done

calls=$("$novillo" --list | grep -c .)
has "$(cat "$top_srcdir/NEWS.md")" "$calls hypercalls" \
    "NEWS.md counts the hypercalls right: $calls"

if command -v mandoc >/dev/null 2>&1; then
	for page in novillo.1 kvmcore.3; do
		is "$(mandoc -T lint -W warning "$doc/$page" 2>&1)" "" \
		    "mandoc has nothing to say of $page"
	done
else
	skip "no mandoc here"
fi
done_testing
