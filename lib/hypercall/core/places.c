/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two levels of bits.  Nothing here may know what is in the table.
 */
#include "hypercall/core/places.h"

#define WORD HC_PLACE_WORD

/* The lowest bit that is set from `from` on in the words that `words` has below
 * bit `end`, each of them turned over by `flip`; or `end`. */
static unsigned
find_bit(const uint64_t *words, uint64_t flip, unsigned from, unsigned end)
{
	unsigned at = from / WORD;
	uint64_t left;

	if (from >= end)
		return end;
	left = (words[at] ^ flip) & ~UINT64_C(0) << from % WORD;
	while (left == 0) {
		if (++at * WORD >= end)
			return end;
		left = words[at] ^ flip;
	}
	from = at * WORD + (unsigned)__builtin_ctzll(left);
	return from < end ? from : end;
}

unsigned
hc_place_free(const struct hc_places *places, unsigned from, unsigned end)
{
	const unsigned words = (end + WORD - 1) / WORD;
	unsigned word = from / WORD;
	unsigned here;

	if (from >= end)
		return end;
	here = (word + 1) * WORD < end ? (word + 1) * WORD : end;
	from = find_bit(places->taken, ~UINT64_C(0), from, here);
	if (from < here || here == end)
		return from;
	word = find_bit(places->full, ~UINT64_C(0), word + 1, words);
	return word < words
		   ? find_bit(places->taken, ~UINT64_C(0), word * WORD, end)
		   : end;
}

unsigned
hc_place_taken(const struct hc_places *places, unsigned from, unsigned end)
{
	return find_bit(places->taken, 0, from, end);
}

void
hc_place_take(struct hc_places *places, unsigned place)
{
	const unsigned word = place / WORD;

	places->taken[word] |= UINT64_C(1) << place % WORD;
	if (places->taken[word] == ~UINT64_C(0))
		places->full[word / WORD] |= UINT64_C(1) << word % WORD;
}

void
hc_place_give(struct hc_places *places, unsigned place)
{
	const unsigned word = place / WORD;

	places->taken[word] &= ~(UINT64_C(1) << place % WORD);
	places->full[word / WORD] &= ~(UINT64_C(1) << word % WORD);
}
