/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of mapped files.  Nothing here may know who maps.
 */
#include "hypercall/core/mapped.h"

#include <stdbool.h>
#include <string.h>

/* The number of ranges that end at or below `va`. */
static unsigned
count_below(const struct hc_mapped *mapped, uint64_t va)
{
	unsigned first = 0, end = mapped->ranges;

	while (first < end) {
		unsigned middle = (first + end) / 2;

		if (mapped->range[middle].to <= va)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

const struct hc_mapped_range *
hc_mapped_find(const struct hc_mapped *mapped, uint64_t va, uint64_t *end)
{
	unsigned at = count_below(mapped, va);
	const struct hc_mapped_range *range = &mapped->range[at];
	bool inside = at < mapped->ranges && range->from <= va;
	uint64_t edge;

	if (at == mapped->ranges)
		return NULL;
	edge = inside ? range->to : range->from;
	if (*end > edge)
		*end = edge;
	return inside ? range : NULL;
}

/* Replace `old` ranges from `at` on by `new` unset ones.  False: the list is
 * full. */
static bool
replace(struct hc_mapped *mapped, unsigned at, unsigned old, unsigned new)
{
	unsigned rest = mapped->ranges - at - old;

	if (mapped->ranges - old + new > HC_MAPPED_RANGES)
		return false;
	memmove(&mapped->range[at + new], &mapped->range[at + old],
	    rest * sizeof(mapped->range[0]));
	mapped->ranges = mapped->ranges - old + new;
	return true;
}

/* Cut [from, to) out of the range at `at`, which contains both.  Without room
 * for a second range the upper part is lost. */
static void
cut_middle(struct hc_mapped *mapped, unsigned at, uint64_t from, uint64_t to)
{
	struct hc_mapped_range upper = mapped->range[at];

	upper.offset += to - upper.from;
	upper.from = to;
	mapped->range[at].to = from;
	if (replace(mapped, at + 1, 0, 1))
		mapped->range[at + 1] = upper;
}

/* No file is in [from, to) any more.  Returns the place for one that is. */
static unsigned
clear(struct hc_mapped *mapped, uint64_t from, uint64_t to)
{
	unsigned at = count_below(mapped, from), end;
	struct hc_mapped_range *range = &mapped->range[at];

	if (at == mapped->ranges || range->from >= to)
		return at;
	if (range->from < from && range->to > to) {
		cut_middle(mapped, at, from, to);
		return at + 1;
	}
	if (range->from < from) {
		range->to = from;
		at++;
	}
	end = count_below(mapped, to);
	if (end < mapped->ranges && mapped->range[end].from < to) {
		mapped->range[end].offset += to - mapped->range[end].from;
		mapped->range[end].from = to;
	}
	if (end > at)
		(void)replace(mapped, at, end - at, 0);
	return at;
}

static bool
is_used(const struct hc_mapped *mapped, unsigned file)
{
	unsigned i;

	for (i = 0; i < mapped->ranges; i++)
		if (mapped->range[i].file == file)
			return true;
	return false;
}

/* The number of the same file, or of a free place that becomes it, or
 * HC_MAPPED_FILES. */
static unsigned
number_of(struct hc_mapped *mapped, const struct hc_mapped_file *file)
{
	unsigned i, free = HC_MAPPED_FILES;

	for (i = 0; i < HC_MAPPED_FILES; i++) {
		const struct hc_mapped_file *other = &mapped->file[i];

		if (!is_used(mapped, i)) {
			if (free == HC_MAPPED_FILES)
				free = i;
		} else if (other->inode == file->inode &&
			   other->device == file->device &&
			   strcmp(other->name, file->name) == 0) {
			return i;
		}
	}
	if (free < HC_MAPPED_FILES) {
		strcpy(mapped->file[free].name, file->name);
		mapped->file[free].device = file->device;
		mapped->file[free].inode = file->inode;
	}
	return free;
}

/* Does `next` go on where `range` ends? */
static bool
goes_on(const struct hc_mapped_range *range, const struct hc_mapped_range *next)
{
	return range->to == next->from && range->file == next->file &&
	       range->offset + (range->to - range->from) == next->offset;
}

void
hc_mapped_put(struct hc_mapped *mapped, uint64_t from, uint64_t to,
    unsigned number, uint64_t offset)
{
	const struct hc_mapped_range new = { from, to, offset,
		(uint16_t)number };
	unsigned at = clear(mapped, from, to);

	if (at > 0 && goes_on(&mapped->range[at - 1], &new))
		mapped->range[at - 1].to = to;
	else if (replace(mapped, at, 0, 1))
		mapped->range[at] = new;
}

void
hc_mapped_set(struct hc_mapped *mapped, uint64_t from, uint64_t to,
    const struct hc_mapped_file *file, uint64_t offset)
{
	unsigned number;

	clear(mapped, from, to);
	if (!file)
		return;
	number = number_of(mapped, file);
	if (number < HC_MAPPED_FILES)
		hc_mapped_put(mapped, from, to, number, offset);
}

void
hc_mapped_move(struct hc_mapped *mapped, uint64_t from, uint64_t old,
    uint64_t to, uint64_t new)
{
	uint64_t end = from + old;
	const struct hc_mapped_range *range = hc_mapped_find(
	    mapped, from, &end);
	struct hc_mapped_range moved;

	if (!range) {
		clear(mapped, from, from + old);
		clear(mapped, to, to + new);
		return;
	}
	moved = *range;
	clear(mapped, from, from + old);
	hc_mapped_put(mapped, to, to + new, moved.file,
	    moved.offset + (from - moved.from));
}
