/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events as records: CALL, and the ranges of guest memory that follow it; and
 * SIGNAL.  It must not know what a call does, nor what a siginfo_t says.
 */
#ifndef RECORD_CALL_H
#define RECORD_CALL_H

#include "record/reader.h"
#include "record/writer.h"

/* The novillo streams that a call's bytes went to. */
enum record_stream {
	RECORD_NO_STREAM,
	RECORD_OUTPUT, /* descriptor 1 */
	RECORD_ERRORS, /* descriptor 2 */
};

struct record_call {
	uint32_t number;
	uint32_t argc;
	uint64_t arg[RECORD_ARGS];
	uint64_t sp;    /* the stack pointer of the caller */
	uint64_t input; /* a hash of what the call reads; 0: nothing */
	uint64_t stream;
	int64_t result;
	uint64_t ranges; /* of memory that follow */
};

/* Numbers are stored as differences from those of the call before. */
struct record_base {
	uint64_t arg[RECORD_ARGS];
	uint64_t sp;
	uint64_t address;
};

void record_put_call(struct record_writer *w, struct record_base *base,
    const struct record_call *call);
/* The kind has been read.  False after a fault. */
bool record_get_call(struct record_reader *r, struct record_base *base,
    struct record_call *call);

/* One range, without its `len` bytes, which follow. */
void record_put_range(struct record_writer *w, struct record_base *base,
    uint64_t address, uint64_t len);
bool record_get_range(struct record_reader *r, struct record_base *base,
    uint64_t *address, uint64_t *len);

/* A signal by its siginfo_t. */
void
record_put_signal(struct record_writer *w, const uint8_t info[RECORD_INFO]);
/* The kind has been read.  False after a fault. */
bool record_get_signal(struct record_reader *r, uint8_t info[RECORD_INFO]);

#endif
