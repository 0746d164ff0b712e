# SPDX-License-Identifier: BSD-2-Clause
#
# Reads a host's console and says how its tests went: a line a test, the points
# that failed or were skipped with what was said about them, and the sum
# `host A: N passed, N failed, N skipped`. A test that died, was stopped, or
# told other points than it planned, is one failure more. Needs host and tests
# (their names, separated by blanks); all=1 shows every line of them. Ends with
# 1 if a test failed, 2 if the host was lost.

function say(text)
{
	print test ": " text
	fflush()
}

function fail(text)
{
	failed++
	bad++
	print "not ok - " text
	fflush()
}

function begin(name)
{
	test = name
	points = plan = bad = good = missed = 0
	planned = 0
}

function end(status)
{
	if (status == 143 || status == 137)
		fail(test " was stopped: it took too long")
	else if (!planned)
		fail(test " printed no plan (status " status ")")
	else if (points != plan)
		fail(test " told " points " points of " plan " (status " status ")")
	else if (status != 0 && !bad)
		fail(test " ended with status " status)
	say(good " passed, " bad " failed, " missed " skipped")
	ended[test]++
	test = ""
}

BEGIN { count = split(tests, names, " ") }
{ sub(/\r+$/, "") }
/^@@ up/ { up = 1; next }
/^@@ begin / { begin($3); next }
/^@@ end / { end($3); next }
/^@@ done/ { done = 1; next }
test == "" { last = $0 == "" ? last : $0; next }
all { say($0) }
/^1\.\.[0-9]+/ {
	if (planned)
		fail(test " printed two plans")
	planned = 1
	plan = substr($1, 4) + 0
	if (plan == 0) {
		missed++
		skipped++
		if (!all)
			say($0)
	}
	next
}
/^ok/ {
	points++
	if (!/# *[Ss][Kk][Ii][Pp]/) {
		good++
		passed++
		next
	}
	missed++
	skipped++
}
/^not ok/ {
	points++
	bad++
	failed++
}
/^ok|^not ok|^#|^Bail out!/ && !all { say($0) }
END {
	if (!up)
		fail("host " host " did not come up: " (last == "" ? \
		    "its console is empty" : last))
	else if (!done)
		fail("host " host " was lost" (test == "" ? "" : " in " test))
	for (i = 1; i <= count; i++)
		if (!(names[i] in ended))
			fail(names[i] " was not finished")
	printf "host %s: %d passed, %d failed, %d skipped\n", host, passed, \
	    failed, skipped
	exit done ? failed > 0 : 2
}
