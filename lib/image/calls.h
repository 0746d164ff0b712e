/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls that machine code seems to make.  This is a hint: a number
 * may be computed, and bytes that look like code need not be code.  Pure.
 */
#ifndef IMAGE_CALLS_H
#define IMAGE_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_CALLS 512U /* all numbers are below this */

struct image_calls {
	uint64_t bits[IMAGE_CALLS / 64];
	unsigned sites; /* instructions that make a call */
	unsigned blind; /* those whose number was not found */
};

/* Code may be added in pieces, each with this many bytes of the one before it,
 * in which a number may be loaded. */
#define IMAGE_CALLS_BEFORE 64U

/* Add the calls of `size` bytes of code, of which the first `before` were added
 * as the end of another piece. */
void image_calls_add(
    struct image_calls *calls, const uint8_t *code, size_t size, size_t before);

static inline bool
image_calls_has(const struct image_calls *calls, uint32_t number)
{
	return number < IMAGE_CALLS &&
	       (calls->bits[number / 64] >> number % 64 & 1);
}

#endif
