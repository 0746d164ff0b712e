#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The applets of a static busybox behave as guests as they do natively: same
# output, same complaints, same status, same files.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
busybox=${BUSYBOX:-/bin/busybox}
if ! "$novillo" --check "$busybox" >/dev/null 2>&1; then
	missing "no static busybox at $busybox"
	done_testing
fi
make_scratch

# Every command finds these files; their times are the same in all copies.
make_files()
{
	mkdir "$1" && cd "$1" || exit 99
	printf '%s\n' "the first line abc" "the second line" \
	    "Third, and last of them" "an x here" "" "the end" >text
	"$busybox" sed s/second/2nd/ text >text2
	printf '3 c\n1 a\n10 j\n2 b\n' >table
	printf 'a\na\nb\nc\n' >sorted
	printf 'a\nc\nd\n' >sorted2
	printf 'a\tb\tc\n        x\n' >tabs
	printf 'a\r\nb\r\n' >dos
	printf '2^10\nscale=5; 10/3\n' >bc.in
	printf '61 62 63 0a' >hex
	printf 'a b\nb c\n' >pairs
	mkdir -p dir/sub empty etc
	echo one >dir/one.txt
	echo two >dir/sub/two.txt
	echo x >a.txt
	ln -s text lnk0
	"$busybox" head -c 3000 "$busybox" >bin
	cp /etc/passwd /etc/group etc 2>/dev/null
	"$busybox" gzip -c text >text.gz
	"$busybox" bzip2 -c text >text.bz2
	"$busybox" base64 text >text.b64
	"$busybox" uuencode text name >text.uu
	"$busybox" md5sum text text2 >sums
	"$busybox" tar -cf in.tar dir
	"$busybox" find dir | "$busybox" cpio -o -H newc >a.cpio 2>/dev/null
	"$busybox" diff -u text text2 |
	    "$busybox" sed 's/^\(... text2\{0,1\}\).*/\1/' >p.diff
	# busybox only reads these files; it complains about other formats.
	xz -c text >text.xz 2>/dev/null || cp text text.xz
	xz -c --format=lzma text >text.lzma 2>/dev/null || cp text text.lzma
	cd - >/dev/null || exit 99
}

# differs WHAT: if WHAT differs between the two runs, print its name.
differs()
{
	cmp -s "$scratch/native.$1" "$scratch/guest.$1" || echo " $1"
}

# Names, kinds, rights and contents of the folder's files.
list_files()
{
	(cd "$1" && find . -exec stat -c '%n %a %F' {} + | sort &&
	    find . -type f -exec md5sum {} + | sort)
}

# Both have the same environment.  A guest's root folder is the native run's
# current folder, so commands name files relative to it.
run_both()
{
	rm -rf "$scratch/native" "$scratch/guest"
	cp -a "$scratch/files" "$scratch/native"
	cp -a "$scratch/files" "$scratch/guest"
	native=0 guest=0
	(cd "$scratch/native" && eval "env -i A=1 HOME=/ '$busybox' $1") \
	    <"$scratch/files/text" >"$scratch/native.output" \
	    2>"$scratch/native.complaints" || native=$?
	eval "timeout 240 '$novillo' -e A=1 -e HOME=/ --allow=@all \
	    --root='$scratch/guest' '$busybox' $1" \
	    <"$scratch/files/text" >"$scratch/guest.output" \
	    2>"$scratch/guest.complaints" || guest=$?
	echo "$native" >"$scratch/native.status"
	echo "$guest" >"$scratch/guest.status"
	list_files "$scratch/native" >"$scratch/native.files"
	list_files "$scratch/guest" >"$scratch/guest.files"
}

compare()
{
	run_both "$1"
	why=$(differs status; differs output; differs complaints; differs files)
	[ -z "$why" ]
	ok $? "busybox $1"
	[ -z "$why" ] && return
	for what in $why; do
		echo "# $what:"
		diff "$scratch/native.$what" "$scratch/guest.$what" |
		    head -n 10 | sed 's/^/# /'
	done
}

make_files "$scratch/files"
while IFS= read -r line; do
	case $line in
	'#'*) continue ;;
	'+ '*) line=${line#+ } ;;
	*) [ -z "${NOVILLO_HOST-}" ] || continue ;;
	esac
	applet=${line%% *}
	# Debian's busybox has all applets; another may lack some.
	case $applet in
	'[' | '[[') ;;
	*) "$busybox" --list | grep -qx "$applet" || continue ;;
	esac
	compare "$line"
done <"$top_srcdir/tests/programs/applets.txt"

# An applet that has to start a process gets an error message, and ends.
rm -rf "$scratch/guest" && cp -a "$scratch/files" "$scratch/guest"
forks()
{
	try timeout 240 "$novillo" -a @all --root="$scratch/guest" "$busybox" "$@"
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	ok $? "busybox $*: it fails, and does not hang: status $status"
	has "$err" "$busybox: $fork is not supported" \
	    "and the message says why"
}
fork=fork
forks ash -c 'echo a | cat'
forks ash -c 'x=$(echo a)'
forks zcat text.gz
fork=vfork
forks timeout 5 true
fork=execve
forks ash -c '/bin/true'
forks env true
done_testing
