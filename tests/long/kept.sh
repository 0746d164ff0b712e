# SPDX-License-Identifier: BSD-2-Clause
#
# The common part of the tests that keep.sh has made: the command "$@" is
# recorded and replayed NOVILLO_TIMES times, by recorded.sh, each time with its
# folders as they were.  $program is the guest, if a host lacks it, and $input its
# standard input; empty: the file beside the test.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch
kept=${0%.sh}
export NOVILLO_RECORDED="$novillo" RECORDED="$scratch/recorded"

if [ -n "$program" ] && [ ! -e "$program" ]; then
	mkdir -p "${program%/*}"
	cp "${0%/*}/files$program" "$program"
fi

unpack()
{
	[ -e "$kept.tar" ] || return
	tar -tf "$kept.tar" | sort -r | while read -r name; do
		rm -rf "/${name%/}"
	done
	tar -xf "$kept.tar" -C /
}

i=0
while [ "$i" -lt "${NOVILLO_TIMES:-3}" ]; do
	: >"$RECORDED"
	unpack
	try sh "$top_srcdir/tests/long/recorded.sh" "$@" \
	    <"${input:-$kept.input}"
	case $(cat "$RECORDED") in
	same:*) ok 0 "same, status $status: $*" ;;
	DIFFERS:*) ok 1 "$(cat "$RECORDED")" ;;
	refused:*) skip "$(cat "$RECORDED")" ;;
	*) skip "not recorded: $*" ;;
	esac
	i=$((i + 1))
done
done_testing
