#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Static shells run scripts that need no second process as they do natively.  A
# command that needs one is refused, and the shell reports it.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "none of these shells on this host"
make_scratch
programs=$top_srcdir/tests/programs

make_folder()
{
	rm -rf "$1"
	mkdir -p "$1/tmp" || exit 99
	printf 'first line\nsecond Line\nthird\n' >"$1/input"
	cp "$programs/$script" "$1"
}

# same SHELL SCRIPT [OPTION...]: natively and as a guest, each in a new folder.
# Files below /tmp natively are also below /tmp for the guest.
same()
{
	shell=$1 script=$2
	shift 2
	name=${shell##*/}
	if [ ! -x "$shell" ]; then
		missing "no $shell here"
		return
	fi
	make_folder "$scratch/there"
	make_folder "$scratch/here"
	native=0
	(cd "$scratch/there" && exec env -i HOME=/ "$shell" "$@" "$script") \
	    </dev/null >"$scratch/native.out" 2>"$scratch/native.err" ||
	    native=$?
	try timeout 240 "$novillo" -e HOME=/ -a @all --root="$scratch/here" \
	    "$shell" "$@" "$script" </dev/null
	is "$out" "$(cat "$scratch/native.out")" \
	    "$name runs $script as natively"
	is "$status" "$native" "and ends with the same status"
	case $name in
	# The shell is the first process of its world, and prints that.
	sash) err=$(printf '%s\n' "$err" | grep -v 'INIT process') ;;
	esac
	is "$err" "$(cat "$scratch/native.err")" "and complains of the same"
	is "$(diff -r "$scratch/there" "$scratch/here" 2>&1)" "" \
	    "and leaves the same files"
}

# refused SHELL OPTION COMMAND...: a command that starts another process.
refused()
{
	shell=$1 option=$2
	shift 2
	[ -x "$shell" ] || return
	for command; do
		try timeout 240 "$novillo" -a @all "$shell" "$option" "$command" \
		    </dev/null
		case $status in
		0 | 124 | 139) ok 1 "${shell##*/}: $command: status $status" ;;
		*) ok 0 "${shell##*/}: $command: fails, status $status" ;;
		esac
		has "$err" "$shell: " "the message names the program"
		has "$err" "is not supported: a guest is one p" "and the cause"
		has "$err" "no option allows another" "and that it has no cure"
	done
}

# limited SHELL OPTION COMMAND [OPTION...]: the messages say that this is a
# shell, before the user allows one call after the other.
limited()
{
	shell=$1 option=$2 command=$3
	shift 3
	[ -x "$shell" ] || return
	try timeout 240 "$novillo" "$@" "$shell" "$option" "$command" </dev/null
	has "$(printf '%s\n' "$err" | tail -n 1)" "$shell: it looks like a shell:\
 other programs and pipelines are further processes, which no option allows" \
	    "${shell##*/} ${*:-by itself}: $command: a shell, with its limits"
}

same /bin/bash-static script.bash --norc
same /bin/bash-static shell.sh --norc
same /bin/zsh-static script.zsh -f
same /bin/zsh-static shell.sh -f
same /bin/sash script.sash -f
same /bin/busybox shell.sh ash
refused /bin/bash-static -c 'x=$(echo a)' 'echo a | cat; exit' '/bin/true' \
    '(exit 4)'
refused /bin/zsh-static -fc 'x=$(echo a)' 'echo a | cat' '/bin/true'
refused /bin/sash -c 'ls'
limited /bin/bash-static -c 'echo a | cat'
limited /bin/bash-static -c 'echo a | cat' -a @all
limited /bin/zsh-static -fc 'echo a | cat' -a @file
printf 'echo a | cat\n' >"$scratch/script.sh"
limited /bin/busybox ash /script.sh -a @file -r "$scratch"
done_testing
