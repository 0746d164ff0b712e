/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buffer of a trace: what tracepoints have collected, in the form in which
 * gdb saves it (GDB manual, "Trace File Format").  It must not know packets,
 * nor what is collected.
 *
 *	frame	number of the tracepoint (2 bytes), size of blocks (4), blocks
 *	block	'R' registers, as in the reply to `g`
 *		'M' address (8), size (2), bytes
 *		'V' number of a trace state variable (4), value (8)
 *
 * Numbers are little-endian.  Frames lie one after the other in a ring of
 * bytes; offsets count from the oldest frame.  When the ring is full, no frame
 * is taken any more, or the oldest ones make room.
 */
#ifndef GDB_TRACEFRAME_H
#define GDB_TRACEFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_BUFFER_SIZE (1U << 22) /* bytes, unless the debugger asks */
#define TRACE_BUFFER_MAX  (1U << 24) /* for more, up to this */

struct traceframes {
	uint8_t ring[TRACE_BUFFER_MAX];
	uint32_t size; /* of the ring: so many bytes of it are used */
	bool circular;
	uint32_t start, used; /* the frames, without the one in the making */
	uint32_t count;       /* frames */
	uint64_t created;
	uint32_t making; /* bytes of the frame in the making */
};

/* A frame: its place in the order of time, its tracepoint, its blocks. */
struct traceframe {
	uint32_t index;
	uint16_t number;
	uint32_t at, size;
};

struct traceblock {
	char kind;         /* R, M or V */
	uint64_t addr;     /* M; V: the variable's number */
	uint32_t at, size; /* of the bytes, registers, or value */
	uint32_t next;
};

/* Forget all frames; the ring has `size` bytes from now on. */
void traceframes_clear(struct traceframes *frames, uint32_t size);

/*
 * Make a frame: begin it, append its blocks, and end it, or give it up.  They
 * return false if there is no room; then it has to be given up.
 */
bool traceframe_begin(struct traceframes *frames, uint16_t number);
bool traceframe_put(struct traceframes *frames, const void *bytes, size_t n);
bool traceframe_put_memory(
    struct traceframes *frames, uint64_t addr, const void *bytes, uint16_t n);
bool traceframe_put_variable(
    struct traceframes *frames, uint32_t number, uint64_t value);
uint32_t traceframe_end(struct traceframes *frames); /* its size */
void traceframe_give_up(struct traceframes *frames);

/* The frame of that index, 0 the oldest; the one after *frame.  False: there is
 * none. */
bool traceframe_find(
    const struct traceframes *frames, uint32_t index, struct traceframe *frame);
bool
traceframe_next(const struct traceframes *frames, struct traceframe *frame);

/* The block at `at` of a frame, the first one at frame->at. */
bool traceframe_block(const struct traceframes *frames,
    const struct traceframe *frame, uint32_t at, uint32_t regs_size,
    struct traceblock *block);

/* Bytes at an offset, as many of n as there are. */
size_t traceframes_read(
    const struct traceframes *frames, uint64_t offset, void *buf, size_t n);

#endif
