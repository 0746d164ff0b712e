/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing a recording.  It must not know what a record means, nor where the
 * blocks go.
 */
#ifndef RECORD_WRITER_H
#define RECORD_WRITER_H

#include "record/record.h"

struct record_writer {
	/* Write all bytes: 0 or -errno. */
	int (*write)(void *context, const void *bytes, size_t len);
	/* Write all bytes at `offset`, where write() is next: the block is
	 * still being filled, and is written again.  0 or -errno. */
	int (*draft)(
	    void *context, uint64_t offset, const void *bytes, size_t len);
	void *context;
	int error;        /* the first, or 0: nothing is written after it */
	uint64_t records; /* that have begun */
	uint64_t written; /* bytes of blocks that are written */
	uint64_t chain;
	struct record_head head; /* of the block that is being filled */
	uint8_t block[RECORD_BLOCK];
};

/* The caller has set `write`, `draft` and `context`. */
void record_open(struct record_writer *w);

/* A number's bytes, RECORD_VARINT at most: their end. */
static inline uint8_t *
record_number(uint8_t *bytes, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*bytes++ = (uint8_t)(number | 0x80);
	*bytes++ = (uint8_t)number;
	return bytes;
}

/* A signed number as one without sign. */
static inline uint64_t
record_zigzag(int64_t number)
{
	return (uint64_t)number << 1 ^ (uint64_t)(number >> 63);
}

/* Begin a record.  Its contents follow. */
void record_begin(struct record_writer *w, enum record_kind kind);
/* With its first bytes, the kind among them. */
void record_begin_with(struct record_writer *w, const void *bytes, size_t len);
void record_put(struct record_writer *w, uint64_t number);
void record_put_signed(struct record_writer *w, int64_t number);
void record_put_bytes(struct record_writer *w, const void *bytes, size_t len);
/* The length, and the bytes. */
void record_put_text(struct record_writer *w, const char *text);

/* Bytes so far, of blocks that are written and of the one that is filled. */
uint64_t record_size(const struct record_writer *w);

/* Write the block that is being filled as if it were the last: 0 or -errno. */
int record_flush(struct record_writer *w);

/* Write the last block: 0, or the first error of all. */
int record_close(struct record_writer *w);

#endif
