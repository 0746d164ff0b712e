/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the session over the made-up machine with lines like those of its
 * seeds, the transcripts in tests/rsp: packets, raw bytes, running, operations
 * that fail, hanging up.  Every packet has one reply, or none if its row says
 * so; a session leaves nothing after its end.
 */
#include "../unit/faketarget.h"
#include "gdb/packet.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MAX 200 /* per input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stub stub;
static struct fake fake;
static struct rsp decoder;

/* Returns the number of packets in the output. */
static unsigned
drain(void)
{
	unsigned packets = 0;
	const uint8_t *out;
	size_t used;
	size_t n;

	for (out = stub_output(&stub, &n); n > 0;
	     out = stub_output(&stub, &n)) {
		for (size_t i = 0; i < n; i += used)
			packets += rsp_feed(&decoder, out + i, n - i, &used) ==
				   RSP_PACKET;
		stub_sent(&stub, n);
	}
	return packets;
}

static void
send_raw(const uint8_t *bytes, size_t n)
{
	while (n > 0 && stub_wants_input(&stub)) {
		size_t used = stub_input(&stub, bytes, n);

		if (used == 0)
			abort();
		bytes += used;
		n -= used;
		fake_settle(&fake);
		drain();
	}
}

/* Whether the codec accepts the payload unchanged. */
static bool
is_plain(const uint8_t *payload, size_t n)
{
	return !memchr(payload, '#', n) && !memchr(payload, '$', n) &&
	       !memchr(payload, '}', n) && !memchr(payload, '*', n);
}

static void
send_packet(const uint8_t *payload, size_t n)
{
	static uint8_t frame[RSP_FRAME_MAX];
	static const char digits[] = "0123456789abcdef";
	bool plain = is_plain(payload, n);
	bool wanted = stub_wants_input(&stub);
	const struct packet *packet;
	unsigned answers = 0;
	bool silent;
	size_t used;
	uint8_t sum = 0;

	if (n + 4 > sizeof(frame))
		return;
	frame[0] = '$';
	memcpy(frame + 1, payload, n);
	for (size_t i = 0; i < n; i++)
		sum = (uint8_t)(sum + payload[i]);
	frame[n + 1] = '#';
	frame[n + 2] = (uint8_t)digits[sum >> 4];
	frame[n + 3] = (uint8_t)digits[sum & 15];
	for (size_t i = 0; i < n + 4 && stub_wants_input(&stub); i += used) {
		used = stub_input(&stub, frame + i, n + 4 - i);
		fake_settle(&fake);
		answers += drain();
	}
	if (!wanted || !plain || stub.due != DUE_NOTHING)
		return;
	packet = packet_find(payload, n);
	silent = stub.session == SESSION_REFUSED ||
		 (packet && packet->flags & PACKET_SILENT);
	/* LLDB waits for a reply to `k`. */
	if (silent && (stub.client & CLIENT_NATIVE_SIGNALS) && answers == 1)
		return;
	if (answers != !silent)
		abort();
}

static void
hang_up(void)
{
	fake_settle(&fake);
	stub_closed(&stub);
	if (fake.attached > 0 && !fake.gone && !fake_is_free(&fake))
		abort();
	if (fake.open_files != 0)
		abort();
}

static void
connect_again(void)
{
	rsp_init(&decoder);
	decoder.noack = true;
	stub_open(&stub);
}

static void
do_line(const uint8_t *line, size_t n)
{
	if (n >= 2 && memcmp(line, "> ", 2) == 0) {
		send_packet(line + 2, n - 2);
	} else if (n >= 4 && memcmp(line, "raw ", 4) == 0) {
		send_raw(line + 4, n - 4);
	} else if (n >= 3 && memcmp(line, "run", 3) == 0) {
		fake_run(&fake, 20);
		if (drain() > 1)
			abort();
	} else if (n >= 4 && memcmp(line, "fail", 4) == 0) {
		fake_fail(&fake, n % 8, line[n - 1]);
	} else if (n >= 5 && memcmp(line, "close", 5) == 0) {
		hang_up();
		connect_again();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct stop entry = { .kind = STOP_NONE, .tid = 1 };
	unsigned lines = 0;

	stub_init(&stub, fake_ops(), &fake);
	fake_init(&fake, &stub);
	stub_stop(&stub, &entry);
	connect_again();
	while (size > 0 && lines++ < LINES_MAX && !stub_wants_close(&stub)) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t n = end ? (size_t)(end - data) : size;

		do_line(data, n);
		n += end != NULL;
		data += n;
		size -= n;
	}
	hang_up();
	return 0;
}
