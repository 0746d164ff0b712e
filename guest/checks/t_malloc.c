/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests dynamic memory: blocks are aligned, do not overlap anything else, keep
 * their contents, and are used again after they are freed.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tap.h>
#include <unistd.h>

#define SLOTS  64
#define ROUNDS 20000

static uint32_t random_state = 1;

/* The numbers are the same each time (Numerical Recipes, 7.1). */
static uint32_t
random_number(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state >> 8;
}

static bool
filled(const unsigned char *memory, size_t n, unsigned char byte)
{
	while (n > 0 && memory[n - 1] == byte)
		n--;
	return n == 0;
}

static void
test_single(void)
{
	size_t size;
	bool aligned = true;
	void *memory;

	for (size = 0; size <= 300; size++) {
		memory = malloc(size);
		aligned = aligned && memory != NULL &&
			  (uintptr_t)memory % 16 == 0;
		free(memory);
	}
	ok(aligned, "malloc of 0 to 300 bytes is aligned to 16");
	free(NULL);
	ok(true, "free takes a null pointer");
	errno = 0;
	ok(malloc(SIZE_MAX) == NULL && errno == ENOMEM,
	    "malloc of all there could be fails with ENOMEM");
	ok(malloc(PTRDIFF_MAX) == NULL, "so does malloc of half of it");
	errno = 0;
	ok(calloc(SIZE_MAX / 2, 3) == NULL && errno == ENOMEM,
	    "calloc sees that the product overflows");
}

static void
test_calloc(void)
{
	unsigned char *dirty = malloc(5000);
	unsigned char *clean;

	memset(dirty, 0xff, 5000);
	free(dirty);
	clean = calloc(50, 100);
	ok(filled(clean, 5000, 0), "calloc clears memory that was used");
	free(clean);
}

static void
test_realloc(void)
{
	unsigned char *memory = realloc(NULL, 100);
	unsigned char *other;

	ok(memory != NULL, "realloc of a null pointer is malloc");
	memset(memory, 0x5a, 100);
	other = malloc(100);
	memory = realloc(memory, 100000);
	ok(filled(memory, 100, 0x5a), "realloc keeps the contents it moves");
	memory = realloc(memory, 50);
	ok(filled(memory, 50, 0x5a), "realloc keeps the contents it cuts");
	ok(realloc(memory, SIZE_MAX) == NULL && filled(memory, 50, 0x5a),
	    "and leaves everything as it was if there is no room");
	free(other);
	free(memory);
}

static void
test_aligned(void)
{
	size_t alignment;
	bool right = true;

	for (alignment = 1; alignment <= 65536; alignment *= 2) {
		unsigned char *a = aligned_alloc(alignment, 100);
		unsigned char *b = aligned_alloc(alignment, 100);

		right = right && a != NULL && b != NULL && a != b &&
			(uintptr_t)a % alignment == 0 &&
			(uintptr_t)b % alignment == 0;
		memset(a, 1, 100);
		memset(b, 2, 100);
		right = right && filled(a, 100, 1);
		free(a);
		free(b);
	}
	ok(right, "aligned_alloc aligns to every power of 2 up to 64 KiB");
	ok(aligned_alloc(24, 100) == NULL, "and refuses what is none");
}

static void
test_random(void)
{
	static unsigned char *memory[SLOTS];
	static size_t size[SLOTS];
	bool intact = true;
	size_t i, n;

	for (i = 0; i < ROUNDS; i++) {
		n = random_number() % SLOTS;
		intact = intact && filled(memory[n], size[n], (unsigned char)n);
		size[n] = random_number() % 3000;
		if (i % 3 == 0) {
			free(memory[n]);
			memory[n] = malloc(size[n]);
		} else {
			memory[n] = realloc(memory[n], size[n]);
		}
		memset(memory[n], (int)n, size[n]);
	}
	for (n = 0; n < SLOTS; n++)
		free(memory[n]);
	ok(intact, "after %d random changes no block touched another", ROUNDS);
}

/* Runs last: the heap is then one free block, if all blocks were joined. */
static void
test_joined(void)
{
	char *end = sbrk(0);
	char *blocks[100];
	size_t i;

	for (i = 0; i < 100; i++)
		blocks[i] = malloc(500);
	for (i = 0; i < 100; i += 2)
		free(blocks[i]);
	for (i = 1; i < 100; i += 2)
		free(blocks[i]);
	free(malloc(100 * 500));
	ok(sbrk(0) == end, "free blocks join, so the heap need not grow");
}

int
main(void)
{
	test_single();
	test_calloc();
	test_realloc();
	test_aligned();
	test_random();
	test_joined();
	return tap_done();
}
