# SPDX-License-Identifier: BSD-2-Clause
#
# Features of zsh itself, without a second process: for t-shells.sh.
emulate -L zsh
setopt extended_glob
list=(pear apple fig kiwi)
print -l ${(o)list}
print ${(j:-:)list} ${#list} ${list[2]} ${list[-1]}
typeset -A map
map=(one 1 two 2)
for key in ${(ok)map}; do
	print "$key=$map[$key]"
done
text="The quick brown fox"
print ${(U)text} ${(L)text} ${text//o/0} ${(s: :)text}
print ${${(s: :)text}[3]}
integer n=1
repeat 62; do
	((n *= 2))
done
print $n
float f=3.14159
printf '%.3f %5d|%-5s|\n' $f 42 left
for ((i = 0; i < 3; i++)) print "i=$i"
print {a..e}{1..3}
[[ "release-12.4" =~ '^([a-z]+)-([0-9]+)' ]] && print $match[1] $match[2]
[[ file.txt == *.(txt|md) ]] && print matched
touch_it() { : >$1 }
touch_it b.txt
touch_it a.txt
print -l *.txt(on)
print -r -- ${(q)text}
fib() {
	if (($1 < 2)) {
		REPLY=$1
		return
	}
	local a
	fib $(($1 - 1))
	a=$REPLY
	fib $(($1 - 2))
	((REPLY += a))
}
fib 12
print $REPLY
print ${(l:8::0:)n} ${(%):-%n} >/no/such/place || print "not written"
exit 6
