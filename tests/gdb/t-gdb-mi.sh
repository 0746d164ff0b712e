#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# gdb's machine interface in the order in which editors use it: VS Code's C/C++
# extension, and what other front ends add.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

# mi_start GDB [OPTION...]: a gdb that is spoken to by MI.
mi_start()
{
	rm -f "$scratch/commands"
	mkfifo "$scratch/commands"
	: >"$scratch/mi"
	{
		timeout -k 5 "$gdb_seconds" "$@" -nx -nh -q -i=mi3
		echo "gdb's status $?"
	} <"$scratch/commands" >"$scratch/mi" 2>&1 3<&- 4>&- &
	exec 5>"$scratch/commands"
	token=100
	seen=0
}

# next_line PATTERN: wait for a line with PATTERN after those that were awaited
# before; $found is that line.
next_line()
{
	while :; do
		found=$(sed -n "$((seen + 1)),\$p" "$scratch/mi" |
		    grep -n -m 1 -e "$1" -e "^gdb's status")
		[ -z "$found" ] || break
		sleep 0.1
	done
	case $found in
	*"gdb's status"*) [ "$1" = "^gdb's status" ] || found= ;;
	*) seen=$((seen + ${found%%:*})) ;;
	esac
	found=${found#*:}
}

# mi_await PATTERN NAME: one point, such a line comes before gdb's time is up.
mi_await()
{
	next_line "$1"
	[ -n "$found" ]
	ok $? "$2"
	[ -n "$found" ] || sed 's/^/# /' "$scratch/mi" | tail -n 20
}

# mi COMMAND RESULT: gdb's result of the command begins so; $found is the line.
mi()
{
	token=$((token + 1))
	printf '%s\n' "$token$1" >&5
	next_line "^$token^"
	printf '%s\n' "$found" | grep -q -e "^$token^$2"
	shown=$?
	ok "$shown" "$1"
	[ "$shown" -eq 0 ] || printf '%s\n' "$found" | sed 's/^/# /'
}

# mi_end: gdb ends, and its guest.
mi_end()
{
	mi -gdb-exit exit
	exec 5>&-
	next_line "^gdb's status"
	is "$found" "gdb's status 0" "gdb ends by itself"
}

# number_in TEXT FIELD: the first number of a field.
number_in()
{
	printf '%s\n' "$1" | sed -n "s/.*$2=\"\\([0-9]*\\)\".*/\\1/p"
}

# as_vs_code PROGRAM [on]: what VS Code sends, from the start to a stop in main;
# gdb's target is in non-stop mode, or not.
as_vs_code()
{
	mi "-interpreter-exec console \"maint set target-non-stop ${2-off}\"" done
	mi '-enable-pretty-printing' done
	mi '-interpreter-exec console "set pagination off"' done
	mi '-gdb-set mi-async on' done
	mi '-gdb-set auto-solib-add on' done
	mi '-gdb-set breakpoint pending on' done
	mi '-gdb-set sysroot /' done
	mi "-environment-cd \"$(pwd -P)\"" done
	mi "-file-exec-and-symbols $1" done
	mi "-target-select remote $line" connected
	mi '-break-insert -f main' 'done,bkpt={.*func="main"'
	mi '-exec-continue --all' running
	mi_await '^\*stopped,reason="breakpoint-hit".*func="main"' \
	    "the guest stops in main"
}

# threads.elf on this machine, whose path is absolute.
program=$(cd "$guests" && pwd -P)/threads.elf

serve "$guests/threads.elf" 3 200
mi_start gdb
as_vs_code "$program"
mi '-break-insert -f work' 'done,bkpt={number="2".*func="work"'
mi '-break-insert -f -c "total >= 90" meet' done
mi '-exec-continue --all' running
mi_await '^\*stopped,reason="breakpoint-hit".*bkptno="2".*func="work"' \
    "a thread stops at the second breakpoint"
thread=$(number_in "$found" thread-id)
mi '-thread-info' 'done,threads=\[{id=.*id=.*current-thread-id='
mi "-stack-list-frames --thread $thread 0 20" \
    'done,stack=\[frame={level="0".*func="work".*func="worker"'
mi "-stack-list-arguments --thread $thread 1 0 3" \
    'done,stack-args=.*name="me"'
mi "-stack-list-variables --thread $thread --frame 1 --simple-values" \
    'done,variables='
