/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounded text.  It must not know what the text is for.
 */
#include "gdb/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
text_init(struct text *text, char *buf, size_t size)
{
	*text = (struct text){ .buf = buf, .size = size };
	buf[0] = '\0';
}

void
text_printf(struct text *text, const char *fmt, ...)
{
	size_t room = text->size - text->len; /* > 0: the NUL always fits */
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text->buf + text->len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room) {
		text->full = true;
		text->len += strlen(text->buf + text->len);
		return;
	}
	text->len += (size_t)n;
}

static char
printable(unsigned char c)
{
	return c < ' ' || c > '~' ? '?' : (char)c;
}

void
text_plain(struct text *text, const char *s)
{
	for (; *s; s++)
		text_printf(text, "%c", printable((unsigned char)*s));
}

void
text_xml(struct text *text, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
			text_printf(text, "&#%u;", c);
		else
			text_printf(text, "%c", printable(c));
	}
}

void
text_json(struct text *text, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			text_printf(text, "\\u%04x", c);
		else
			text_printf(text, "%c", printable(c));
	}
}
