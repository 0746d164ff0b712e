/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder of instructions against objdump: the first instructions of some
 * large programs, and random ones.  Files in the arguments are compared whole.
 */
#include "objdump.h"

#include "tap.h"

#include <unistd.h>

#define LINES 150000UL /* per file: about a second */
#define SLOTS (3U * 3 * 8 * 4 * 256)

static const char *const files[] = { "/bin/bash", "/usr/bin/gdb",
	"/usr/bin/python3", "/lib/x86_64-linux-gnu/libc.so.6",
	"/lib/x86_64-linux-gnu/libcrypto.so.3" };

static void
test_file(const char *path, unsigned long lines)
{
	struct objdump_tally tally = { 0 };
	bool read = objdump_check_file(path, lines, &tally);

	ok(read && tally.differ == 0 && tally.operands > 0,
	    "%s: %lu instructions, %lu operands as objdump reads them", path,
	    tally.insns, tally.operands);
	printf("# %lu bad, %lu differ by design\n", tally.bad, tally.by_design);
}

/*
 * Random bytes, but the bytes that objdump_fill_slot() reads give each opcode
 * with each prefix in each map in turn: legacy, VEX and EVEX.
 */
static void
next_seed(uint8_t *seed, unsigned i, uint64_t *state)
{
	static const uint8_t classes[] = { 0, 3, 5 };
	static const uint8_t prefixes[] = { 0xff, 0, 2, 1 };
	unsigned pp = i >> 8 & 3, map = i >> 10 & 7;

	objdump_next_seed(seed, state);
	seed[0] = (uint8_t)(classes[i / (8 * 4 * 256) % 3] | (map & 3) << 4);
	seed[1] = seed[0] & 7 ? seed[1] : prefixes[pp];
	seed[2] = seed[0] & 7 ? (uint8_t)map : 0xff;
	seed[3] = (uint8_t)((seed[3] & ~3U) | pp);
	seed[6] = (uint8_t)i;
}

static void
test_random(void)
{
	static uint8_t slots[SLOTS * OBJDUMP_SLOT];
	struct objdump_tally tally = { 0 };
	uint64_t state = UINT64_C(88172645463325252);
	uint8_t seed[OBJDUMP_SEED];
	unsigned i;
	bool read;

	for (i = 0; i < SLOTS; i++) {
		next_seed(seed, i, &state);
		objdump_fill_slot(slots + i * OBJDUMP_SLOT, seed);
	}
	read = objdump_check_slots(slots, sizeof(slots), &tally);
	ok(read && tally.differ == 0 && tally.insns > SLOTS / 8,
	    "%u random encodings, %lu of them instructions, as objdump reads "
	    "them",
	    SLOTS, tally.insns);
	printf("# %lu bad, of which we take %lu; %lu differ by design\n",
	    tally.bad, tally.lenient, tally.by_design);
}

int
main(int argc, char **argv)
{
	size_t i;

	if (!objdump_exists())
		skip_all("no objdump for x86-64");
	for (i = 1; i < (size_t)argc; i++)
		test_file(argv[i], -1UL);
	if (argc > 1)
		return done_testing();
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (access(files[i], R_OK) == 0)
			test_file(files[i], LINES);
	test_random();
	return done_testing();
}
