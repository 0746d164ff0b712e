/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bounded reader of untrusted little-endian bytes.  It must not know what the
 * bytes mean.
 *
 * A failure persists: a read past the end, or of a number that does not fit,
 * sets `failed`, empties the cursor and returns 0 or "".  So a parser may read
 * a whole record and check once, and every loop that reads at least one byte
 * per turn and stops at `failed` ends.
 *
 * A cursor is a plain value: a copy is a bookmark.  The bytes belong to the
 * caller and outlive it.
 */
#ifndef IMAGE_CURSOR_H
#define IMAGE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *at; /* the next byte */
	size_t left;       /* bytes from `at` to the bound */
	bool failed;
};

/* A cursor over size bytes; bytes may be NULL if size is 0. */
struct cursor cursor_over(const uint8_t *bytes, size_t size);

/* Fail because the caller found that what was read cannot be right. */
void cursor_fail(struct cursor *c);

/*
 * Consume n bytes and return the first; NULL on failure.  Every other read
 * goes through here: this is the one range check.
 */
const uint8_t *cursor_take(struct cursor *c, uint64_t n);

/* Consume n bytes and return a cursor over them, a failed one on failure. */
struct cursor cursor_slice(struct cursor *c, uint64_t n);

/* Read an unsigned number of 1 to 8 bytes; another size is a failure. */
uint64_t cursor_uint(struct cursor *c, size_t size);

static inline uint8_t
cursor_u8(struct cursor *c)
{
	return (uint8_t)cursor_uint(c, 1);
}

static inline uint16_t
cursor_u16(struct cursor *c)
{
	return (uint16_t)cursor_uint(c, 2);
}

/*
 * Read a LEB128 number (DWARF 5, 7.6).  Padding of any length is accepted; a
 * value that does not fit 64 bits is a failure.
 */
uint64_t cursor_uleb(struct cursor *c);
int64_t cursor_sleb(struct cursor *c);

/*
 * Read a string and its NUL, which must come before the bound.  Never NULL; ""
 * on failure.
 */
const char *cursor_string(struct cursor *c);

#endif
