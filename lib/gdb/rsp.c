/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet codec: a state machine over bytes.  It must not know what packets
 * mean, nor where bytes come from; it is freestanding.
 *
 * Memory dumps are nearly all of a debugger's traffic: the loops over their
 * bytes are in bulk.c, each byte is encoded once, and nothing is copied on its
 * way to the connection.
 */
#include "gdb/rsp.h"

#include "gdb/bulk.h"

#include <string.h>

#define CTRL_C 0x03

/*
 * A run is a byte, '*', and a printable character that encodes how often the
 * byte is repeated: the number plus REPEAT_BASE (GDB manual, "Overview").
 */
#define REPEAT_BASE 29
#define REPEAT_LAST '~'

void
rsp_init(struct rsp *rsp)
{
	rsp->state = RSP_IDLE;
	rsp->proven = false;
	rsp->noack = false;
	rsp->len = 0;
	rsp->out_len = 0;
	rsp->frame_len = 0;
}

int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_decode(uint8_t *dst, const uint8_t *src, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(src[2 * i]);
		int low = hex_digit(src[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		dst[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool
rsp_pending(const struct rsp *rsp)
{
	return rsp->out_len > 0;
}

const uint8_t *
rsp_output(const struct rsp *rsp, size_t *n)
{
	*n = rsp->out_len;
	return rsp->out;
}

void
rsp_sent(struct rsp *rsp, size_t n)
{
	rsp->out += n;
	rsp->out_len -= n;
}

static void
acknowledge(struct rsp *rsp, uint8_t c)
{
	rsp->ack = c;
	rsp->out = &rsp->ack;
	rsp->out_len = 1;
	rsp->frame_len = 0;
}

static void
send_again(struct rsp *rsp)
{
	if (rsp->noack || rsp->frame_len == 0)
		return;
	rsp->out = rsp->frame;
	rsp->out_len = rsp->frame_len;
}

static enum rsp_event
take_idle(struct rsp *rsp, uint8_t c)
{
	switch (c) {
	case CHAR_START:
		rsp->state = RSP_BODY;
		rsp->len = 0;
		rsp->sum = 0;
		rsp->too_long = false;
		rsp->malformed = false;
		break;
	case CTRL_C: return RSP_INTERRUPT;
	case '+': rsp->frame_len = 0; break;
	case '-': send_again(rsp); break;
	default: return rsp->proven ? RSP_NONE : RSP_FOREIGN;
	}
	return RSP_NONE;
}

static void
store(struct rsp *rsp, uint8_t c, size_t times)
{
	if (RSP_PACKET_MAX - rsp->len < times) {
		rsp->too_long = true;
		return;
	}
	while (times-- > 0)
		rsp->packet[rsp->len++] = c;
}

static void
store_run(struct rsp *rsp, uint8_t c)
{
	if (c <= REPEAT_BASE || c > REPEAT_LAST || rsp->len == 0)
		rsp->malformed = true;
	else
		store(
		    rsp, rsp->packet[rsp->len - 1], (size_t)(c - REPEAT_BASE));
}

/* A byte between '$' and '#', which are never data themselves. */
static void
take_body(struct rsp *rsp, uint8_t c)
{
	rsp->sum = (uint8_t)(rsp->sum + c);
	if (rsp->state == RSP_ESCAPE) {
		store(rsp, c ^ CHAR_ESCAPE_XOR, 1);
		rsp->state = RSP_BODY;
	} else if (rsp->state == RSP_REPEAT) {
		store_run(rsp, c);
		rsp->state = RSP_BODY;
	} else if (c == CHAR_ESCAPE) {
		rsp->state = RSP_ESCAPE;
	} else if (c == CHAR_REPEAT) {
		rsp->state = RSP_REPEAT;
	} else {
		store(rsp, c, 1);
	}
}

/*
 * A packet with a wrong sum is answered by '-', and the peer sends it again;
 * no-ack mode has no '-'.  A packet with the right sum that is unusable would
 * only come again as it is: it is acknowledged, and its reply is an error.
 */
static enum rsp_event
end_packet(struct rsp *rsp)
{
	bool right = rsp->claimed == rsp->sum;

	rsp->state = RSP_IDLE;
	rsp->packet[rsp->len] = '\0';
	if (!rsp->proven && (!right || rsp->too_long || rsp->malformed))
		return RSP_FOREIGN;
	rsp->proven = true;
	if (!right) {
		if (rsp->noack)
			return RSP_DAMAGED;
		acknowledge(rsp, '-');
		return RSP_NONE;
	}
	if (!rsp->noack)
		acknowledge(rsp, '+');
	if (rsp->too_long)
		return RSP_TOO_LONG;
	return rsp->malformed ? RSP_MALFORMED : RSP_PACKET;
}

static enum rsp_event
take_byte(struct rsp *rsp, uint8_t c)
{
	int digit = hex_digit(c);

	if (c == CHAR_START && rsp->state != RSP_IDLE && !rsp->proven)
		return RSP_FOREIGN;
	/* With a '$' the peer gives up the packet, and begins another. */
	if (c == CHAR_START || rsp->state == RSP_IDLE) {
		rsp->state = RSP_IDLE;
		return take_idle(rsp, c);
	}
	if (rsp->state == RSP_SUM_HIGH) {
		rsp->claimed = digit < 0 ? -1 : digit << 4;
		rsp->state = RSP_SUM_LOW;
		return RSP_NONE;
	}
	if (rsp->state == RSP_SUM_LOW) {
		if (digit < 0)
			rsp->claimed = -1;
		if (rsp->claimed >= 0)
			rsp->claimed |= digit;
		return end_packet(rsp);
	}
	if (c == CHAR_END) {
		rsp->malformed |= rsp->state != RSP_BODY;
		rsp->state = RSP_SUM_HIGH;
	} else {
		take_body(rsp, c);
	}
	return RSP_NONE;
}

enum rsp_event
rsp_feed(struct rsp *rsp, const uint8_t *bytes, size_t n, size_t *used)
{
	enum rsp_event event = RSP_NONE;
	size_t i = 0;

	while (i < n && event == RSP_NONE && !rsp_pending(rsp))
		event = take_byte(rsp, bytes[i++]);
	*used = i;
	return event;
}

/*
 * The repeat count to write for a byte that repeats n times: some counts would
 * be encoded as characters of the framing (GDB manual, "Overview").
 */
static size_t
repeats(size_t n)
{
	if (n > REPEAT_LAST - REPEAT_BASE)
		n = REPEAT_LAST - REPEAT_BASE;
	if (n == CHAR_START - REPEAT_BASE)
		return n - 2;
	if (n == CHAR_END - REPEAT_BASE || n == '+' - REPEAT_BASE ||
	    n == '-' - REPEAT_BASE)
		return n - 1;
	return n;
}

/*
 * Append a run of a byte, in as many pieces as needed.  Returns how many bytes
 * that covers; the rest is too short to be a run.
 */
static size_t
put_run(struct reply *reply, uint8_t c, size_t n)
{
	uint8_t *at = reply->buf + reply->len;
	size_t done, same;

	for (done = 0; n - done >= BULK_RUN; done += same + 1) {
		same = repeats(n - done - 1);
		at[0] = c;
		at[1] = CHAR_REPEAT;
		at[2] = (uint8_t)(same + REPEAT_BASE);
		at += 3;
	}
	reply->len = (size_t)(at - reply->buf);
	return done;
}

/* Compress the text that was written since the last run was looked for: such as
 * the x of registers that are not available. */
static void
pack_text(struct reply *reply)
{
	const size_t end = reply->len;
	size_t from = reply->packed;
	size_t done;

	if (end - from < BULK_RUN)
		from = end;
	for (reply->len = from; from < end; from += done) {
		const uint8_t c = reply->buf[from];
		const size_t same = bulk_same(reply->buf + from, end - from);

		done = put_run(reply, c, same);
		for (; done < same; done++)
			reply->buf[reply->len++] = c;
	}
	reply->packed = reply->len;
}

/* Make the frame around a payload; returns its length from `first` on, which
 * lies before the payload. */
static size_t
make_frame(struct reply *reply, uint8_t first)
{
	uint8_t *start = (uint8_t *)reply + offsetof(struct reply, before);
	uint8_t *payload = start + sizeof(reply->before);
	uint8_t *end;
	uint8_t sum;

	pack_text(reply);
	start[1] = first;
	end = payload + reply->len;
	sum = (uint8_t)bulk_sum(payload, reply->len);
	end[0] = CHAR_END;
	bulk_digits(end + 1, &sum, 1);
	return (size_t)(end + 3 - (start + 1));
}

void
rsp_frame(struct reply *reply)
{
	if (reply->framed == 0)
		reply->framed = make_frame(reply, CHAR_START);
}

void
rsp_send(struct rsp *rsp, struct reply *reply)
{
	bool acked = rsp_pending(rsp) && rsp->out == &rsp->ack;

	reply->before[0] = rsp->ack;
	rsp_frame(reply);
	rsp->frame_len = reply->framed;
	rsp->frame = reply->before + 1;
	rsp->out = rsp->frame - acked;
	rsp->out_len = rsp->frame_len + acked;
}

void
rsp_notify(struct rsp *rsp, struct reply *reply)
{
	rsp->out_len = make_frame(reply, CHAR_NOTICE);
	rsp->out = reply->before + 1;
}

void
reply_clear(struct reply *reply)
{
	reply->len = reply->packed = reply->framed = 0;
}

static bool
fits(const struct reply *reply, size_t n)
{
	return n <= sizeof(reply->buf) - reply->len;
}

bool
reply_text(struct reply *reply, const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	if (!fits(reply, n))
		return false;
	memcpy(reply->buf + reply->len, s, n);
	reply->len += n;
	return true;
}

bool
reply_byte(struct reply *reply, unsigned v)
{
	uint8_t byte = (uint8_t)v;

	return reply_hex(reply, &byte, 1);
}

bool
reply_number(struct reply *reply, uint64_t v)
{
	unsigned digits = 1;

	while (digits < 16 && v >> 4 * digits != 0)
		digits++;
	if (!fits(reply, digits))
		return false;
	while (digits-- > 0)
		reply->buf[reply->len++] =
		    (uint8_t) "0123456789abcdef"[v >> 4 * digits & 0xf];
	return true;
}

/* The digits of bytes that have one digit alone; returns how many there are. */
static size_t
put_digit_run(struct reply *reply, const uint8_t *src, size_t n)
{
	const uint8_t digit = (uint8_t) "0123456789abcdef"[src[0] & 0xf];
	const size_t same = bulk_same(src, n);
	size_t done = put_run(reply, digit, 2 * same);

	for (; done < 2 * same; done++)
		reply->buf[reply->len++] = digit;
	return same;
}

/*
 * Bytes in the hole are read before they are overwritten: two digits are
 * written per byte read.
 */
bool
reply_hex(struct reply *reply, const void *p, size_t n)
{
	const uint8_t *src = p;
	size_t i = 0, took;

	if (n > reply_room(reply))
		return false;
	pack_text(reply);
	while (i < n) {
		took = bulk_digits(reply->buf + reply->len, src + i, n - i);
		reply->len += 2 * took;
		i += took;
		if (i < n)
			i += put_digit_run(reply, src + i, n - i);
	}
	reply->packed = reply->len;
	return true;
}

static bool
put_binary(struct reply *reply, uint8_t c)
{
	if (!fits(reply, bulk_is_special(c) ? 2 : 1))
		return false;
	if (bulk_is_special(c)) {
		reply->buf[reply->len++] = CHAR_ESCAPE;
		c ^= CHAR_ESCAPE_XOR;
	}
	reply->buf[reply->len++] = c;
	return true;
}

/* The run that src[n] begins with, or its first byte; 0 if that does not fit.
 * A special byte is written alone: GDB and LLDB disagree on whether a run
 * repeats it before or after decoding. */
static size_t
put_binary_run(struct reply *reply, const uint8_t *src, size_t n)
{
	size_t same = 0;

	if (n >= BULK_RUN && src[0] == src[BULK_RUN - 1] &&
	    !bulk_is_special(src[0]))
		same = bulk_same(src, n);
	if (same >= BULK_RUN && fits(reply, same))
		return put_run(reply, src[0], same);
	return put_binary(reply, src[0]);
}

size_t
reply_binary(struct reply *reply, const void *p, size_t n)
{
	const uint8_t *src = p;
	size_t i = 0, took, made;

	pack_text(reply);
	do {
		took = bulk_escape(reply->buf + reply->len,
		    sizeof(reply->buf) - reply->len, src + i, n - i, &made);
		reply->len += made;
		i += took;
		took = i < n ? put_binary_run(reply, src + i, n - i) : 0;
		i += took;
	} while (took > 0);
	reply->packed = reply->len;
	return i;
}

size_t
reply_room(const struct reply *reply)
{
	return (sizeof(reply->buf) - reply->len) / 2;
}

uint8_t *
reply_hole(struct reply *reply, size_t before, size_t n)
{
	return reply->buf + reply->len + before + n;
}
