/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a recording.  Its bytes come from outside: every sum, length and
 * order is checked, and after the first fault nothing more is read.  It must
 * not know what a record means, nor where the blocks come from.
 */
#ifndef RECORD_READER_H
#define RECORD_READER_H

#include "record/record.h"

enum record_state {
	RECORD_GOOD,
	RECORD_OVER,    /* after the last record */
	RECORD_TORN,    /* the file ends within a block or a record */
	RECORD_DAMAGED, /* bytes are not as they were written */
	RECORD_FOREIGN, /* not a recording, or one of another version */
	RECORD_FAILED,  /* reading failed: `error` */
};

struct record_reader {
	/* Read the next bytes, which are at `offset` of the file: how many, 0
	 * at the end, or -errno. */
	int64_t (*read)(
	    void *context, uint64_t offset, void *bytes, size_t len);
	void *context;
	enum record_state state;
	int error;
	uint64_t records; /* that have begun */
	uint64_t chain;
	uint64_t offset; /* bytes that were read of the file */
	uint32_t number; /* of the next block */
	uint32_t used;   /* bytes of the stream in this one */
	uint32_t at;     /* of those, how many were read */
	bool last;       /* it is the last */
	uint8_t block[RECORD_BLOCK];
};

/* The caller has set `read` and `context`. */
void record_start(struct record_reader *r);

/* The kind of the next record, whose contents follow; or 0: there is none, and
 * `state` says why. */
unsigned record_next(struct record_reader *r);

/* The same, but it stays the next record. */
unsigned record_peek(struct record_reader *r);

/* The next part of the record.  After a fault: 0, and bytes of 0. */
uint64_t record_get(struct record_reader *r);
int64_t record_get_signed(struct record_reader *r);
bool record_get_bytes(struct record_reader *r, void *bytes, size_t len);
/* The text and a NUL; it must fit. */
bool record_get_text(struct record_reader *r, char *text, size_t size);

/* The contents are wrong: nothing more is read. */
void record_reject(struct record_reader *r);

/* "the recording is torn: ...", one phrase about `state`. */
const char *record_state_text(const struct record_reader *r);

#endif
