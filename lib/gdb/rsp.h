/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet codec of the GDB remote serial protocol (GDB manual, "Remote
 * Protocol: Overview"): bytes in, packets out, and back.  It must not know
 * what packets mean, nor where bytes come from.  It needs nothing of libc but
 * memcpy, so it can also run inside a guest.
 */
#ifndef GDB_RSP_H
#define GDB_RSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The longest payload in either direction; advertised as PacketSize.  GDB
 * reads memory in pieces of half of it (two digits per byte), so a round trip
 * moves 64 KiB.  All registers together are 4,840 digits.
 */
#define RSP_PACKET_MAX 0x20000

/* Around a payload: '+' before it, '$', '#' and two digits. */
#define RSP_FRAME_MAX (RSP_PACKET_MAX + 5)

enum rsp_event {
	RSP_NONE,      /* all bytes are used, or output has to be sent first */
	RSP_PACKET,    /* packet[len] is a packet */
	RSP_INTERRUPT, /* a Ctrl-C between packets */
	RSP_TOO_LONG,  /* the packet exceeds RSP_PACKET_MAX */
	RSP_MALFORMED, /* the sum is right, but no encoder writes this */
	RSP_DAMAGED,   /* the sum is wrong, and no-ack mode has no '-' */
	RSP_FOREIGN,   /* the peer does not speak this protocol */
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
 * bytes to send are out[out_len].  The last frame stays in the reply that it
 * was made of until the peer acknowledges it, and is sent again on '-'.
 *
 * The first packet has to be perfect.  Until it is complete, every byte but
 * the packet's own and + - Ctrl-C before it, a '$' inside it, a wrong sum and
 * a payload that is too long or malformed are RSP_FOREIGN: a web browser can
 * be made to send an HTTP request that contains packets, but not to begin
 * with one.  After the first packet junk between packets is skipped, as the
 * protocol asks.
 */
struct rsp {
	enum rsp_state state;
	bool proven;    /* the first packet has come */
	bool noack;     /* set it after the reply to QStartNoAckMode */
	bool too_long;  /* the packet up to now */
	bool malformed; /* the packet up to now */
	uint8_t sum;    /* of the packet up to now */
	int claimed;    /* the sum that the packet states; < 0: no number */
	size_t len;
	uint8_t ack; /* '+' or '-' */
	const uint8_t *out;
	size_t out_len;
	const uint8_t *frame;
	size_t frame_len; /* 0: there is nothing to send again */
	uint8_t packet[RSP_PACKET_MAX + 1];
};

/* Begin a connection. */
void rsp_init(struct rsp *rsp);

/*
 * Take bytes up to the first event; *used says how many were taken.  The
 * caller sends all output before it calls again, and closes the connection
 * after RSP_FOREIGN.  How bytes are cut into calls makes no difference.
 */
enum rsp_event
rsp_feed(struct rsp *rsp, const uint8_t *bytes, size_t n, size_t *used);

/* Whether there is output; the output; n bytes of it have been sent. */
bool rsp_pending(const struct rsp *rsp);
const uint8_t *rsp_output(const struct rsp *rsp, size_t *n);
void rsp_sent(struct rsp *rsp, size_t n);

/*
 * A payload being written.  It carries its bound: the functions below write
 * all of a value or nothing, and return false if it does not fit.  There is
 * room for the frame around the payload, so sending copies nothing.
 */
struct reply {
	size_t len;
	size_t packed;     /* so many bytes have their runs made short */
	size_t framed;     /* the frame's length, once it is made */
	uint8_t before[2]; /* '+', '$' */
	uint8_t buf[RSP_PACKET_MAX];
	uint8_t after[3]; /* '#', two digits */
};

/* Make the frame of a whole reply, which rsp_send() need not make then. */
void rsp_frame(struct reply *reply);

/*
 * Send a reply.  The frame before it counts as acknowledged.  The reply has to
 * stay unchanged until all of it is sent and the next packet has come.
 */
void rsp_send(struct rsp *rsp, struct reply *reply);

/*
 * Send a notification, which no '+' confirms, while nothing is pending.  It has
 * to stay unchanged until all of it is sent.
 */
void rsp_notify(struct rsp *rsp, struct reply *reply);

/* Begin a payload. */
void reply_clear(struct reply *reply);

/* Text without the characters # $ } *. */
bool reply_text(struct reply *reply, const char *s);
/* A number in as few hex digits as possible; a byte in two. */
bool reply_number(struct reply *reply, uint64_t v);
bool reply_byte(struct reply *reply, unsigned v);
/* Bytes as two hex digits each; p may be in reply_hole(). */
bool reply_hex(struct reply *reply, const void *p, size_t n);
/*
 * Bytes with an escape where needed; p may be in reply_hole().  Returns how
 * many of them fit.
 */
size_t reply_binary(struct reply *reply, const void *p, size_t n);

/* How many bytes fit for reply_hex(), and in the worst case reply_binary(). */
size_t reply_room(const struct reply *reply);

/*
 * A place in the reply for n bytes that are appended later, after at most
 * `before` bytes of other payload; it saves a buffer.  before + 2n must fit.
 */
uint8_t *reply_hole(struct reply *reply, size_t before, size_t n);

/* The value of a hex digit, or -1. */
int hex_digit(uint8_t c);

/* Decode 2n digits into dst[n], which may be src; false on any other byte. */
bool hex_decode(uint8_t *dst, const uint8_t *src, size_t n);

#endif
