/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text in the making, on its way into a file in memory.  It must not know what
 * it says.
 */
#ifndef HC_TEXT_H
#define HC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A text has this much at most; what is more is cut off. */
#define HC_TEXT 0x100000U

struct hc_text {
	int fd;      /* where it goes, or -1: it stays in `bytes` */
	size_t size; /* of all of it */
	size_t used; /* of `bytes` */
	bool failed; /* the host has no room for it */
	char bytes[4096];
};

/* An empty one. */
void hc_text_begin(struct hc_text *text, int fd);

__attribute__((format(printf, 2, 3))) void
hc_text_put(struct hc_text *text, const char *format, ...);

void hc_text_bytes(struct hc_text *text, const void *bytes, size_t len);

/* All of it is in its file: 0, or -ENOMEM. */
int hc_text_end(struct hc_text *text);

#endif
