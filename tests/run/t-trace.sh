#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# --trace prints hypercalls in the format of strace.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm

try "$novillo" --trace "$guests/hello.elf" Ann
has "$err" 'write(1, "Hello, Ann!\n", 12) = 12' "a call with its text and result"
has "$err" 'exit_group(0) = ?' "a call that does not return"
is "$out" "Hello, Ann!" "the guest's own output is as ever"

try "$novillo" --trace=exit_group "$guests/hello.elf"
is "$err" "exit_group(0) = ?
+++ exited with 0 +++" "--trace=NAME shows that call alone, and the end"
try "$novillo" --trace=@all,-write "$guests/hello.elf"
is "$err" "exit_group(0) = ?
+++ exited with 0 +++" "--trace=-NAME leaves one out"
try "$novillo" --trace=@memory "$guests/t_memory.elf"
has "$err" "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x" \
    "flags are shown by name, addresses in hexadecimal"
has "$err" "= -1 EINVAL (Invalid argument)" "errors by name"
has "$err" "PROT_NONE" "and a permission of 0 as PROT_NONE"

printf 'quote" tab\t back\\ \001 2' >"$scratch/in"
try sh -c '"$0" -t -o "$2/trace" "$1" <"$2/in"' "$novillo" \
    "$guests/echo.elf" "$scratch"
has "$(cat "$scratch/trace")" 'quote\" tab\t back\\ \1 2' \
    "text is escaped as in C"
try "$novillo" --trace "$guests/sleep.elf" 0
has "$err" "{tv_sec=0, tv_nsec=" "structures are shown by field"

try "$novillo" --trace "$guests/status.elf" 3
has "$err" "+++ exited with 3 +++" "the status at the end"
try "$novillo" --trace --core="$scratch/core" "$guests/fault_null.elf"
has "$err" "--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---
+++ killed by SIGSEGV (core dumped) +++" "a fault as the signal it is"
try "$novillo" --trace --timeout=0.2 "$guests/sleep.elf" 10
has "$err" "nanosleep({tv_sec=10, tv_nsec=0}, NULL) = ?
+++ ended by --timeout +++" "the end of a guest whose time is over"
try "$novillo" --trace --allow=-write "$guests/hello.elf"
has "$err" "14) = -1 EPERM (Operation not permitted) (not allowed)" \
    "a call that is not allowed says so"

try "$novillo" --trace --trace-time=clock,spent "$guests/hello.elf"
is "$(printf '%s\n' "$err" |
    grep -c '^[0-9:]*\.[0-9]* write(.* = 14 <0\.[0-9]*>$')" 1 \
    "--trace-time: when a call began and how long it took"
try "$novillo" --trace-time=epoch,clock "$guests/hello.elf"
is "$status" 125 "but not two beginnings"
try "$novillo" --trace-time=now "$guests/hello.elf"
has "$err" '"now" is not clock, epoch, relative or spent' "nor other words"

try "$novillo" --trace-summary -o "$scratch/table" "$guests/hello.elf"
is "$(sed 's/.* //' "$scratch/table" | sort | tr '\n' ' ')" \
    "---------------- ---------------- exit_group hypercall total write " \
    "--trace-summary is a table of calls, and no lines"
try "$novillo" --trace-summary=@time "$guests/sleep.elf" 0
has "$err" "         1           nanosleep" "--trace-summary=@time counts those calls"
is "$(printf '%s\n' "$err" | grep -c exit_group)" 0 "and nothing else"

