# SPDX-License-Identifier: BSD-2-Clause
#
# The common language of shells, without a second process: for t-shells.sh.

# Parameters and their expansions.
set -- one "two words" three
echo "$# $1 $2"
shift
for word; do
	echo "<$word>"
done
path=/a/b/archive.tar.gz
echo "${path##*/} ${path%%.*} ${path#/a} ${path%.gz} ${#path}"
echo "${none:-default} ${none:=set} $none ${path:+there}"
unset none
IFS=: read -r a b c <<END
left:middle:right:rest
END
echo "$a $b $c"

# Numbers.
i=0 sum=0
while [ "$i" -lt 2000 ]; do
	i=$((i + 1))
	[ $((i % 3)) -eq 0 ] && continue
	sum=$((sum + i))
	[ "$i" -ge 1999 ] && break
done
echo "$i $sum $((0x1f | 0100)) $((1 << 20)) $((7 * (3 - 10) / 2))"

# Functions, which return and call themselves.
factorial()
{
	if [ "$1" -le 1 ]; then
		result=1
		return 7
	fi
	factorial $(($1 - 1))
	result=$((result * $1))
}
factorial 15
echo "$result"

case $path in
*.tar.?z) echo archive ;;
*) echo other ;;
esac

# Files.
echo first >out
printf '%s|%05d|%x|%s\n' a 42 255 "b c" >>out
{
	echo grouped
	echo again
} >>out
while read -r line; do
	echo "read: $line"
done <out
exec 3>more 4<out
echo "to three" >&3
read -r line <&4
echo "$line"
exec 3>&- 4<&-
[ -f more ] && [ -s more ] && [ ! -d more ] && echo "a file"
for name in *; do
	echo "here: $name"
done
cd / && echo "at the top"
cd /missing || echo "no such folder"
echo "lost" >/no/such/folder/file || echo "not written"

# A here-document.
cat_here()
{
	while read -r line; do
		echo "$line"
	done
}
cat_here <<END
expanded: ${path##*/}
END
cat_here <<'END'
kept: $path
END
eval 'echo "evaluated $i"'
trap 'echo "the end, status $?"' EXIT
exit 3
