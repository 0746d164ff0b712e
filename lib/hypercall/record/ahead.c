/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a record without its meaning.  Nothing here may know guests.
 */
#include "hypercall/record/ahead.h"

#include "hypercall/record/preempt.h"
#include "record/call.h"

static void
skip_bytes(struct record_reader *r, uint64_t len)
{
	uint8_t bytes[4096];

	while (len > 0 && r->state == RECORD_GOOD) {
		const size_t n = len < sizeof(bytes) ? (size_t)len
						     : sizeof(bytes);

		(void)record_get_bytes(r, bytes, n);
		len -= n;
	}
}

static void
skip_ranges(struct record_reader *r, uint64_t n)
{
	struct record_base base = { 0 };
	uint64_t address, len;

	for (; n > 0 && record_get_range(r, &base, &address, &len); n--)
		skip_bytes(r, len);
}

static void
skip_call(struct record_reader *r)
{
	struct record_base base = { 0 };
	struct record_call call;

	if (record_get_call(r, &base, &call))
		skip_ranges(r, call.ranges);
}

static void
skip_preempt(struct record_reader *r)
{
	struct hc_position position;
	struct hc_holes holes;

	(void)hc_preempt_get(r, &position, &holes);
}

static void
skip_end(struct record_reader *r)
{
	uint64_t written, hash;
	struct hc_holes holes;

	(void)record_get(r);
	(void)record_get(r);
	(void)record_get(r);
	(void)record_get_bytes(r, &written, sizeof(written));
	(void)record_get_bytes(r, &hash, sizeof(hash));
	(void)hc_holes_get(r, &holes);
}

static void
skip(struct record_reader *r)
{
	uint8_t info[RECORD_INFO];

	switch (record_next(r)) {
	case RECORD_CALL: skip_call(r); break;
	case RECORD_COUNTER: (void)record_get_signed(r); break;
	case RECORD_SIGNAL: (void)record_get_signal(r, info); break;
	case RECORD_SWITCH: (void)record_get(r); break;
	case RECORD_WAIT:
		(void)record_get(r);
		skip_ranges(r, record_get(r));
		break;
	case RECORD_PREEMPT: skip_preempt(r); break;
	case RECORD_END:
	case RECORD_CUT: skip_end(r); break;
	default: break;
	}
}

/* The next record in this block alone, which is not replaced: false if the
 * record goes on in the next block. */
static bool
is_whole_here(struct record_reader *r)
{
	const enum record_state state = r->state;
	const uint64_t records = r->records;
	const uint32_t at = r->at;
	const bool last = r->last;
	bool whole;

	r->last = true;
	skip(r);
	whole = r->state == RECORD_GOOD;
	r->state = state;
	r->records = records;
	r->at = at;
	r->last = last;
	return whole;
}

bool
hc_ahead_is_whole(struct record_reader *r, struct record_reader *scratch)
{
	if (is_whole_here(r))
		return true;
	*scratch = *r;
	skip(scratch);
	return scratch->state == RECORD_GOOD;
}
