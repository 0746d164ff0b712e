/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The known word that a mistyped one is nearest to.  It must not know what the
 * words are for.
 */
#ifndef NEAREST_H
#define NEAREST_H

#define NEAREST_WORD 32 /* bytes of the longest known word, with its NUL */

/* A search: `best` is the answer so far, or NULL. */
struct nearest {
	const char *word;
	const char *best;
	unsigned least; /* a word at this distance or further is another one */
};

/* Search for `word`, which has to live as long as the search. */
void nearest_begin(struct nearest *nearest, const char *word);

/* Take a known word into account.  The first of several at one distance
 * wins. */
void nearest_add(struct nearest *nearest, const char *known);

#endif