# Clocks that the vDSO reads are not seen, and the trace says so.
unseen="+++ clocks read without a call are not seen: --no-vdso shows them +++"
reads()
{
	printf '%s\n' "$err" | grep -c '^clock_gettime(CLOCK_MONOTONIC, .*) = 0$'
}
try "$novillo" --trace=clock_gettime "$guests/clocks.elf" 50
is "$(reads)" 50 "a trace that names clock_gettime shows each"
try "$novillo" --trace --no-vdso "$guests/clocks.elf" 50
is "$(reads)" 50 "and so does one with --no-vdso"
lacks=$(printf '%s\n' "$err" | grep -c "+++ clocks")
is "$lacks" 0 "neither says that there are others"
try "$novillo" --trace "$guests/clocks.elf" 100000
case $err in
*"$unseen"*)
	ok "$([ "$(reads)" -lt 50000 ]; echo $?)" \
	    "a trace of all calls says that clocks are read without one"
	;;
*)
	is "$(reads)" 100000 "no clock is read without a call on this host"
	;;
esac
try "$novillo" --trace "$guests/hello.elf"
is "$(printf '%s\n' "$err" | grep -c "+++ clocks")" 0 \
    "a trace of a guest that reads no clock says nothing of clocks"

# --trace-exits: a line for each return of KVM_RUN.
try "$novillo" --trace-exits --stats "$guests/hello.elf"
is "$(printf '%s\n' "$err" | grep -c '^\[vcpu 0\] exit ')" \
    "$(printf '%s\n' "$err" | sed -n 's/^ioctl *KVM_RUN *//p')" \
    "--trace-exits has as many lines as the guest has exits"
has "$err" "] exit IO out 0x10 at 0x" "with a reason"
ok "$(printf '%s\n' "$err" | grep -q ' write+0x[0-9a-f]*: write = 14$'; echo $?)" \
    "a function and a result"
ok "$(printf '%s\n' "$err" | grep -q ': exit_group; the guest ends$'; echo $?)" \
    "and the end"
try "$novillo" --trace-exits "$guests/fault_null.elf"
ok "$(printf '%s\n' "$err" |
    grep -q ' write_to_null+0x.*: #PF page fault, error 0x.*: SIGSEGV'; echo $?)" \
    "a fault is shown with its signal"
try "$novillo" --trace=write --trace-exits "$guests/hello.elf"
is "$(printf '%s\n' "$err" | grep -A1 '^write(' | grep -c ': write = 14$')" 1 \
    "the line of an exit follows the line of its call"
try "$novillo" "$guests/hello.elf"
is "$(printf '%s\n' "$err" | grep -c exit)" 0 "without the option there is none"

# -y: what descriptors lead to.
mkdir -p "$scratch/given"
printf 'seven\n' >"$scratch/given/seven"
try sh -c '"$0" -y -t --allow=@all -v "$2:/given" "$1" <"$2/seven" | cat' \
    "$novillo" "$guests/wc.elf" "$scratch/given"
has "$err" 'write(1<pipe:[' "-y shows what a descriptor leads to, as /proc does"
has "$err" 'read(0<' "and a given file by what it is"
try "$novillo" -y -t --allow=@all -v "$scratch/given:/given" "$guests/t_file.elf"
has "$err" 'close(-100) = -1 EBADF' "a number that is not open leads nowhere"

# Arguments in the form that users of strace know.
try "$novillo" -t --allow=@all "$guests/t_signals.elf"
has "$err" 'rt_sigprocmask(SIG_BLOCK, NULL, [USR1 USR2], 8)' "a mask has the names of its signals"
try "$novillo" -t --allow=@all -v "$scratch/given:/given" "$guests/t_net.elf"
has "$err" ', SOL_SOCKET, SO_PASSCRED, [1], 4)' "an option of a socket is named"
try "$novillo" -t "$guests/t_timers.elf"
has "$err" 'sigev_signo=SIGRT_3, sigev_notify=SIGEV_SIGNAL}, [' \
    "a signal without a name by its place"
has "$err" '{sigev_signo=SIGALRM, sigev_notify' "and no value that is zero"
try "$novillo" -t "$guests/t_threads.elf"
ok "$(printf '%s\n' "$err" | grep -q 'futex(0x[0-9a-f]*, FUTEX_WAKE[A-Z_]*, 1[,)]* '
    echo $?)" "a wake has three arguments"

done_testing
