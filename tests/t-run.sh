#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Guests seen from outside: what goes in, what comes out, and how it ends.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm

try "$novillo" "$guests/hello.elf"
is "$out" "Hello, world!" "hello greets the world"
is "$status" 0 "and succeeds"
is "$err" "" "and novillo has nothing to say"

try "$novillo" "$guests/hello.elf" Ann --version "two words"
is "$out" "Hello, Ann!
Hello, --version!
Hello, two words!" "arguments behind GUEST are the guest's"

printf 'one two\nthree\n' >"$scratch/in"
try sh -c '"$0" "$1" <"$2"' "$novillo" "$guests/echo.elf" "$scratch/in"
is "$out" "one two
three" "echo copies stdin to stdout"
try sh -c '"$0" "$1" <"$2"' "$novillo" "$guests/wc.elf" "$scratch/in"
is "$(echo $out)" "2 3 14" "wc counts lines, words and bytes"

head -c 3000000 /dev/zero | tr '\0' 'x' >"$scratch/big"
sh -c '"$0" "$1" <"$2"' "$novillo" "$guests/echo.elf" "$scratch/big" \
    >"$scratch/copy"
cmp -s "$scratch/big" "$scratch/copy"
ok $? "three megabytes pass through unchanged"

# Not a file that novillo opens and that gets the free number.
try sh -c '"$0" "$1" <&-' "$novillo" "$guests/echo.elf"
is "$err" "read: Bad file descriptor" "a guest without stdin has none"
is "$out" "" "and not its own image, or anything else"
try sh -c '"$0" "$1" <"$2" >&-' "$novillo" "$guests/echo.elf" "$scratch/in"
is "$err" "write: Bad file descriptor" "nor without stdout"
try sh -c '"$0" "$1" <&- >&-' "$novillo" "$guests/echo.elf"
is "$err" "read: Bad file descriptor" "without both it is the same"
try sh -c '"$0" "$1" 7 <&- >&- 2>&-' "$novillo" "$guests/status.elf"
is "$status" 7 "and without all three a guest runs"

for n in 0 1 7 123 200 255; do
	try "$novillo" "$guests/status.elf" $n
	is "$status" $n "exit($n) is the exit status"
done
try "$novillo" "$guests/status.elf" 256
is "$status" 0 "of a larger exit status the low byte counts"

try "$novillo" -e A=1 --env=B=two "$guests/env.elf"
is "$out" "argv[0]=$guests/env.elf
A=1
B=two" "the environment is what --env says and nothing else"
NOVILLO_TEST_VALUE=passed
export NOVILLO_TEST_VALUE
try "$novillo" -e NOVILLO_TEST_VALUE -e NOVILLO_TEST_ABSENT "$guests/env.elf"
is "$out" "argv[0]=$guests/env.elf
NOVILLO_TEST_VALUE=passed" "--env=NAME passes ours on, if there is one"

try "$novillo" --timeout=0.3 "$guests/sleep.elf" 30
is "$status" 124 "--timeout ends a guest that sleeps"
has "$err" "--timeout" "and says so"
try "$novillo" --timeout=0.3 "$guests/compute.elf" 1000000000000
is "$status" 124 "--timeout ends a guest that computes"
try sh -c 'sleep 5 | "$0" --timeout=0.3 "$1"' "$novillo" "$guests/echo.elf"
is "$status" 124 "--timeout ends a guest that waits for input"
try "$novillo" --timeout=20 "$guests/sleep.elf" 0
is "$status" 0 "a guest that ends in time keeps its status"

try "$novillo" --flat "$guests/torov.bin"
is "$status" 0 "a ToroV flat image ends by hlt with status 0"
has "$out" "Hello" "and prints through hypercall 499"
try "$novillo" "$guests/torov.bin"
is "$status" 126 "without --flat it is no ELF file"

try "$novillo" -m 2 --flat "$guests/torov.bin"
is "$status" 126 "an image that needs more than memory does not run"
has "$err" "give it more with --memory" "and the sentence names the cure"
try "$novillo" -m 8M "$guests/hello.elf"
is "$out" "Hello, world!" "8 MiB are enough for hello"
try "$novillo" -m 256M "$guests/hello.elf"
is "$out" "Hello, world!" "and 256 MiB are not too many"

# A limit on addresses leaves a guest as many as memory.  (Sanitizers want more.)
if sh -c 'ulimit -v 4000000 && "$0" --version' "$novillo" >/dev/null 2>&1; then
	try sh -c 'ulimit -v 4000000 && "$0" "$1"' "$novillo" \
	    "$guests/t_memory.elf"
	is "$status" 0 "a guest runs within a limit on addresses"
	try sh -c 'ulimit -v 4000000 && "$0" -m 8G "$1"' "$novillo" \
	    "$guests/hello.elf"
	is "$status" 125 "if its memory does"
	has "$err" "mmap of 8589934592 bytes of guest memory: Cannot allocate" \
	    "else it is told why not"
else
	skip "nothing runs within a limit on addresses here"
fi

long=$(printf '%02000000d' 0)
try "$novillo" -e "X=$long" "$guests/hello.elf" 2>/dev/null
[ "$status" -eq 126 ] || [ "$status" -ge 2 ]
ok $? "an environment that does not fit is refused"

try "$novillo" --stats "$guests/hello.elf"
has "$err" "KVM_RUN" "--stats counts entries into the guest"
has "$err" "write " "and hypercalls by name"
try "$novillo" --stats -o "$scratch/stats" "$guests/hello.elf"
is "$err" "" "with --output nothing goes to stderr"
has "$(cat "$scratch/stats")" "KVM_RUN" "but to the file"
done_testing
