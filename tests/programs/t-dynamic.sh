#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Dynamic executables, run directly with the host's files as the guest's, do
# what they do natively.

. "${top_srcdir:-.}/tests/lib.sh"

need_kvm
[ -z "${NOVILLO_HOST-}" ] || skip_all "no dynamic programs on this host"
make_scratch
programs=$top_srcdir/tests/programs

# A name that is the same for the guest, whose working folder is the root.
whole()
{
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s/%s\n' "$PWD" "${1#./}" ;;
	esac
}

# same WHAT PROGRAM [ARG...]: natively and as a guest.
same()
{
	what=$1
	shift
	native=0
	wanted=$(env -i PATH=/usr/bin:/bin LC_ALL=C "$@" 2>"$scratch/native" \
	    </dev/null) || native=$?
	try timeout 240 "$novillo" --root=/:ro -a @all,@jit -e PATH=/usr/bin:/bin -e LC_ALL=C "$@" \
	    </dev/null
	is "$out" "$wanted" "$what: as natively"
	is "$status" "$native" "and its status"
	is "$err" "$(cat "$scratch/native")" "and its complaints"
}

# same_tool NAME [ARG...]: a program of the system, if it is there.
same_tool()
{
	# Not a wrapper that starts the tool as another program.
	tool=$(PATH=/usr/bin:/bin command -v "$1")
	if [ -z "$tool" ]; then
		case $1 in
		python3 | perl) missing "no $1 here" ;;
		*) skip "no $1 here" ;;
		esac
		return
	fi
	name=$1
	shift
	same "$name" "$tool" "$@"
}

# build NAME OPTION...: the program twofold as $scratch/NAME.
build()
{
	name=$1
	shift
	${CC:-cc} -g -O0 "$@" -o "$scratch/$name" "$programs/twofold.c" \
	    "$(whole "$scratch")/libtwice.so" -pthread -ldl 2>"$scratch/cc"
}

if ${CC:-cc} -g -O0 -shared -fPIC "$programs/twice.c" \
    -o "$scratch/libtwice.so" 2>"$scratch/cc"; then
	program=$(whole "$scratch")/program
	for kind in -pie -no-pie; do
		build program -fPIE "$kind"
		ok $? "a dynamic program is made, $kind"
		same "a program $kind" "$program" "$program-none"
	done
	cp "$scratch/libtwice.so" "$scratch/late.so"
	same "a library loaded late" "$program" "${program%/*}/late.so"
	try "$novillo" "$program"
	is "$status" 126 "without files it does not run"
	has "$err" "is not among the guest's files: --root=/:ro" \
	    "and the sentence says what to do"
	try "$novillo" --root="$scratch" "$program"
	has "$err" "$program: its interpreter /lib" \
	    "nor without its interpreter among them"
	try "$novillo" --check --root=/:ro "$program"
	is "$status" 0 "--check takes it"
	has "$out" "interpreter   /lib" "and names the interpreter"
	has "$out" "libraries may make other calls" "and what it cannot see"
	try timeout 240 "$novillo" --root=/:ro -a @file -m 16M "$program"
	is "$status" 5 "it runs in 16 MiB"
	# A sanitizer needs more addresses than this.
	limit='ulimit -v 4000000 && exec "$@"'
	if sh -c "$limit" sh "$novillo" --version >/dev/null 2>&1; then
		try sh -c "$limit" sh timeout 240 \
		    "$novillo" --root=/:ro -a @file "$program"
		is "$status" 5 "and where the host limits addresses"
	else
		skip "novillo does not start with so few addresses"
	fi
	loader=$("$novillo" --check --root=/:ro "$program" |
	    sed -n 's/^interpreter *//p')
	same "a program by its loader" "$loader" "$program"
else
	missing "no shared libraries: $(tail -n 1 "$scratch/cc")"
fi

# script NAME LINE...: an executable script, whose name is $script.
script()
{
	script=$(whole "$scratch/$1")
	shift
	printf '%s\n' "$@" >"$script"
	chmod +x "$script"
}

if [ -x /usr/bin/awk ]; then
	text='BEGIN { for (i = 0; i < ARGC; i++) print i, ARGV[i] }'
	script arguments '#!  /usr/bin/awk   -f  ' "$text"
	same "a script" "$script" a "b c"
	# The interpreter of a script may be a script.
	case $script in
	*" "*) skip "no name without blanks for scripts here" ;;
	*)
		first=$script
		script second "#!$first"
		same "a script of a script" "$script" x
		for n in 3 4 5; do script "s$n" "#!$script"; done
		same "five scripts" "$script" x
		script s6 "#!$script"
		try "$novillo" --root=/:ro -a @file "$script"
		is "$status" 126 "six scripts do not run"
		has "$err" "more than 5 scripts" "and the sentence says why"
		;;
	esac
