# SPDX-License-Identifier: BSD-2-Clause
#
# Writes the figures of `bench --json`, or of the console of a host, as a table
# of Markdown or, with -v svg=1, as a plot of the ratios.  It must not know what
# is measured.
#
# A figure is a line: { "figure": NAME, SIDE: [MEDIAN, LEAST, MOST], ...,
# "value": N, "limit": N }; its value is a ratio if it has two sides.

/"figure": / {
	n++
	fields = split($0, part, "\"")
	name[n] = part[4]
	for (i = 6; i < fields; i += 2) {
		value = part[i + 1]
		sub(/^: *\[?/, "", value)
		if (part[i] == "value")
			ratio[n] = value + 0
		else if (part[i] == "limit")
			most[n] = value + 0
		else {
			cell[n] = cell[n] (cell[n] ? ", " : "") \
			    sprintf("%s %.2f us", part[i], value)
			sides[n]++
		}
	}
	next
}

function text_at(x, y, anchor, text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	printf "<text x='%d' y='%d' text-anchor='%s'>%s</text>\n", x, y, \
	    anchor, text
}

# A bar's end; ratios above 3 are cut.
function end_of(value)
{
	return 380 + 100 * (value > 3 ? 3 : value)
}

function bar(y, i,  colour)
{
	colour = (i in most) && (ratio[i] > most[i]) ? "#c0392b" : "#2c7fb8"
	text_at(370, y + 11, "end", name[i])
	printf "<rect x='380' y='%d' width='%.1f' height='12' fill='%s'/>\n", \
	    y, end_of(ratio[i]) - 380, colour
	if (i in most)
		printf "<path d='M%.1f %dv16' stroke='#c0392b'/>\n", \
		    end_of(most[i]), y - 2
	text_at(690, y + 11, "start", sprintf("%.3f", ratio[i]))
}

function plot(  i, y)
{
	for (i = 1; i <= n; i++)
		bars += sides[i] > 1
	printf "<svg xmlns='http://www.w3.org/2000/svg' width='760' " \
	    "height='%d' font-family='sans-serif' font-size='11'>\n", \
	    bars * 18 + 40
	print "<rect width='100%' height='100%' fill='white'/>"
	text_at(480, 14, "middle", "1")
	printf "<path d='M480 18V%d' stroke='#888'/>\n", bars * 18 + 20
	y = 22
	for (i = 1; i <= n; i++)
		if (sides[i] > 1) {
			bar(y, i)
			y += 18
		}
	text_at(380, y + 12, "start", "novillo's time as a share of the " \
	    "other's; red: its limit")
	print "</svg>"
}

function table(  i)
{
	print "| Figure | Medians | Value | Limit |"
	print "|---|---|---|---|"
	for (i = 1; i <= n; i++)
		printf "| %s | %s | %.3f | %s |\n", name[i], cell[i], ratio[i], \
		    most[i]
}

END {
	if (svg)
		plot()
	else
		table()
	exit n == 0
}
