/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line to a debugger: a connection that it makes, or one that exists
 * already.  It must not know machines or packets.
 */
#ifndef DEBUGGER_LINE_H
#define DEBUGGER_LINE_H

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
struct debugger_line {
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
 * outlive the line.  0, or -1 with *error filled.
 */
int debugger_line_open(struct debugger_line *line, const char *address,
    struct debugger_error *error);

/* Use descriptors that are connected to a debugger. */
void debugger_line_connected(struct debugger_line *line, int in, int out);

/* Accept a connection: a descriptor, or -1. */
int debugger_line_accept(const struct debugger_line *line);

/* Send what the debugger takes now: a count, -EAGAIN or another error. */
ssize_t debugger_line_send(
    const struct debugger_line *line, const void *bytes, size_t n);

/* Has the debugger hung up, with bytes of it perhaps still unread? */
bool debugger_line_hung_up(const struct debugger_line *line);

/* Close the connection. */
void debugger_line_close(struct debugger_line *line);

/* Let no other debugger connect. */
void debugger_line_stop(struct debugger_line *line);

/* News over a channel. */
enum line_news {
	LINE_QUIET,
	LINE_AWAY, /* another process is to serve the line */
	LINE_BACK, /* it serves the line no more */
	LINE_GONE, /* the first process has gone */
};

/*
 * Two processes share a line, of which one serves it.  It reports each change
 * of the line over the channel, and sends the connection along; -1: nobody
 * follows.  The other follows with a line of its own.  Either may pass news,
 * which the first waits for by debugger_line_await().
 */
int debugger_line_pair(int channel[2]);
void debugger_line_hand_over(const struct debugger_line *line, int channel);
enum line_news debugger_line_follow(struct debugger_line *line, int channel);
void debugger_line_pass(int channel, enum line_news news);
enum line_news debugger_line_await(int channel);

/* Remove the socket of an address unix:PATH. */
void debugger_line_remove(const struct debugger_line *line);

#endif
