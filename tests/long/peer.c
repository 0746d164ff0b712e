/* SPDX-License-Identifier: BSD-2-Clause */
#include "peer.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

bool
peer_send(struct peer *peer, const char *bytes, size_t n)
{
	return send(peer->fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool __attribute__((format(printf, 2, 0)))
say(struct peer *peer, const char *format, va_list args)
{
	char packet[256];
	unsigned sum = 0;
	size_t n, i;

	packet[0] = '$';
	n = 1 + (size_t)vsnprintf(packet + 1, sizeof(packet) - 5, format, args);
	for (i = 1; i < n; i++)
		sum += (unsigned char)packet[i];
	n += (size_t)snprintf(packet + n, 4, "#%02x", sum & 0xff);
	return peer_send(peer, packet, n);
}

bool
peer_say(struct peer *peer, const char *format, ...)
{
	va_list args;
	bool said;

	va_start(args, format);
	said = say(peer, format, args);
	va_end(args);
	return said;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static bool
receive(struct peer *peer, int64_t until)
{
	struct pollfd p = { peer->fd, POLLIN, 0 };
	int64_t left = until - now_ms();
	ssize_t n;

	if (poll(&p, 1, left > 0 ? (int)left : 0) <= 0) {
		errno = ETIMEDOUT;
		return false;
	}
	n = read(peer->fd, peer->bytes, sizeof(peer->bytes));
	peer->at = 0;
	peer->end = n > 0 ? (size_t)n : 0;
	if (n <= 0)
		errno = ECONNRESET;
	return n > 0;
}

/* The next byte, or -1. */
static int
next_byte(struct peer *peer, int64_t until)
{
	if (peer->at == peer->end && !receive(peer, until))
		return -1;
	return (unsigned char)peer->bytes[peer->at++];
}

/* Append a byte of a reply.  After a '*' the byte says how often the last one
 * is repeated (GDB manual, "Overview", run-length encoding). */
static void
take_byte(struct peer *peer, size_t *n, int c, int before)
{
	unsigned times = before == '*' ? (unsigned)c - 29 : c != '*';

	if (before == '*' && *n > 0)
		c = peer->text[*n - 1];
	for (; times > 0 && *n < sizeof(peer->text) - 1; times--)
		peer->text[(*n)++] = (char)c;
}

const char *
peer_hear(struct peer *peer, int ms)
{
	int64_t until = now_ms() + ms;
	int c, before = 0;
	size_t n = 0;

	do
		c = next_byte(peer, until);
	while (c >= 0 && c != '$');
	while (c >= 0 && (c = next_byte(peer, until)) >= 0 && c != '#') {
		take_byte(peer, &n, c, before);
		before = before == '*' ? 0 : c;
	}
	peer->text[n] = '\0';
	if (c < 0 || next_byte(peer, until) < 0 || next_byte(peer, until) < 0)
		return NULL;
	if (peer->acks && !peer_send(peer, "+", 1))
		return NULL;
	return peer->text;
}

const char *
peer_ask(struct peer *peer, const char *format, ...)
{
	va_list args;
	bool said;

	va_start(args, format);
	said = say(peer, format, args);
	va_end(args);
	return said ? peer_hear(peer, HANG_MS) : NULL;
}

bool
peer_ask_ok(struct peer *peer, const char *format, ...)
{
	const char *reply;
	va_list args;
	bool said;

	va_start(args, format);
	said = say(peer, format, args);
	va_end(args);
	reply = said ? peer_hear(peer, HANG_MS) : NULL;
	return reply && strcmp(reply, "OK") == 0;
}

bool
peer_greet(struct peer *peer, int fd)
{
	*peer = (struct peer){ .fd = fd, .acks = true };
	if (!peer_ask(peer, "qSupported:swbreak+;hwbreak+") ||
	    !peer_ask_ok(peer, "QStartNoAckMode"))
		return false;
	peer->acks = false;
	return peer_ask(peer, "?") != NULL;
}

bool
peer_read(struct peer *peer, uint64_t addr, uint64_t *value)
{
	const char *reply = peer_ask(peer, "m%" PRIx64 ",8", addr);

	if (!reply || strlen(reply) != 16)
		return false;
	*value = htobe64(strtoull(reply, NULL, 16));
	return true;
}

bool
peer_write(struct peer *peer, uint64_t addr, uint32_t value)
{
	return peer_ask_ok(
	    peer, "M%" PRIx64 ",4:%08" PRIx32, addr, htobe32(value));
}

uint64_t
peer_field(const struct peer *peer, const char *key)
{
	const char *at = strstr(peer->text, key);

	return at ? strtoull(at + strlen(key), NULL, 16) : 0;
}
