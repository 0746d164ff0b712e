/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the reader of recordings: blocks of any bytes, whose sums are made
 * right if the first byte says so, end soon and without a fault, and nothing is
 * read after the first wrong byte.
 */
#include "record/call.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (2 * RECORD_BLOCK)

static struct input {
	uint8_t bytes[INPUT_MAX];
	size_t len, at;
} input;

static struct record_reader r;

static int64_t
read_input(void *context, uint64_t offset, void *bytes, size_t len)
{
	struct input *in = context;

	(void)offset;
	if (len > in->len - in->at)
		len = in->len - in->at;
	memcpy(bytes, in->bytes + in->at, len);
	in->at += len;
	return (int64_t)len;
}

/* One block with the data as its stream, or as its bytes. */
static void
make_input(const uint8_t *data, size_t size, bool sealed)
{
	struct record_head head = {
		.magic = { 'N', 'v', 'R', 'c' },
		.version = RECORD_VERSION,
		.used = (uint32_t)size,
	};
	const size_t at = sealed ? sizeof(head) : 0;

	memcpy(input.bytes, &head, sizeof(head));
	memcpy(input.bytes + at, data, size);
	input.len = at + size;
	input.at = 0;
	if (sealed)
		record_seal(input.bytes, 0);
}

/* Read so many ranges of memory. */
static void
read_ranges(struct record_base *base, uint64_t ranges)
{
	uint8_t bytes[256];
	uint64_t address, len, n;

	while (ranges-- > 0 && record_get_range(&r, base, &address, &len))
		for (; len > 0 && r.state == RECORD_GOOD; len -= n) {
			n = len < sizeof(bytes) ? len : sizeof(bytes);
			record_get_bytes(&r, bytes, n);
		}
}

static void
read_call(struct record_base *base)
{
	struct record_call call;

	if (!record_get_call(&r, base, &call))
		return;
	if (call.argc > RECORD_ARGS || call.stream > RECORD_ERRORS)
		abort();
	read_ranges(base, call.ranges);
}

/* The thread, and the words that the one before has changed. */
static void
read_wait(struct record_base *base)
{
	(void)record_get(&r);
	read_ranges(base, record_get(&r));
}

static void
read_signal(void)
{
	uint8_t info[RECORD_INFO + 1] = { 0 };

	if (record_get_signal(&r, info) &&
	    memcmp(info, info + 1, RECORD_INFO) == 0)
		abort();
}

static void
read_rest(unsigned kind)
{
	char text[64];

	if (kind == RECORD_HEADER) {
		(void)record_get_text(&r, text, sizeof(text));
		if (strlen(text) >= sizeof(text))
			abort();
	} else {
		(void)record_get_signed(&r);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record_base base = { 0 };
	uint64_t steps = 0;
	unsigned kind;

	if (size < 2 || size > RECORD_ROOM)
		return 0;
	make_input(data + 1, size - 1, data[0] & 1);
	r.read = read_input;
	r.context = &input;
	record_start(&r);
	while ((kind = record_next(&r)) != 0) {
		if (kind == RECORD_CALL)
			read_call(&base);
		else if (kind == RECORD_SIGNAL)
			read_signal();
		else if (kind == RECORD_WAIT)
			read_wait(&base);
		else
			read_rest(kind);
		if (++steps > size)
			abort();
	}
	if (r.state == RECORD_GOOD || record_next(&r) != 0)
		abort();
	return 0;
}
