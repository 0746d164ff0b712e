/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets that examine much memory here, which saves sending it to the
 * debugger (GDB manual, "General Query Packets": qCRC and qSearch:memory).
 * It must know the machine only through target.h.
 */
#include "gdb/packet.h"

#include <errno.h>
#include <string.h>

/* The most bytes for one packet: GDB waits two seconds for a reply. */
#define RANGE_MAX (UINT64_C(256) << 20)

/* The CRC's polynomial, whose highest bit comes first, and its first value. */
#define CRC_POLYNOMIAL 0x04c11db7u
#define CRC_START      UINT32_MAX

/* A range of a thread's memory, which is read piece by piece. */
struct range {
	struct stub *stub;
	int tid;
	uint64_t addr, left;
};

/* The range that args name: 0 or -errno. */
static int
open_range(struct range *range, struct stub *stub, const struct args *args)
{
	range->stub = stub;
	range->addr = args->num[0];
	range->left = args->num[1];
	if (range->left > 0 && range->left - 1 > UINT64_MAX - range->addr)
		return -EINVAL;
	return stub_thread(stub, args->thread, &range->tid);
}

/* Read the next piece, of 1 to `size` bytes: how many, or -errno. */
static int64_t
read_piece(struct range *range, void *buf, size_t size)
{
	size_t n = range->left < size ? (size_t)range->left : size;
	int64_t got = range->stub->ops->read_mem(
	    range->stub->ctx, range->tid, range->addr, buf, n);

	if (got <= 0)
		return got < 0 ? got : -EFAULT;
	range->addr += (uint64_t)got;
	range->left -= (uint64_t)got;
	return got;
}

static void
make_crc_table(uint32_t table[256])
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte << 24;

		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 31 ? crc << 1 ^ CRC_POLYNOMIAL : crc << 1;
		table[byte] = crc;
	}
}

int
packet_crc(struct stub *stub, const struct args *args)
{
	uint32_t table[256];
	uint32_t crc = CRC_START;
	struct range range;
	int64_t n;
	int error = open_range(&range, stub, args);

	if (error == 0 && range.left > RANGE_MAX)
		error = -E2BIG;
	if (error != 0)
		return error;
	make_crc_table(table);
	while (range.left > 0) {
		n = read_piece(&range, stub->text, sizeof(stub->text));
		if (n < 0)
			return (int)n;
		for (int64_t i = 0; i < n; i++)
			crc = crc << 8 ^
			      table[crc >> 24 ^ (uint8_t)stub->text[i]];
	}
	return reply_done(
	    reply_text(args->reply, "C") && reply_number(args->reply, crc));
}

/*
 * Search a range for bytes: 1 and the address, 0, or -errno.  stub->text holds
 * the piece that is searched; before it the end of the last one, where a match
 * may have begun.
 */
static int
search(struct range *range, const uint8_t *bytes, size_t n, uint64_t *found)
{
	char *text = range->stub->text;
	size_t kept = 0;

	while (range->left > 0) {
		int64_t got = read_piece(
		    range, text + kept, sizeof(range->stub->text) - kept);
		const char *match;
		size_t have;

		if (got < 0)
			return (int)got;
		have = kept + (size_t)got;
		match = memmem(text, have, bytes, n);
		if (match) {
			*found = range->addr - have + (uint64_t)(match - text);
			return 1;
		}
		kept = have < n - 1 ? have : n - 1;
		memmove(text, text + have - kept, kept);
	}
	return 0;
}

int
packet_search(struct stub *stub, const struct args *args)
{
	struct range range;
	uint64_t found = 0;
	bool cut;
	int r = open_range(&range, stub, args);

	if (r != 0)
		return r;
	if (args->len == 0)
		return -EINVAL;
	if (args->len > sizeof(stub->text) / 2)
		return -E2BIG;
	cut = range.left > RANGE_MAX;
	if (cut)
		range.left = RANGE_MAX;
	r = search(&range, args->bytes, args->len, &found);
	if (r < 0)
		return r;
	if (r > 0)
		return reply_done(reply_text(args->reply, "1,") &&
				  reply_number(args->reply, found));
	return cut ? -E2BIG : reply_done(reply_text(args->reply, "0"));
}
