/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops that memory dumps spend their time in, many bytes at a time.  It
 * must not know packets; it is freestanding.
 */
#ifndef GDB_BULK_H
#define GDB_BULK_H

#include <stddef.h>
#include <stdint.h>

/* The bytes with a meaning in packets (GDB manual, "Overview"). */
#define CHAR_START      '$'
#define CHAR_END        '#'
#define CHAR_NOTICE     '%' /* begins a notification */
#define CHAR_ESCAPE     '}'
#define CHAR_REPEAT     '*'
#define CHAR_ESCAPE_XOR 0x20

/* The shortest run that is found, in bytes. */
#define BULK_RUN 16

/*
 * Write two hex digits per byte.  dst[2n] may overlap src[n] if it begins at
 * least n bytes before src.
 */
void bulk_digits(uint8_t *dst, const uint8_t *src, size_t n);

/*
 * Move bytes to dst <= src in steps of 16, up to a step whose 16 bytes are
 * equal, or until fewer than 16 are left.  Returns how many were moved; their
 * sum is added to *sum.
 */
size_t bulk_move(uint8_t *dst, const uint8_t *src, size_t n, unsigned *sum);

/*
 * Copy bytes to dst[room], special ones as CHAR_ESCAPE and the byte with
 * CHAR_ESCAPE_XOR, while enough bytes and room are left for whole vectors.
 * Returns how many bytes were taken; *made is how many were written.  dst may
 * overlap src as with bulk_digits().
 */
size_t bulk_escape(
    uint8_t *dst, size_t room, const uint8_t *src, size_t n, size_t *made);

#endif
