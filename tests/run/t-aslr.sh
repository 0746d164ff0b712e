#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# --aslr: a guest's places differ from run to run, a replay has those of its
# recording, and a debugger finds them.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no compiler on this host"
make_scratch
program=$scratch/places
log=$scratch/log
cat >"$program.c" <<'END'
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* Read a page without rights, far below the stack. */
static int
read_below(int *here)
{
	uintptr_t at = ((uintptr_t)here & ~(uintptr_t)4095) - (16 << 20);
	volatile char *p = mmap((void *)at, 4096, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	return *p;
}

int
main(int argc, char **argv)
{
	FILE *f = fopen("/proc/sys/kernel/randomize_va_space", "r");
	int here, random = -1;
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	    0);

	(void)argv;
	if (argc > 1)
		return read_below(&here);
	if (f && fscanf(f, "%d", &random) == 1)
		printf("%d\n", random);
	printf("image %p\nmapped %p\nbreak %p\nstack %p\n", (void *)main, p,
	    sbrk(0), (void *)&here);
	return 0;
}
END
${CC:-cc} -g -O0 -static-pie "$program.c" -o "$program" 2>"$scratch/cc" ||
    skip_all "no static programs: $(tail -n 1 "$scratch/cc")"

try "$novillo" "$program"
fixed=$out
is "$(echo "$fixed" | head -n 1)" 0 "without it the kernel says that places are fixed"
try "$novillo" "$program"
is "$out" "$fixed" "and they are"

try "$novillo" --aslr "$program"
is "$status:$err" "0:" "a guest runs at random places"
is "$(echo "$out" | head -n 1)" 2 "which it can read"
first=$out
try "$novillo" --aslr "$program"
second=$out
for place in image mapped break stack; do
	a=$(echo "$first" | grep "^$place ")
	b=$(echo "$second" | grep "^$place ")
	ok "$([ "$a" != "$b" ]; echo $?)" "$place: $a, then $b"
	ok "$([ "$a" != "$(echo "$fixed" | grep "^$place ")" ]; echo $?)" \
	    "and not the fixed one"
done

# Twenty runs: none fails.
bad=0
i=0
while [ $i -lt 20 ]; do
	"$novillo" --aslr -m 8M "$program" >/dev/null || bad=$((bad + 1))
	i=$((i + 1))
done
is $bad 0 "a small guest runs at any place"
if (ulimit -v 4000000) 2>/dev/null; then
	# A sanitizer needs the addresses itself.
	if (ulimit -v 4000000; "$novillo" "$program") >/dev/null 2>&1; then
		i=0
		while [ $i -lt 20 ]; do
			(ulimit -v 4000000
			"$novillo" --aslr -m 64M "$program") >/dev/null ||
				bad=$((bad + 1))
			i=$((i + 1))
		done
		is $bad 0 "so does one with few addresses"
	else
		skip "novillo needs more addresses here"
	fi
fi

try "$novillo" --aslr --record="$log" "$program"
recorded=$out
ok "$([ "$recorded" != "$first" ]; echo $?)" "a recording has its own places"
try "$novillo" --replay="$log"
is "$status:$out" "0:$recorded" "and a replay has those"

ok "$([ "$(wc -c <"$log")" -lt 20000 ]; echo $?)" \
    "the recording does not hold the space above the stack"

try "$novillo" --aslr "$program" below
is "$status" 139 "a page without rights is not read"
has "$err" "read of inaccessible memory" "nor taken for the stack's guard"

if command -v gdb >/dev/null 2>&1; then
	try timeout 60 gdb -nx -batch -ex "target remote | exec '$novillo' \
--aslr --gdb=stdio '$program'" -ex 'break main' -ex continue -ex 'info line'
	has "$out" "Breakpoint 1, main" "gdb finds a function"
	has "$out" "places.c" "and its line"
	try timeout 60 gdb -nx -batch -ex "target remote | exec '$novillo' \
--replay='$log' --gdb=stdio" -ex 'break main' -ex continue \
	    -ex 'print (void *)main'
	has "$out" "$(echo "$recorded" | sed -n 's/^image //p')" \
	    "and in a replay where it was"
else
	skip "no gdb here"
fi
done_testing
