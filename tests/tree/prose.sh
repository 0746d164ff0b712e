#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Checks comments, messages and documents for the rules of English that a
# machine can check.  Prints FILE:LINE: RULE: TEXT for each line that breaks a
# rule.
#
# usage: tests/tree/prose.sh [FILE|FOLDER...]	default: the whole tree
#
#	opening	a sentence begins with its subject, not with a clause that
#		opens with Of, Who, Whom, Whose or What; questions may
#	no	"is not a port", not "is no port"; "there is no" may, unless it
#		opens a sentence of a comment in C; nothing "leads to none"
#	behind	order is "after" or "past"
#	wide	a comment in C ends at column 80
#	told	state who reports, returns or sets it, and what

[ $# -gt 0 ] || set -- README.md NEWS.md bin doc guest lib tests

# This file is excluded because it quotes what it forbids.  Programs of
# tests/programs in other languages print other people's words.
find "$@" -type f \( -name '*.[chS]' -o -name '*.def' -o -name '*.lds' \
    -o -name '*.sh' -o -name '*.mk' -o -name '*.md' -o -name '*.awk' \
    -o -name '*.[137]' -o -name '*.cc' -o -name '*.go' -o -name init \
    -o -name run \) ! -name prose.sh ! -path '*/hosts-build/*' |
    LC_ALL=C sort | while read -r file; do
	awk -v file="${file#./}" '
	function report(rule)
	{
		line = $0
		sub(/^[ \t]+/, "", line)
		print file ":" NR ": " rule ": " line
	}
	# A heading names a subject and may begin with any word.
	file ~ /\.md$/ && /^#/ || file ~ /\.[137]$/ && /^\.S[hs]/ { next }
	{
		text = " " $0 " "
		gsub(/[ \t]+/, " ", text)
	}
	text ~ /[^A-Za-z-](Of|Who|Whom|Whose|What) [a-z`"]/ &&
	    text !~ /\?/ { report("opening") }
	text ~ /[^A-Za-z](is|are|was|were) no [a-z]/ {
		rest = tolower(text)
		gsub(/there (is|are|was|were) no [a-z]/, "", rest)
		gsub(/ no longer/, "", rest)
		if (rest ~ /[^a-z](is|are|was|were) no [a-z]/)
			report("no")
	}
	file ~ /\.[ch]$/ && /^[ \t]*(\/?\*| \*)/ &&
	    text ~ /[^A-Za-z]There (is|are|was|were) no [a-z]/ ||
	    text ~ /leads? to none/ { report("no") }
	file ~ /\.[ch]$/ && length($0) > 60 && /^[ \t]*(\/?\*| \*)/ {
		wide = $0
		while ((at = index(wide, "\t")) > 0)
			wide = substr(wide, 1, at - 1) \
			    substr("        ", 1, 8 - (at - 1) % 8) \
			    substr(wide, at + 1)
		if (length(wide) > 80)
			report("wide")
	}
	text ~ /[^A-Za-z_]behind[^A-Za-z_]/ { report("behind") }
	text ~ /[^A-Za-z](is|are|was|were|be|been|being) told[^a-z]/ ||
	    text ~ /[^A-Za-z_$](tells|told) (it|its|the|that|how|what|which|why)[^a-z]/ {
		report("told")
	}' "$file"
done
