# SPDX-License-Identifier: BSD-2-Clause
#
# Draws a file of --trace-out: a line for each thread, its hypercalls from their
# beginning to their end, and in them the time that they waited.
#
#	awk -f doc/timeline.awk run.json >run.svg
#
# Reads the file as novillo writes it, an event a line.  It must not know what a
# hypercall does.

# The value of a key of the event, as JSON writes it.
function value(key,  at, text) {
	at = index($0, "\"" key "\": ")
	if (at == 0)
		return ""
	text = substr($0, at + length(key) + 4)
	if (substr(text, 1, 1) != "\"") {
		sub(/[,}].*/, "", text)
		return text
	}
	match(text, /^"([^"\\]|\\.)*"/)
	return substr(text, 2, RLENGTH - 2)
}

function escaped(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	return text
}

function place(ts) { return LEFT + (ts - first) * SCALE }

function middle(line) { return TOP + (line - 1) * ROW + 20 }

# Around the thread's line, or `below` it.
function bar(i, height, below, fill,  wide) {
	wide = lasts[i] * SCALE
	printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" " \
	    "fill=\"%s\"><title>%s: %.3f ms</title></rect>\n",
	    place(begins[i]), middle(line[threads[i]]) + below - height / 2,
	    wide < 1 ? 1 : wide, height, fill, escaped(names[i]), lasts[i] / 1000
	# Where it fits, 7 units a letter.
	if (kinds[i] == "call" && wide > 7 * length(names[i]) + 4)
		printf "<text x=\"%.1f\" y=\"%.1f\">%s</text>\n",
		    place(begins[i]) + 3, middle(line[threads[i]]) + 4,
		    escaped(names[i])
}

function color(name) {
	if (!(name in colors))
		colors[name] = substr(PALETTE, 7 * (kinds_of_calls++ % 8) + 1, 7)
	return colors[name]
}

BEGIN {
	LEFT = 90
	WIDTH = 1080
	TOP = 34
	ROW = 44
	PALETTE = "#7fb3d5#f5b971#82c99a#e59ab0#b9a5dd#d9cf6f#8fcfc9#d6a88b"
}
/"name": "process_name"/ { title = value("args\": {\"name") }
/"name": "thread_name"/ {
	tid = value("tid")
	if (!(tid in line))
		line[tid] = ++lines
	thread[line[tid]] = value("args\": {\"name")
}
/"ph": "[Xi]"/ {
	n++
	threads[n] = value("tid")
	kinds[n] = value("cat")
	names[n] = value("name")
	begins[n] = value("ts") + 0
	lasts[n] = value("dur") + 0
	if (n == 1 || begins[n] < first)
		first = begins[n]
	if (begins[n] + lasts[n] > last)
		last = begins[n] + lasts[n]
}
END {
	SCALE = WIDTH / (last > first ? last - first : 1)
	high = TOP + lines * ROW + 30
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1200\" " \
	    "height=\"%d\" viewBox=\"0 0 1200 %d\">\n", high, high
	print "<style>text{font:12px monospace;fill:#000}</style>"
	printf "<rect width=\"1200\" height=\"%d\" fill=\"#fffdf6\"/>\n", high
	printf "<text x=\"10\" y=\"20\">%s: %.1f ms</text>\n", escaped(title),
	    (last - first) / 1000
	for (i = 1; i <= lines; i++)
		printf "<text x=\"10\" y=\"%d\">%s</text>\n<path d=\"M%d %dh%d\" " \
		    "stroke=\"#999\"/>\n", middle(i) + 4, escaped(thread[i]), LEFT,
		    middle(i), WIDTH
	for (i = 1; i <= n; i++)
		if (kinds[i] == "call")
			bar(i, 28, 0, color(names[i]))
	for (i = 1; i <= n; i++)
		if (kinds[i] == "wait")
			bar(i, 5, 11, "#555")
	for (i = 1; i <= n; i++)
		if (kinds[i] == "signal")
			bar(i, 36, 0, "#c00")
	for (i = 0; i <= 10; i++)
		printf "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.1f</text>\n",
		    LEFT + i * WIDTH / 10, high - 12, (last - first) / 10000 * i
	print "</svg>"
}