mi "-stack-info-depth --thread $thread" 'done,depth="[2-9]'
mi "-var-create total * total" 'done,name="total".*type="'
mi '-data-evaluate-expression total' 'done,value="'
mi '-data-list-register-names' 'done,register-names=\["rax"'
mi '-data-list-register-values x 16' 'done,.*number="16",value="0x'
mi '-data-list-changed-registers' 'done,changed-registers='
mi '-data-disassemble -s $pc -e "$pc + 24" -- 5' \
    'done,asm_insns=.*line_asm_insn='
mi '-data-read-memory-bytes &total 8' \
    'done,memory=.*contents="[0-9a-f]\{16\}"'
mi '-data-write-memory-bytes &own[2] 0000000000000000' done
mi '-break-disable 2' done
mi '-exec-next' running
mi_await '^\*stopped,reason="end-stepping-range"' "next ends in the function"
mi '-exec-step-instruction' running
mi_await '^\*stopped,reason="end-stepping-range"' "stepi ends"
mi '-exec-finish' running
mi_await '^\*stopped,reason="function-finished"' "finish ends"
mi '-var-update --all-values *' 'done,changelist='
mi '-exec-continue --all' running
mi_await '^\*stopped,reason="breakpoint-hit".*bkptno="3"' \
    "a condition stops where it is true"
mi '-interpreter-exec console "print total"' done
mi '-break-delete 2 3' done
mi '-exec-continue --all' running
mi_await '^\*stopped,reason="exited-normally"' "the guest ends"
mi_end
is "$(cat "$scratch/out")" 600 "and has counted right"
ended 0 "as it would have without a front end"

# While the guest runs: VS Code interrupts it to insert a breakpoint; where gdb's
# target is in non-stop mode that needs no interrupt.
for mode in off on; do
	serve "$guests/threads.elf" 2 2000000000
	mi_start gdb
	as_vs_code "$program" "$mode"
	mi '-exec-continue --all' running
	if [ "$mode" = off ]; then
		mi '-exec-interrupt --all' done
		mi_await '^\*stopped,.*signal-name="\(SIGINT\|0\)"' \
		    "the guest is interrupted"
		mi '-break-insert -f meet' 'done,bkpt={number="2"'
		mi '-exec-continue --all' running
	else
		mi '-break-insert -f meet' 'done,bkpt={number="2"'
	fi
	mi_await '^\*stopped,reason="breakpoint-hit".*bkptno="2"' \
	    "a breakpoint inserted while it runs is met (non-stop $mode)"
	mi '-break-delete 2' done
	mi '-thread-info' 'done,threads=\[{id='
	mi '-data-evaluate-expression "rounds = round_over + 50"' 'done,value="[0-9]'
	mi '-target-detach' done
	mi_end
	ended 0 "a guest whose front end has left goes on to its end"
done

# The same in non-stop: one thread stops, the other goes on.
serve "$guests/threads.elf" 2 400
mi_start gdb
mi '-gdb-set mi-async on' done
mi '-gdb-set non-stop on' done
mi '-gdb-set sysroot /' done
mi "-file-exec-and-symbols $program" done
mi "-target-select remote $line" connected
mi '-break-insert worker' done
mi '-exec-continue --all' running
mi_await '^\*stopped,reason="breakpoint-hit".*stopped-threads=\["[23]"\]' \
    "one thread stops"
mi_await '^\*stopped,reason="breakpoint-hit".*stopped-threads=\["[23]"\]' \
    "and another"
mi '-thread-info' 'done,threads=.*state="stopped".*state="stopped"'
mi '-break-delete 1' done
mi '-exec-continue --all' running
mi_await '^\*stopped,reason="exited-normally"' "and all end"
mi_end
ended 0 "as the guest does without"

# A gdb of all architectures, Debian's gdb-multiarch.
if command -v gdb-multiarch >/dev/null; then
	serve "$guests/threads.elf" 1 20
	mi_start gdb-multiarch
	as_vs_code "$program"
	mi '-interpreter-exec console "show architecture"' done
	mi '-data-list-register-values x 17' 'done,.*number="17",value="0x'
	mi '-exec-continue --all' running
	mi_await '^\*stopped,reason="exited-normally"' "gdb-multiarch debugs"
	mi_end
	ended 0 "a guest"
else
	missing "no gdb-multiarch here"
fi

# The pattern that doc/novillo-gdb.7 gives VS Code for novillo's line.
pattern=$(sed -n 's/.*"serverStarted": "\(.*\)",*$/\1/p' \
    "$top_srcdir/doc/novillo-gdb.7")
grep -q -e "$pattern" "$scratch/err"
ok $? "serverStarted of the manual, \"$pattern\", is what novillo prints"
sed 's/^/# /' "$scratch/err" | sed 1q

done_testing
