/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the names of separate debug files, in ELF files made to order: good
 * ones, names that could lead elsewhere, and random bytes.
 */
#include "elfbuild.h"
#include "tap.h"

#include "image/debuglink.h"

#include <stdlib.h>

#define MUTATIONS 30000

static struct elfbuild built;
static struct debuglink found;

/* A file with these bytes as its link and its note. */
static void
build(const void *link, size_t link_size, const void *note, size_t note_size)
{
	elfbuild_begin(&built);
	elfbuild_section(
	    &built, ".gnu_debuglink", SHT_PROGBITS, link, link_size);
	elfbuild_section(
	    &built, ".note.gnu.build-id", SHT_NOTE, note, note_size);
	debuglink_find(elfbuild_file(&built), built.size, &found);
}

static void
links(const char *name, const char *wanted)
{
	build(name, strlen(name) + 1, NULL, 0);
	is_str(found.name, wanted, "the link \"%.20s\" is %s", name,
	    *wanted ? "taken" : "left out");
	is_str(found.id, "", "without a build id");
}

static void
test_names(void)
{
	char name[DEBUGLINK_NAME + 1];

	links("prog.debug", "prog.debug");
	links("..debug", "..debug");
	links("", "");
	links(".", "");
	links("..", "");
	links("/etc/passwd", "");
	links("../secret", "");
	links("a/b", "");
	memset(name, 'n', sizeof(name));
	name[DEBUGLINK_NAME] = '\0';
	links(name, "");
	name[DEBUGLINK_NAME - 1] = '\0';
	links(name, name);
	build("endless", 7, NULL, 0);
	is_str(found.name, "", "a link without an end is left out");
}

/* A note of `len` bytes. */
static void
notes(uint32_t owner, uint32_t len, uint32_t type, const char *wanted)
{
	uint8_t note[128] = { 0 };
	unsigned i;

	memcpy(note, &owner, 4);
	memcpy(note + 4, &len, 4);
	memcpy(note + 8, &type, 4);
	memcpy(note + 12, "GNU", 4);
	for (i = 16; i < sizeof(note); i++)
		note[i] = (uint8_t)(0xab + i - 16);
	build(NULL, 0, note, sizeof(note));
	is_str(found.id, wanted, "a build id of %u bytes, type %u, is %s", len,
	    type, *wanted ? "taken" : "left out");
}

static void
test_ids(void)
{
	notes(4, 4, 3, "ab/acadae.debug");
	notes(4, 2, 3, "ab/ac.debug");
	notes(4, 1, 3, "");
	notes(4, 65, 3, "");
	notes(4, 113, 3, "");
	notes(4, UINT32_MAX, 3, "");
	notes(4, 4, 1, "");
	notes(5, 4, 3, "");
	notes(UINT32_MAX, 4, 3, "");
}

/* Whatever the bytes are, a name has an end and no slash of its own. */
static bool
is_sound(void)
{
	const char *slash = memchr(found.id, '/', DEBUGLINK_NAME);

	return memchr(found.name, '\0', DEBUGLINK_NAME) &&
	       !strchr(found.name, '/') &&
	       memchr(found.id, '\0', DEBUGLINK_NAME) &&
	       (!found.id[0] ||
		   (slash == found.id + 2 && !strchr(slash + 1, '/')));
}

static void
test_random(void)
{
	uint8_t *copy = malloc(sizeof(built));
	unsigned i, k, broken = 0, some = 0;

	notes(4, 20, 3, "ab/acadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbe.debug");
	if (!copy)
		bail("no memory");
	for (i = 0; i < MUTATIONS; i++) {
		size_t size = built.size;

		memcpy(copy, &built, size);
		for (k = 1 + (unsigned)rand() % 4; k > 0; k--)
			copy[(size_t)rand() % size] ^= (uint8_t)(1
								 << rand() % 8);
		if (rand() % 4 == 0)
			size = (size_t)rand() % size;
		debuglink_find(copy, size, &found);
		broken += !is_sound();
		some += found.id[0] != '\0';
	}
	free(copy);
	is_int(broken, 0, "no flipped bits make a name that leads elsewhere");
	ok(some > MUTATIONS / 10, "%u are found", some);
}

int
main(void)
{
	test_names();
	test_ids();
	test_random();
	return done_testing();
}
