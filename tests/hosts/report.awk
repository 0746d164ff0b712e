# SPDX-License-Identifier: BSD-2-Clause
#
# Reads a host's console and reports its tests: a line for each test, the points
# that failed or were skipped with their diagnostics, and the sum
# `host A: N passed, N failed, N skipped`.  A test that died, was stopped, or
# reported another number of points than it planned counts as one more failure,
# which names the points that are missing and what the console made of them.
# Needs the variables host and tests (names separated by blanks); all=1 shows
# every line of the tests.  Exits with 1 if a test failed, 2 if the host was
# lost.

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

# Seconds since the epoch: srand() returns the seed before, which is the time.
function now()
{
	srand()
	return srand()
}

function begin(name)
{
	test = name
	started = now()
	points = plan = bad = good = missed = 0
	planned = 0
	split("", seen)
	split("", strange)
	strangers = 0
}

# The numbers from 1 to plan that no line reported, and the lines that are not
# points: a line of the console may be damaged by another one.
function missing(  i)
{
	for (i = 1; i <= plan; i++)
		if (!(i in seen))
			say("# point " i " is missing")
	for (i = 1; i <= strangers; i++)
		say("# not a point: " strange[i])
}

function end(status)
{
	if (status == 143 || status == 137)
		fail(test " was stopped: it took too long")
	else if (!planned)
		fail(test " printed no plan (status " status ")")
	else if (points != plan) {
		fail(test " reported " points " points of " plan " (status " \
		    status ")")
		missing()
	}
	else if (status != 0 && !bad)
		fail(test " ended with status " status)
	say(good " passed, " bad " failed, " missed " skipped, " \
	    now() - started " s")
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
	seen[$2] = 1
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
	seen[$3] = 1
	bad++
	failed++
}
!/^ok|^not ok|^1\.\./ && $0 != "" && strangers < 20 {
	strange[++strangers] = $0
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
