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

uint32_t
record_crc(uint32_t crc, const void *bytes, size_t len)
{
	/* Four bits at a time: a table that is written here. */
	static const uint32_t table[16] = { 0x00000000, 0x1db71064, 0x3b6e20c8,
		0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0,
		0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };
	const uint8_t *p = bytes;

	for (crc = ~crc; len > 0; len--, p++) {
		crc = crc >> 4 ^ table[(crc ^ *p) & 15];
		crc = crc >> 4 ^ table[(crc ^ *p >> 4) & 15];
	}
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
