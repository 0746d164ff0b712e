#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Configurations: ToroV's keys, the options' names, precedence, and all errors.
# Needs no KVM: --check and --list print the values that were read.

. "${top_srcdir:-.}/tests/lib.sh"

make_scratch
file=$scratch/conf.json

# config TEXT: write TEXT to the configuration.
config()
{
	printf '%s\n' "$1" >"$file"
}

# check OPTION...: run --check on the configuration, with or without KVM.
check()
{
	try timeout 10 "$novillo" --check --config="$file" "$@"
	case $status in
	0 | 125) ;;
	*) out="status $status: $err" ;;
	esac
}

# A FIFO is read if it has a writer, and blocks nobody if it has none.
mkfifo "$file"
check
is "$status" 125 "a FIFO without a writer is refused"
has "$err" "conf.json:1:1: the text is empty" "since it has no text"
(sleep 0.3; config '{"guest": "none-such"}') &
try timeout 10 "$novillo" --list --config="$file"
wait
is "$status" 0 "a writer may come a moment later"
rm "$file"

# A configuration has one key for each option.
try timeout 10 "$novillo" --list -c "$top_srcdir/tests/run/config.json"
is "$err" "" "a configuration of every option is read without a word"
config '{"guest": "'"$guests"'/hello.elf", "memory": "96M",
	"allow": ["@time", "-nanosleep", "bind:127.0.0.1:8080"],
	"on-deny": "kill", "volume": ["/tmp:/data:ro", ".:/here"],
	"root": "/srv:ro", "sandbox": "none", "new-pid": true,
	"new-mount": true,
	"gdb": "unix:/nowhere"}'
check
has "$out" "guest         $guests/hello.elf" "guest names the guest"
has "$out" "--memory is 0x06000000" "memory is --memory"
has "$out" "  without     nanosleep
" "allow takes an array, with classes and less"
has "$out" "  only        bind:127.0.0.1:8080
" "and rules for addresses"
has "$out" "denied        kill
volume        /tmp at /data, read-only
volume        . at /here
volume        /srv at /, read-only
sandbox       none, process namespace, no files but the guest's
debugger      unix:/nowhere, waited for" "the other options are options too"

# A configuration of ToroV, with ToroV's keys.
config '{
    "Binary" : "'"$guests"'/torov.bin",
    "Startaddr" : "400201",
    "MountPoint" : "./mountpoint",
    "Newpid" : "True",
    "Debug" : { "Allowed" : "TRUE", "Port" : "1234" },
    "Hypercalls" : [
        { "Name" : "Write", "Allowed" : "True" },
        { "Allowed" : "false", "Name" : "Read" },
        { "Name" : "MMAP", "Allowed" : "0" }
    ]
}'
check
is "$err" "$(printf '%s\n' "$err" | grep /dev/kvm)" \
    "ToroV's configuration is read without a word"
has "$out" "kind          ToroV flat image" "Binary is a flat image"
has "$out" "entry         0x00400201" "Startaddr is hexadecimal"
has "$out" "  without     read mmap
" "Hypercalls has names in any case, also those ToroV has no name for"
has "$out" "volume        ./mountpoint at /
" "MountPoint is the root"
has "$out" "process namespace" "Newpid is --new-pid"
has "$out" "debugger      1234, waited for" "Debug is --gdb"
config '{"guest": "'"$guests"'/torov.bin", "Startaddr": "400201"}'
check
has "$out" "kind          ToroV flat image" "Startaddr alone also means flat"
for start in 400201 '"$400201"' '"0x400201"'; do
	config '{"Binary": "'"$guests"'/torov.bin", "Startaddr": '"$start"'}'
	check
	has "$out" "entry         0x00400201" "Startaddr may be $start"
done
config '{"Binary": "'"$guests"'/torov.bin",
	"Debug": {"Allowed": "False", "Port": 1234}, "Newpid": false}'
check
has "$out" "entry         0x00400200" "without Startaddr it is ToroV's own"
is "$(printf '%s\n' "$out" | grep 'debugger\|namespace')" "" \
    "Debug that is not allowed and a false Newpid do nothing"
config '{"Binary": "'"$guests"'/hello.elf"}'
check
has "$out" "kind          static ELF" "Binary may also be an ELF file"
config '{"MountPoint": "/x", "Hypercalls": [{"Name": "Open", "Allowed": 1},
	{"Name": "Pipe", "Allowed": 0}]}'
