/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The format of a recording: blocks, and the records in them.  doc/record.md is
 * the contract.  This folder must not know guests, machines or files: bytes in,
 * bytes out.
 *
 * The records are one stream of bytes, cut into blocks.  All blocks but the
 * last are full.  Integers of a block's head are little-endian.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_MAGIC   "NvRc"
#define RECORD_VERSION 6
#define RECORD_BLOCK   65536U /* bytes of a block, with its head */
#define RECORD_VARINT  10U    /* bytes of a number, at most */
#define RECORD_ARGS    7U     /* arguments of a hypercall, at most */
#define RECORD_INFO    128U   /* bytes of a signal's siginfo_t */
#define RECORD_NONE    UINT32_MAX

struct record_head {
	char magic[4];
	uint16_t version;
	uint16_t zero;
	uint32_t number; /* of this block, from 0 */
	uint32_t used;   /* bytes of the stream in it */
	uint64_t before; /* records that begin in earlier blocks */
	uint32_t first;  /* where the first record begins, or RECORD_NONE */
	uint32_t crc;    /* of head and stream, with 0 here */
	/* The hash of the same with 0 here and in `crc`; its seed is this field
	 * of the block before: so a block belongs in one place of one
	 * recording. */
	uint64_t chain;
};

#define RECORD_ROOM (RECORD_BLOCK - (uint32_t)sizeof(struct record_head))

_Static_assert(sizeof(struct record_head) == 40, "a head has no padding");

enum record_kind {
#define KIND(number, name, text) RECORD_##name = (number),
#include "record/kinds.def"
#undef KIND
};

/* The text of a kind, for messages. */
const char *record_kind_text(unsigned kind);

/* CRC-32 (IEEE 802.3), continued from `crc`, which is 0 at first. */
uint32_t record_crc(uint32_t crc, const void *bytes, size_t len);

/* XXH64, as its specification says. */
uint64_t record_hash(const void *bytes, size_t len, uint64_t seed);

/* Set the two sums of a block, or compare them: `chain` is that of the block
 * before, and 0 for the first. */
void record_seal(uint8_t block[RECORD_BLOCK], uint64_t chain);
bool record_is_sealed(const uint8_t block[RECORD_BLOCK], uint64_t chain);

#endif
