/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet codec: a state machine over bytes.  It must not know what packets
 * mean, nor where bytes come from; it is freestanding.
 *
 * Memory dumps are nearly all of a debugger's traffic, so digits, escapes and
 * sums are made several at a time: by the compiler's vectors, which become
 * plain arithmetic where SSE may not be used.  Bytes are little-endian.
 */
#include "gdb/rsp.h"

#include <string.h>

#define CTRL_C     0x03
#define ESCAPE     '}'
#define ESCAPE_XOR 0x20
#define REPEAT     '*'

/*
 * A run is a byte, '*', and a character that says how often it is repeated
 * (GDB manual, "Overview"): this much more than the number, and printable.
 */
#define REPEAT_BASE 29
#define REPEAT_LAST '~'

void
rsp_init(struct rsp *rsp)
{
	rsp->state = RSP_IDLE;
	rsp->noack = false;
	rsp->len = 0;
	rsp->out_start = rsp->out_end = RSP_FRAME_AT;
	rsp->frame_end = 0;
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
	return rsp->out_start < rsp->out_end;
}

const uint8_t *
rsp_output(const struct rsp *rsp, size_t *n)
{
	*n = rsp->out_end - rsp->out_start;
	return rsp->out + rsp->out_start;
}

void
rsp_sent(struct rsp *rsp, size_t n)
{
	rsp->out_start += n;
}

/* '+' or '-', right before where the next frame begins. */
static void
acknowledge(struct rsp *rsp, uint8_t c)
{
	rsp->out_start = RSP_FRAME_AT - 1;
	rsp->out_end = RSP_FRAME_AT;
	rsp->out[rsp->out_start] = c;
	rsp->frame_end = 0;
}

static void
send_again(struct rsp *rsp)
{
	if (rsp->noack || rsp->frame_end == 0)
		return;
	rsp->out_start = RSP_FRAME_AT;
	rsp->out_end = rsp->frame_end;
}

