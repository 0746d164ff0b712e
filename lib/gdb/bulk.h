/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops that a memory dump spends its time in, many bytes at a time.  It
 * must not know packets; it is freestanding.
 */
#ifndef GDB_BULK_H
#define GDB_BULK_H

#include <stddef.h>
#include <stdint.h>

/* What packets have a meaning for (GDB manual, "Overview"). */
#define RSP_START      '$'
#define RSP_END        '#'
#define RSP_ESCAPED    '}'
#define RSP_REPEATED   '*'
#define RSP_ESCAPE_XOR 0x20

/* Each run that is found has at least so many bytes. */
#define BULK_RUN 16

/*
 * Two hex digits for each byte.  dst may lie before src, as far as there are
 * bytes left, and nowhere else in reach of it.
 */
void bulk_digits(uint8_t *dst, const uint8_t *src, size_t n);

/*
 * Move bytes to dst <= src, up to the first of the places 0, 16, 32 ... from
 * where on 16 bytes are the same, or to the end, but for less than 16.  How
 * many were moved; their sum is added to *sum.
 */
size_t bulk_move(uint8_t *dst, const uint8_t *src, size_t n, unsigned *sum);

/*
 * Copy bytes to dst[room], special ones as RSP_ESCAPED and themselves changed,
 * as long as many are left and there is much room: how many, and how many that
 * made.  dst may lie before src as with bulk_digits().
 */
size_t bulk_escape(
    uint8_t *dst, size_t room, const uint8_t *src, size_t n, size_t *made);

#endif
