/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text of trace lines.  Nothing here may know calls.
 */
#include "hypercall/trace/line.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char dots[] = "...";

void
line_begin(struct hc_line *line)
{
	line->used = HEAD;
	line->room = sizeof(line->text) - TAIL;
	line->cut = false;
}

void
line_tail(struct hc_line *line)
{
	line->room = sizeof(line->text) - 1; /* for the newline */
	if (line->cut)
		line_put(line, "%s", dots);
	line->cut = false;
}

void
line_put(struct hc_line *line, const char *format, ...)
{
	size_t room = line->room - line->used;
	va_list ap;
	int n;

	if (line->cut)
		return;
	va_start(ap, format);
	n = vsnprintf(line->text + line->used, room, format, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < room) {
		line->used += (size_t)n;
		return;
	}
	line->cut = true;
	line->used = line->room - 1;
}

static void
put_char(struct hc_line *line, uint8_t c)
{
	if (line->used + 1 < line->room)
		line->text[line->used++] = (char)c;
	else
		line->cut = true;
}

static void
put_byte(struct hc_line *line, uint8_t c, bool digit_follows)
{
	static const char letters[] = "tnvfr"; /* for 9 to 13 */

	if (c == '"' || c == '\\')
		line_put(line, "\\%c", c);
	else if (c >= 9 && c <= 13)
		line_put(line, "\\%c", letters[c - 9]);
	else if (c >= ' ' && c < 127)
		put_char(line, c);
	else if (digit_follows)
		line_put(line, "\\%03o", c); /* keeps the digit apart */
	else
		line_put(line, "\\%o", c);
}

void
line_text(struct hc_line *line, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	size_t i;

	line_put(line, "\"");
	for (i = 0; i < len && !line->cut; i++)
		put_byte(line, b[i],
		    i + 1 < len && b[i + 1] >= '0' && b[i + 1] <= '7');
	line_put(line, "\"");
}

void
line_address(struct hc_line *line, uint64_t va)
{
	line_put(line, va ? "0x%" PRIx64 : "NULL", va);
}

static const struct hc_name *
find_name(const struct hc_name *set, uint64_t value)
{
	for (; set->name[0]; set++)
		if (set->value == value)
			return set;
	return NULL;
}

/*
 * A name with a mask is one of several values of the bits of that mask, which
 * can be 0: O_RDONLY.  A name without a mask stands for its bits; if it has
 * none, as PROT_NONE, for a value of 0.
 */
void
line_flags(struct hc_line *line, const struct hc_name *set, uint64_t value)
{
	const struct hc_name *zero = value == 0 ? find_name(set, 0) : NULL;
	const char *between = "";
	uint64_t rest = value, seen = 0;

	if (zero) {
		line_put(line, "%s", zero->name);
		return;
	}
	for (; set->name[0]; set++) {
		uint64_t mask = set->mask ? set->mask : set->value;

		if (!mask || (seen & mask) || (value & mask) != set->value ||
		    (set->value & ~rest))
			continue;
		line_put(line, "%s%s", between, set->name);
		rest &= ~set->value;
		seen |= set->mask;
		between = "|";
	}
	if (rest || !value)
		line_put(
		    line, rest ? "%s0x%" PRIx64 : "%s%" PRIu64, between, rest);
}

void
line_enum(struct hc_line *line, const struct hc_name *set, uint64_t value)
{
	const struct hc_name *name = find_name(set, value);

	if (name)
		line_put(line, "%s", name->name);
	else
		line_put(line, value ? "0x%" PRIx64 : "%" PRIu64, value);
}
