#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Reports of a host's console: no test that died, hung, printed another number
# of points than planned or never ran counts as passed.

. "${top_srcdir:-.}/tests/lib.sh"

# report TESTS: report on the console on standard input; set $out and $status.
report()
{
	try awk -v host=X -v tests="$1" -f "$top_srcdir/tests/hosts/report.awk"
}

# sums SUM STATUS NAME: the report ends with SUM, and report.awk with STATUS.
sums()
{
	is "$(printf '%s\n' "$out" | tail -n 1)" "host X: $1" "$3"
	is "$status" "$2" "$3: status $2"
}

report "a" <<'END'
rubbish of a BIOS
@@ up
@@ begin a
1..2
ok 1 - one
ok 2 # SKIP no moon

@@ end 0
@@ done
END
sums "1 passed, 0 failed, 1 skipped" 0 "points and skips are counted"

printf '@@ up\r\n@@ begin a\r\nok 1\r\n1..1\r\n@@ end 0\r\n@@ done\r\n' \
    >"$scratch/crlf"
report "a" <"$scratch/crlf"
sums "1 passed, 0 failed, 0 skipped" 0 "a terminal's line ends do no harm"

report "a" <<'END'
@@ up
@@ begin a
1..2
ok 1 - one
not ok 2 - two
# two is not one
@@ end 1
@@ done
END
sums "1 passed, 1 failed, 0 skipped" 1 "a failed point is one failure"
has "$out" "a: # two is not one" "its diagnostic is shown"

report "a" <<'END'
@@ up
@@ begin a
1..2
ok 1 - one
@@ end 0
@@ done
END
sums "1 passed, 1 failed, 0 skipped" 1 "a point too few is a failure"
has "$out" "a: # point 2 is missing" "the missing point is named"

report "a" <<'END'
@@ up
@@ begin a
1..2
[  12.34] lookok 1 - one
ok 2 - two
@@ end 0
@@ done
END
sums "1 passed, 1 failed, 0 skipped" 1 "a damaged line is a failure"
has "$out" "a: # not a point: [  12.34] lookok 1 - one" "which is shown"

report "a" <<'END'
@@ up
@@ begin a
ok 1 - one
@@ end 0
@@ done
END
sums "1 passed, 1 failed, 0 skipped" 1 "no plan is a failure"

report "a" <<'END'
@@ up
@@ begin a
1..1
ok 1 - one
@@ end 139
@@ done
END
sums "1 passed, 1 failed, 0 skipped" 1 "a crash after the last point is one"

report "a b" <<'END'
@@ up
@@ begin a
1..1
half a li
@@ end 143
@@ begin b
1..0 # SKIP not here
@@ end 0
@@ done
END
sums "0 passed, 1 failed, 1 skipped" 1 "a test that was stopped has failed"
has "$out" "a was stopped: it took too long" "and the reason is printed"

report "a b" <<'END'
@@ up
@@ begin a
1..1
ok 1 - one
@@ end 0
@@ begin b
1..1
END
sums "1 passed, 2 failed, 0 skipped" 2 "a host that is lost is reported as such"
has "$out" "host X was lost in b" "with the test it was lost in"

report "a" <<'END'
Kernel panic - not syncing
END
sums "0 passed, 2 failed, 0 skipped" 2 "and so is one that did not come up"
has "$out" "did not come up: Kernel panic" "with its last words"

report "a b" <<'END'
@@ up
@@ begin a
1..1
ok 1 - one
@@ end 0
@@ done
END
sums "1 passed, 1 failed, 0 skipped" 1 "a test that never ran has failed"
done_testing
