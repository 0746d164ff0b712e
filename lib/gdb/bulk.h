/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops that memory dumps spend their time in, many bytes at a time.  It
 * must not know packets; it is freestanding.
 */
#ifndef GDB_BULK_H
#define GDB_BULK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes with a meaning in packets (GDB manual, "Overview"). */
#define CHAR_START      '$'
#define CHAR_END        '#'
#define CHAR_NOTICE     '%' /* begins a notification */
#define CHAR_ESCAPE     '}'
#define CHAR_REPEAT     '*'
#define CHAR_ESCAPE_XOR 0x20

/* The shortest run that is found, in bytes of the packet. */
#define BULK_RUN 16

/* Whether a byte of binary data is written as CHAR_ESCAPE and the byte with
 * CHAR_ESCAPE_XOR. */
static inline bool
bulk_is_special(uint8_t c)
{
	return c == CHAR_END || c == CHAR_START || c == CHAR_ESCAPE ||
	       c == CHAR_REPEAT;
}

/*
 * Write two hex digits per byte, up to BULK_RUN / 2 bytes that have one digit
 * alone; returns how many bytes were taken.  dst[2n] may overlap src[n] if it
 * begins at least n bytes before src.
 */
size_t bulk_digits(uint8_t *dst, const uint8_t *src, size_t n);

/*
 * Copy bytes to dst[room], special ones escaped, while enough bytes and room
 * are left for whole vectors, and up to BULK_RUN equal ones that need no
 * escape.  Those are found at multiples of BULK_RUN.  Returns how many bytes
 * were taken; *made is how many were written.  dst may overlap src as with
 * bulk_digits().
 */
size_t bulk_escape(
    uint8_t *dst, size_t room, const uint8_t *src, size_t n, size_t *made);

/* How many bytes at the start of s[n] equal s[0]; n > 0. */
size_t bulk_same(const uint8_t *s, size_t n);

/* The sum of all bytes, of which the low 8 bits count. */
unsigned bulk_sum(const uint8_t *src, size_t n);

#endif
