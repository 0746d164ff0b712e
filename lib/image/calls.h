/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls that machine code seems to make: a hint, for a number may
 * be computed, and bytes that look like code need not be any.  Pure.
 */
#ifndef IMAGE_CALLS_H
#define IMAGE_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_CALLS 512U /* numbers end below */

struct image_calls {
	uint64_t bits[IMAGE_CALLS / 64];
	unsigned sites; /* instructions that make a call */
	unsigned blind; /* those whose number is not in sight */
};

/* Add what `size` bytes of code show. */
void
image_calls_add(struct image_calls *calls, const uint8_t *code, size_t size);

static inline bool
image_calls_has(const struct image_calls *calls, uint32_t number)
{
	return number < IMAGE_CALLS &&
	       (calls->bits[number / 64] >> number % 64 & 1);
}

#endif
