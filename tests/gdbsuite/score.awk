# SPDX-License-Identifier: BSD-2-Clause
#
# Compares the results of run.sh with gdbserver's.
#
# usage: awk -v least=PERCENT -v least_file=PERCENT -f score.awk \
#	    GDBSERVER RESULTS
#
# GDBSERVER has for each file its passes with gdbserver, its passes without any
# stub (the floor: what gdb does alone), and a remark: a file that is "not
# counted" has no part in the score, and to one with another remark the bound
# for files does not apply.  A file's share is what passes above the floor,
# against gdbserver; the score is the mean of all shares.  Exit status 1 below a
# bound.

BEGIN { FS = "\t" }

/^#/ { next }

FNR == NR {
	passes[$1] = $2
	floor[$1] = $3
	remark[$1] = $4
	next
}

{
	pass += $2
	fail += $3
}

!($1 in passes) {
	print $1 ": " $2 " pass, " $3 " fail; gdbserver: not measured"
	next
}

remark[$1] ~ /^not counted/ {
	print $1 ": " $2 " of " passes[$1] " pass, " remark[$1]
	next
}

{
	above = passes[$1] - floor[$1]
	if (above <= 0)
		next
	got = ($2 < passes[$1] ? $2 : passes[$1]) - floor[$1]
	share = got > 0 ? 100 * got / above : 0
	files++
	sum += share
	if (got == above && $6 == "") {
		whole++
		next
	}
	if (share < least_file && remark[$1] == "")
		low++
	printf "%s: %d of %d pass, %.1f %%%s%s\n", $1, $2, passes[$1], share,
	    remark[$1] == "" ? "" : ", " remark[$1],
	    $6 == "" ? "" : ", " $6
}

END {
	if (files == 0)
		exit 1
	printf "SCORE %.1f %%, %d of %d files whole, ", sum / files, whole, files
	printf "%d files below %s %%; %d pass, %d fail\n", low, least_file, pass,
	    fail
	exit sum / files < least || low > 0
}
