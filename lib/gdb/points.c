/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions of breakpoints: a hash table of the breakpoints, and their
 * records one after the other.  Nothing here may know packets.
 *
 * A removed record stays until the room is needed: then all that are in use
 * move together.
 */
#include "gdb/points.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

_Static_assert(POINTS_MAX < UINT16_MAX, "numbers are the index + 1");

/* A record: this, and for each expression a struct item and its bytes. */
struct record {
	uint16_t owner; /* number of its point, or 0: it was removed */
	uint16_t items;
	uint32_t size; /* of all, with this */
};

struct item {
	uint16_t n; /* bytes */
	uint8_t is_command;
};

static unsigned
bucket_of(uint64_t addr)
{
	return (unsigned)(addr * UINT64_C(0x9e3779b97f4a7c15) >> 32) %
	       POINTS_BUCKETS;
}

/* The number of the breakpoint's point, or 0. */
static uint16_t
find(const struct points *points, const struct target_break *brk)
{
	uint16_t at = points->bucket[bucket_of(brk->addr)];

	while (at) {
		const struct point *p = &points->point[at - 1];

		if (p->addr == brk->addr && p->type == brk->type &&
		    (brk->type < WATCH_WRITE || p->kind == brk->kind))
			break;
		at = p->next;
	}
	return at;
}

static struct record
record_at(const struct points *points, uint32_t at)
{
	struct record record;

	memcpy(&record, points->code + at, sizeof(record));
	return record;
}

/* Move the records that are in use to the start. */
static void
compact(struct points *points)
{
	uint32_t at, size, to = 0;

	for (at = 0; at < points->end; at += size) {
		const struct record record = record_at(points, at);

		size = record.size;
		if (!record.owner)
			continue;
		memmove(points->code + to, points->code + at, size);
		points->point[record.owner - 1].code = to;
		to += size;
	}
	points->end = to;
}

static uint32_t
size_of(const struct target_break *brk)
{
	size_t i, size = sizeof(struct record);

	for (i = 0; i < brk->codes; i++)
		size += sizeof(struct item) + brk->code[i].n;
	return (uint32_t)size;
}

static void
append(struct points *points, const void *bytes, size_t n)
{
	assert(n <= POINTS_CODE_MAX - points->end);
	memcpy(points->code + points->end, bytes, n);
	points->end += (uint32_t)n;
}

static void
write_record(
    struct points *points, uint16_t owner, const struct target_break *brk)
{
	const struct record record = { owner, (uint16_t)brk->codes,
		size_of(brk) };
	size_t i;

	points->point[owner - 1].code = points->end;
	points->live += record.size;
	append(points, &record, sizeof(record));
	for (i = 0; i < brk->codes; i++) {
		const struct item item = { (uint16_t)brk->code[i].n,
			brk->code[i].is_command };

		append(points, &item, sizeof(item));
		append(points, brk->code[i].bytes, brk->code[i].n);
	}
}

static void
remove_record(struct points *points, uint16_t owner)
{
	const uint32_t at = points->point[owner - 1].code;
	struct record record = record_at(points, at);

	record.owner = 0;
	points->live -= record.size;
	memcpy(points->code + at, &record, sizeof(record));
}

static uint16_t
take_point(struct points *points, const struct target_break *brk)
{
	uint16_t *bucket = &points->bucket[bucket_of(brk->addr)];
	uint16_t at = points->free;

	if (at)
		points->free = points->point[at - 1].next;
	else if (points->used < POINTS_MAX)
		at = ++points->used;
	else
		return 0;
	points->point[at - 1] = (struct point){
		.type = brk->type,
		.addr = brk->addr,
		.kind = brk->kind,
		.next = *bucket,
	};
	*bucket = at;
	return at;
}

/* The bytes that the records would take, with the breakpoint's new one. */
static uint32_t
live_with(const struct points *points, uint16_t at, uint32_t size)
{
	const uint32_t old =
	    at ? record_at(points, points->point[at - 1].code).size : 0;

	return points->live - old + size;
}

int
points_set(struct points *points, const struct target_break *brk)
{
	const uint32_t size = size_of(brk);
	uint16_t at = find(points, brk);

	if (brk->codes == 0) {
		points_drop(points, brk);
		return 0;
	}
	if (live_with(points, at, size) > POINTS_CODE_MAX)
		return -ENOSPC;
	if (at)
		remove_record(points, at);
	else
		at = take_point(points, brk);
	if (!at)
		return -ENOSPC;
	if (size > POINTS_CODE_MAX - points->end)
		compact(points);
	write_record(points, at, brk);
	return 0;
}

void
points_drop(struct points *points, const struct target_break *brk)
{
	const uint16_t at = find(points, brk);
	uint16_t *link = &points->bucket[bucket_of(brk->addr)];

	if (!at)
		return;
	while (*link != at)
		link = &points->point[*link - 1].next;
	*link = points->point[at - 1].next;
	points->point[at - 1].next = points->free;
	points->free = at;
	remove_record(points, at);
}

void
points_clear(struct points *points)
{
	memset(points->bucket, 0, sizeof(points->bucket));
	points->used = points->free = 0;
	points->end = points->live = 0;
}

/* A walk through the expressions of one record. */
struct walk {
	const uint8_t *at;
	uint16_t left;
	struct item item; /* the present one, of which code[] are the bytes */
	const uint8_t *code;
};

static struct walk
walk_of(const struct points *points, uint16_t point)
{
	const uint32_t at = points->point[point - 1].code;

	return (struct walk){
		.at = points->code + at + sizeof(struct record),
		.left = record_at(points, at).items,
	};
}

/* The next condition or command. */
static bool
next(struct walk *walk, bool is_command)
{
	while (walk->left > 0) {
		walk->left--;
		memcpy(&walk->item, walk->at, sizeof(walk->item));
		walk->code = walk->at + sizeof(walk->item);
		walk->at = walk->code + walk->item.n;
		if (walk->item.is_command == is_command)
			return true;
	}
	return false;
}

static bool
holds(struct walk walk, const struct agent_env *env)
{
	bool any = false;
	uint64_t value;

	while (next(&walk, false)) {
		if (agent_run(walk.code, walk.item.n, env, &value) !=
			AGENT_NONE ||
		    value)
			return true;
		any = true;
	}
	return !any;
}

bool
points_stop(const struct points *points, const struct target_break *brk,
    const struct agent_env *env)
{
	const uint16_t at = find(points, brk);
	struct walk walk;
	bool stop = true;
	uint64_t value;

	if (!at)
		return true;
	walk = walk_of(points, at);
	if (!holds(walk, env))
		return false;
	while (next(&walk, true)) {
		stop = false;
		if (agent_run(walk.code, walk.item.n, env, &value) !=
		    AGENT_NONE)
			return true;
	}
	return stop;
}
