/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls as bytes.  Nothing here may know what a call does.
 */
#include "record/call.h"

#include <string.h>

/* A call without the bytes of its ranges: the kind and 6 numbers, its
 * arguments, and the hash. */
#define CALL_MAX (RECORD_VARINT * (7 + RECORD_ARGS) + 1 + sizeof(uint64_t))

/* The difference from the last value, which `value` becomes. */
static int64_t
difference(uint64_t *base, uint64_t value)
{
	const int64_t d = (int64_t)(value - *base);

	*base = value;
	return d;
}

static uint64_t
get_difference(struct record_reader *r, uint64_t *base)
{
	*base += (uint64_t)record_get_signed(r);
	return *base;
}

static uint8_t *
add_signed(uint8_t *p, int64_t value)
{
	return record_number(p, record_zigzag(value));
}

static uint8_t *
add_hash(uint8_t *p, uint64_t hash)
{
	*p++ = hash != 0;
	if (hash)
		memcpy(p, &hash, sizeof(hash));
	return hash ? p + sizeof(hash) : p;
}

/* One piece: a recorded call is to cost little. */
void
record_put_call(struct record_writer *w, struct record_base *base,
    const struct record_call *call)
{
	uint8_t bytes[CALL_MAX], *p = bytes;
	uint32_t i;

	p = record_number(p, RECORD_CALL);
	p = record_number(p, call->number);
	p = record_number(p, call->argc);
	for (i = 0; i < call->argc; i++)
		p = add_signed(p, difference(&base->arg[i], call->arg[i]));
	p = add_signed(p, difference(&base->sp, call->sp));
	p = add_hash(p, call->input);
	p = record_number(p, call->stream);
	p = add_signed(p, call->result);
	p = record_number(p, call->ranges);
	record_begin_with(w, bytes, (size_t)(p - bytes));
}

/* A hash is there only if it is not 0. */
static uint64_t
get_hash(struct record_reader *r)
{
	const uint64_t there = record_get(r);
	uint64_t hash = 0;

	if (there > 1)
		record_reject(r);
	if (there == 1 && record_get_bytes(r, &hash, sizeof(hash)) && hash == 0)
		record_reject(r);
	return hash;
}

bool
record_get_call(
    struct record_reader *r, struct record_base *base, struct record_call *call)
{
	const uint64_t number = record_get(r);
	const uint64_t argc = record_get(r);
	uint64_t i;

	*call = (struct record_call){ 0 };
	if (number > UINT32_MAX || argc > RECORD_ARGS) {
		record_reject(r);
		return false;
	}
	call->number = (uint32_t)number;
	call->argc = (uint32_t)argc;
	for (i = 0; i < argc; i++)
		call->arg[i] = get_difference(r, &base->arg[i]);
	call->sp = get_difference(r, &base->sp);
	call->input = get_hash(r);
	call->stream = record_get(r);
	call->result = record_get_signed(r);
	call->ranges = record_get(r);
	if (call->stream > RECORD_ERRORS)
		record_reject(r);
	return r->state == RECORD_GOOD;
}

void
record_put_range(struct record_writer *w, struct record_base *base,
    uint64_t address, uint64_t len)
{
	record_put_signed(w, difference(&base->address, address));
	record_put(w, len);
}

bool
record_get_range(struct record_reader *r, struct record_base *base,
    uint64_t *address, uint64_t *len)
{
	*address = get_difference(r, &base->address);
	*len = record_get(r);
	return r->state == RECORD_GOOD;
}

void
record_put_signal(struct record_writer *w, const uint8_t info[RECORD_INFO])
{
	size_t len = RECORD_INFO;

	while (len > 0 && info[len - 1] == 0)
		len--;
	record_begin(w, RECORD_SIGNAL);
	record_put(w, len);
	record_put_bytes(w, info, len);
}

bool
record_get_signal(struct record_reader *r, uint8_t info[RECORD_INFO])
{
	const uint64_t len = record_get(r);

	memset(info, 0, RECORD_INFO);
	if (len == 0 || len > RECORD_INFO)
		record_reject(r);
	else if (record_get_bytes(r, info, len) && info[len - 1] == 0)
		record_reject(r);
	return r->state == RECORD_GOOD;
}
