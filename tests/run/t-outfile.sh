#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The files that novillo writes: none of them is another file of the command
# line, which stays as it is, and none of them blocks novillo.  Needs no KVM:
# all this comes before the guest is made.

. "${top_srcdir:-.}/tests/lib.sh"

make_scratch
mkfifo "$scratch/fifo"
cp "$guests/hello.elf" "$scratch/guest"
echo '{"memory": "16M"}' >"$scratch/config"
echo "a recording" >"$scratch/recording"
ln "$scratch/guest" "$scratch/hard link"
ln -s guest "$scratch/symbolic link"

# Every option that writes a file.  A new one must be added to outfile.c.
written="core learn log output profile record trace-out"
is "$("$novillo" --help=all |
    sed -n 's/^ *\(-., \)*--\([a-z-]*\)\[*=FILE.*/\2/p' | sort | tr '\n' ' ')" \
    "config core learn log output profile record replay trace-out " "the options that name files"

# refused PART OPTION...: this is refused for PART, and no file has changed.
refused()
{
	part=$1
	shift
	cp "$scratch/guest" "$scratch/config" "$scratch/recording" \
	    "$scratch/was"
	try timeout 20 "$novillo" --stats "$@"
	[ "$status" -eq 125 ]
	ok $? "refused: $*"
	has "$err" "$part: name another file" "because of this"
	for file in guest config recording; do
		cmp -s "$scratch/$file" "$scratch/was/$file" ||
		    ok 1 "$file is as it was"
	done
	is "$(ls "$scratch")" "$files" "nothing was created"
}

mkdir "$scratch/was"
try true
files=$(ls "$scratch")
for option in $written; do
	for name in guest "hard link" "symbolic link"; do
		refused "is the guest's program" --$option="$scratch/$name" \
		    "$scratch/guest"
	done
	refused "is the configuration" --config="$scratch/config" \
	    --$option="$scratch/config" "$scratch/guest"
	case $option in
	record) ;;
	*)
		refused "is the recording" --replay="$scratch/recording" \
		    --$option="$scratch/recording"
		;;
	esac
	for other in $written; do
		[ $option != $other ] || continue
		refused "'s also" --$option="$scratch/new" \
		    --$other="$scratch/was/../new" "$scratch/guest"
	done
done
refused "is the guest's program" --output="+$scratch/guest" "$scratch/guest"
refused "is the recording" --core --replay="$scratch/recording" \
    --log="$scratch/recording"
refused "--core's also" --core --log="$scratch/guest.core" "$scratch/guest"

