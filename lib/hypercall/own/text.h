/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A text that is written into a file in memory.  It must not know the meaning
 * of the text.
 */
#ifndef HC_TEXT_H
#define HC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The longest text; the rest is cut off. */
#define HC_TEXT 0x100000U

struct hc_call;

struct hc_text {
	/* If it is one of novillo's own files: the call that asks for it, and
	 * the number in its name. */
	const struct hc_call *call;
	int number;
	int fd;      /* the file, or -1: the text stays in `bytes` */
	size_t size; /* of the whole text */
	size_t used; /* of `bytes` */
	bool failed; /* the host has no room for the text */
	char bytes[4096];
};

/* Begin an empty text. */
void hc_text_begin(struct hc_text *text, int fd);

__attribute__((format(printf, 2, 3))) void
hc_text_put(struct hc_text *text, const char *format, ...);

/* Append bytes.  A text without a file holds no more than `bytes` does. */
void hc_text_bytes(struct hc_text *text, const void *bytes, size_t len);

/* Finish the file: 0, or -ENOMEM.  Not for a text without a file. */
int hc_text_end(struct hc_text *text);

#endif
