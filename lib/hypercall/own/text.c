/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing text into a file.  Nothing here may know the meaning of the text.
 */
#include "hypercall/own/text.h"

#include "hypercall/core/hostcall.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The longest piece of text, in bytes. */
#define PIECE 512

void
hc_text_begin(struct hc_text *text, int fd)
{
	text->fd = fd;
	text->size = text->used = 0;
	text->failed = false;
}

static void
flush(struct hc_text *text)
{
	size_t done = 0;

	while (!text->failed && done < text->used) {
		int64_t n = hc_host(
		    SYS_write, text->fd, text->bytes + done, text->used - done);

		if (n > 0)
			done += (size_t)n;
		else if (n != -EINTR)
			text->failed = true;
	}
	text->used = 0;
}

void
hc_text_bytes(struct hc_text *text, const void *bytes, size_t len)
{
	const char *from = bytes;

	if (len > HC_TEXT - text->size)
		len = HC_TEXT - text->size;
	while (len > 0) {
		size_t room = sizeof(text->bytes) - text->used;
		size_t n = len < room ? len : room;

		memcpy(text->bytes + text->used, from, n);
		text->used += n;
		text->size += n;
		from += n;
		len -= n;
		if (text->used < sizeof(text->bytes))
			continue;
		if (text->fd < 0)
			return;
		flush(text);
	}
}

void
hc_text_put(struct hc_text *text, const char *format, ...)
{
	char piece[PIECE];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(piece, sizeof(piece), format, ap);
	va_end(ap);
	if (n > 0)
		hc_text_bytes(text, piece,
		    (size_t)n < sizeof(piece) ? (size_t)n : sizeof(piece) - 1);
}

int
hc_text_end(struct hc_text *text)
{
	flush(text);
	return text->failed ? -ENOMEM : 0;
}
