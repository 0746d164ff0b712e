#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The guest's files and /proc as gdb reads them: info proc, remote get and put,
# gcore.

. "${top_srcdir:-.}/tests/lib.sh"
. "$top_srcdir/tests/gdb/gdb.sh"

# info proc: all of it is the guest's.
session "threads.elf 2 3" "break meet" continue "info proc" \
    "info proc cmdline" "info proc cwd" "info proc exe" "info proc mappings" \
    "info proc stat" "info proc status" "info auxv" "info proc 1" \
    "info proc 4711"
has "$answer" "process 1" "info proc names the process"
has "$answer" "threads.elf 2 3'" "with its arguments"
has "$answer" "cwd = '/'" "its folder"
has "$answer" "threads.elf'" "and its program"
has "$answer" "[stack]" "info proc mappings has the stack"
has "$answer" "r-xp" "and the program's code"
is "$(printf '%s\n' "$answer" | grep -c 'r-xp.*threads\.elf$')" 1 \
    "which is the file's"
has "$answer" "Exec file: threads.elf" "info proc stat has the name"
# The last thread may not have begun at the first one's breakpoint.
printf '%s\n' "$answer" | grep -q 'Threads:	[23]$'
ok $? "info proc status counts its threads"
has "$answer" "AT_EXECFN" "info auxv has the auxiliary vector"
has "$answer" "unable to open /proc file '/proc/4711/" \
    "another process is not there"

session hello.elf "break main" continue "info proc all" "info proc files"
has "$answer" "exe = '" "info proc all has it all"
lacks "$answer" "unable to" "and nothing is missing"

# A replay makes few of the host's calls, and has the same files.  The recording
# is made and read where novillo runs.
log=/tmp/novillo-files-$$
"$novillo" --record="$log" "$guests/hello.elf" >/dev/null
on_line "| $novillo --gdb=stdio --replay=$log 2>$scratch/guest" \
    "break main" continue "info proc status" "gcore $scratch/replayed"
has "$answer" "Groups:" "info proc status in a replay"
has "$answer" "Saved corefile" "and gcore"
is "$(grep sandbox "$scratch/guest")" "" "which the sandbox allows"
rm -f "$log"

# gdb reads the guest's files, and no file of the host's.
session hello.elf "remote get /proc/1/maps $scratch/maps" \
    "remote get /proc/self/exe $scratch/exe" \
    "remote get /proc/1/auxv $scratch/auxv" \
    "remote get /proc/1/task/1/comm $scratch/comm" \
    "remote get /proc/1/mem $scratch/x" "remote get /etc/passwd $scratch/x" \
    "remote get /proc/2/maps $scratch/x" "remote get /proc/1/fd/2 $scratch/x" \
    "remote put $scratch/maps /new" "remote delete /etc/passwd"
is "$(sed -n 's/.* //; $p' "$scratch/maps")" "[stack]" \
    "remote get reads the guest's maps"
is "$(cat "$scratch/comm")" hello.elf "and its thread's name"
ok "$([ "$(wc -c <"$scratch/auxv")" -ge 256 ]; echo $?)" "and vector"
ok "$(cmp -s "$scratch/exe" "$guests/hello.elf"; echo $?)" \
    "exe is the program"
is "$(printf '%s\n' "$answer" | grep -c 'No such file')" 3 \
    "mem, other processes and the host's files are not there"
is "$(printf '%s\n' "$answer" | grep -c 'Permission denied')" 1 \
    "a descriptor's file is not opened again"
is "$(printf '%s\n' "$answer" | grep -c 'not permitted')" 2 \
    "a guest that may open no file has none written or removed for it"
ok "$([ ! -e "$scratch/x" ]; echo $?)" "nothing was fetched"

