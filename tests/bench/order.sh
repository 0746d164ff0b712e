#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Print bin/start.lds: the functions that starts execute.  In a build folder:
#
#	sh tests/bench/order.sh GUEST... >start.lds
#
# Novillo has to be static there; it runs step by step, a minute for each guest.
# The members of a C library are those of the compiler's libc.a.
set -e
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for guest; do
	tests/bench/steps bin/novillo "$guest" 2>&1 >/dev/null
done | grep '^[0-9a-f]\{16\}$' | sed 's/$/ ~/' >"$scratch/steps"
nm bin/novillo | awk '$2 ~ /[tTwWi]/ { print $1, $3 }' |
    sort - "$scratch/steps" |
    awk '$2 != "~" { name = $2; next } !said[name]++ { print name }' \
    >"$scratch/names"

# KIND NAME [MEMBER]: what there is in our objects, then in the C library.
{
	nm bin/*.o lib/lib*.a 2>/dev/null |
	    awk '$2 ~ /[tTwW]/ { print "own", $3 }'
	nm -A "$(${CC:-cc} -print-file-name=libc.a)" 2>/dev/null |
	    awk '$2 ~ /[tTwWi]/ { n = split($1, part, ":")
		print "libc", $3, part[n - 1] }'
} >"$scratch/symbols"

cat <<'END'
/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that a start executes, which lie together: the host maps 16
 * pages of a file at each fault.  tests/bench/order.sh makes this list; a name
 * that no object has is ignored, and a function that is missing here lies with
 * the others.
 */
SECTIONS
{
	.text.start :
	{
END
awk '$1 == "own" { own[$2] = 1 } $1 == "libc" { member[$2] = $3 }
    NF > 1 { next }
    own[$1] { sub(/\.(isra|constprop|part|cold).*/, "")
	if (!said[$1]++) printf "\t\t*(.text.%s .text.%s.*)\n", $1, $1
	next }
    $1 in member && !said[member[$1]]++ {
	printf "\t\t*libc.a:%s(.text .text.*)\n", member[$1] }' \
    "$scratch/symbols" "$scratch/names"
printf '\t}\n}\nINSERT BEFORE .text;\n'
