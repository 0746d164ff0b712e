#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The completions that are made from options.def: bash's completes; those of zsh
# and fish are read by their shells, and have every option.  Needs no KVM.

. "${top_srcdir:-.}/tests/lib.sh"

made=$top_builddir/bin/completion
[ -f "$made/novillo" ] || skip_all "no completions were built here"
make_scratch
: >"$scratch/one file.json"
mkdir "$scratch/folder"

# complete WORD...: set $out to what bash would complete the last WORD to.
cat >"$scratch/complete.bash" <<'END'
. "$1" || exit 1
COMP_WORDS=("${@:2}")
COMP_CWORD=$(($# - 2))
_novillo
printf '%s\n' "${COMPREPLY[@]}"
END
complete()
{
	try bash --norc "$scratch/complete.bash" "$made/novillo" "$novillo" "$@"
}

options=$("$novillo" --help=all |
    sed -n 's/^  \(-[A-Za-z],\|   \) --\([a-z-]*\).*/\2/p')
if command -v bash >/dev/null 2>&1; then
	complete --
	is "$err" "" "bash reads its completion without a word"
	is "$(printf '%s\n' "$out" | sed 's/=$//; s/^--//')" "$options" \
	    "-- completes to every option"
	complete --mem
	is "$out" "--memory=" "an option that takes a value ends with ="
	complete --sandbox = b
	is "$out" "best-effort" "--sandbox=b is completed"
	complete --sandbox =
	is "$out" "strict
best-effort
none" "so is --sandbox="
	complete -m 5 --on-deny k
	is "$out" "kill" "and a value in a word of its own"
	complete -t@fi
	is "$out" "-t@file" "or right after a letter"
	complete --allow = @file,-unlinka
	is "$out" "@file,-unlinkat" "a list of calls is completed at its end"
	complete -a conn
	is "$out" "connect" "a call is completed"
	complete -c "$scratch/one"
	is "$out" "$scratch/one file.json" "a file may have a blank"
	complete -v "$scratch/"
	is "$out" "$scratch/folder" "a volume is a folder"
	complete -e A = 1 -v a : /b "$scratch/one"
	is "$out" "$scratch/one file.json" "GUEST is a file"
	complete -e A = 1 guest --mem
	is "$out" "" "the options of GUEST are its own"
	complete -S -g1 --sandbox = none --stats --no-v
	is "$out" "--no-vdso" "an option after others is completed"
else
	missing "no bash here"
fi

# lacks FILE FORMAT: the options that FILE has not in this format.
lacks()
{
	for option in $options; do
		grep -q -e "$(printf -- "$2" "$option")" "$1" || echo "$option"
	done
}
is "$(lacks "$made/_novillo" "'\\*--%s[=[]")" "" "zsh's has every option"
is "$(lacks "$made/novillo.fish" "-l %s ")" "" "fish's has every option"
for shell in zsh fish; do
	file=$made/_novillo
	[ $shell = zsh ] || file=$made/novillo.fish
	if command -v $shell >/dev/null 2>&1; then
		try $shell -n "$file"
		is "$status$err" 0 "$shell can read its completion"
	else
		skip "no $shell here"
	fi
done
done_testing