else
	missing "no /usr/bin/awk here"
fi
script empty '#! '
try "$novillo" --root=/:ro "$script"
is "$status:$err" \
    "126:novillo: $script: its first line #! does not name an interpreter" \
    "a script without an interpreter does not run"
script none '#!/nowhere/sh'
try "$novillo" --root=/:ro "$script"
has "$err" "its interpreter /nowhere/sh is not among the guest's files: give" \
    "nor one whose interpreter is not there"
script long "#!/$(printf '%0300d' 0)"
try "$novillo" --check --root=/:ro "$script"
has "$err" "does not name an interpreter" "nor one with a line too long"

# Names and folders.
try "$novillo" --root=/:ro -a @file ls -d /etc
is "$status:$out" "0:/etc" "a name without a slash is found in PATH"
try "$novillo" --root=/:ro -a @file no-such-program
is "$status" 127 "unless it is not there"
mkdir "$scratch/folder"
echo text >"$scratch/folder/file"
try "$novillo" --root=/:ro -a @file --chdir="$(whole "$scratch/folder")" \
    cat file
is "$status:$out" "0:text" "--chdir sets the first working folder"
try "$novillo" --root=/:ro --chdir=/no/such ls
is "$status:$err" "125:novillo: --chdir=/no/such: No such file or directory" \
    "which has to be there"
cat >"$scratch/own.c" <<'EOF'
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int
main(void)
{
	char name[4096] = "", magic[4] = "";
	int fd = open("/proc/self/exe", O_RDONLY);

	if (fd < 0 || readlink("/proc/self/exe", name, sizeof(name) - 1) < 0 ||
	    read(fd, magic, 4) != 4)
		return 1;
	printf("%s %.3s\n", name, magic + 1);
	return 0;
}
EOF
if ${CC:-cc} -static "$scratch/own.c" -o "$scratch/own" 2>"$scratch/cc"; then
	folder=$(cd "$scratch" && pwd -P)
	try "$novillo" -a @file --volume-program "$scratch/own"
	is "$out" "$folder/own ELF" "--volume-program has the program's file"
	try "$novillo" -a @file -v "$scratch:/x" "$scratch/own"
	is "$out" "/x/own ELF" "a volume that has it gives it its name"
	try "$novillo" -a @file -r "$scratch" -v "$scratch:/y" "$scratch/own"
	is "$out" "/y/own ELF" "the last that does"
else
	missing "no static program: $(tail -n 1 "$scratch/cc")"
fi

# Memory that is writable and executable.
if ${CC:-cc} -O0 -static "$programs/jit.c" -o "$scratch/jit" \
    2>"$scratch/cc"; then
	same "code made at run time, with @jit" "$(whole "$scratch")/jit"
	try "$novillo" -a @file "$scratch/jit"
	is "$out" "mmap: Permission denied
mprotect: Permission denied
two views: 1 2
a shared file: Permission denied" "without it no page may have both rights"
	is "$err" "novillo: $scratch/jit: memory that is writable and executable\
 is not allowed: --allow=@jit would allow it" "which is said once"
	try "$novillo" --check -a @jit "$scratch/jit"
	has "$out" "and         @jit" "--check shows it"
	try "$novillo" --check -a @jit,-@jit "$scratch/jit"
	is "$(printf '%s\n' "$out" | grep -c @jit)" 0 "it can be taken back"
else
	missing "no static program: $(tail -n 1 "$scratch/cc")"
fi

same_tool python3 "$(whole "$programs")/dynamic.py" one "two three"
same_tool perl "$(whole "$programs")/dynamic.pl" one two
same_tool bash -c 'x=(a b c); echo "${#x[@]} ${x[1]^}"; exit 9'
same_tool awk 'BEGIN { for (i = 1; i < 9; i++) s += i * i; print s, sin(1) }'
same_tool sed -n '/^[a-z]*:x:0:/p' /etc/passwd
same_tool sort -r /etc/passwd
same_tool ls -1 /usr/lib
same_tool grep -c . /etc/passwd
same_tool git --version
same_tool find /etc/default -name '*'
same_tool sqlite3 :memory: 'select 6 * 7'
same_tool xz --version
done_testing
