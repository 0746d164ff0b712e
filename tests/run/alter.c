/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies a recording from standard input to standard output with another result
 * of the last call of one number, and with all sums made again: `alter CALL`
 * adds 1 to the result and prints the number of the event to standard error;
 * `alter stream CALL` moves the call's output to standard error; `alter random
 * SEED` changes bytes anywhere in the records, `alter flip N` all bits of the
 * byte N in them, `alter order N` which records follow each other, `alter cpuid
 * N` the features of CPUID's leaf N.
 */
#include "hypercall/core/preemption.h"
#include "record/call.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A whole recording of one block. */
static uint8_t block[RECORD_BLOCK + 1];
static size_t left, next;

static struct record_reader reader;

static int64_t
read_input(void *context, uint64_t offset, void *bytes, size_t len)
{
	(void)context;
	(void)offset;
	if (len > left)
		len = left;
	memcpy(bytes, block + next, len);
	next += len;
	left -= len;
	return (int64_t)len;
}

static size_t
read_block(void)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(STDIN_FILENO, block + len, sizeof(block) - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && len < sizeof(block));
	return len;
}

/* Read over the texts and numbers of the header and the bytes of the start. */
static void
skip_bytes(uint64_t len)
{
	uint8_t byte;

	while (len-- > 0 && record_get_bytes(&reader, &byte, 1))
		;
}

static void
skip_numbers(uint64_t n)
{
	while (n-- > 0)
		(void)record_get(&reader);
}

static void
skip_text(void)
{
	skip_bytes(record_get(&reader));
}

/* Read over CPUID's leaves.  Where ECX of leaf `function` is in the block. */
static size_t
skip_leaves(uint64_t function)
{
	uint64_t n;
	size_t at = 0;

	for (n = record_get(&reader); n > 0; n--) {
		const bool wanted = record_get(&reader) == function;

		skip_numbers(4);
		if (wanted && at == 0)
			at = sizeof(struct record_head) + reader.at;
		skip_numbers(2);
	}
	return at;
}

static size_t
skip_header(uint64_t function)
{
	skip_numbers(3);
	skip_bytes(16 * record_get(&reader));
	skip_numbers(3);
	skip_text();
	skip_text();
	skip_bytes(8);
	skip_text();
	skip_bytes(8);
	skip_text();
	return skip_leaves(function);
}

static void
skip_start(void)
{
	const uint64_t len = record_get(&reader);

	skip_numbers(2);
	skip_bytes(len);
}

/* Read a call and its ranges.  Where its result is, if the result is a byte and
 * the call has no range: in the block. */
static size_t
read_call(struct record_base *base, uint32_t number)
{
	struct record_call call;
	uint64_t address, len;
	size_t at;

	if (!record_get_call(&reader, base, &call))
		return 0;
	at = sizeof(struct record_head) + reader.at - 2;
	if (call.number != number || call.ranges > 0 || call.result < 0 ||
	    call.result > 62)
		at = 0;
	while (call.ranges-- > 0 &&
	       record_get_range(&reader, base, &address, &len))
		skip_bytes(len);
	return at;
}

static void
skip_ranges(uint64_t n)
{
	while (n-- > 0 && reader.state == RECORD_GOOD) {
		skip_numbers(1);
		skip_text();
	}
}

static void
skip_preempt(void)
{
	uint64_t words;

	skip_bytes((HC_POSITION_REGISTERS + 1) * sizeof(uint64_t));
	for (words = record_get(&reader); words > 0; words--) {
		skip_numbers(1);
		skip_bytes(sizeof(uint64_t));
	}
	skip_numbers(2 * record_get(&reader));
}

/* Read over the next record.  Where it ends in the block, or 0: none. */
static size_t
skip_record(void)
{
	struct record_base base = { 0 };
	unsigned kind = record_next(&reader);

	switch (kind) {
	case RECORD_HEADER: (void)skip_header(0); break;
	case RECORD_START: skip_start(); break;
	case RECORD_CALL: (void)read_call(&base, UINT32_MAX); break;
	case RECORD_SIGNAL: skip_text(); break;
	case RECORD_PREEMPT: skip_preempt(); break;
	case RECORD_END:
	case RECORD_CUT:
		skip_numbers(3);
		skip_bytes(2 * sizeof(uint64_t));
		skip_numbers(2 * record_get(&reader));
		break;
	default: skip_numbers(1);
	}
	if (kind == RECORD_WAIT)
		skip_ranges(record_get(&reader));
	return kind == 0 || reader.state != RECORD_GOOD
		   ? 0
		   : sizeof(struct record_head) + reader.at;
}

/* Where the result of the last such call is, or 0. */
static size_t
find_result(uint32_t number, unsigned *event)
{
	struct record_base base = { 0 };
	size_t at, found = 0;
	unsigned kind, events = 0;

	while ((kind = record_peek(&reader)) == RECORD_HEADER ||
	       kind == RECORD_START || kind == RECORD_CALL ||
	       kind == RECORD_SIGNAL || kind == RECORD_COUNTER) {
		(void)record_next(&reader);
		switch (kind) {
		case RECORD_HEADER: (void)skip_header(0); continue;
		case RECORD_START: skip_start(); continue;
		case RECORD_SIGNAL: skip_text(); continue;
		case RECORD_CALL: at = read_call(&base, number); break;
		default: at = 0; skip_numbers(1);
		}
		events++;
		if (at > 0) {
			found = at;
			*event = events;
		}
	}
	return found;
}

/* A number below `n` (Numerical Recipes' generator, its high bits). */
static size_t
below(uint32_t *seed, size_t n)
{
	*seed = *seed * 1664525U + 1013904223U;
	return (size_t)((uint64_t)(*seed >> 8) * n >> 24);
}

/* Replace `gone` bytes at `at` by others: the new length. */
static size_t
replace(size_t len, size_t at, size_t gone, const uint8_t *bytes, size_t n)
{
	if (gone > len - at)
		gone = len - at;
	if (len - gone + n > RECORD_BLOCK)
		return len;
	memmove(block + at + n, block + at + gone, len - at - gone);
	memcpy(block + at, bytes, n);
	return len - gone + n;
}

/* One to three changes: of a bit, of a byte, to a number at a bound, and bytes
 * that are lost or there twice. */
static size_t
change(size_t len, uint32_t seed)
{
	static const uint8_t most[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0x01 };
	const size_t head = sizeof(struct record_head);
	size_t n = 1 + below(&seed, 3);

	while (n-- > 0 && len > head) {
		const size_t at = head + below(&seed, len - head);
		const size_t some = 1 + below(&seed, 20);
		uint8_t byte = (uint8_t)below(&seed, 256);

		switch (below(&seed, 6)) {
		case 0: block[at] ^= (uint8_t)(1U << byte % 8); break;
		case 1: block[at] = byte; break;
		case 2: len = replace(len, at, 1, most, sizeof(most)); break;
		case 3: len = replace(len, at, some, &byte, 1); break;
		case 4: len = replace(len, at, 0, block + head, some); break;
		default: block[at] = (uint8_t)(block[at] + 2); break;
		}
	}
	return len;
}

/* A position that no guest comes to, and an end from outside by SIGKILL. */
static const uint8_t preempt[3 + 8 * (HC_POSITION_REGISTERS + 1)] = {
	RECORD_PREEMPT
};
static const uint8_t cut[4 + 2 * 8 + 1] = { RECORD_CUT, 3, 9 };

enum order {
	ORDER_DROPPED,
	ORDER_DOUBLED,
	ORDER_EXCHANGED, /* with the next one */
	ORDER_CUT,       /* CUT follows, and nothing else */
	ORDER_PREEMPTED, /* PREEMPT follows */
	ORDER_BOTH,      /* first PREEMPT, and then CUT */
	ORDERS,
};

/* Put the records of one block into another order: the record `n / ORDERS`,
 * after HEADER.  The new length, or 0 without such a record. */
static size_t
reorder(size_t len, size_t n)
{
	const enum order order = n % ORDERS;
	static uint8_t some[RECORD_BLOCK];
	size_t from, to = 0, third, i;

	for (i = 0; i <= n / ORDERS && (from = skip_record()) > 0; i++)
		;
	to = from > 0 ? skip_record() : 0;
	if (to == 0)
		return 0;
	switch (order) {
	case ORDER_DROPPED: return replace(len, from, to - from, some, 0);
	case ORDER_DOUBLED:
		memcpy(some, block + from, to - from);
		return replace(len, to, 0, some, to - from);
	case ORDER_EXCHANGED:
		if ((third = skip_record()) == 0)
			return len;
		memcpy(some, block + to, third - to);
		memcpy(some + third - to, block + from, to - from);
		return replace(len, from, third - from, some, third - from);
	case ORDER_CUT: return replace(to, to, 0, cut, sizeof(cut));
	case ORDER_BOTH:
		len = replace(to, to, 0, preempt, sizeof(preempt));
		return replace(len, len, 0, cut, sizeof(cut));
	default: return replace(len, to, 0, preempt, sizeof(preempt));
	}
}

/* Make the head's length and its sums right again. */
static int
write_block(size_t len)
{
	const uint32_t used = (uint32_t)(len - sizeof(struct record_head));

	memcpy(block + offsetof(struct record_head, used), &used, sizeof(used));
	record_seal(block, 0);
	return fwrite(block, len, 1, stdout) == 1 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const size_t head = sizeof(struct record_head);
	const bool moves = argc == 3 && strcmp(argv[1], "stream") == 0;
	unsigned event = 0;
	size_t len, at;

	if (argc != 2 && argc != 3)
		return 2;
	left = len = read_block();
	reader.read = read_input;
	record_start(&reader);
	if (argc == 3 && (len < head || len > RECORD_BLOCK))
		return 1;
	if (argc == 3 && !moves) {
		at = strtoul(argv[2], NULL, 10);
		if (strcmp(argv[1], "order") == 0) {
			len = reorder(len, at);
			return len > 0 ? write_block(len) : 3;
		}
		if (strcmp(argv[1], "cpuid") == 0) {
			(void)record_next(&reader);
			block[skip_header(at)] ^= 0x7f;
			return write_block(len);
		}
		if (strcmp(argv[1], "flip") != 0)
			return write_block(change(len, (uint32_t)at));
		if (at >= len - head)
			return 3;
		block[head + at] = (uint8_t)~block[head + at];
		return write_block(len);
	}
	at = len <= RECORD_BLOCK
		 ? find_result(
		       (uint32_t)strtoul(argv[argc - 1], NULL, 10), &event)
		 : 0;
	if (at == 0) {
		fprintf(stderr, "alter: no such call in one block\n");
		return 1;
	}
	/* The stream comes before the result: a signed number, which is twice
	 * its value. */
	if (moves)
		block[at - 1] = RECORD_ERRORS;
	else
		block[at] += 2;
	fprintf(stderr, "%u\n", event);
	return write_block(len);
}
