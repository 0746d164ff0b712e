/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which places of a table are taken.  The lowest free one is found without a
 * look at those below it, also if all of these are taken.  It must not know
 * what is in the table; the caller has its lock.
 */
#ifndef HC_PLACES_H
#define HC_PLACES_H

#include <stdint.h>

#define HC_PLACES     (17U * 4096) /* in the largest table, at least */
#define HC_PLACE_WORD 64U

struct hc_places {
	uint64_t full[HC_PLACES / HC_PLACE_WORD / HC_PLACE_WORD];
	uint64_t taken[HC_PLACES / HC_PLACE_WORD]; /* a bit in `full` for each
						    * word of ones here */
};

/* The lowest free or taken place of [from, end), or `end`. */
unsigned
hc_place_free(const struct hc_places *places, unsigned from, unsigned end);
unsigned
hc_place_taken(const struct hc_places *places, unsigned from, unsigned end);

void hc_place_take(struct hc_places *places, unsigned place);
void hc_place_give(struct hc_places *places, unsigned place);

#endif
