/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client of the GDB remote protocol that is as small and as fast as can be,
 * for tests that need more sessions than a debugger could start.  It must not
 * know why a packet is sent.
 */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_TEXT 4096   /* bytes of a reply, with its NUL */
#define HANG_MS   120000 /* no answer for so long is a hang */

struct peer {
	int fd;
	bool acks;
	size_t at, end; /* received, and not yet read */
	char bytes[PEER_TEXT];
	char text[PEER_TEXT]; /* the last reply */
};

/* Begin a session on a connected socket: features, no acks, "?". */
bool peer_greet(struct peer *peer, int fd);

/* Send raw bytes, or a packet.  False: the line is closed. */
bool peer_send(struct peer *peer, const char *bytes, size_t n);
bool peer_say(struct peer *peer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The next reply; NULL if none came within `ms` milliseconds (errno is
 * ETIMEDOUT), or the line was closed (ECONNRESET). */
const char *peer_hear(struct peer *peer, int ms);

/* Send a packet and return its reply, if it comes within HANG_MS. */
const char *peer_ask(struct peer *peer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool peer_ask_ok(struct peer *peer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A long of the guest. */
bool peer_read(struct peer *peer, uint64_t addr, uint64_t *value);
bool peer_write(struct peer *peer, uint64_t addr, uint32_t value);

/* The number after `key` in the last reply, in hexadecimal, or 0. */
uint64_t peer_field(const struct peer *peer, const char *key);

#endif