# Volumes: in a host they would be the host's folders.
if here; then
	mkdir "$scratch/rw" "$scratch/ro"
	echo inside >"$scratch/rw/file"
	echo outside >"$scratch/outside"
	ln -s file "$scratch/rw/link"
	ln -s ../outside "$scratch/rw/up"
	mkfifo "$scratch/rw/fifo"
	for sandbox in best-effort none; do
		options="--sandbox=$sandbox --allow=@file"
		options="$options -v $scratch/rw:/rw -v $scratch/ro:/ro:ro"
		rm -f "$scratch/got"*
		session hello.elf "remote get /rw/file $scratch/got" \
		    "remote get /rw/link $scratch/got2" \
		    "remote put $scratch/maps /rw/put" \
		    "remote get /rw/up $scratch/x" \
		    "remote get /rw/../outside $scratch/x" \
		    "remote get /rw/fifo $scratch/x" \
		    "remote get /rw $scratch/x" \
		    "remote put $scratch/maps /ro/put" \
		    "remote put $scratch/maps /rw/none/put" \
		    "remote delete /rw/file"
		is "$(cat "$scratch/got")" inside \
		    "--sandbox=$sandbox: remote get reads a volume's file"
		is "$(cat "$scratch/got2")" inside "and a link's"
		ok "$(cmp -s "$scratch/maps" "$scratch/rw/put"; echo $?)" \
		    "remote put writes one"
		is "$(printf '%s\n' "$answer" | grep -c 'No such file')" 3 \
		    "no name leads out of the volume"
		has "$answer" "Permission denied" "a FIFO is not opened"
		has "$answer" "Is a directory" "nor a folder"
		has "$answer" "Read-only file system" \
		    "a read-only volume is not written"
		ok "$([ ! -e "$scratch/x" ] && [ ! -e "$scratch/rw/file" ]; \
		    echo $?)" "remote delete removes a file"
		echo inside >"$scratch/rw/file"
	done
	options="--allow=-@file -v $scratch/rw:/rw"
	rm -f "$scratch/got" "$scratch/rw/put"
	session hello.elf "remote get /rw/file $scratch/got" \
	    "remote put $scratch/maps /rw/put" "remote delete /rw/file"
	is "$(cat "$scratch/got")" inside \
	    "gdb reads a volume although the guest may not"
	is "$(printf '%s\n' "$answer" | grep -c 'not permitted')" 2 \
	    "and does not write it"
	ok "$([ -e "$scratch/rw/file" ]; echo $?)" "what was there stays"
	options=
fi

# A core by gcore is complete.  gdb reads it here.
program=$guests/threads.elf
session "threads.elf 3 2" "break meet" continue "gcore $scratch/gcore" \
    "info threads" "x/4i \$pc" "bt"
has "$answer" "Saved corefile $scratch/gcore" "gcore saves a core"
live=$answer
answer=$(gdb_batch "$gdb_seconds" -ex 'set width 0' \
    -ex "directory $top_srcdir" -ex 'info threads' -ex 'bt' \
    -ex 'thread apply all bt' -ex 'p count' -ex 'x/2gx $sp' \
    -ex 'info auxv' -ex 'info proc mappings' -ex 'info proc cmdline' \
    -ex 'p $_siginfo.si_signo >= 0' "$program" "$scratch/gcore" 2>&1)
is "$(printf '%s\n' "$answer" | grep -c '^[ *] [0-9]  *LWP')" \
    "$(printf '%s\n' "$live" | grep -c '^[ *] [0-9]  *Thread')" \
    "gdb finds all threads in it"
has "$answer" "worker (arg=0x" "and the stack of a worker"
has "$answer" " main (argc=" "of the first thread"
has "$answer" '$1 = 3' "and data"
has "$answer" "AT_EXECFN" "and the auxiliary vector"
lacks "$answer" "Cannot access memory" "no memory is missing"
is "$(printf '%s\n' "$answer" | grep -c ' 0x0 .*threads\.elf$')" 1 \
    "and the mapped file"
if command -v readelf >/dev/null; then
	notes=$(readelf -n "$scratch/gcore" 2>/dev/null)
	for note in NT_PRPSINFO NT_PRSTATUS NT_FPREGSET NT_X86_XSTATE \
	    NT_SIGINFO NT_AUXV NT_FILE; do
		has "$notes" "$note" "the core has $note"
	done
fi

# Python tools, as GEF and pwndbg, read maps, auxv, status and exe by gdb.
cat >"$scratch/tool.py" <<'PY'
import gdb, os, struct

def read(name):
    local = os.path.join(os.environ["scratch"], "tool.tmp")
    gdb.execute("remote get %s %s" % (name, local), to_string=True)
    with open(local, "rb") as f:
        return f.read()

pid = gdb.selected_inferior().pid
pages = []
for line in read("/proc/%d/maps" % pid).decode().splitlines():
    fields = line.split(maxsplit=5)
    start, end = (int(x, 16) for x in fields[0].split("-"))
    pages.append((start, end, fields[1], int(fields[2], 16),
        fields[5] if len(fields) > 5 else ""))

def page_of(address):
    for p in pages:
        if p[0] <= address < p[1]:
            return p

frame = gdb.selected_frame()
pc = int(frame.read_register("rip"))
sp = int(frame.read_register("rsp"))
print("VMMAP sorted", pages == sorted(pages))
print("VMMAP code", page_of(pc)[2], os.path.basename(page_of(pc)[4]))
print("VMMAP stack", page_of(sp)[2], page_of(sp)[4])
readable = True
for p in pages:
    if "r" in p[2]:
        gdb.selected_inferior().read_memory(p[0], 8)
