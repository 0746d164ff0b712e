#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A guest may make the calls that the options allow, in any order of options.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
make_scratch
file=$scratch/conf.json

try "$novillo" --allow=-write "$guests/hello.elf" Ann Bob Eve
is "$out" "" "a call that is not allowed does nothing"
is "$err" "novillo: write is not allowed: --allow=write would allow it
novillo: $guests/hello.elf: denied 3 times (1 call): --allow=write would allow all" \
    "and is reported once, with the cure and a count"
try "$novillo" --allow=-write --allow=write "$guests/hello.elf"
is "$out" "Hello, world!" "the cure works"
is "$err" "" "and then there is nothing to say"
try "$novillo" --allow=-write --on-deny=kill "$guests/hello.elf"
is "$status" 159 "--on-deny=kill ends the guest as SIGSYS does"
has "$err" "SIGSYS" "and says so"
try "$novillo" --allow=-@all,write,exit_group --on-deny=kill \
    "$guests/hello.elf"
is "$out" "Hello, world!" "two hypercalls are all that hello needs"

# A configuration has the effect of the options.
cat >"$file" <<END
{
	"guest": "$guests/hello.elf",
	"args": ["Ann"],
	"allow": "-write",
	"on-deny": "kill"
}
END
try "$novillo" -c "$file"
is "$status" 159 "a configuration has the same effect"
try "$novillo" -c "$file" --allow=write
is "$out" "Hello, Ann!" "and the command line the last word"
cat >"$file" <<END
{
	"Binary" : "$guests/torov.bin",
	"Hypercalls" : [ { "Name" : "Write", "Allowed" : "True" } ]
}
END
try "$novillo" -c "$file"
has "$out" "Hello from ToroV" "a flat image runs by its ToroV configuration"
is "$status" 0 "to its end"
cat >"$file" <<END
{
	"Binary" : "$guests/hello.elf",
	"Hypercalls" : [ { "Name" : "Write", "Allowed" : "False" } ]
}
END
try "$novillo" -c "$file"
has "$err" "novillo: write is not allowed" \
    "a hypercall that ToroV's configuration does not allow is not"

# ToroV's examples run in a folder like ToroV's.
mkdir "$scratch/example" "$scratch/example/mountpoint"
for guest in hello write_file; do
	cp "$guests/$guest.elf" \
	    "$top_srcdir/guest/examples/$guest.json" "$scratch/example"
done
# here COMMAND...: run COMMAND in that folder.
case $novillo in
/*) ;;
*) novillo=$(pwd)/$novillo ;;
esac
here()
{
	(cd "$scratch/example" && "$@")
}
try here "$novillo" -c hello.json
is "$out" "Hello, world!" "ToroV's HelloWorld runs by its configuration"
is "$err" "" "without a word"
try here "$novillo" -c write_file.json
is "$status" 0 "and its WriteFile"
is "$out" "/test: $(cat "$scratch/example/mountpoint/test")" \
    "which wrote /test below the mount point"
try here "$novillo" -c write_file.json --allow=-openat,-open
is "$status" 1 "and cannot where the command line forbids it"

try "$novillo" -r "$scratch/nowhere" "$guests/hello.elf"
is "$status" 125 "a volume that is not there is refused"
has "$err" "--root=$scratch/nowhere: No such file" "and named"
try "$novillo" -r "$file" "$guests/hello.elf"
has "$err" "-r $file: -r is --root, and this is not a folder" \
    "so is a root that is a file"
try "$novillo" -v /dev/null:/x "$guests/hello.elf"
has "$err" "--volume=/dev/null:/x: a device cannot be" "and a device"

busybox=/bin/busybox
if ! "$novillo" --check "$busybox" >/dev/null 2>&1; then
	skip "no static busybox here"
	done_testing
fi
mkdir "$scratch/a" "$scratch/b"
echo one >"$scratch/a/f"
echo two >"$scratch/b/f"
try "$novillo" -r "$scratch/a" -v "$scratch/b:/sub/b" "$busybox" \
    cat /f /sub/b/f
is "$out" "one
two" "a guest sees the volumes where the options put them"
try "$novillo" -r "$scratch/a:ro" "$busybox" cp /f /g
[ ! -e "$scratch/a/g" ]
ok $? "a read-only volume is not written to"
try "$novillo" -a -open,-openat -r "$scratch/a" "$busybox" cat /f
is "$out" "" "a volume does not allow calls that are forbidden"
has "$err" "is not allowed: --allow=open" "and a message names the call"
done_testing
