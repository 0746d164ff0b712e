/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of a trace line, which cannot exceed its limit, and in which bytes
 * of the guest are escaped.  It must not know calls.
 */
#ifndef HC_LINE_H
#define HC_LINE_H

#include "hypercall/core/hypercall.h"

/* Bytes of a line with its newline.  A longer one is cut, and says so.  As
 * PIPE_BUF, so that a line reaches a pipe in one piece. */
#define HC_LINE 4096
#define HEAD    64  /* of these for thread and time, which are filled in last */
#define TAIL    320 /* of these for the result, which is never cut */

struct hc_line {
	size_t used;
	size_t room; /* the present limit of `used` */
	bool cut;
	char text[HC_LINE];
};

/* Begin an empty line, with room for its head. */
void line_begin(struct hc_line *line);

/* End the arguments: mark a cut, and make room for the result. */
void line_tail(struct hc_line *line);

__attribute__((format(printf, 2, 3))) void
line_put(struct hc_line *line, const char *format, ...);

/* Bytes in quotes, escaped as in C. */
void line_text(struct hc_line *line, const void *bytes, size_t len);

/* An address, or NULL. */
void line_address(struct hc_line *line, uint64_t va);

/* Values by name, or as numbers. */
void
line_flags(struct hc_line *line, const struct hc_name *set, uint64_t value);
void line_enum(struct hc_line *line, const struct hc_name *set, uint64_t value);

#endif
