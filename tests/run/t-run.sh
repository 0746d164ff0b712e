#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Guests seen from outside: input, output, environment, limits and status.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm

try "$novillo" "$guests/hello.elf"
is "$out" "Hello, world!" "hello greets the world"
is "$status" 0 "and succeeds"
is "$err" "" "and novillo has nothing to say"

try "$novillo" "$guests/hello.elf" Ann --version "two words"
is "$out" "Hello, Ann!
Hello, --version!
Hello, two words!" "arguments after GUEST are the guest's"

# Not every processor has addresses for the most memory.
try "$novillo" -m 1T "$guests/hello.elf"
case $status in
0) is "$out" "Hello, world!" "a guest may have the most memory" ;;
*) has "$err" "more than the host's processor can address; give it less with --memory" \
    "or it is reported what would help" ;;
esac

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

# No file that novillo opens takes the number of a closed standard stream.
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
is "$status" 0 "only the low byte of a larger exit status counts"

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
mkfifo "$scratch/silent"
try sh -c '"$0" --timeout=0.3 "$1" <>"$2"' "$novillo" "$guests/echo.elf" \
    "$scratch/silent"
is "$status" 124 "--timeout ends a guest that waits for input"
try "$novillo" --timeout=20 "$guests/sleep.elf" 0
is "$status" 0 "a guest that ends in time keeps its status"

try "$novillo" --flat "$guests/torov.bin"
is "$status" 0 "a ToroV flat image ends by hlt with status 0"
has "$out" "Hello" "and prints through hypercall 499"
# flat BYTES: a flat image of these bytes, in octal for printf.
flat()
{
	# shellcheck disable=SC2059
	printf "$1" >"$scratch/flat"
	try "$novillo" --flat "$scratch/flat"
}

# Write 42 to 0x10, and from there to 0xbffffc, from where it is the status.
flat '\307\004\045\020\0\0\0\052\0\0\0\213\074\045\020\0\0\0'\
'\211\074\045\374\377\277\0\213\074\045\374\377\277\0\270\074\0\0\0\347\020'
is "$status" 42 "a flat image has memory from 0 to 0xc00000"
# movb $1, 0xc00000
flat '\306\004\045\0\0\300\0\001\364'
is "$status" 139 "and no more"
# Write a return to 0x20, and call it.
flat '\306\004\045\040\0\0\0\303\270\040\0\0\0\377\320\364'
is "$status" 0 "and can execute page 0"

# mmap 4 GiB without rights, and exit with its error.
flat '\061\377\110\276\000\000\000\000\001\000\000\000\061\322\101\272\042\000\000\000\111\203'\
'\310\377\105\061\311\270\011\000\000\000\347\020\367\330\211\307\270\074\000\000\000\347\020'
is "$status" 12 "and no more addresses than memory"
# CPUID: leaf 0 says 1; leaf 1 has no feature in ECX but those up to SSE4.2, AES
# and RDRAND, and in EDX FPU, TSC, CX8, CMOV, MMX, FXSR, SSE and SSE2; leaf
# 0x80000000 says 0x80000008; leaf 0x80000001 has SYSCALL, NX and LM, and not SVM.
# The status is the number of the first that is wrong.  A KVM that runs user code
# natively may add features of its own processor.
flat '\061\300\017\242\277\001\000\000\000\203\370\001\165\117\270\001\000\000'\
'\000\017\242\277\002\000\000\000\367\301\374\335\047\275\165\073\367\322'\
'\367\302\021\201\200\007\165\061\270\000\000\000\200\017\242\277\003\000'\
'\000\000\075\010\000\000\200\165\036\270\001\000\000\200\017\242\277\004'\
'\000\000\000\367\301\376\377\377\377\165\012\201\372\000\010\020\040\165'\
'\002\061\377\270\074\000\000\000\347\020'
# shown: how often the image gets a CPUID.
shown()
{
	strace -f -qq -o "$scratch/calls" "$@" >/dev/null 2>&1
	grep -c KVM_SET_CPUID2 "$scratch/calls"
}
cp "$scratch/flat" "$scratch/asks"
if strace -qq -o /dev/null true 2>/dev/null; then
	is "$(shown "$novillo" --flat "$guests/torov.bin")" 0 \
	    "an image without the instruction gets no CPUID"
	is "$(shown "$novillo" --flat "$scratch/asks")" 1 "one with it gets it"
	is "$(shown "$novillo" --flat "--record=$scratch/log" \
	    "$guests/torov.bin")" 1 "and one that is recorded"
else
	missing "no strace here"
fi
try "$novillo" --flat "$scratch/asks"
case $status$("$novillo" "$guests/t_avx.elf") in
2*"KVM shows AVX"*) skip "KVM shows AVX to each guest" ;;
*) is "$status" 0 "CPUID shows a flat image no AVX and no XSAVE" ;;
esac

try "$novillo" "$guests/torov.bin"
is "$status" 126 "without --flat it is not an ELF file"

try "$novillo" -m 2 --flat "$guests/torov.bin"
is "$status" 126 "an image that needs more than memory does not run"
has "$err" "give it more with --memory" "and the sentence names the cure"
try "$novillo" -m 8M "$guests/hello.elf"
is "$out" "Hello, world!" "8 MiB are enough for hello"
try "$novillo" -m 256M "$guests/hello.elf"
is "$out" "Hello, world!" "and 256 MiB are not too many"

# A guest needs no more address space than its memory.  (Sanitizers need more.)
if sh -c 'ulimit -v 4000000 && "$0" --version' "$novillo" >/dev/null 2>&1; then
	try sh -c 'ulimit -v 4000000 && "$0" "$1"' "$novillo" \
	    "$guests/t_memory.elf"
	is "$status" 0 "a guest runs within a limit on addresses"
	try sh -c 'ulimit -v 4000000 && "$0" -m 8G "$1"' "$novillo" \
	    "$guests/hello.elf"
	is "$status" 125 "if its memory does"
	has "$err" "mmap of 8589934592 bytes of guest memory: Cannot allocate" \
	    "else the message says why not"
else
	skip "nothing runs within a limit on addresses here"
fi

# With however few descriptors: novillo runs the guest, or says what it lacks.
# few STATUS NAME OPTION...: STATUS is that of a run.
few()
{
	good_=$1 name_=$2 wrong_=
	shift 2
	for n in 5 7 9 11 12 13 14 15 16 18 20 24; do
		try sh -c 'ulimit -n "$1" && shift && exec "$@"' sh "$n" \
		    timeout 60 "$novillo" "$@" "$guests/hello.elf" </dev/null
		case $status:$err in
		"$good_":*) ;;
		12[57]:*"Too many open files"* | 12[57]:*"Error 24"*) ;;
		*) wrong_="$wrong_ $n" ;;
		esac
	done
	is "$status" "$good_" "24 descriptors are enough: $name_"
	is "$wrong_" "" "and with fewer it says what it lacks"
}

few 0 "a guest alone"
few 0 "a volume" --allow=@file --volume="$scratch:/v"
few 137 "a debugger" --gdb=stdio
few 0 "namespaces" --new-pid

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
