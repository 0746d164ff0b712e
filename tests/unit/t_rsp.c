/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet codec inside a guest.  The codec must not need anything that a
 * guest's runtime lacks.
 */
#include "gdb/bulk.c"
#include "gdb/rsp.c"

#include <tap.h>

static struct rsp rsp, other;
static struct reply reply;

static bool
is_text(const uint8_t *bytes, size_t n, const char *text)
{
	return n == strlen(text) && memcmp(bytes, text, n) == 0;
}

static void
test_packet(void)
{
	static const char bytes[] = "$m401000,4#f2";
	static const uint8_t zeroes[32];
	enum rsp_event event = RSP_NONE;
	size_t i, n, used;
	const uint8_t *out;

	rsp_init(&rsp);
	for (i = 0; bytes[i]; i++)
		event = rsp_feed(&rsp, (const uint8_t *)bytes + i, 1, &used);
	ok(event == RSP_PACKET && is_text(rsp.packet, rsp.len, "m401000,4"),
	    "a packet comes byte by byte");
	reply_clear(&reply);
	reply_hex(&reply, "\1\xab", 2);
	reply_text(&reply, ";");
	reply_hex(&reply, zeroes, sizeof(zeroes));
	rsp_send(&rsp, &reply);
	out = rsp_output(&rsp, &n);
	ok(n < sizeof(zeroes) && memcmp(out, "+$01ab;0", 8) == 0,
	    "the answer is acknowledged, and has its run made short");
}

static void
test_round_trip(void)
{
	static uint8_t data[4096];
	size_t i, n, used;
	const uint8_t *out;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i < 2048 ? i * 7 : i / 256);
	rsp_init(&rsp);
	rsp_init(&other);
	reply_clear(&reply);
	ok(reply_binary(&reply, data, sizeof(data)) == sizeof(data),
	    "4096 bytes of all values fit into a reply");
	rsp_send(&rsp, &reply);
	out = rsp_output(&rsp, &n);
	ok(n < sizeof(data) && rsp_feed(&other, out, n, &used) == RSP_PACKET &&
		other.len == sizeof(data) &&
		memcmp(other.packet, data, sizeof(data)) == 0,
	    "binary bytes decode unchanged");
	reply_clear(&reply);
	reply_hex(&reply, data, sizeof(data));
	ok(hex_decode(other.packet, reply.buf, sizeof(data)) &&
		memcmp(other.packet, data, sizeof(data)) == 0,
	    "hexadecimal digits decode unchanged");
}

int
main(void)
{
	test_packet();
	test_round_trip();
	return tap_done();
}
