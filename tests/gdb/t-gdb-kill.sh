#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A thousand debuggers are killed at random moments: the guest does not notice,
# and novillo leaks nothing.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
killer=$top_builddir/tests/gdb/killer
native=$top_builddir/guest/rounds.native
[ -x "$killer" ] && [ -x "$native" ] || skip_all "no killer was built"
make_scratch
case ${NOVILLO_HOST-} in
A | Ai) cycles=200 moment=100000 ;;
B) cycles=100 moment=200000 ;;
*) cycles=1000 moment=10000 ;;
esac
seed=${SEED:-$(od -An -t u2 -N 2 /dev/urandom | tr -d ' ')}
echo "# SEED=$seed"

# A host has no nm: stage.sh has saved nm's output in this file.
names=$top_builddir/tests/gdb/rounds.names
if [ ! -e "$names" ]; then
	names=$scratch/names
	nm "$guests/rounds.elf" >"$names"
fi

# address SYMBOL
address()
{
	sed -n "s/^0*\([0-9a-f]*\) [A-Za-z] $1\$/\1/p" "$names"
}

mkfifo "$scratch/input"
timeout -k 5 150 "$novillo" --gdb="unix:$scratch/line" "$guests/rounds.elf" \
    <"$scratch/input" >"$scratch/out" 2>"$scratch/err" &
server=$!
exec 3>"$scratch/input"
waited=0
while ! grep -q 'waits for a debugger' "$scratch/err" &&
    [ "$waited" -lt 300 ]; do
	sleep 0.1
	waited=$((waited + 1))
done

# shellcheck disable=SC2046
timeout -k 5 120 "$killer" "$scratch/line" "$cycles" "$moment" \
    "$seed" "$(address watched)" $(for name in work main printf read vfprintf; do
	address "$name"
done) >&3 2>"$scratch/killer"
is $? 0 "after $cycles debuggers no descriptor is left open"
exec 3>&-
sed 's/^/# /' "$scratch/killer"
status=0
wait "$server" || status=$?
sed "s/^/# /" "$scratch/err"
is "$status" 42 "the guest ends as it would have without them"

head -c "$cycles" /dev/zero | "$native" >"$scratch/wanted"
has "$(tail -n 1 "$scratch/wanted")" "code unchanged" "there is what to expect"
cmp "$scratch/out" "$scratch/wanted" >"$scratch/cmp" 2>&1
is "$?" 0 "and has said all it had to say"
is "$(tail -n 1 "$scratch/out")" "$(tail -n 1 "$scratch/wanted")" \
    "with no byte of its code changed"

# deed NAME: the killed debuggers did NAME as often as the killer wants.
deed()
{
	counts=$(sed -n "s/.* \([0-9]* of [0-9]*\) $1,.*/\1/p" "$scratch/killer")
	[ "${counts% of *}" -ge "${counts#* of }" ]
	ok $? "they came to enough $1: $counts"
}

for name in sessions planted steps stops halves; do
	deed $name
done
done_testing
