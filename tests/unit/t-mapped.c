/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the list of mapped files against a model: an array with the file and
 * the offset of each page.  Random ranges are mapped, unmapped and moved.
 */
#include "tap.h"

#include "hypercall/core/mapped.h"

#include <stdlib.h>
#include <string.h>

#define PAGE   UINT64_C(4096)
#define PAGES  200U
#define FILES  5
#define ROUNDS 20000

static struct hc_mapped mapped;

static struct {
	int file; /* 0: none */
	uint64_t offset;
} model[PAGES];

static struct hc_mapped_file
file_of(int n)
{
	struct hc_mapped_file file = {
		.device = 7,
		.inode = (uint64_t)n / 2, /* two names of one inode */
	};

	snprintf(file.name, sizeof(file.name), "/lib/%d", n);
	return file;
}

static void
set(unsigned from, unsigned pages, int n)
{
	struct hc_mapped_file file = file_of(n);
	uint64_t offset = (uint64_t)(rand() % 50) * PAGE;
	unsigned i;

	hc_mapped_set(&mapped, from * PAGE, (from + pages) * PAGE,
	    n ? &file : NULL, offset);
	for (i = 0; i < pages; i++) {
		model[from + i].file = n;
		model[from + i].offset = offset + i * PAGE;
	}
}

/* A move of pages that are one mapping, to where none of them is. */
static void
move(unsigned from, unsigned old, unsigned to, unsigned new)
{
	int file = model[from].file;
	uint64_t offset = model[from].offset;
	unsigned i;

	hc_mapped_move(&mapped, from * PAGE, old * PAGE, to * PAGE, new *PAGE);
	for (i = 0; i < old; i++)
		model[from + i].file = 0;
	for (i = 0; i < new; i++) {
		model[to + i].file = file;
		model[to + i].offset = offset + i * PAGE;
	}
}

/* Does the list say of each page what the model says, and of no more pages at a
 * time than are alike? */
static bool
agrees(void)
{
	unsigned page, last;

	for (page = 0; page < PAGES; page = last) {
		uint64_t end = PAGES * PAGE;
		const struct hc_mapped_range *range = hc_mapped_find(
		    &mapped, page * PAGE, &end);

		last = (unsigned)(end / PAGE);
		if (last <= page)
			return false;
		for (; page < last; page++) {
			char name[16];

			if (!range != !model[page].file)
				return false;
			if (!range)
				continue;
			snprintf(
			    name, sizeof(name), "/lib/%d", model[page].file);
			if (strcmp(mapped.file[range->file].name, name) != 0 ||
			    range->offset + (page * PAGE - range->from) !=
				model[page].offset)
				return false;
		}
	}
	return true;
}

static void
test_model(void)
{
	unsigned i, wrong = 0;

	for (i = 0; i < ROUNDS; i++) {
		unsigned from = (unsigned)rand() % (PAGES / 2);
		unsigned pages = 1 + (unsigned)rand() % (PAGES / 4);

		if (rand() % 8 == 0)
			move(from, pages / 2 + 1, PAGES * 3 / 4,
			    1 + pages % (PAGES / 4));
		else
			set(from, pages, rand() % FILES);
		wrong += !agrees();
	}
	is_int(wrong, 0, "%d random changes agree with the model", ROUNDS);
}

/* A full list loses names and no more. */
static void
test_full(void)
{
	struct hc_mapped_file file = file_of(1);
	unsigned i;
	uint64_t end;

	memset(&mapped, 0, sizeof(mapped));
	for (i = 0; i < 2 * HC_MAPPED_RANGES; i++)
		hc_mapped_set(
		    &mapped, 2 * i * PAGE, (2 * i + 1) * PAGE, &file, 0);
	is_int(mapped.ranges, HC_MAPPED_RANGES, "the list has a limit");
	end = UINT64_MAX;
	ok(hc_mapped_find(&mapped, 0, &end) && end == PAGE,
	    "what was there stays");
	end = UINT64_MAX;
	ok(!hc_mapped_find(&mapped, 2 * HC_MAPPED_RANGES * PAGE, &end),
	    "what came after it has no name");
	hc_mapped_set(&mapped, 0, UINT64_MAX, NULL, 0);
	is_int(mapped.ranges, 0, "all can be unmapped");
	hc_mapped_set(&mapped, 0, 8 * PAGE, &file, 0);
	for (i = 1; i < HC_MAPPED_RANGES; i++)
		hc_mapped_set(&mapped, (10 + 2 * i) * PAGE, (11 + 2 * i) * PAGE,
		    &file, 0);
	hc_mapped_set(&mapped, 3 * PAGE, 4 * PAGE, NULL, 0);
	end = UINT64_MAX;
	ok(hc_mapped_find(&mapped, 2 * PAGE, &end) && end == 3 * PAGE,
	    "a full list is cut below a hole");
	ok(!hc_mapped_find(&mapped, 3 * PAGE, &end), "in it");
	ok(!hc_mapped_find(&mapped, 4 * PAGE, &end),
	    "and loses the name above it");
}

static void
test_files(void)
{
	unsigned i;
	uint64_t end = UINT64_MAX;
	const struct hc_mapped_range *range;

	memset(&mapped, 0, sizeof(mapped));
	for (i = 0; i < HC_MAPPED_FILES + 1; i++) {
		struct hc_mapped_file file = file_of((int)i);

		hc_mapped_set(&mapped, i * PAGE, (i + 1) * PAGE, &file, 0);
	}
	ok(!hc_mapped_find(&mapped, HC_MAPPED_FILES * PAGE, &end),
	    "a file too many has no name");
	hc_mapped_set(&mapped, 5 * PAGE, 6 * PAGE, NULL, 0);
	hc_mapped_set(&mapped, 900 * PAGE, 901 * PAGE,
	    &(struct hc_mapped_file){ .name = "/new" }, 0);
	end = UINT64_MAX;
	range = hc_mapped_find(&mapped, 900 * PAGE, &end);
	ok(range && strcmp(mapped.file[range->file].name, "/new") == 0,
	    "the place of one that is unmapped is used again");
}

int
main(void)
{
	test_model();
	test_full();
	test_files();
	return done_testing();
}
