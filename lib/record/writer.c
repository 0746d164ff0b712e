/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filling blocks.  Nothing here may know what a record means.
 */
#include "record/writer.h"

#include <string.h>

static void
begin_block(struct record_writer *w, uint32_t number)
{
	w->head = (struct record_head){
		.magic = { 'N', 'v', 'R', 'c' },
		.version = RECORD_VERSION,
		.number = number,
		.before = w->records,
		.first = RECORD_NONE,
	};
}

static void
end_block(struct record_writer *w)
{
	const size_t len = sizeof(w->head) + w->head.used;

	memcpy(w->block, &w->head, sizeof(w->head));
	record_seal(w->block, w->chain);
	memcpy(&w->head, w->block, sizeof(w->head));
	w->chain = w->head.chain;
	if (!w->error)
		w->error = w->write(w->context, w->block, len);
	w->written += len;
	begin_block(w, w->head.number + 1);
}

void
record_open(struct record_writer *w)
{
	w->error = 0;
	w->records = w->written = w->chain = 0;
	begin_block(w, 0);
}

/* The block is full with these. */
static void
put_across(struct record_writer *w, const uint8_t *p, size_t len)
{
	while (len > 0) {
		size_t n = RECORD_ROOM - w->head.used;

		if (n > len)
			n = len;
		memcpy(w->block + sizeof(w->head) + w->head.used, p, n);
		w->head.used += (uint32_t)n;
		p += n;
		len -= n;
		if (w->head.used == RECORD_ROOM)
			end_block(w);
	}
}

void
record_put_bytes(struct record_writer *w, const void *bytes, size_t len)
{
	if (len >= RECORD_ROOM - w->head.used) {
		put_across(w, bytes, len);
		return;
	}
	memcpy(w->block + sizeof(w->head) + w->head.used, bytes, len);
	w->head.used += (uint32_t)len;
}

void
record_put(struct record_writer *w, uint64_t number)
{
	uint8_t bytes[RECORD_VARINT];

	record_put_bytes(
	    w, bytes, (size_t)(record_number(bytes, number) - bytes));
}

void
record_put_signed(struct record_writer *w, int64_t number)
{
	record_put(w, record_zigzag(number));
}

void
record_put_text(struct record_writer *w, const char *text)
{
	const size_t len = strlen(text);

	record_put(w, len);
	record_put_bytes(w, text, len);
}

void
record_begin(struct record_writer *w, enum record_kind kind)
{
	const uint8_t byte = (uint8_t)kind;

	record_begin_with(w, &byte, 1);
}

void
record_begin_with(struct record_writer *w, const void *bytes, size_t len)
{
	if (w->head.first == RECORD_NONE)
		w->head.first = w->head.used;
	w->records++;
	record_put_bytes(w, bytes, len);
}

uint64_t
record_size(const struct record_writer *w)
{
	return w->written + sizeof(w->head) + w->head.used;
}

int
record_flush(struct record_writer *w)
{
	if (w->error || w->head.used == 0)
		return w->error;
	memcpy(w->block, &w->head, sizeof(w->head));
	record_seal(w->block, w->chain);
	return w->draft(
	    w->context, w->written, w->block, sizeof(w->head) + w->head.used);
}

int
record_close(struct record_writer *w)
{
	if (w->head.used > 0)
		end_block(w);
	return w->error;
}