is "$("$novillo" --list -c "$file" | sed -n \
    's/ *[0-9]* \([a-z0-9_]*\) *allowed.*/\1/p')" \
    "$("$novillo" --list -a open,-pipe | sed -n \
    's/ *[0-9]* \([a-z0-9_]*\) *allowed.*/\1/p')" \
    "MountPoint allows no calls but those that Hypercalls allow"
config '{"Hypercalls": [{"Name": "Unlink", "Allowed": 0}], "volume": "/x:/y"}'
is "$("$novillo" --list -c "$file" | grep ' unlink ' | grep allowed)" "" \
    "what Hypercalls forbid stays forbidden with a volume"
has "$("$novillo" --list -c "$file" | grep ' rmdir ')" allowed \
    "which allows the others"
config '{"Hypercalls": [{"Name": "Frobnicate", "Allowed": "True"},
	{"Name": "-write", "Allowed": true}, {"Name": "", "Allowed": 1}]}'
try "$novillo" --list -c "$file"
is "$status" 0 "an unknown hypercall allows nothing, as with ToroV"
is "$(printf '%s\n' "$err" | grep -c 'unknown hypercall')" 3 \
    "and is reported"
has "$err" "$file:1:17: unknown hypercall \"frobnicate\"" "with its place"

for example in hello write_file echo_server; do
	try "$novillo" --list -c "$top_srcdir/guest/examples/$example.json"
	is "$status" 0 "guest/examples/$example.json is read"
	is "$(printf '%s\n' "$err" |
	    grep -v 'unknown hypercall "[a-z]*": the entry is ignored')" "" \
	    "with nothing wrong in it"
done

# The command line overrides the configuration.
config '{"guest": "nowhere", "args": ["x"], "memory": 96, "env": ["A=1", "B=2"],
	"sandbox": "none", "root": "/srv", "allow": "-@time"}'
check -m 80 -e A=3 --sandbox=strict --root=/var -v /tmp:/t \
    --allow=clock_gettime "$guests/hello.elf"
has "$out" "guest         $guests/hello.elf" \
    "GUEST of the command line wins over the configuration's"
has "$out" "--memory is 0x05000000" "so does a value"
has "$out" "sandbox       strict" "and a word"
has "$out" "volume        /var at /
volume        /tmp at /t" "a volume in the same place, and others are added"
has "$(printf '%s\n' "$out" | grep without)" \
    "  without     nanosleep " "calls are taken from what is allowed"
is "$(printf '%s\n' "$out" | grep without | grep clock_gettime)" "" \
    "calls are added to and taken from what the configuration allows"
check "$guests/hello.elf" --memory=1
has "$out" "--memory is 0x06000000" "options also end at GUEST here"
if "$novillo" --probe >/dev/null 2>&1; then
	config '{"guest": "'"$guests"'/env.elf", "env": ["A=1", "B=2"]}'
	try "$novillo" -e A=3 -c "$file"
	is "$out" "argv[0]=$guests/env.elf
A=3
B=2" "a variable takes the place of the configuration's"
	config '{"guest": "'"$guests"'/hello.elf", "args": ["Ann", 3, "a b"]}'
	try "$novillo" -c "$file"
	is "$out" "Hello, Ann!
Hello, 3!
Hello, a b!" "args are the guest's arguments"
	try "$novillo" -c "$file" "$guests/hello.elf" Bob
	is "$out" "Hello, Bob!" "GUEST of the command line has its own arguments"
else
	skip "no KVM for the guests of a configuration"
fi

# wrong PLACE SENTENCE TEXT: novillo refuses TEXT with 125 and one line that
# contains PLACE and SENTENCE.
wrong()
{
	printf '%s' "$3" >"$file"
	try timeout 10 "$novillo" -c "$file" x
	is "$status" 125 "$3: refused with 125"
	is "$(printf '%s\n' "$err" | grep -c .)" 1 "in one line"
	has "$err" "novillo: $file:$1: " "that begins with the place"
	has "$err" "$2" "and says: $2"
}

wrong 1:1 "the text is empty" ''
wrong 1:1 "an object in { } is expected" '[]'
wrong 2:1 "a comma with nothing after it" '{"memory": 64,
}'
wrong 1:4 "there is more text after the value" '{} {}'
wrong 1:2 "unknown key \"frob\"" '{"frob": 1}'
wrong 1:2 'unknown key "binary"; do you mean "Binary"?' '{"binary": "x"}'
wrong 1:2 'do you mean "memory"?' '{"memroy": 1}'
wrong 1:2 'do you mean "on-deny"?' '{"on_deny": "kill"}'
wrong 1:2 'do you mean "Startaddr"?' '{"StartAdr": "400200"}'
wrong 1:12 'unknown key "port"; do you mean "Port"?' '{"Debug": {"port": 1}}'
wrong 1:18 'unknown key "memory"' '{"Hypercalls": [{"memory": 1}]}'
wrong 1:2 "longer than any known key" \
    '{"a_key_that_is_longer_than_any_of_those_that_there_are": 1}'
