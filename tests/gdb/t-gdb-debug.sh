#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# --debug: novillo starts gdb on its guest, and ends as the guest does.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
need_tool gdb
make_scratch
export DEBUGINFOD_URLS=''
# gdb must not read the user's own settings.
export HOME="$scratch" XDG_CONFIG_HOME="$scratch"

# debug GUEST [ARG]... -- COMMAND...: $out is the output of gdb and the guest,
# $status novillo's status.
debug()
{
	set -- "$@" --end
	guest=
	while [ "$1" != -- ]; do
		guest="$guest $1"
		shift
	done
	shift
	: >"$scratch/commands"
	while [ "$1" != --end ]; do
		printf '%s\n' "$1" >>"$scratch/commands"
		shift
	done
	status=0
	# shellcheck disable=SC2086
	timeout 60 "$novillo" --debug $guest <"$scratch/commands" \
	    >"$scratch/out" 2>&1 || status=$?
	out=$(cat "$scratch/out")
	folder=$(sed -n 's/.*Remote debugging using \(.*\)\/socket/\1/p' \
	    "$scratch/out")
	[ -n "$folder" ] && [ ! -e "$folder" ]
	ok $? "nothing is left of the connection"
}

debug "$guests/status.elf" 7 -- "break main" continue "print argc" continue
has "$out" "Breakpoint 1, main (argc=2" "gdb debugs the guest"
has "$out" "exited with code 07" "to its end"
is "$status" 7 "whose status is novillo's"

debug "$guests/status.elf" 7 -- "info registers rip" quit
has "$out" "will be killed" "gdb knows that the guest is its own"
is "$status" 137 "and it goes with gdb"

debug "$guests/status.elf" 7 -- "break main" continue detach quit
is "$status" 7 "let go of, it runs on"

debug "$guests/status.elf" 7 -- "break main" continue "shell kill -9 \$PPID"
is "$status" 137 "it does not outlive a gdb that is killed"

debug "$guests/fault_null.elf" -- continue backtrace continue
has "$out" "received signal SIGSEGV" "a fault stops the guest"
is "$status" 139 "and passed on it also ends novillo"
has "$out" "ended by SIGSEGV" "with its report"

# A debugger whose name begins with lldb gets lldb's options.
if command -v lldb >/dev/null 2>&1; then
	cat >"$scratch/lldb-batch" <<-'END'
		#!/bin/sh
		exec lldb --no-lldbinit --batch "$@" \
		    -o "breakpoint set -n main" -o continue -o bt -o continue
	END
	chmod +x "$scratch/lldb-batch"
	try timeout 60 "$novillo" "--debug=$scratch/lldb-batch" \
	    "$guests/status.elf" 7
	is "$status" 7 "lldb debugs the guest to its end"
	has "$out" "status.elf\`main" "with its symbols"
	has "$out" "exited with status = 7" "and its status"
else
	missing "no lldb here"
fi

try timeout 30 "$novillo" --debug=/nowhere/gdb "$guests/hello.elf"
is "$status" 125 "without gdb novillo fails"
has "$err" "--debug=/nowhere/gdb: No such file or directory; install it" \
    "and says so"
try timeout 30 "$novillo" --debug=true "$guests/hello.elf"
is "$status" 125 "a gdb that does not connect is not a debugger"
has "$err" "--debug=true: it ended before it connected" "which is said"
cat >"$scratch/killer" <<'EOF'
#!/bin/sh
printf '%s\n' "$@" | sed -n 's/^target extended-remote //p'
kill -TERM $PPID
sleep 1
EOF
chmod +x "$scratch/killer"
try timeout 30 "$novillo" --debug="$scratch/killer" "$guests/hello.elf"
is "$status" 143 "a signal ends novillo while it waits for the debugger"
[ "${out#/tmp/novillo-}" != "$out" ] && [ ! -e "${out%/socket}" ]
ok $? "which leaves no socket"
if command -v strace >/dev/null 2>&1; then
	try timeout 30 strace -f -o "$scratch/strace" \
	    -e inject=listen:error=EADDRINUSE \
	    "$novillo" --debug=true "$guests/hello.elf"
	is "$status" 125 "without a connection to its debugger novillo fails"
	folder=$(printf '%s\n' "$err" |
	    sed -n 's/^novillo: --debug: \(.*\)\/socket: Address already.*/\1/p')
	[ -n "$folder" ] && [ ! -e "$folder" ]
	ok $? "and leaves no socket"
else
	missing "no strace here"
fi
try timeout 30 "$novillo" --debug --gdb "$guests/hello.elf"
is "$status" 125 "one can start a debugger or wait for one"
has "$err" "exclude each other" "not both"
done_testing
