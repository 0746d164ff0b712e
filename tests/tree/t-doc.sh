#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The documents agree with the program.  Needs no KVM.

. "${top_srcdir:-.}/tests/lib.sh"

doc=$top_srcdir/doc
[ -d "$doc" ] || skip_all "no documents here"
make_scratch

# without LIST FILE PREFIX: the words of LIST that do not occur in FILE as whole
# words after PREFIX.
without()
{
	for word in $1; do
		grep -q -e "$3$word\\([^A-Za-z0-9_-]\\|\$\\)" "$2" || echo "$word"
	done
}

options=$("$novillo" --help=all |
    sed -n 's/^  \(-[A-Za-z],\|   \) --\([a-z-]*\).*/\2/p' | sort -u)
has "$options" "memory" "--help has options"
is "$(without "$options" "$doc/novillo.1" "Fl -")" "" \
    "novillo(1) has every option of --help"
documented=$(grep -o 'Fl -[a-z][a-z-]*' "$doc/novillo.1" |
    sed 's/.* -//; s/-/_/g' | sort -u)
is "$(without "$documented" "$top_srcdir/bin/options.def" ", ")" "" \
    "novillo(1) has no other option"
is "$(sed -n '/^\.Fl -config ,$/,/^are for the command line only/p' \
    "$doc/novillo.1" | sed -n 's/^\.Fl -\([a-z-]*\).*/\1/p' | sort)" \
    "$(sed -n 's/^OPTION([^,]*, \([a-z_]*\), [a-z_]*, LINE,.*/\1/p' \
	"$top_srcdir/bin/options.def" | tr _ - | sort)" \
    "it names the options that a configuration may not have"

# The second column of its tables is novillo's.
coming=$(sed -n 's/^| .* | \(.*\) |$/\1/p' "$doc/coming-from.md" |
    grep -o -e '--[a-z][a-z-]*' | sort -u | sed 's/^--//; s/-/_/g')
has "$coming" "trace_time" "coming-from.md has options of novillo"
is "$(without "$coming" "$top_srcdir/bin/options.def" ", ")" "" \
    "coming-from.md has no other option"

# The first column has the others'. rr has other limits, and no options here.
silent=
for option in $(sed -n '/^## rr/q; s/^| \([^|]*\) | .*/\1/p' \
    "$doc/coming-from.md" | tr '`,' '  ' | grep -o -e ' --*[a-z][a-z-]*' |
    sort -u); do
	try "$novillo" --check "$option" x
	case $err in
	*"unknown option $option (see"*) silent="$silent $option" ;;
	esac
done
is "$silent" "" "novillo says what to write for the others' options"

functions=$(grep -o 'kvmcore_[a-z0-9_]*(' \
    "$top_srcdir/lib/kvmcore/kvmcore.h" | tr -d '(' | sort -u)
has "$functions" "kvmcore_run" "kvmcore.h has functions"
is "$(without "$functions" "$doc/kvmcore.3" "^\\.Nm ")" "" \
    "kvmcore(3) names every function of kvmcore.h"
is "$(without "$functions" "$doc/kvmcore.3" "^\\.F[no] ")" "" \
    "kvmcore(3) declares every function of kvmcore.h"

# The tables of abi.md agree with the sources.
"$novillo" --list | sed 's/@//g' |
    while read -r number name allowed classes; do
	echo "| $number | \`$name\` | $classes |"
done >"$scratch/calls"
sed -n 's/^\(| [0-9]* | `[a-z0-9_]*` | [a-z ]* |\).*/\1/p' "$doc/abi.md" \
    >"$scratch/calls.md"
[ -s "$scratch/calls" ]
ok $? "--list lists hypercalls"
is "$(cat "$scratch/calls.md")" "$(cat "$scratch/calls")" \
    "abi.md has the hypercalls of --list"
is "$(grep '^| [0-9]* | #[A-Z]* |' "$doc/abi.md")" \
    "$(sed -n 's/^TRAP(\([0-9]*\), \([A-Z]*\), [01], \(SIG[A-Z]*\), [A-Z_]*, "\(.*\)")$/| \1 | #\2 | \4 | \3 |/p' \
	"$top_srcdir/lib/abi/traps.def")" \
    "abi.md has the exceptions of traps.def"

# Files are searched by the last part of their names; a row of the table may
# have several.
is "$(without "$(sed -n 's/^[A-Z_]*("[^"]*\/\([a-z_-]*\)".*/\1/p' \
    "$top_srcdir/lib/hypercall/own/own.def" | sort -u)" "$doc/abi.md" \
    '[`/]')" "" "abi.md has novillo's own files"

# The files that architecture.md names exist.
missing=
for file in $(grep -o '`\(lib\|bin\|guest\|tests\|doc\)/[A-Za-z0-9_./-]*`' \
    "$doc/architecture.md" "$doc/security.md" "$top_srcdir/README.md" | sed 's/.*:`//; s/`//' |
    grep '\.[a-z]*$' | grep -v '\.\(elf\|bin\|a\)$' | sort -u); do
	[ -e "$top_srcdir/$file" ] || missing="$missing $file"
done
is "$missing" "" "every source that a document names is there"
missing=
for limit in $(sed -n 's/^| `\([A-Z_]*\)` |.*/\1/p' \
    "$doc/architecture.md"); do
	grep -q "^#define $limit[ 	]" "$top_srcdir"/bin/*.h \
	    "$top_srcdir"/lib/*/*.[ch] "$top_srcdir"/lib/*/*/*.[ch] ||
		missing="$missing $limit"
done
is "$missing" "" "every limit of architecture.md is defined"

# Where a bug is reported: configure.ac says it, and these say the same.
address=$(sed -n 's/^AC_INIT(.*\[\([^]]*@[^]]*\)\])$/\1/p' \
    "$top_srcdir/configure.ac")
has "$address" "@" "configure.ac has an address for bugs"
for file in novillo.1 packaging/alpine/APKBUILD packaging/debian/changelog \
    packaging/debian/control; do
	is "$(grep -o '[a-z]*@[a-z.]*[a-z]' "$doc/$file" | grep '@novillo' |
	    sort -u)" "$address" "$file has no other"
done

# The rules of English that a machine can see.
for place in README.md NEWS.md bin doc guest lib tests; do
	is "$(cd "$top_srcdir" && sh tests/tree/prose.sh "$place")" "" \
	    "$place is written in plain sentences"
done

if ! command -v mandoc >/dev/null 2>&1; then
	skip "no mandoc here"
	done_testing
fi
# References to other manuals depend on the machine.
for page in novillo.1 novillo-cc.1 kvmcore.3 novillo-gdb.7 novillo-guest.7; do
	is "$(mandoc -T lint -W all "$doc/$page" 2>&1 |
	    grep -v 'referenced manual not found\|mandoc\.db')" "" \
	    "mandoc has nothing to say about $page"
done
is "$(mandoc -T lint -W all "$top_builddir/doc/novillo-hypercalls.7" 2>&1 |
    grep -v 'referenced manual not found\|mandoc\.db')" "" \
    "nor about the page that is made from the table"
done_testing
