#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The pictures of --profile and --trace-out in a browser.  Needs no KVM: unit
# tests make the files.

. "${top_srcdir:-.}/tests/lib.sh"

need_tool chromium
make_scratch

# A page as the browser has it after its scripts: dom URL.
dom()
{
	timeout -k 5 120 chromium --headless --no-sandbox --disable-gpu \
	    --disable-dev-shm-usage --user-data-dir="$scratch/user" \
	    --dump-dom "$1" 2>/dev/null
}

case $scratch in
*[!A-Za-z0-9/._-]*) skip_all "the name of $scratch needs escapes in a URL" ;;
esac
case $(dom 'data:text/html,<p id=ready>') in
*ready*) ;;
*) skip_all "chromium does not run here" ;;
esac

"$top_builddir/tests/unit/t-flame" "$scratch/flame.svg" ||
    ok 1 "a flame graph is made"
page=$(dom "file://$scratch/flame.svg")
has "$page" '>main</text>' "the browser shows a flame graph"
is "$(printf '%s\n' "$page" | grep -c 'class="f m"')" 0 "nothing is marked"
page=$(dom "file://$scratch/flame.svg#search=read")
is "$(printf '%s\n' "$page" | grep -c 'class="f m"')" 2 \
    "a search marks what it finds"
has "$page" "40.0% has read" "and has its share, each sample once"
page=$(dom "file://$scratch/flame.svg#zoom=read")
is "$(printf '%s\n' "$page" | grep -c 'class="f h')" 2 \
    "a zoom leaves out what is beside"
is "$(printf '%s\n' "$page" | grep -c 'class="f d"')" 3 "and dims what is below"

# The browser's own reader of JSON takes the events.
"$top_builddir/tests/unit/t-events" --write "$scratch/events.json" ||
    ok 1 "a file of events is made"
{
	echo '<p id=all></p><script>var events ='
	cat "$scratch/events.json"
	echo '; document.getElementById("all").textContent = events.filter('
	echo 'function(e){return e.cat == "call" && e.dur >= 0}).length + " calls"'
	echo '</script>'
} >"$scratch/events.html"
has "$(dom "file://$scratch/events.html")" ">3 calls</p>" \
    "the browser reads the events"

# doc/timeline.awk draws them, without a browser's help.
awk -f "$top_srcdir/doc/timeline.awk" "$scratch/events.json" \
    >"$scratch/events.svg"
page=$(dom "file://$scratch/events.svg")
is "$(printf '%s\n' "$page" | grep -c 'height="28"')" 3 \
    "the browser shows a picture of the three calls"

done_testing
