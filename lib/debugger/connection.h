/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connection to a debugger, which the debugger makes, or which exists
 * already.  It must not know machines or packets.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DEBUGGER_ADDRESS  "127.0.0.1:1234" /* without one of the user's */
#define DEBUGGER_STDIO    "stdio"          /* the address of stdin and stdout */
#define DEBUGGER_ENDPOINT 128              /* bytes of its text */
/* How long a read may wait for bytes, where it does not wait for ever. */
#define DEBUGGER_PATIENCE_MS 10
/* The same of a write to a socket whose peer does not read. */
#define DEBUGGER_ROOM_US 1000

/* Where debuggers connect and, while one is connected, its descriptors. */
struct connection {
	const char *address; /* as the user wrote it */
	int listener;        /* -1: no debugger can connect */
	int in;              /* -1: no debugger is connected */
	int out;             /* the same descriptor, but for stdio */
	bool device;         /* a character device */
	bool patient;        /* read() waits DEBUGGER_PATIENCE_MS at most */
	bool sends;          /* write() waits DEBUGGER_ROOM_US at most */
	/* The argument of gdb's `target remote`; "" where it is not known. */
	char endpoint[DEBUGGER_ENDPOINT];
};

/* One sentence without newline: what failed and why. */
struct debugger_error {
	char text[256];
};

/* Is `text` a port's number in decimal, 0 to 65535? */
bool debugger_is_port(const char *text);

/* The socket's path in an address unix:PATH, or NULL. */
const char *debugger_socket_path(const char *address);

/*
 * Listen at `address`, or take the connection that it names: PORT, HOST:PORT,
 * [HOST]:PORT, these after tcp:, tcp4: or tcp6: and before QEMU's ,server
 * and ,nowait; unix:PATH, fd:N, stdio or a character device.  `address` must
 * outlive the connection.  0, or -1 with *error filled.
 */
int connection_open(struct connection *connection, const char *address,
    struct debugger_error *error);

/* Use descriptors that are connected to a debugger. */
void connection_use(struct connection *connection, int in, int out);

/* Accept a connection: a descriptor, or -1. */
int connection_accept(const struct connection *connection);

/* Send what the debugger takes now: a count, -EAGAIN or another error. */
ssize_t connection_send(
    const struct connection *connection, const void *bytes, size_t n);

/* Are there bytes of the debugger, or has it hung up? */
bool connection_has_input(const struct connection *connection);

/* Has the debugger hung up, with bytes of it perhaps still unread? */
bool connection_hung_up(const struct connection *connection);

/* Close the connection. */
void connection_close(struct connection *connection);

/* Let no other debugger connect. */
void connection_stop(struct connection *connection);

/* News over a channel. */
enum channel_news {
	CHANNEL_QUIET,
	CHANNEL_AWAY, /* another process is to serve the connection */
	CHANNEL_BACK, /* it serves the connection no more */
	CHANNEL_GONE, /* the first process has gone */
};

/*
 * Two processes share a connection, which one of them serves.  It reports each
 * change over the channel, and sends the descriptor along; -1: nobody follows.
 * The other follows with a struct of its own.  Either may pass news, which the
 * first waits for by channel_await().
 */
int channel_pair(int channel[2]);
void connection_report(const struct connection *connection, int channel);
enum channel_news connection_follow(struct connection *connection, int channel);
void channel_pass(int channel, enum channel_news news);
enum channel_news channel_await(int channel);

/* Remove the socket of an address unix:PATH. */
void connection_remove(const struct connection *connection);

#endif
