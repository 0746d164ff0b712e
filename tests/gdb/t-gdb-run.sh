#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# run and start on extended-remote: each run is a fresh machine in a process of
# its own, and the session goes on.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

target="target extended-remote"

# hits TEXT: how often the answer has TEXT.
hits()
{
	printf '%s\n' "$answer" | grep -c -- "$1"
}

# said TEXT: how often the guests have said TEXT.
said()
{
	grep -c -- "$1" "$scratch/out"
}

# without_guest OPTION... GUEST [ARG...]: as serve, with --multi.
without_guest()
{
	serve --multi "$@"
}

# children.sh PROCESS [SIGNAL]: print the children of a process, or send them a
# signal.
cat >"$scratch/children.sh" <<'EOF'
for stat in /proc/[0-9]*/stat; do
	read -r number name state parent rest 2>/dev/null <"$stat" || continue
	[ "$parent" = "$1" ] || continue
	if [ $# -gt 1 ]; then kill "-$2" "$number"; else echo "$number"; fi
done
EOF

# child_of PROCESS: its children.
child_of()
{
	sh "$scratch/children.sh" "$1"
}

# Run again: breakpoints stay, arguments come from gdb.
serve "$guests/hello.elf" first
on_line "$line" "break main" "continue" "print argv[1]" "run" "print argv[1]" \
    "run a 'b c'" "print argc" "continue" "start last" "print argv[1]" \
    "info breakpoints" "continue" "run" "kill" "info threads"
is "$(hits 'Breakpoint 1, main')" 5 "a breakpoint is kept from run to run"
has "$answer" '$1 = 0x' "the first run"
is "$(hits '"first"')" 2 "run without arguments has those of the command line"
has "$answer" '$3 = 3' "run with arguments has these"
has "$answer" '"last"' "and so has start"
has "$answer" "already hit" "gdb counts the hits"
is "$(hits 'exited normally')" 2 "runs come to their end"
has "$answer" "No threads." "after kill there is no guest"
ended 137 "novillo's status is that of the last run"
is "$(cat "$scratch/out")" "Hello, a!
Hello, b c!
Hello, last!" "the runs that gdb has killed have not said a word"
is "$(grep -c 'killed by' "$scratch/err")" 1 \
    "and only the last of them is reported"

# The environment, which also holds what novillo was given.
serve --env=GIVEN=1 --env=TAKEN=2 "$guests/env.elf"
on_line "$line" "set environment MORE 3" "unset environment TAKEN" "run" \
    "continue" "unset environment MORE" "set environment GIVEN 4" "run" \
    "continue"
wait "$server"
has "$(cat "$scratch/out")" "GIVEN=1
MORE=3" "gdb adds to the environment, and takes from it"
has "$(tail -n 3 "$scratch/out")" "GIVEN=4" "and changes it"
lacks "$(cat "$scratch/out")" "TAKEN" "what it has taken is gone"

# The working folder is one of the guest's.  A host has no such folder.
working_folder()
{
	mkdir -p "$scratch/tree/in"
	serve --allow=@file "--volume=$scratch/tree:/data" "$guests/where.elf"
	on_line "$line" "continue" "set cwd /data/in" "run" "set cwd in" "run" \
	    "set cwd /nowhere" "run" "set cwd" "run"
	wait "$server"
	is "$(cat "$scratch/out")" "/data
/data/in
/data/in
/data" "set cwd names a folder as the guest knows it"
	has "$answer" "failed" "one that the guest does not have is refused"
	has "$(cat "$scratch/err")" "working folder /nowhere: No such file" \
	    "and novillo says so"
}
if here; then
	working_folder
fi

# Only one program can run, and none of the host's.
program=/stage/guest/hello.elf # of a host
if here; then
	program=$(realpath "$guests/hello.elf")
fi
serve "$guests/hello.elf" you
on_line "$line" "set remote exec-file /bin/sh" "run" "info threads" \
    "set remote exec-file $program" "run" "continue"
wait "$server"
has "$answer" 'Running "/bin/sh" on the remote target failed' \
    "another program is refused"
has "$answer" "exited normally" "and this one, by its name, runs"

# Without a guest.
without_guest "$guests/hello.elf" you
on_line "$line" "info threads" "attach 1" "print 40 + 2" "disconnect"
has "$answer" "No threads" "with --multi no guest runs"
has "$answer" "Attaching to process 1 failed" "so none can be attached to"
on_line "$line" "file $guests/hello.elf" "break main" "run" "continue" \
    "info threads"
has "$answer" "Breakpoint 1, main" "the next debugger runs one"
has "$answer" "exited normally" "to its end"
on_line "$line" "file $guests/hello.elf" "start" "continue" \
    "monitor exit"
has "$answer" "Temporary breakpoint 1, main" "and the next one too"
ended 0 "monitor exit ends novillo"
is "$(said 'Hello, you!')" 2 "the guests have said all they had to say"
[ ! -e "$line" ]
ok $? "no socket is left"
if here; then
	without_guest "$guests/hello.elf"
	has "$(cat "$scratch/err")" "gdb -ex 'target extended-remote $line'" \
	    "the command that it prints can run a guest"
	kill -TERM "$server"
	ended 143 "SIGTERM ends a novillo without a guest"
	[ ! -e "$line" ]
	ok $? "and its socket"
	serve --once --multi "$guests/hello.elf"
	on_line "$line" "starti" "kill"
	ended 137 "with --once it serves one debugger"
fi

# A guest that has ended badly runs again.
serve "$guests/fault_null.elf"
on_line "$line" "continue" "continue" "run" "continue"
is "$(hits 'Program received signal SIGSEGV')" 2 "a guest crashes twice"
has "$answer" "Program terminated with signal SIGSEGV" "once to the end"
wait "$server"
has "$(cat "$scratch/err")" "ended by SIGSEGV" "which is reported"

# An interrupt reaches the run that there is.
serve "$guests/signals.elf" compute
on_line "$line" "starti" "kill" "$interrupt_later" "run compute" \
    "print 40 + 2"
has "$answer" "Program received signal SIGINT" "Ctrl-C stops the third run"
has "$answer" '= 42' "and gdb goes on"
ended 137 "it is killed in the end"

# Threads.
serve "$guests/threads.elf" 2 3
on_line "$line" "break meet" "continue" "info threads" "run" "info threads" \
    "delete" "continue"
is "$(hits 'Breakpoint 1, meet')" 2 "threads of two runs stop"
has "$answer" "exited normally" "and come to their end"
ended 0 "with the status of the last run"
is "$(cat "$scratch/out")" 6 "which alone has counted"

# The process of a guest is killed, as by a host without memory: a stop, or an
# error, and the session goes on.  Between this shell and novillo is timeout.
if here; then
	serve "$guests/signals.elf" compute
	front=$(child_of "$server")
	death="sh $scratch/children.sh $front KILL"
	on_line "$line" "shell (sleep $gdb_pause; $death) &" "continue" \
	    "info threads" "starti" "info symbol \$pc" \
	    "shell $death; sleep 1" "x/i \$sp" "starti" "info symbol \$pc" "detach"
	has "$answer" "Program terminated with signal SIGKILL" \
	    "a death is the stop that gdb waits for"
	is "$(hits '_start in section')" 2 "then the guest can run again"
	has "$answer" "Cannot access memory" \
	    "a death of a stopped guest is an error, and no hang"
	is "$(grep -c "guest's process was ended by signal 9" "$scratch/err")" \
	    2 "novillo says one sentence of each"
	is "$(child_of "$front" | wc -l | tr -d ' ')" 1 "no zombie is left"
	sh "$scratch/children.sh" "$front" KILL
	ended 137 "a death without a debugger ends novillo"

	serve "$guests/sleep.elf" 1000
	front=$(child_of "$server")
	worker=$(child_of "$front")
	on_line "$line" "detach"
	kill -KILL "$front"
	wait "$server" 2>/dev/null || :
	waited=0
	while [ -e "/proc/$worker" ] && [ "$waited" -lt 50 ]; do
		sleep 0.1
		waited=$((waited + 1))
	done
	[ ! -e "/proc/$worker" ]
	ok $? "no guest outlives a novillo that is killed"
fi

# R is vRun's forerunner, without a reply.
if here; then
	{
		printf '%s' '$!#21' '$R00#b2' '$?#3f' '$R00#b2' '$vKill;1#6e'
		sleep "$gdb_pause"
	} | timeout 20 "$novillo" --gdb=stdio "$guests/hello.elf" \
		>"$scratch/raw" 2>"$scratch/err"
	is "$(tr '$' '\n' <"$scratch/raw" | sed 's/#.*//; s/thread:1.*//')" \
	    "+
OK
T05
OK" "R runs the guest again, and the stop is there for the asking"
fi

# --debug.
if here; then
	export HOME="$scratch" XDG_CONFIG_HOME="$scratch"
	printf '%s\n' "break main" "run" "print argv[1]" "run again" \
	    "print argv[1]" "continue" "quit" |
	    timeout "$gdb_seconds" "$novillo" --debug "$guests/hello.elf" \
		first >"$scratch/out" 2>&1
	is $? 0 "--debug: the status is that of the last run"
	answer=$(cat "$scratch/out")
	is "$(hits 'Breakpoint 1, main')" 2 "--debug can run again"
	has "$answer" '"first"' "with its own arguments"
	has "$answer" '"again"' "or others"
	has "$answer" "Hello, again!" "to the end"
	printf '%s\n' "info threads" "start it" "continue" "quit" |
	    timeout "$gdb_seconds" "$novillo" --debug --multi \
		"$guests/hello.elf" >"$scratch/out" 2>&1
	has "$(cat "$scratch/out")" "No threads" "--debug --multi begins without"
	has "$(cat "$scratch/out")" "Hello, it!" "and runs when gdb says so"
fi

# Many runs leave nothing.
if here; then
	without_guest "$guests/hello.elf" you
	front=$(child_of "$server")
	before=$(ls "/proc/$front/fd" | wc -l)
	set --
	while [ $# -lt 40 ]; do
		set -- "$@" "starti" "kill"
	done
	on_line "$line" "file $guests/hello.elf" "set height 0" "$@"
	is "$(hits 'killed')" 20 "twenty runs"
	is "$(ls "/proc/$front/fd" | wc -l)" "$before" "leave no descriptor"
	is "$(child_of "$front")" "" "nor a process"
	kill "$server"
	wait "$server" 2>/dev/null || :
fi
done_testing
