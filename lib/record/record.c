/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums over bytes and over blocks.  Nothing here may know what the bytes mean.
 */
#include "record/record.h"

#include <string.h>

const char *
record_kind_text(unsigned kind)
{
	switch (kind) {
#define KIND(number, name, text) \
	case number:             \
		return text;
#include "record/kinds.def"
#undef KIND
	default: return "a record of an unknown kind";
	}
}

/* The sum of byte i is that of its bits; a to h are those of bits 0 to 7. */
#define ENTRY(i, a, b, c, d, e, f, g, h)                                  \
	((i)&1 ? (a) : 0) ^ ((i)&2 ? (b) : 0) ^ ((i)&4 ? (c) : 0) ^       \
	    ((i)&8 ? (d) : 0) ^ ((i)&16 ? (e) : 0) ^ ((i)&32 ? (f) : 0) ^ \
	    ((i)&64 ? (g) : 0) ^ ((i)&128 ? (h) : 0)
#define ENTRIES_4(i, ...)                                   \
	ENTRY(i, __VA_ARGS__), ENTRY((i) + 1, __VA_ARGS__), \
	    ENTRY((i) + 2, __VA_ARGS__), ENTRY((i) + 3, __VA_ARGS__)
#define ENTRIES_16(i, ...)                                          \
	ENTRIES_4(i, __VA_ARGS__), ENTRIES_4((i) + 4, __VA_ARGS__), \
	    ENTRIES_4((i) + 8, __VA_ARGS__), ENTRIES_4((i) + 12, __VA_ARGS__)
#define ENTRIES_64(i, ...)                                             \
	ENTRIES_16(i, __VA_ARGS__), ENTRIES_16((i) + 16, __VA_ARGS__), \
	    ENTRIES_16((i) + 32, __VA_ARGS__),                         \
	    ENTRIES_16((i) + 48, __VA_ARGS__)
#define TABLE(...)                                                             \
	{                                                                      \
		ENTRIES_64(0, __VA_ARGS__), ENTRIES_64(64, __VA_ARGS__),       \
		    ENTRIES_64(128, __VA_ARGS__), ENTRIES_64(192, __VA_ARGS__) \
	}

/* Four bytes at a time: table k is that of a byte with k bytes after it. */
uint32_t
record_crc(uint32_t crc, const void *bytes, size_t len)
{
	static const uint32_t table[4][256] = {
		TABLE(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832,
		    0x1db71064, 0x3b6e20c8, 0x76dc4190, 0xedb88320),
		TABLE(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08,
		    0x4ac21251, 0x958424a2, 0xf0794f05, 0x3b83984b),
		TABLE(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8,
		    0x1c26a370, 0x384d46e0, 0x709a8dc0, 0xe1351b80),
		TABLE(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef,
		    0x5019579f, 0xa032af3e, 0x9b14583d, 0xed59b63b),
	};
	const uint8_t *p = bytes;
	uint32_t word;

	crc = ~crc;
	for (; len >= 4; len -= 4, p += 4) {
		memcpy(&word, p, 4);
		crc ^= word;
		crc = table[3][crc & 255] ^ table[2][crc >> 8 & 255] ^
		      table[1][crc >> 16 & 255] ^ table[0][crc >> 24];
	}
	for (; len > 0; len--, p++)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 255];
	return ~crc;
}

#define PRIME_1 UINT64_C(0x9e3779b185ebca87)
#define PRIME_2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define PRIME_3 UINT64_C(0x165667b19e3779f9)
#define PRIME_4 UINT64_C(0x85ebca77c2b2ae63)
#define PRIME_5 UINT64_C(0x27d4eb2f165667c5)

static uint64_t
rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static uint64_t
load(const uint8_t *p, size_t n)
{
	uint64_t x = 0;

	memcpy(&x, p, n);
	return x;
}

static uint64_t
mix(uint64_t sum, uint64_t word)
{
	return rotate(sum + word * PRIME_2, 31) * PRIME_1;
}

/* Four sums over stripes of 32 bytes, joined. */
static uint64_t
hash_stripes(const uint8_t *p, size_t stripes, uint64_t seed)
{
	uint64_t sum[4] = { seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed,
		seed - PRIME_1 };
	uint64_t h;
	unsigned i;

	for (; stripes > 0; stripes--, p += 32)
		for (i = 0; i < 4; i++)
			sum[i] = mix(sum[i], load(p + 8 * i, 8));
	h = rotate(sum[0], 1) + rotate(sum[1], 7) + rotate(sum[2], 12) +
	    rotate(sum[3], 18);
	for (i = 0; i < 4; i++)
		h = (h ^ mix(0, sum[i])) * PRIME_1 + PRIME_4;
	return h;
}

uint64_t
record_hash(const void *bytes, size_t len, uint64_t seed)
{
	const uint8_t *p = bytes;
	const uint8_t *end = p + len;
	uint64_t h = len < 32 ? seed + PRIME_5
			      : hash_stripes(p, len / 32, seed);

	h += len;
	for (p += len / 32 * 32; end - p >= 8; p += 8)
		h = rotate(h ^ mix(0, load(p, 8)), 27) * PRIME_1 + PRIME_4;
	if (end - p >= 4) {
		h = rotate(h ^ load(p, 4) * PRIME_1, 23) * PRIME_2 + PRIME_3;
		p += 4;
	}
	for (; p < end; p++)
		h = rotate(h ^ *p * PRIME_5, 11) * PRIME_1;
	h = (h ^ h >> 33) * PRIME_2;
	h = (h ^ h >> 29) * PRIME_3;
	return h ^ h >> 32;
}

/* The sums that belong into the head: of the head without them, and of the
 * stream. */
static void
sum_block(const uint8_t *block, uint64_t chain, struct record_head *head)
{
	const uint8_t *stream = block + sizeof(*head);

	memcpy(head, block, sizeof(*head));
	head->crc = 0;
	head->chain = 0;
	chain = record_hash(head, sizeof(*head), chain);
	head->chain = record_hash(stream, head->used, chain);
	head->crc = record_crc(
	    record_crc(0, head, sizeof(*head)), stream, head->used);
}

void
record_seal(uint8_t block[RECORD_BLOCK], uint64_t chain)
{
	struct record_head head;

	sum_block(block, chain, &head);
	memcpy(block, &head, sizeof(head));
}

bool
record_is_sealed(const uint8_t block[RECORD_BLOCK], uint64_t chain)
{
	struct record_head head;

	sum_block(block, chain, &head);
	return memcmp(block, &head, sizeof(head)) == 0;
}
