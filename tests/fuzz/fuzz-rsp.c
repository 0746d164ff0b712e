/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the packet codec: any bytes, whole and byte by byte, lead to the same
 * events, and a codec decodes another codec's frames.
 */
#include "gdb/rsp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rsp rsp;
static struct reply reply;

static uint64_t
mix(uint64_t hash, const void *p, size_t n)
{
	const uint8_t *bytes = p;

	while (n-- > 0)
		hash = (hash ^ *bytes++) * 0x100000001b3u;
	return hash;
}

/* A hash of all events and output. */
static uint64_t
feed(const uint8_t *data, size_t size, size_t piece, bool noack)
{
	uint64_t hash = 0xcbf29ce484222325u;
	size_t used;
	size_t n;

	rsp_init(&rsp);
	rsp.noack = noack;
	while (size > 0) {
		enum rsp_event event = rsp_feed(
		    &rsp, data, size < piece ? size : piece, &used);
		const uint8_t *out = rsp_output(&rsp, &n);

		if (used == 0 || rsp.len > RSP_PACKET_MAX)
			abort();
		if (event != RSP_NONE)
			hash = mix(hash, &event, sizeof(event));
		if (event == RSP_PACKET)
			hash = mix(hash, rsp.packet, rsp.len + 1);
		if (n > 0) {
			hash = mix(hash, out, n);
			rsp_sent(&rsp, n);
		}
		data += used;
		size -= used;
	}
	return hash;
}

static void
round_trip(const uint8_t *data, size_t size)
{
	static uint8_t frame[RSP_FRAME_MAX];
	const uint8_t *out;
	size_t taken;
	size_t used;
	size_t n;

	reply_clear(&reply);
	taken = reply_binary(&reply, data, size);
	rsp_init(&rsp);
	rsp_send(&rsp, &reply);
	out = rsp_output(&rsp, &n);
	memcpy(frame, out, n);
	rsp_init(&rsp);
	if (rsp_feed(&rsp, frame, n, &used) != RSP_PACKET || rsp.len != taken ||
	    memcmp(rsp.packet, data, taken) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (unsigned noack = 0; noack < 2; noack++)
		if (feed(data, size, SIZE_MAX, noack) !=
		    feed(data, size, 1, noack))
			abort();
	if (size < RSP_PACKET_MAX / 4)
		round_trip(data, size);
	return 0;
}
