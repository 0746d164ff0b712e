/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace line in the making: text that cannot grow out of its limit, with
 * what a guest wrote escaped.  It must not know calls.
 */
#ifndef HC_LINE_H
#define HC_LINE_H

#include "hypercall/hypercall.h"

/* A line holds this much, with its newline; a longer one is cut, which the line
 * shows.  As PIPE_BUF, so that it reaches a pipe in one piece. */
#define HC_LINE 4096
#define HEAD    64  /* of it for thread and time, which come last */
#define TAIL    320 /* of it for the result, which is never cut */

struct hc_line {
	size_t used;
	size_t room; /* how far text may go for now */
	bool cut;
	char text[HC_LINE];
};

/* An empty line, with room for its head in front. */
void line_begin(struct hc_line *line);

/* Arguments are over: mark a cut, and open the room for the result. */
void line_tail(struct hc_line *line);

__attribute__((format(printf, 2, 3))) void
line_put(struct hc_line *line, const char *format, ...);

/* Bytes in quotes, escaped as in C. */
void line_text(struct hc_line *line, const void *bytes, size_t len);

/* An address, a null one by name. */
void line_address(struct hc_line *line, uint64_t va);

/* Values by name, or as numbers. */
void
line_flags(struct hc_line *line, const struct hc_name *set, uint64_t value);
void line_enum(struct hc_line *line, const struct hc_name *set, uint64_t value);

#endif