print("VMMAP readable", readable)
words = struct.unpack("<%dQ" % (len(read("/proc/1/auxv")) // 8),
    read("/proc/1/auxv"))
auxv = dict(zip(words[::2], words[1::2]))
print("AUXV entry", hex(auxv[9]),
    hex(int(gdb.parse_and_eval("(long)&_start"))))
status = dict(l.split(":", 1)
    for l in read("/proc/1/status").decode().splitlines())
print("STATUS", status["Name"].strip(), status["Pid"].strip(),
    status["Threads"].strip())
print("STATE", status["State"].strip())
stat = read("/proc/1/stat").decode().rsplit(") ", 1)[1].split()
task = read("/proc/1/task/1/stat").decode().rsplit(") ", 1)[1].split()
print("STAT", stat[0], task[0])
image = read("/proc/1/exe")
loads = [h for h in (struct.unpack_from("<IIQQQQ", image,
    struct.unpack_from("<Q", image, 32)[0] + 56 * i)
    for i in range(struct.unpack_from("<H", image, 56)[0])) if h[0] == 1]
code = [h for h in loads if h[1] & 1]
print("SPANS", [int(stat[i]) for i in (23, 24, 42, 43)] == [
    min(h[3] for h in code), max(h[3] + h[5] for h in code),
    max(h[3] for h in loads), max(h[3] + h[5] for h in loads)])
argc = gdb.selected_inferior().read_memory(int(stat[25]), 8)
print("ARGC", struct.unpack("<Q", argc)[0])
print("EXE", read("/proc/1/exe")[:4])
print("TASK", read("/proc/1/task/1/maps") == read("/proc/1/maps"))
PY
export scratch
session hello.elf "break main" continue "source $scratch/tool.py"
has "$answer" "VMMAP sorted True" "vmmap: the pages are in order"
has "$answer" "VMMAP code r-xp hello.elf" "the code is the program's"
has "$answer" "VMMAP stack rw-p [stack]" "the stack has its name"
has "$answer" "VMMAP readable True" "what is readable is read"
entry=$(printf '%s\n' "$answer" | sed -n 's/^AUXV entry //p')
is "${entry% *}" "${entry#* }" "auxv has the entry"
has "$answer" "STATUS hello.elf 1 1" "status has name, number and threads"
has "$answer" "STATE t (tracing stop)" "a thread that gdb holds has Linux's state"
has "$answer" "STAT t t" "stat has it, of the process and of the thread"
has "$answer" "SPANS True" "stat has the program's code and data"
has "$answer" "ARGC 1" "the stack begins with argc"
has "$answer" "EXE b'\\x7fELF'" "exe is an ELF file"
has "$answer" "TASK True" "a thread's maps are the process's"

# Separate debug files: beside the program, and by the build id in a folder.
split()
{
	here && command -v objcopy >/dev/null && command -v readelf >/dev/null &&
	    ${CC:-cc} -g -O0 -static -pthread -Wl,--build-id \
		"$top_srcdir/tests/programs/sessions.c" -o "$scratch/whole" \
		2>"$scratch/cc" &&
	    objcopy --only-keep-debug "$scratch/whole" "$scratch/apart.debug" &&
	    objcopy -g "--add-gnu-debuglink=$scratch/apart.debug" \
		"$scratch/whole" "$scratch/apart"
}
# The wrong folder, and a file.
try "$novillo" --gdb=stdio --debug-files=/nowhere "$guests/hello.elf"
is "$status" 125 "--debug-files needs a folder"
has "$err" "--debug-files=/nowhere: No such file" "and says so"
file=/bin/sh
try "$novillo" --gdb=stdio --debug-files=$file "$guests/hello.elf"
is "$status" 125 "a file is none"
has "$err" "--debug-files=$file: Not a directory" "which is said"
files_by_packets
if split; then
	asked="info line main"
	guests_kept=$guests guests=$scratch
	session apart "$asked"
	has "$answer" "sessions.c\" starts at" \
	    "the debug file beside the program is found"
	id=$(readelf -n "$scratch/whole" | sed -n 's/.*Build ID: //p')
	folder=$scratch/symbols/.build-id/${id%"${id#??}"}
	mkdir -p "$folder"
	mv "$scratch/apart.debug" "$folder/${id#??}.debug"
	session apart "$asked"
	has "$answer" "No line number information" "moved away it is not"
	for sandbox in strict none; do
		options="--sandbox=$sandbox --debug-files=$scratch/symbols"
		session apart "$asked" "remote put $scratch/cc /usr/lib/debug/x"
		has "$answer" "sessions.c\" starts at" \
		    "--debug-files, --sandbox=$sandbox: it is found by build id"
		ok "$([ ! -e "$scratch/symbols/x" ]; echo $?)" \
		    "and nothing is written there"
	done
	options=
	# A link may not name a file that is not ELF.
	echo secret >"$scratch/apart.debug"
	session apart "remote get $scratch/apart.debug $scratch/secret"
	ok "$([ ! -e "$scratch/secret" ]; echo $?)" \
	    "a link to another kind of file is not followed"
	guests=$guests_kept
else
	skip "no split program: no compiler, no binutils or another host"
fi

# A dynamic program by its loader, which is the guest.
loader=
for file in /lib64/ld-linux-x86-64.so.2 /lib/ld-musl-x86_64.so.1; do
	[ -z "$loader" ] && [ -e "$file" ] && loader=$file
done
dynamic()
{
	here && [ -n "$loader" ] || return 1
	${CC:-cc} -g -O0 -pthread "$top_srcdir/tests/programs/sessions.c" \
	    -o "$scratch/dynamic" 2>"$scratch/cc"
}
if dynamic; then
	options="--root=/:ro --allow=@file"
	# The guest's working folder is the root.
	program=$scratch/dynamic
	[ "${program#/}" != "$program" ] || program=$PWD/${program#./}
	# shellcheck disable=SC2034
	guests=
	session "${loader#/} $program threads" \
	    "set breakpoint pending on" "break work" continue \
	    "info sharedlibrary" "bt" "info proc mappings" \
	    "gcore $scratch/dcore" "info line main"
	has "$answer" "hit Breakpoint 1, work" \
	    "a breakpoint in a program that its loader runs is hit"
	has "$answer" "target:$(cd "$scratch" && pwd -P)/dynamic" \
	    "info sharedlibrary has the program"
	files_from_here
	has "$answer" "libc.so" "and the C library"
	has "$answer" "sessions.c" "its lines are known"
	is "$(printf '%s\n' "$answer" | grep -c 'r-xp .*libc\.so\.6$')" 1 \
	    "the library's code is named in the mappings"
	answer=$(gdb_batch "$gdb_seconds" -ex 'set width 0' -ex 'bt' \
	    -ex 'info proc mappings' "$loader" "$scratch/dcore" 2>&1)
	has "$answer" "libc.so.6" "gcore notes the libraries' files"

	# Thread-local variables, also of a library: each thread has its own.
	cat >"$scratch/library.c" <<-END
		__thread int in_library = 42;
		int value(void) { return in_library++; }
	END
	cat >"$scratch/locals.c" <<-END
		#include <pthread.h>
		int value(void);
		static __thread int own = 7;
		__attribute__((noinline)) void stop(void) { own++; }
		void *work(void *arg) { value(); own += 10; stop(); return arg; }
		int main(void)
		{
			pthread_t thread;
			pthread_create(&thread, NULL, work, NULL);
			pthread_join(thread, NULL);
			value(), value(), stop();
			return 0;
		}
	END
	# thread_locals LIBC COMPILER [LOADER]: of a program that its loader
	# runs, or that names one, and of a static program.
	thread_locals()
	{
		${2} -g -O0 -fPIC -shared -Wl,-soname,liblocals.so \
		    -o "$scratch/liblocals.so" "$scratch/library.c" &&
		    ${2} -g -O0 -pthread -o "$scratch/locals" \
			"$scratch/locals.c" "$scratch/liblocals.so" \
			-Wl,-rpath,"${program%/*}" &&
		    ${2} -g -O0 -pthread -static -o "$scratch/static" \
			"$scratch/locals.c" "$scratch/library.c"
		ok $? "a program with a library of $1 can be built"
		path=${program%/*}
		for guest in "${3:+${3#/} /}${path#/}/locals" \
		    "${path#/}/static"; do
			session "$guest" "set breakpoint pending on" \
			    "break stop" continue "print own" \
			    "print in_library" continue "print own" \
			    "print in_library" continue
			has "$answer" '$1 = 17' \
			    "a thread's own variable is its own ($1)"
			has "$answer" '$2 = 43' "and so is a library's"
			has "$answer" '$3 = 7' "as are the first thread's"
			has "$answer" '$4 = 44' "two"
		done
	}
	thread_locals "${loader##*/}" "${CC:-cc}" "$loader" 2>>"$scratch/cc"
	if [ "${loader##*/}" = ld-linux-x86-64.so.2 ] &&
	    command -v musl-gcc >/dev/null 2>&1; then
		thread_locals musl musl-gcc 2>>"$scratch/cc"
	else
		skip "no musl beside the C library"
	fi
else
	skip "no dynamic program: no compiler, no loader or another host"
fi

done_testing
