#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The report of a coverage build: how many lines and branches of each folder of
# lib and bin the tests have executed, and whether that reaches the goals.  Lines
# that nothing executed go to coverage.txt.
#
# usage: report.sh SRCDIR	in the build folder, after the tests
#
# An assertion's failing branch is not counted: it is there in order not to be
# taken.

srcdir=$1

# The build for host A, if that counted also.
host=hosts-build
[ -e $host/bin/novillo.counters ] || host=

find lib bin tests $host -name '*.gcda' -exec rm -f {} +
find bin tests $host -name '*.counters' | while read -r counters; do
	program=${counters%.counters}
	[ ! -x "$program" ] || NOVILLO_COUNTERS=write "$program" || exit
done || exit

# Goals in percent: without KVM few guests run.
if bin/novillo --probe >/dev/null 2>&1; then
	lines=90 branches=80
else
	lines=80 branches=0
fi

# Objects that no program of the tests contains have no .gcda: their lines count
# as not executed.
count()
{
	find lib bin -name '*.gcno' ! -path 'bin/completion/*' |
	    LC_ALL=C sort | while read -r notes; do
		gcov -t -b -c "$notes" 2>/dev/null
	done
}

{
	count
	[ -z "$host" ] || (cd $host && count)
} | LC_ALL=C awk -v srcdir="$srcdir/" -v lines="$lines" \
    -v branches="$branches" '
    # "COUNT:LINE:TEXT"; a source that several objects contain comes again.
    /^ *[^ :]+: *[0-9]+:/ {
	count = $0
	sub(/:.*/, "", count)
	gsub(/[ *]/, "", count)
	rest = substr($0, index($0, ":") + 1)
	line = rest + 0
	text = substr(rest, index(rest, ":") + 1)
	if (line == 0) {
		if (sub(/^Source:/, "", text))
			source = own(text)
		next
	}
	place = source ":" line
	asserted = text ~ /^[ \t]*assert\(/
	if (source == "" || count == "-")
		next
	texts[place] = text
	if (!(place in ran))
		order[++places] = place
	ran[place] += count + 0
	next
    }
    /^branch / && source != "" && !asserted {
	branch = place SUBSEP $2
	if (!(branch in taken))
		of[branch] = source
	taken[branch] += $3 == "taken" ? $4 : 0
    }
    # The name in lib or bin, or "".
    function own(path) {
	if (index(path, srcdir) == 1)
		path = substr(path, length(srcdir) + 1)
	sub(/^(\.\/)?(source\/)?/, "", path)
	return path ~ /^(lib|bin)\// ? path : ""
    }
    function folder(path) {
	sub(/\/[^\/]*$/, "", path)
	return path
    }
    function percent(part, whole) {
	return whole ? 100 * part / whole : 100
    }
    function row(title, key) {
	printf "| %s | %d | %.1f | %d | %.1f |\n", title, line_all[key],
	    percent(line_ran[key], line_all[key]), branch_all[key],
	    percent(branch_ran[key], branch_all[key])
    }
    function add_line(key, hit) { line_all[key]++; line_ran[key] += hit }
    function add_branch(key, hit) { branch_all[key]++; branch_ran[key] += hit }
    END {
	for (i = 1; i <= places; i++) {
		place = order[i]
		path = place
		sub(/:[0-9]+$/, "", path)
		add_line(folder(path), ran[place] > 0)
		add_line("all", ran[place] > 0)
		if (!(folder(path) in seen)) {
			seen[folder(path)] = 1
			folders[++n] = folder(path)
		}
		if (ran[place] == 0)
			print place ":" texts[place] >"coverage.txt"
	}
	for (branch in taken) {
		add_branch(folder(of[branch]), taken[branch] > 0)
		add_branch("all", taken[branch] > 0)
	}
	print "| Folder | Lines | % executed | Branches | % taken |"
	print "|---|---|---|---|---|"
	for (i = 1; i <= n; i++)
		row("`" folders[i] "`", folders[i])
	row("all", "all")
	good = percent(line_ran["all"], line_all["all"]) >= lines &&
	    percent(branch_ran["all"], branch_all["all"]) >= branches
	printf "goals: %d %% of the lines, %d %% of the branches: %s\n",
	    lines, branches, good ? "reached" : "missed"
	exit !good
    }'
