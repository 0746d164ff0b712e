# SPDX-License-Identifier: BSD-2-Clause
#
# novillo-hypercalls(7) from its sources: the rows of hypercall.def have names
# and arguments, the table of abi.md has classes and notes.  This file knows
# their form alone.
#
# usage: awk -f hypercalls.awk lib/abi/hypercall.def doc/abi.md

# Text of a note: `name` is code, [text](place) a reference to a section, and a
# backslash would be an escape.
function formatted(text)
{
	gsub(/\\/, "\\e", text)
	while (match(text, /\[[^]]*\]\([^)]*\)/))
		text = substr(text, 1, RSTART - 1) \
		    substr(text, RSTART + 1, index(text, "](") - RSTART - 1) \
		    substr(text, RSTART + RLENGTH)
	while (match(text, /`[^`]*`/))
		text = substr(text, 1, RSTART - 1) "\\fB" \
		    substr(text, RSTART + 1, RLENGTH - 2) "\\fP" \
		    substr(text, RSTART + RLENGTH)
	return text
}

# Print text in lines of at most 78 characters.
function print_filled(text, word, n, i, line)
{
	n = split(text, word, / /)
	for (i = 1; i <= n; i++) {
		if (length(line) + length(word[i]) > 77) {
			print line
			line = ""
		}
		line = line (line == "" ? "" : " ") word[i]
	}
	print line
}

# The names of a row's arguments: in each KIND(name, ...) the first word.
function arguments(row, names, kind)
{
	names = ""
	sub(/NEEDS\([^)]*\), /, "", row)
	while (match(row, /[A-Z]+\([a-z_0-9]+[,)]/)) {
		kind = substr(row, RSTART, RLENGTH)
		row = substr(row, RSTART + RLENGTH)
		sub(/^[A-Z]+\(/, "", kind)
		sub(/[,)]$/, "", kind)
		names = names " " kind
	}
	return names
}

function end_row(parts)
{
	if (row != "" && split(row, parts, /, */) > 1) {
		sub(/^[A-Z]*\([0-9]*, [a-z0-9_]*, /, "", row)
		args[parts[2]] = arguments(row)
	}
	row = ""
}

BEGIN {
	print ".\\\" Made by hypercalls.awk from hypercall.def and abi.md."
	print ".Dd November 30, 2026\n.Dt NOVILLO-HYPERCALLS 7\n.Os"
	print ".Sh NAME\n.Nm novillo-hypercalls"
	print ".Nd the calls that a guest of novillo can make"
	print ".Sh DESCRIPTION"
	print "A guest makes a hypercall by\n.Ql out %eax, $0x10\nor by"
	print ".Ql syscall ,"
	print "with the number in RAX and the arguments in RDI, RSI, RDX, R10,"
	print "R8 and R9, and gets its result or a negative error number in RAX."
	print "Numbers, arguments, structures and errors are those of Linux;"
	print "the section of that name in Linux's manual describes a call, and"
	print "the text below has where\n.Xr novillo 1\ndiffers from it."
	print "A call is served if\n.Fl -allow"
	print "has its name or one of its classes, which follow the number;"
	print ".Pa abi.md\nis the whole contract, and has the sections that"
	print "notes refer to."
	print ".Sh CALLS\n.Bl -tag -width Ds"
}

FILENAME ~ /\.def$/ && /^(FORWARD|HYPERCALL)\(/ { end_row(); row = $0; next }
FILENAME ~ /\.def$/ && row != "" && /^ / { row = row $0; next }
FILENAME ~ /\.def$/ { end_row(); next }

/^\| [0-9]+ \| `[a-z0-9_]+` \| [a-z ]+ \|/ {
	split($0, cell, / *\| */)
	name = cell[3]
	gsub(/`/, "", name)
	if (!(name in args)) {
		print "hypercalls.awk: " name " is not in hypercall.def" \
		    >"/dev/stderr"
		failed = 1
	}
	print ".It Fn " name args[name]
	printf "%s:", cell[2]
	n = split(cell[4], class, / /)
	for (i = 1; i <= n; i++)
		printf " @%s", class[i]
	print ""
	if (cell[5] != "") {
		print ".br"
		print_filled(formatted(cell[5]))
	}
	delete args[name]
}

END {
	print ".El\n.Sh SEE ALSO\n.Xr novillo 1"
	for (name in args) {
		print "hypercalls.awk: abi.md has no row for " name \
		    >"/dev/stderr"
		failed = 1
	}
	exit failed
}