wrong 1:2 'a key with \u0000' '{"memory\u0000x": 1}'
wrong 1:15 "the name occurs twice" '{"memory": 1, "memory": 2}'
for key in config check list probe help version; do
	wrong 1:2 "\"$key\" is for the command line only" "{\"$key\": \"x\"}"
done
wrong 1:12 "memory=lots: not a size" '{"memory": "lots"}'
wrong 1:12 "memory=-1: not a size" '{"memory": -1}'
wrong 1:12 "a string is expected" '{"memory": true}'
wrong 1:12 "a string is expected" '{"memory": null}'
wrong 1:12 "a string is expected" '{"memory": {}}'
wrong 1:12 "a string is expected" '{"memory": [64]}'
wrong 1:11 "true or false is expected" '{"stats": "yes"}'
wrong 1:11 "true or false is expected" '{"stats": 2}'
wrong 1:11 "true or false is expected" '{"stats": null}'
wrong 1:9 'a string with \u0000' '{"env": "A=\u0000"}'
wrong 1:17 "env==B: no name before" '{"env": ["A=1", "=B"]}'
wrong 1:17 "a string is expected" '{"env": ["A=1", ["B"]]}'
wrong 1:11 "\"frob\" is not a hypercall" '{"allow": ["write", "frob"]}'
wrong 1:13 "not one of errno, kill" '{"on-deny": "KILL"}'
wrong 1:10 "an array of strings is expected" '{"args": "x"}'
wrong 1:11 "a string is expected" '{"args": [true]}'
wrong 1:26 "the guest is named twice" '{"guest": "a", "Binary": "b"}'
wrong 1:15 '"here" is not a hexadecimal' '{"Startaddr": "here"}'
wrong 1:15 '"" is not a hexadecimal' '{"Startaddr": ""}'
wrong 1:15 '"-1" is not a hexadecimal' '{"Startaddr": -1}'
wrong 1:15 "is not a hexadecimal" '{"Startaddr": "10000000000000000"}'
wrong 1:16 "root=: no folder" '{"MountPoint": ""}'
wrong 1:12 "true or false is expected" '{"Newpid": "maybe"}'
wrong 1:11 "an object in { } is expected" '{"Debug": true}'
wrong 1:20 '"65536" is not a port' '{"Debug": {"Port": 65536}}'
wrong 1:20 '"x" is not a port' '{"Debug": {"Port": "x"}}'
wrong 1:16 "an array of objects is expected" '{"Hypercalls": "Write"}'
wrong 1:17 "an object in { } is expected" '{"Hypercalls": ["Write"]}'
wrong 1:17 "needs Name and Allowed" '{"Hypercalls": [{"Name": "Write"}]}'
wrong 1:17 "needs Name and Allowed" '{"Hypercalls": [{"Allowed": 1}]}'
wrong 1:6 "not UTF-8" "$(printf '{"mem\377": 1}')"

many=$(i=0; while [ $i -lt 257 ]; do printf '%s1' "${sep-}"; sep=,
    i=$((i + 1)); done)
config "{\"args\": [$many]}"
try "$novillo" -c "$file" x
has "$err" ":1:523: more than 256 arguments" "257 arguments are too many"
head -c 70000 /dev/zero | tr '\0' ' ' >"$file"
try "$novillo" -c "$file" x
is "$status" 125 "a configuration of 70000 bytes is refused"
has "$err" "more than 64 KiB" "and the sentence says how many there may be"
(printf '{'; head -c 65535 "$file") >"$file.big"
try "$novillo" -c "$file.big" x
has "$err" "it ends within an object" "one of 65536 is read to its end"

try "$novillo" -c "$scratch/nowhere" x
is "$status" 125 "a configuration that is not there is refused"
has "$err" "--config=$scratch/nowhere: No such file" "and named"
try "$novillo" -c "$scratch" x
has "$err" "Is a directory" "so is a folder"
config '{}'
try "$novillo" -c "$file" -c "$file" x
has "$err" "is given already" "and a second one"
try "$novillo" -c "$file"
has "$err" "no GUEST to run" "a configuration without a guest needs GUEST"
try "$novillo" -c "$file" "$scratch/nowhere"
is "$status" 127 "an empty configuration changes nothing"
done_testing
