#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The command line without a guest: help, version, list, and all errors of
# options.  Needs no KVM.

. "${top_srcdir:-.}/tests/lib.sh"

try "$novillo" --version
is "$status" 0 "--version succeeds"
has "$out" "novillo " "--version names the program"

for help in --help --help=all -h; do
	try "$novillo" $help
	is "$status" 0 "$help succeeds"
	is "$(printf '%s\n' "$out" | awk 'length > 80')" "" "in 80 columns"
	has "$out" "novillo(1)" "and names the manual"
done
lines=$(printf '%s\n' "$out" | grep -c '')
[ "$lines" -ge 16 ] && [ "$lines" -le 23 ]
ok $? "--help fits a screen of 24 lines, above a prompt: $lines"
is "$(printf '%s\n' "$out" | grep -c '^  -\|^      --')" "$((lines - 8))" \
    "each option in one line"
is "$(printf '%s\n' "$out" | grep -c '^  novillo ')" 3 "with three examples"
has "$out" "--help=all" "and the way to all options"
is "$(printf '%s\n' "$out" | grep -- '--new-mount')" "" "which are not in it"
try "$novillo" --help=all
for option in --memory=SIZE --env=NAME --trace --core --timeout=TIME \
    --stats --probe --check --list --flat --output=FILE --allow=LIST \
    --on-deny=errno --volume=HOST:GUEST --root=DIR --config=FILE \
    --sandbox=MODE --new-pid --new-mount; do
	has "$out" "$option" "--help has $option"
done

try "$novillo" --list
is "$status" 0 "--list succeeds"
has "$out" "  1 write " "--list knows write by its number"
has "$out" "499 torov_print" "--list knows ToroV's console"
has "$out" "@memory" "--list names classes"
is "$(printf '%s\n' "$out" | grep '@base' | grep -v ' allowed ')" "" \
    "--list says that @base is allowed"
is "$(printf '%s\n' "$out" | grep ' allowed ' | grep -v '@base')" "" \
    "and nothing else"
# calls OPTION...: the names of the calls that OPTION allows.
calls()
{
	"$novillo" --list "$@" |
	    sed -n 's/ *[0-9]* \([a-z0-9_]*\) *allowed.*/\1/p'
}
is "$(calls --allow=-@all,write -a exit_group)" "write
exit_group" "--list shows what --allow makes of it"
for call in bind connect; do
	is "$(calls -a "-@all,$call:127.0.0.1:80")" \
	    "$("$novillo" --list | grep -o " $call " | tr -d ' ')" \
	    "a rule for $call allows that call, if there is one, and no other"
done
files=$(calls -a @file)
for option in "-v /x:/y" "-r /x:ro" --volume-program; do
	# shellcheck disable=SC2086
	is "$(calls $option)" "$files" "$option allows @file"
	# shellcheck disable=SC2086
	is "$(calls -a -@base,-unlink,-@own $option)" \
	    "$(calls -a "-@all,@file,-@base,-unlink,-@own" |
		grep -vxF "$("$novillo" --list | sed -n \
		    's/ *[0-9]* \([a-z0-9_]*\) .*@own.*/\1/p')")" \
	    "but no call that is forbidden before it"
	# shellcheck disable=SC2086
	is "$(calls $option -a -unlink)" "$(calls -a @file,-unlink)" \
	    "or after it"
	# shellcheck disable=SC2086
	is "$(calls -a -unlink,unlink $option)" "$files" \
	    "unless it is allowed again"
done
try "$novillo" --list -a -@base,@all
is "$(printf '%s\n' "$out" | grep -v ' allowed ')" "" "@all allows all"

# wrong SENTENCE OPTION...: novillo refuses OPTION with 125 and SENTENCE.
wrong()
{
	sentence=$1
	shift
	try timeout 10 "$novillo" "$@"
	is "$status" 125 "novillo $* ends with status 125"
	has "$err" "$sentence" "novillo $*: the sentence says \"$sentence\""
}

