/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nearest word by its edit distance.  Pure: nothing here may know what the
 * words are for.
 */
#include "nearest.h"

#include <string.h>

static char
lower_case(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* The Levenshtein distance of `a` and `b`, without regard to case; `b` has less
 * than NEAREST_WORD bytes. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[NEAREST_WORD];
	size_t n = strlen(b), j;

	for (j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (; *a; a++) {
		unsigned diagonal = row[0]++;

		for (j = 1; j <= n; j++) {
			unsigned change = diagonal + (lower_case(*a) !=
							 lower_case(b[j - 1]));

			diagonal = row[j];
			row[j] = row[j] < row[j - 1] ? row[j] : row[j - 1];
			row[j] = row[j] + 1 < change ? row[j] + 1 : change;
		}
	}
	return row[n];
}

void
nearest_begin(struct nearest *nearest, const char *word)
{
	*nearest = (struct nearest){
		.word = word,
		.least = strlen(word) < 4 ? 2 : 3,
	};
}

void
nearest_add(struct nearest *nearest, const char *known)
{
	unsigned d;

	if (strlen(known) >= NEAREST_WORD)
		return;
	d = distance(nearest->word, known);
	if (d < nearest->least) {
		nearest->least = d;
		nearest->best = known;
	}
}
