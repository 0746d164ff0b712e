#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# novillo for tests, as $NOVILLO: runs no guest, but keeps the command with the
# files that it names, as a test that records it elsewhere: see kept.sh.  So the
# guests of tests with compilers run on hosts without them.
#
# usage: KEPT=FOLDER keep.sh [OPTION]... GUEST...

case $1 in
--probe | --check) exit ;;
esac

mkdir -p "$KEPT/files"
n=$(find "$KEPT" -name '*.sh' | wc -l)
kept=$KEPT/$(printf %03d "$n")

# A pipe, or a folder that is the whole tree, cannot be kept.
input=$(readlink /proc/self/fd/0)
case $input in
/dev/*) ;;
/*) cat >"$kept.input" && input= ;;
*) exit ;;
esac

# Folders that the options name, and the program.
program=
folders=
for word; do
	name=${word#-*=}
	name=${name%%:*}
	case $name in
	/) exit ;;
	/*/*) ;;
	*) name= ;;
	esac
	if [ -f "$name" ] && [ -z "$program" ]; then
		program=$name
		mkdir -p "$KEPT/files${name%/*}"
		cp "$name" "$KEPT/files$name"
	elif [ -d "$name" ] && [ -z "$program" ]; then
		folders="$folders ${name#/}"
	fi
done
# shellcheck disable=SC2086 # several folders
[ -z "$folders" ] || tar -cf "$kept.tar" -C / $folders

{
	printf 'set --'
	for word; do
		printf " '%s'" "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")"
	done
	printf "\nprogram='%s' input='%s'\n. tests/long/kept.sh\n" \
	    "$program" "$input"
} >"$kept.sh"