wrong "no GUEST to run"
wrong "no GUEST to check" --check
wrong "unknown option --nonsense (see" --nonsense x
wrong "unknown option --memroy=5; do you mean --memory?" --memroy=5 x
wrong "unknown option --trase; do you mean --trace?" --trase x
wrong "unknown option --timeouts=5; do you mean --timeout?" --timeouts=5 x
wrong "unknown option --=5 (see" --=5 x
wrong "ambiguous option --t: --trace, --trace-paths, --trace-time, --trace-size, --trace-summary, --trace-exits, --trace-out, --timeout" \
    --t x
wrong "unknown option -memory; do you mean --memory?" -memory 5 x
wrong "unknown option -gdb=1; do you mean --gdb=1?" -gdb=1 x
wrong "a guest always runs on KVM" -enable-kvm x
wrong "has novillo's own streams" -m 5 -serial stdio x
wrong "all threads are traced" -f x
wrong "--trace-time=clock" -tt x
wrong "strace's -c is --trace-summary" -c "$novillo" x
wrong "do you mean --trace=openat,@net? (if not, write --env=openat,@net)" \
    -e openat,@net x
wrong "is not strace's: calls are traced by --trace=LIST" -e trace=write x
wrong "unknown option -Z" -Z x
wrong "--trace-size=1025: not a number of bytes from 0 to 1024" \
    --trace-size=1025 x
wrong "--trace-size=all: not a number of bytes" --trace-size=all x
wrong "takes no value" --stats=3 x
wrong "needs a value" --memory
wrong "needs a value" -m
wrong "less than the 1024 KiB" --memory=0 x
wrong "less than the 1024 KiB" --memory=1B x
wrong "less than the 1024 KiB" --memory=1023K x
wrong "not a size" --memory= x
wrong "not a size" --memory=-5 x
wrong "not a size" --memory=lots x
wrong "not a size" "--memory= 5" x
wrong "unknown unit" --memory=5X x
wrong "unknown unit" --memory=5MM x
wrong "unknown unit" "--memory=5 " x
wrong "unknown unit" --memory=0x40 x
wrong "unknown unit" --memory=1.5.5 x
wrong "unknown unit" --memory=1.5X x
wrong "not a size" --memory=.5G x
wrong "less than the 1024 KiB" --memory=0.9 x
wrong "more than" --memory=1024.000001G x
wrong "more than" --memory=99999T x
wrong "more than" --memory=18446744073709551615 x
wrong "more than" --memory=184467440737095516150 x
wrong "no name before" --env==x x
for time in 0 0m -1 soon nan inf 5x 5mm m 99999d; do
	wrong "not a time above 0" --timeout=$time x
done
wrong "\"nocall\" is not a hypercall" --trace=write,nocall x
wrong "\"@nothing\" is not a hypercall" --trace=@nothing x
wrong "\"\" is not a hypercall" --trace=write, x
wrong "\"wirte\" is not a hypercall or @class; do you mean write?" \
    --trace=wirte x
wrong "\"file\" is not a hypercall or @class; do you mean @file?" \
    --allow=file x
wrong "\"-@tiem\" is not a hypercall or @class; do you mean -@time?" \
    --allow=-@tiem x
wrong "do you mean @all?" --allow=all x
wrong "do you mean @jit?" --allow=jit x
wrong "not an address" --flat=here x
wrong "not \"all\"" --help=more

# An empty word is not a name.
for option in $("$novillo" --help=all |
    sed -n 's/.* --\([a-z-]*\)\[*=\(FILE\|DIR\)[] ].*/\1/p'); do
	wrong "$option=: no name is given" "--$option=" x
done
wrong "--output=+: no name is given" --output=+ x
wrong "GUEST is an empty word" ""
wrong "GUEST is an empty word" --check ""

# Nothing is ignored that an action cannot use.
for action in --probe --list; do
	wrong "x: $action runs no guest: leave it out" $action x
