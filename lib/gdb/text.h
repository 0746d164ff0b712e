/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text written into a buffer that carries its bound.  It must not know what
 * the text is for.
 */
#ifndef GDB_TEXT_H
#define GDB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* buf[len] is always NUL; `full` stays true once a text did not fit. */
struct text {
	char *buf;
	size_t size;
	size_t len;
	bool full;
};

/* Begin with an empty text in buf[size], size > 0. */
void text_init(struct text *text, char *buf, size_t size);

/* Append; a text that does not fit is cut. */
__attribute__((format(printf, 2, 3))) void
text_printf(struct text *text, const char *fmt, ...);

/* Append text as it is, escaped for XML, or for a string in JSON.  Bytes that
 * are not printable ASCII become '?': debuggers show names as they get them. */
void text_plain(struct text *text, const char *s);
void text_xml(struct text *text, const char *s);
void text_json(struct text *text, const char *s);

#endif
