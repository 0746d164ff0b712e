/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring of trace frames.  Nothing here may know what is collected.
 */
#include "gdb/traceframe.h"

#include <assert.h>
#include <string.h>

/* The header of a frame, and those of blocks with their letter. */
#define HEAD_SIZE     6U
#define MEMORY_SIZE   11U
#define VARIABLE_SIZE 13U

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
    "numbers are copied as they are");

/* The place of an offset, and how many bytes the ring has from there on. */
static uint32_t
place(const struct traceframes *f, uint32_t offset, uint32_t *room)
{
	const uint32_t at = (uint32_t)(((uint64_t)f->start + offset) % f->size);

	*room = f->size - at;
	return at;
}

static void
copy_in(struct traceframes *f, uint32_t offset, const void *bytes, uint32_t n)
{
	uint32_t first;
	const uint32_t at = place(f, offset, &first);

	if (first > n)
		first = n;
	memcpy(f->ring + at, bytes, first);
	memcpy(f->ring, (const uint8_t *)bytes + first, n - first);
}

static void
copy_out(const struct traceframes *f, uint32_t offset, void *buf, uint32_t n)
{
	uint32_t first;
	const uint32_t at = place(f, offset, &first);

	if (first > n)
		first = n;
	memcpy(buf, f->ring + at, first);
	memcpy((uint8_t *)buf + first, f->ring, n - first);
}

void
traceframes_clear(struct traceframes *f, uint32_t size)
{
	assert(size > 0 && size <= TRACE_BUFFER_MAX);
	f->size = size;
	f->start = f->used = f->count = f->making = 0;
	f->created = 0;
}

static bool
frame_at(const struct traceframes *f, uint32_t offset, struct traceframe *frame)
{
	uint8_t head[HEAD_SIZE];

	if (offset >= f->used)
		return false;
	copy_out(f, offset, head, sizeof(head));
	memcpy(&frame->number, head, sizeof(frame->number));
	memcpy(&frame->size, head + sizeof(frame->number), sizeof(frame->size));
	frame->at = offset + HEAD_SIZE;
	return true;
}

bool
traceframe_next(const struct traceframes *f, struct traceframe *frame)
{
	frame->index++;
	return frame_at(f, frame->at + frame->size, frame);
}

bool
traceframe_find(
    const struct traceframes *f, uint32_t index, struct traceframe *frame)
{
	bool found = frame_at(f, 0, frame);

	frame->index = 0;
	while (found && frame->index < index)
		found = traceframe_next(f, frame);
	return found;
}

/* The oldest frame makes room. */
static bool
drop_oldest(struct traceframes *f)
{
	struct traceframe oldest;
	uint32_t size, room;

	if (!f->circular || !frame_at(f, 0, &oldest))
		return false;
	size = HEAD_SIZE + oldest.size;
	f->start = place(f, size, &room);
	f->used -= size;
	f->count--;
	return true;
}

bool
traceframe_put(struct traceframes *f, const void *bytes, size_t n)
{
	if (n > f->size)
		return false;
	while (n > f->size - f->used - f->making)
		if (!drop_oldest(f))
			return false;
	copy_in(f, f->used + f->making, bytes, (uint32_t)n);
	f->making += (uint32_t)n;
	return true;
}

bool
traceframe_begin(struct traceframes *f, uint16_t number)
{
	uint8_t head[HEAD_SIZE] = { 0 };

	memcpy(head, &number, sizeof(number));
	f->making = 0;
	return traceframe_put(f, head, sizeof(head));
}

bool
traceframe_put_memory(
    struct traceframes *f, uint64_t addr, const void *bytes, uint16_t n)
{
	uint8_t head[MEMORY_SIZE] = { 'M' };

	memcpy(head + 1, &addr, sizeof(addr));
	memcpy(head + 1 + sizeof(addr), &n, sizeof(n));
	return traceframe_put(f, head, sizeof(head)) &&
	       traceframe_put(f, bytes, n);
}

bool
traceframe_put_variable(struct traceframes *f, uint32_t number, uint64_t value)
{
	uint8_t block[VARIABLE_SIZE] = { 'V' };

	memcpy(block + 1, &number, sizeof(number));
	memcpy(block + 1 + sizeof(number), &value, sizeof(value));
	return traceframe_put(f, block, sizeof(block));
}

uint32_t
traceframe_end(struct traceframes *f)
{
	const uint32_t making = f->making;
	const uint32_t size = making - HEAD_SIZE;

	copy_in(f, f->used + (uint32_t)sizeof(uint16_t), &size, sizeof(size));
	f->used += making;
	f->making = 0;
	f->count++;
	f->created++;
	return making;
}

void
traceframe_give_up(struct traceframes *f)
{
	f->making = 0;
}

bool
traceframe_block(const struct traceframes *f, const struct traceframe *frame,
    uint32_t at, uint32_t regs_size, struct traceblock *block)
{
	uint8_t head[VARIABLE_SIZE];
	uint32_t number;
	uint16_t size;

	if (at - frame->at >= frame->size)
		return false;
	copy_out(f, at, head, sizeof(head));
	block->kind = (char)head[0];
	switch (block->kind) {
	case 'M':
		memcpy(&block->addr, head + 1, sizeof(block->addr));
		memcpy(&size, head + 1 + sizeof(block->addr), sizeof(size));
		block->at = at + MEMORY_SIZE;
		block->size = size;
		break;
	case 'V':
		memcpy(&number, head + 1, sizeof(number));
		block->addr = number;
		block->at = at + 1 + (uint32_t)sizeof(number);
		block->size = sizeof(uint64_t);
		break;
	default: block->at = at + 1; block->size = regs_size;
	}
	block->next = block->at + block->size;
	return true;
}

size_t
traceframes_read(
    const struct traceframes *f, uint64_t offset, void *buf, size_t n)
{
	if (offset >= f->used)
		return 0;
	if (n > f->used - offset)
		n = (size_t)(f->used - offset);
	copy_out(f, (uint32_t)offset, buf, (uint32_t)n);
	return n;
}