static enum rsp_event
idle(struct rsp *rsp, uint8_t c)
{
	switch (c) {
	case '$':
		rsp->state = RSP_BODY;
		rsp->len = 0;
		rsp->sum = 0;
		rsp->too_long = false;
		rsp->malformed = false;
		break;
	case CTRL_C: return RSP_INTERRUPT;
	case '+': rsp->frame_end = 0; break;
	case '-': send_again(rsp); break;
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
repeat(struct rsp *rsp, uint8_t c)
{
	if (c <= REPEAT_BASE || c > REPEAT_LAST || rsp->len == 0)
		rsp->malformed = true;
	else
		store(
		    rsp, rsp->packet[rsp->len - 1], (size_t)(c - REPEAT_BASE));
}

/* A byte between '$' and '#'; neither of the two, they are never data. */
static void
body(struct rsp *rsp, uint8_t c)
{
	rsp->sum = (uint8_t)(rsp->sum + c);
	if (rsp->state == RSP_ESCAPE) {
		store(rsp, c ^ ESCAPE_XOR, 1);
		rsp->state = RSP_BODY;
	} else if (rsp->state == RSP_REPEAT) {
		repeat(rsp, c);
		rsp->state = RSP_BODY;
	} else if (c == ESCAPE) {
		rsp->state = RSP_ESCAPE;
	} else if (c == REPEAT) {
		rsp->state = RSP_REPEAT;
	} else {
		store(rsp, c, 1);
	}
}

/*
 * A packet with a wrong sum is sent back to be sent again, except that no-ack
 * mode has no way to say so.  One that is whole but unusable must not be: it
 * would come again just so.  It is acknowledged, and its answer is an error.
 */
static enum rsp_event
finish(struct rsp *rsp)
{
	rsp->state = RSP_IDLE;
	rsp->packet[rsp->len] = '\0';
	if (rsp->claimed != rsp->sum) {
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
step(struct rsp *rsp, uint8_t c)
{
	int digit = hex_digit(c);

	/* The other side gave up what it was sending, and began anew. */
	if (c == '$' || rsp->state == RSP_IDLE) {
		rsp->state = RSP_IDLE;
		return idle(rsp, c);
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
		return finish(rsp);
	}
	if (c == '#') {
		rsp->malformed |= rsp->state != RSP_BODY;
		rsp->state = RSP_SUM_HIGH;
	} else {
		body(rsp, c);
	}
	return RSP_NONE;
}

enum rsp_event
rsp_feed(struct rsp *rsp, const uint8_t *bytes, size_t n, size_t *used)
{
	enum rsp_event event = RSP_NONE;
	size_t i = 0;

	while (i < n && event == RSP_NONE && !rsp_pending(rsp))
		event = step(rsp, bytes[i++]);
	*used = i;
	return event;
}

/*
 * How often a run is said to be repeated that could be n times: some numbers
 * would be characters of the framing (GDB manual, "Overview").
 */
static size_t
repeats(size_t n)
{
	if (n > REPEAT_LAST - REPEAT_BASE)
		n = REPEAT_LAST - REPEAT_BASE;
	if (n == '$' - REPEAT_BASE)
		return n - 2;
	if (n == '#' - REPEAT_BASE || n == '+' - REPEAT_BASE ||
	    n == '-' - REPEAT_BASE)
		return n - 1;
	return n;
}

/* A frame being written: where, and the sum of what was. */
struct frame {
	uint8_t *at;
	unsigned sum;
};

static void
put(struct frame *frame, uint8_t c)
{
	*frame->at++ = c;
	frame->sum += c;
}

/*
 * Write the run that s[n] begins with and say how much of it that was.  The
 * byte that an escape is for stands alone: whether a run repeats it before or
 * after it is decoded is something GDB and LLDB do not agree on.
 */
static size_t
put_run(struct frame *frame, const uint8_t *s, size_t n, bool escaped)
{
	size_t same = 1;

	put(frame, s[0]);
	if (escaped)
		return 1;
	while (same < n && s[same] == s[0])
		same++;
	same = repeats(same - 1);
	put(frame, REPEAT);
	put(frame, (uint8_t)(same + REPEAT_BASE));
	return same + 1;
}

/* The sum of its bytes in each half: four of them, to be added up later. */
static uint64_t
sums_of(uint64_t word)
{
	const uint64_t even = 0x00ff00ff00ff00ffu;

	return (word & even) + (word >> 8 & even);
}

static unsigned
add_up(uint64_t sums)
{
	return (unsigned)(sums * 0x0001000100010001u >> 48);
}

static bool
is_run(uint64_t word)
{
	return word == (word << 8 | word >> 56);
}

/*
 * Copy words up to a run, or the end: how many bytes.  The sums of 32 words
 * at most are added up at once, then each stays below 2^14.
 */
static size_t
put_words(struct frame *frame, const uint8_t *s, size_t n)
{
	uint64_t sums = 0;
	uint64_t word;
	size_t i;

	if (n > 32 * sizeof(word))
		n = 32 * sizeof(word);
	for (i = 0; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, s + i, sizeof(word));
		if (is_run(word))
			break;
		memcpy(frame->at + i, &word, sizeof(word));
		sums += sums_of(word);
	}
	frame->at += i;
	frame->sum += add_up(sums);
	return i;
}

/*
 * Runs are looked for a word at a time: every one of 15 and more is found,
 * which is all of a register's zeroes, and copying stays fast.
 */
static void
put_payload(struct frame *frame, const uint8_t *s, size_t n)
{
	size_t copied;
	size_t i = 0;

	while (n - i >= sizeof(uint64_t)) {
		copied = put_words(frame, s + i, n - i);
		i += copied;
		if (copied == 0)
			i += put_run(
			    frame, s + i, n - i, i > 0 && s[i - 1] == ESCAPE);
	}
	while (i < n)
		put(frame, s[i++]);
}

/* Eight bytes, and what takes two bytes for each of them. */
typedef uint8_t bytes8 __attribute__((vector_size(8)));
typedef uint16_t pairs8 __attribute__((vector_size(16)));
typedef uint8_t bytes16 __attribute__((vector_size(16)));

#define DIGITS_STEP sizeof(bytes8)

/* The sixteen hex digits of eight bytes, in the order they are written. */
static void
put_digits(uint8_t *dst, const uint8_t *src)
{
	bytes8 bytes;
	bytes16 digits;
	pairs8 pairs;

	memcpy(&bytes, src, sizeof(bytes));
	pairs = __builtin_convertvector(bytes, pairs8);
	pairs = pairs >> 4 | (pairs & 0xf) << 8;
	digits = (bytes16)pairs;
	digits += '0' + ((bytes16)(digits > 9) & ('a' - '9' - 1));
	memcpy(dst, &digits, sizeof(digits));
}

static void
put_digit_pair(uint8_t *dst, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";

	dst[0] = (uint8_t)digits[byte >> 4];
	dst[1] = (uint8_t)digits[byte & 0xf];
}

void
rsp_send(struct rsp *rsp, const struct reply *reply)
{
	struct frame frame = { .at = rsp->out + RSP_FRAME_AT };

	*frame.at++ = '$';
	put_payload(&frame, reply->buf, reply->len);
	*frame.at++ = '#';
	put_digit_pair(frame.at, (uint8_t)frame.sum);
	rsp->frame_end = (size_t)(frame.at + 2 - rsp->out);
	if (!rsp_pending(rsp))
		rsp->out_start = RSP_FRAME_AT;
	rsp->out_end = rsp->frame_end;
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

/*
 * Bytes are read before the place is written where they were, if they were in
 * the hole: what is written is at most twice as long as what was read.
 */
bool
reply_hex(struct reply *reply, const void *p, size_t n)
{
	const uint8_t *src = p;
	uint8_t *dst = reply->buf + reply->len;
	size_t i = 0;

	if (n > reply_room(reply))
		return false;
	for (; n - i >= DIGITS_STEP; i += DIGITS_STEP)
		put_digits(dst + 2 * i, src + i);
	for (; i < n; i++)
		put_digit_pair(dst + 2 * i, src[i]);
	reply->len += 2 * n;
	return true;
}

static bool
is_special(uint8_t c)
{
	return c == '#' || c == '$' || c == ESCAPE || c == REPEAT;
}

/* Copy what needs no escape, sixteen bytes at a time: how many bytes. */
static size_t
copy_plain(struct reply *reply, const uint8_t *src, size_t n)
{
	bytes16 bytes;
	uint64_t special[2];
	size_t i;

	for (i = 0; n - i >= sizeof(bytes) && fits(reply, sizeof(bytes));
	     i += sizeof(bytes)) {
		memcpy(&bytes, src + i, sizeof(bytes));
		bytes16 found = (bytes16)((bytes == '#') | (bytes == '$') |
					  (bytes == ESCAPE) |
					  (bytes == REPEAT));

		memcpy(special, &found, sizeof(found));
		if ((special[0] | special[1]) != 0)
			break;
		memcpy(reply->buf + reply->len, &bytes, sizeof(bytes));
		reply->len += sizeof(bytes);
	}
	return i;
}

static bool
put_binary(struct reply *reply, uint8_t c)
{
	if (!fits(reply, is_special(c) ? 2 : 1))
		return false;
	if (is_special(c)) {
		reply->buf[reply->len++] = ESCAPE;
		c ^= ESCAPE_XOR;
	}
	reply->buf[reply->len++] = c;
	return true;
}

size_t
reply_binary(struct reply *reply, const void *p, size_t n)
{
	const uint8_t *src = p;
	size_t i = 0;

	while (i < n) {
		size_t end;

		i += copy_plain(reply, src + i, n - i);
		end = n - i < sizeof(bytes16) ? n : i + sizeof(bytes16);
		for (; i < end; i++)
			if (!put_binary(reply, src[i]))
				return i;
	}
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
