/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From blocks to records.  Nothing here may know what a record means.
 */
#include "record/reader.h"

#include <string.h>

static bool
fail(struct record_reader *r, enum record_state state)
{
	if (r->state == RECORD_GOOD)
		r->state = state;
	return false;
}

/* Read up to `len` bytes; fewer only at the file's end. */
static size_t
read_all(struct record_reader *r, uint8_t *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		int64_t n = r->read(
		    r->context, r->offset, bytes + done, len - done);

		if (n < 0) {
			r->error = (int)n;
			(void)fail(r, RECORD_FAILED);
		}
		if (n <= 0)
			break;
		done += (size_t)n;
		r->offset += (uint64_t)n;
	}
	return done;
}

static bool
check_head(struct record_reader *r, const struct record_head *head, size_t got)
{
	if (got < sizeof(*head))
		return fail(r, r->number > 0 ? RECORD_TORN : RECORD_FOREIGN);
	if (memcmp(head->magic, RECORD_MAGIC, sizeof(head->magic)) != 0 ||
	    head->version != RECORD_VERSION)
		return fail(r, r->number > 0 ? RECORD_DAMAGED : RECORD_FOREIGN);
	if (head->zero != 0 || head->number != r->number || head->used == 0 ||
	    head->used > RECORD_ROOM || head->before != r->records ||
	    (head->first >= head->used && head->first != RECORD_NONE))
		return fail(r, RECORD_DAMAGED);
	if (got < sizeof(*head) + head->used)
		return fail(r, RECORD_TORN);
	/* A short block is the last: nothing follows it. */
	return got == sizeof(*head) + head->used ? true
						 : fail(r, RECORD_DAMAGED);
}

/* Read the next block and check it. */
static bool
next_block(struct record_reader *r)
{
	struct record_head head;
	size_t got;

	if (r->state != RECORD_GOOD)
		return false;
	got = r->last ? 0 : read_all(r, r->block, RECORD_BLOCK);
	if (r->state != RECORD_GOOD)
		return false;
	if (got == 0)
		return fail(r, r->number > 0 ? RECORD_OVER : RECORD_FOREIGN);
	memcpy(&head, r->block, sizeof(head));
	if (!check_head(r, &head, got))
		return false;
	if (!record_is_sealed(r->block, r->chain))
		return fail(r, RECORD_DAMAGED);
	r->chain = head.chain;
	r->number++;
	r->used = head.used;
	r->at = 0;
	r->last = got < RECORD_BLOCK;
	return true;
}

void
record_start(struct record_reader *r)
{
	r->state = RECORD_GOOD;
	r->error = 0;
	r->records = r->chain = r->offset = 0;
	r->number = r->used = r->at = 0;
	r->last = false;
}

/* Is there a byte?  At the end of the file the state is OVER. */
static bool
has_byte(struct record_reader *r)
{
	return r->state == RECORD_GOOD && (r->at < r->used || next_block(r));
}

/* The file ends within a record. */
static bool
tear(struct record_reader *r)
{
	if (r->state == RECORD_OVER)
		r->state = RECORD_TORN;
	return false;
}

bool
record_get_bytes(struct record_reader *r, void *bytes, size_t len)
{
	uint8_t *p = bytes;

	while (len > 0) {
		size_t n;

		if (!has_byte(r)) {
			memset(p, 0, len);
			return tear(r);
		}
		n = r->used - r->at;
		if (n > len)
			n = len;
		memcpy(p, r->block + sizeof(struct record_head) + r->at, n);
		r->at += (uint32_t)n;
		p += n;
		len -= n;
	}
	return r->state == RECORD_GOOD;
}

/* The shortest form alone is right. */
uint64_t
record_get(struct record_reader *r)
{
	uint64_t number = 0;
	unsigned shift;
	uint8_t byte;

	for (shift = 0; shift < 70; shift += 7) {
		if (!record_get_bytes(r, &byte, 1))
			return 0;
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1))
			break;
		return number;
	}
	record_reject(r);
	return 0;
}

int64_t
record_get_signed(struct record_reader *r)
{
	const uint64_t number = record_get(r);

	return (int64_t)(number >> 1 ^ -(number & 1));
}

bool
record_get_text(struct record_reader *r, char *text, size_t size)
{
	const uint64_t len = record_get(r);

	text[0] = '\0';
	if (len >= size)
		record_reject(r);
	if (r->state != RECORD_GOOD || !record_get_bytes(r, text, len))
		return false;
	text[len] = '\0';
	if (strlen(text) < len)
		record_reject(r);
	return r->state == RECORD_GOOD;
}

/* Kinds are below 0x80: one byte. */
unsigned
record_peek(struct record_reader *r)
{
	if (!has_byte(r))
		return 0;
	return r->block[sizeof(struct record_head) + r->at];
}

unsigned
record_next(struct record_reader *r)
{
	const unsigned kind = record_peek(r);

	if (kind == 0) {
		record_reject(r);
		return 0;
	}
	r->records++;
	r->at++;
	return kind;
}

void
record_reject(struct record_reader *r)
{
	(void)fail(r, RECORD_DAMAGED);
}

const char *
record_state_text(const struct record_reader *r)
{
	switch (r->state) {
	case RECORD_GOOD: return "the recording has more records";
	case RECORD_OVER: return "the recording has no end";
	case RECORD_TORN: return "the recording is torn";
	case RECORD_DAMAGED: return "the recording is damaged";
	case RECORD_FOREIGN:
		return "it is not a recording that this novillo can read";
	default: return strerror(-r->error);
	}
}