done
wrong "--check or --list: only one of them is possible" --list --check x
printf '{"guest": "none-such"}' >"$scratch/guest.json"
try "$novillo" --list -c "$scratch/guest.json"
is "$status" 0 "a configuration may have a guest"

# Words of others.
sed -n 's/^FOREIGN("\([^"]*\)".*/\1/p' "$top_srcdir/bin/foreign.def" \
    >"$scratch/foreign"
while read -r word; do
	wrong "unknown option $word=5: " "$word=5" x
done <"$scratch/foreign"
wrong ":1234 is not a guest; do you mean --gdb=:1234?" :1234 x
wrong "do you mean --gdb=stdio?" - x
wrong "-r is --root, and this is not a folder" -r "$novillo"

# Options without an effect of their own.
debugged="needs --gdb, --gdbserver or --debug: add that, or leave it out"
wrong "--once $debugged" --once x
wrong "--multi $debugged" --multi x
wrong "--stopped $debugged" -S x
wrong "--debug-files $debugged" --debug-files=/ x
wrong "--record-limit needs --record: add that" --record-limit=1M x
wrong "--trace-time needs --trace:" --trace-time=spent x
wrong "--trace-paths needs --trace:" -y --trace-summary x
wrong "--trace-size needs --trace or --trace-out:" --trace-size=5 x
wrong "--profile-rate needs --profile:" --profile-rate=5 x
wrong "--json needs --trace-summary or --stats:" --json --trace x
wrong "--trace-exits or --stats: add that" -o "$scratch/out" x
# accepted OPTION...: novillo looks for its guest.
accepted()
{
	try env PATH= "$novillo" "$@" none-such
	is "$status" 127 "novillo $* is accepted"
}
accepted --once --multi -s -S --debug-files=/
accepted -y --trace-time=spent --trace-size=5 -t
accepted --trace-size=5 --trace-out="$scratch/out.json"
accepted --json --stats
for option in -g -t --trace-summary --trace-exits --stats; do
	accepted $option -o "$scratch/out"
done
printf '{"once": true, "json": true, "stats": true}' >"$scratch/all.json"
accepted -c "$scratch/all.json"
accepted -c "$scratch/all.json" -S -g1

# A value after a blank is taken for GUEST.
wrong "-t write: a value follows without a blank: -twrite or --trace=write (if write is GUEST, write -- before it)" \
    -t write x
wrong "-s 32: -s is --gdbserver; strace's is --trace-size=32" -s 32 x
wrong "-g 1253: a value follows without a blank: -g1253 or --gdb=1253" -g 1253 x
wrong "--trace-summary=@file" --trace-summary @file x
wrong "--debug=lldb" --debug lldb x
wrong "--flat=0x400200" -m 5 --flat 0x400200 x
for guest in "-t -- write" "-t ./write" "-t -m5 write" "-t1253" "-g x1253"; do
	try env PATH= "$novillo" --check $guest
	case $guest in
	-t1253) is "$status" 125 "$guest is a wrong value" ;;
	*) is "$status" 127 "$guest names a guest" ;;
	esac
done

