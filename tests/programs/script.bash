# SPDX-License-Identifier: BSD-2-Clause
#
# Features of bash itself, without a second process: for t-shells.sh.
shopt -s extglob
declare -a list=(pear apple fig "two words")
declare -A map=([one]=1 [two]=2)
list+=(kiwi)
echo "${#list[@]} ${list[-1]} ${list[@]:1:2}"
for key in one two; do
	echo "$key=${map[$key]}"
done
[[ "release-12.4" =~ ^([a-z]+)-([0-9]+)\.([0-9]+)$ ]] &&
	echo "${BASH_REMATCH[1]} ${BASH_REMATCH[3]}"
[[ file.txt == *.@(txt|md) ]] && echo "matched"
text="The quick brown fox"
echo "${text//o/0} ${text^^} ${text,,} ${text:4:5} ${text/%fox/dog}"
for ((i = 0, n = 1; i < 62; i++)); do
	((n *= 2))
done
echo "$n"
printf -v padded '%-8s|%8.3f' left 3.14159
echo "$padded"
mapfile -t lines <<<$'a\nb\nc'
echo "${#lines[@]} ${lines[1]}"
read -ra words <<<"x y z"
echo "${words[2]}"
primes=()
for ((i = 2; ${#primes[@]} < 100; i++)); do
	for p in "${primes[@]}"; do
		((p * p > i)) && break
		((i % p)) || continue 2
	done
	primes+=("$i")
done
echo "${primes[99]}"
sieve()
{
	local -n out=$1
	local depth=$2

	((depth == 0)) && return
	out+="$depth "
	sieve "$1" $((depth - 1))
}
sieve trail 50
echo "$trail"
printf '%(%Y-%m-%d)T\n' 86400
echo {a..e}{1..3}
select_case()
{
	case $1 in
	[[:digit:]]*) echo digit ;;&
	*2*) echo two ;;
	esac
}
select_case 12
echo "quoted: ${text@Q}"
set -o pipefail -o nounset
trap 'echo "the end"' EXIT
exit 9
