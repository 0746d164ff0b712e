/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet codec of the GDB remote serial protocol (GDB manual, "Remote
 * Protocol: Overview"): bytes in, packets out, and back.  It must not know
 * what packets mean, nor where bytes come from, and needs no libc but memcpy,
 * so that it can run inside a guest too.
 */
#ifndef GDB_RSP_H
#define GDB_RSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The longest payload, either way; advertised as PacketSize.  GDB reads memory
 * in pieces of half of it (two digits a byte), so this moves 64 KiB a round
 * trip.  All registers together are 4,840 digits.
 */
#define RSP_PACKET_MAX 0x20000

/* Around a payload: '+' before it, '$', '#' and two digits. */
#define RSP_FRAME_MAX (RSP_PACKET_MAX + 5)

enum rsp_event {
	RSP_NONE,   /* all bytes are used, or there is output to send first */
	RSP_PACKET, /* packet[len] is one */
	RSP_INTERRUPT, /* a Ctrl-C */
	RSP_TOO_LONG,  /* one came that did not fit */
	RSP_MALFORMED, /* one came whole that no encoder writes */
	RSP_DAMAGED,   /* a wrong sum, which no-ack mode cannot send back */
};

/* ORDER: the life of a packet. */
enum rsp_state {
	RSP_IDLE, /* between packets */
	RSP_BODY,
	RSP_ESCAPE, /* after '}' */
	RSP_REPEAT, /* after '*' */
	RSP_SUM_HIGH,
	RSP_SUM_LOW,
};

/*
 * One connection's codec.  A packet stays in packet[] until the next call of
 * rsp_feed(); it is decoded, and a NUL that is not counted follows it.  The
 * bytes to send are out[out_len].  The last frame is in the reply it was made
 * of, until the other side acknowledges it, to be sent again if it asks for
 * that.
 *
 * A notification (GDB manual, "Notification Packets") would be such a frame
 * with '%' for '$', outside of all that: never acknowledged, nor sent again.
 */
struct rsp {
	enum rsp_state state;
	bool noack;     /* set it after the answer to QStartNoAckMode */
	bool too_long;  /* the packet so far */
	bool malformed; /* the packet so far */
	uint8_t sum;    /* of the packet so far */
	int claimed;    /* what it says its sum is; < 0: no number */
	size_t len;
	uint8_t ack; /* '+' or '-' */
	const uint8_t *out;
	size_t out_len;
	const uint8_t *frame;
	size_t frame_len; /* 0: nothing to send again */
	uint8_t packet[RSP_PACKET_MAX + 1];
};

/* Begin a connection. */
void rsp_init(struct rsp *rsp);

/*
 * Take bytes until something happened: what did, and how many bytes that used.
 * Whoever calls sends what output there is before calling again.  How bytes
 * are cut into calls makes no difference.
 */
enum rsp_event
rsp_feed(struct rsp *rsp, const uint8_t *bytes, size_t n, size_t *used);

/* Whether there is output; what it is; and that n bytes of it are sent. */
bool rsp_pending(const struct rsp *rsp);
const uint8_t *rsp_output(const struct rsp *rsp, size_t *n);
void rsp_sent(struct rsp *rsp, size_t n);

/*
 * A payload being written.  It has its bound with it: what does not fit is not
 * written at all, and the function says so by returning false.  Around it is
 * room for the frame, so that sending copies nothing.
 */
struct reply {
	size_t len;
	uint8_t before[2]; /* '+', '$' */
	uint8_t buf[RSP_PACKET_MAX];
	uint8_t after[3]; /* '#', two digits */
};

/*
 * Send a reply.  The frame before it counts as acknowledged.  This one stays
 * where it is: write the next only when all is sent and a packet has come.
 */
void rsp_send(struct rsp *rsp, struct reply *reply);

/* Text as it is: it has none of the characters # $ } *. */
bool reply_text(struct reply *reply, const char *s);
/* A number in as few hex digits as it needs; a byte in two. */
bool reply_number(struct reply *reply, uint64_t v);
bool reply_byte(struct reply *reply, unsigned v);
/* Bytes as two hex digits each; p may be in reply_hole(). */
bool reply_hex(struct reply *reply, const void *p, size_t n);
/*
 * Bytes as they are, with an escape where needed; p may be in reply_hole().
 * How many of them fitted.
 */
size_t reply_binary(struct reply *reply, const void *p, size_t n);

/* How many bytes reply_hex() has room for, and reply_binary() at the worst. */
size_t reply_room(const struct reply *reply);

/*
 * A place for n bytes to be appended from, after at most `before` bytes of
 * something else, which saves a buffer in between; before + 2n must fit.
 */
uint8_t *reply_hole(struct reply *reply, size_t before, size_t n);

/* The value of a hex digit, or -1. */
int hex_digit(uint8_t c);

/* Decode 2n digits into dst[n], which may be src; false if any is none. */
bool hex_decode(uint8_t *dst, const uint8_t *src, size_t n);

#endif
