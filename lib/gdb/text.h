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

/* buf[len] is always NUL; once something did not fit, `full` stays true. */
struct text {
	char *buf;
	size_t size;
	size_t len;
	bool full;
};

/* Begin with nothing in buf[size], size > 0. */
void text_init(struct text *text, char *buf, size_t size);

/* Append; what does not fit is cut. */
__attribute__((format(printf, 2, 3))) void
text_printf(struct text *text, const char *fmt, ...);

/* Append text so that it may stand in XML, or within quotes in JSON. */
void text_xml(struct text *text, const char *s);
void text_json(struct text *text, const char *s);

#endif