# A start that fails, after the files were opened or between two of them,
# changes no file that was there and leaves none that was not.  The file of
# --log has the fault, and nothing else.
look()
{
	ls -l "$1" | cut -c 1-10
	cat "$1/file"
}
mkdir "$scratch/was/old" "$scratch/old" "$scratch/new"
echo "it was there" >"$scratch/was/old/file"
chmod 640 "$scratch/was/old/file"
old=$(look "$scratch/was/old")
for option in $written; do
	for way in --volume="$scratch/none:/x" --trace-out="$scratch/none/x" \
	    --profile="$scratch/fifo" --log="$scratch/old" --gdb=nowhere; do
		[ "--$option" != "${way%%=*}" ] || continue
		rm -f "$scratch"/old/* "$scratch"/new/*
		cp -p "$scratch/was/old/file" "$scratch/old/file"
		for state in old new; do
			try timeout 20 "$novillo" --stats "$way" \
			    "--$option=$scratch/$state/file" "$scratch/guest"
			is "$status" 125 "--$option with $way is refused"
			[ $option != log ] ||
			    is "$(grep -c '^novillo: ' "$scratch/$state/file")" \
				"$(grep -c '' "$scratch/$state/file")" \
				"and says why"
		done
		[ $option != log ] || continue
		is "$(look "$scratch/old")" "$old" "a file stays as it was"
		is "$(ls "$scratch/new")" "" "and a new one is not left"
	done
done

# A link that leads nowhere is followed, and what it led to is not left.
ln -s "$scratch/new/file" "$scratch/link"
try timeout 20 "$novillo" --stats --output="$scratch/link" \
    --volume="$scratch/none:/x" "$scratch/guest"
is "$status $(ls "$scratch/new")" "125 " "the target of a link is not left"
[ -L "$scratch/link" ]
ok $? "but the link is"

# A signal that ends the start leaves no more than a fault does.  The start waits
# to say what its fault is, since nobody reads that.
mkfifo "$scratch/full"
exec 9<>"$scratch/full"
timeout 5 head -c 65536 /dev/zero >&9
for option in $written; do
	case $option in
	core | log) continue ;;
	learn) way=--volume=$scratch/none:/x ;;
	*) way=--debug=$scratch/none ;;
	esac
	for signal in HUP TERM; do
		rm -f "$scratch"/old/* "$scratch"/new/*
		cp -p "$scratch/was/old/file" "$scratch/old/file"
		for state in old new; do
			"$novillo" --stats --log="$scratch/full" "$way" \
			    "--$option=$scratch/$state/file" "$scratch/guest" &
			sleep 0.2
			kill -$signal $!
			wait $! 2>/dev/null
			is "$(kill -l $?)" $signal \
			    "a start with --$option ends by SIG$signal"
		done
		is "$(look "$scratch/old")" "$old" "a file stays as it was"
		is "$(ls "$scratch/new")" "" "and a new one is not left"
	done
done
exec 9<&-

# A stream may be named twice, and so may a file that grows.
stream=/proc/self/fd/1
try timeout 20 "$novillo" --stats --log=$stream --output=$stream \
    "$scratch/none"
is "$(printf '%s' "$out" | grep -c "another file")" 0 "a stream is not refused"
try timeout 20 "$novillo" --stats --log="+$scratch/grows" \
    --output="+$scratch/grows" "$scratch/none"
is "$(grep -c "No such file" "$scratch/grows")" 1 "nor is a file that grows"

# A program is looked at before it is opened: devices act when they are.  Whoever
# writes to a FIFO waits until it is opened.
(exec 9>"$scratch/fifo") &
writer=$!
sleep 0.3
try timeout 20 "$novillo" "$scratch/fifo"
has "$err" "fifo: it is a FIFO, not a program" "a FIFO is not a program"
kill -0 $writer 2>/dev/null
ok $? "and is not opened"
kill $writer
wait $writer 2>/dev/null

# A FIFO that nobody reads, with and without --timeout.
for option in $written; do
	try timeout 20 "$novillo" --timeout=1 --stats \
	    --$option="$scratch/fifo" "$scratch/guest"
	is "$status" 125 "--$option does not wait for a reader of a FIFO"
done
try timeout 20 "$novillo" -t -o "$scratch/fifo" "$scratch/guest"
has "$err" "nobody reads this FIFO: start its reader first" "and says why"

for name in fifo was; do
	try timeout 20 "$novillo" --replay="$scratch/$name"
	has "$err" "$name: it is a" "a recording is a file"
	has "$err" ", not a regular file" "and nothing else: $name"
done

# A reader that comes a moment later.
(sleep 0.3; cat "$scratch/fifo" >"$scratch/read") &
try timeout 20 "$novillo" --log="$scratch/fifo" "$scratch/no guest"
wait
has "$(cat "$scratch/read")" "no guest: No such file" \
    "a FIFO with a reader is written"
for name in /dev/null /dev/full; do
	try timeout 20 "$novillo" --log="$name" "$scratch/no guest"
	is "$status" 127 "$name can be written"
done
try timeout 20 "$novillo" --log=$stream "$scratch/no guest"
has "$out" "no guest: No such file" "and a stream by its name in /proc"
done_testing