wrong "\"nocall\" is not a hypercall" --allow=write,nocall x
wrong "\"\" is not a hypercall" --allow= x
wrong "\"-\" is not a hypercall" -a - x
wrong "\"-@nothing\" is not a hypercall" --allow=-@nothing x
wrong "\"bind:\": an address is wanted" --allow=bind: x
wrong "\"bind:**:80\": there is more" "--allow=write,bind:**:80" x
wrong "not less than the first" --allow=bind:127.0.0.1:90-80 x
wrong "a port is a number" --allow=bind:127.0.0.1:http x
wrong "bits that the prefix leaves out" --allow=connect:10.0.0.1/8 x
wrong "not one of errno, kill" --on-deny=die x
wrong "not one of strict, best-effort, none" --sandbox=yes x
wrong "takes no value" --new-pid=1 x
wrong "not HOST:GUEST or HOST:GUEST:ro" --volume=/tmp x
wrong "not HOST:GUEST or HOST:GUEST:ro" --volume=/tmp:ro x
wrong "not HOST:GUEST or HOST:GUEST:ro" --volume=:/tmp x
wrong "not HOST:GUEST or HOST:GUEST:ro" --volume= x
wrong "must begin with /" --volume=/tmp:data x
wrong "must begin with /" --volume=/tmp: x
wrong "has an empty part" --volume=/tmp://data x
wrong "has an empty part" --volume=/tmp:/data// x
wrong "has an empty part" --volume=/tmp:/data//x:ro x
wrong "must not contain . or .." --volume=/tmp:/data/../x x
wrong "must not contain . or .." --volume=/tmp:/.. x
wrong "must not contain . or .." --volume=/tmp:/./x x
wrong "no folder is named" --root= x
wrong "no folder is named" --root=:ro x

# repeat N FORMAT: print FORMAT with each number from 1 to N.
repeat()
{
	i=0
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		printf -- "$2" $i
	done
}
try "$novillo" $(repeat 17 '-v/tmp:/v%d ') x
has "$err" "more than 16 volumes" "17 volumes are too many"
try "$novillo" "--allow=$(repeat 65 'bind:127.0.0.1:%d,')write" x
has "$err" "more than 64 rules" "65 rules for addresses are too many"
try "$novillo" $(repeat 257 '-eV%d=1 ') x
has "$err" "more than 256 variables" "257 variables are too many"
try "$novillo" --list $(repeat 257 '-eV=%d ')
is "$status" 0 "but not 257 values of one"

# seen PART NAME OPTION...: --check prints PART, with or without KVM.
seen()
{
	part=$1
	name=$2
	shift 2
	try timeout 10 "$novillo" --check "$@" "$guests/hello.elf"
	has "$out" "$part" "$name"
}
seen "volume        a:b at /c.d/..e
" "HOST may have a colon, and GUEST points" -v a:b:/c.d/..e
seen "volume        /b at /x, read-only
volume        /c at /" "a later volume takes the place of an earlier one" \
    -v /a:/x -r /c -v /b:/x:ro
seen "volume        /a at /x
volume        /c at /
" "a volume may be said to be writable" -v /a:/x:rw -r /c:rw
seen "--memory is 0x60000000" "memory may have a fraction" -m 1.5G
seen "--memory is 0x00180000" "of any unit" -m 1.5
seen "  only        bind:*:8000-8099" "ports may be a range, and * any address" \
    -a 'bind:*:8000-8099'
seen "  only        connect:10.0.0.0/8
  only        bind:[::1]:80" "rules for addresses are kept" \
    -a connect:10.0.0.0/8 -a bind:[::1]:80,@base
seen "denied        errno
sandbox       best-effort" "without options a denied call has an errno"

try "$novillo" --check --flat "$guests/hello.elf"
is "$status" 126 "an ELF file is not a flat image"
has "$err" "an ELF file, whose first bytes are not code: leave --flat out" \
    "which is said before it runs"

try "$novillo" missing-guest --version
is "$status" 127 "options end at GUEST"
is "$(printf '%s\n' "$err" | grep -c .)" 1 "one line on stderr says why"

# Without the device --probe prints one sentence with cause and cure.
if [ ! -e /dev/kvm ]; then
	try "$novillo" --probe
	is "$status" 77 "without /dev/kvm, --probe ends with 77"
	case "$(grep -m1 '^flags' /proc/cpuinfo) " in
	*" vmx "*) cure="modprobe kvm_intel" ;;
	*" svm "*) cure="modprobe kvm_amd" ;;
	*" hypervisor "*) cure="enable that on its host" ;;
	*) cure="enable VT-x or AMD-V" ;;
	esac
	has "$err" "$cure" "and names this processor's cure: $cure"
fi
done_testing
