/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connection to a debugger: the only file here that knows sockets.  Nothing
 * here may know machines or packets.
 */
#include "debugger/connection.h"

#include "output/output.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

static const char unix_prefix[] = "unix:";
static const char fd_prefix[] = "fd:";

#define ADDRESS_SIZE 256 /* bytes of HOST:PORT, with its NUL */
#define BACKLOG      4   /* debuggers that wait to be accepted */

/* The text after `prefix`, or NULL. */
static const char *
after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static int
fail_call(struct debugger_error *error, const char *call)
{
	snprintf(
	    error->text, sizeof(error->text), "%s: %s", call, strerror(errno));
	return -1;
}

/* Whether nobody listens at the socket, which an earlier run has left. */
static bool
is_stale(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool refused;

	if (fd < 0)
		return false;
	refused = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) <
		      0 &&
		  errno == ECONNREFUSED;
	close(fd);
	return refused;
}

/* bind() once more after a stale socket has been removed. */
static int
bind_unix(int fd, const struct sockaddr_un *addr)
{
	int r = bind(fd, (const struct sockaddr *)addr, sizeof(*addr));
	struct stat st;

	if (r == 0 || errno != EADDRINUSE)
		return r;
	if (lstat(addr->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    !is_stale(addr)) {
		errno = EADDRINUSE;
		return r;
	}
	(void)unlink(addr->sun_path);
	return bind(fd, (const struct sockaddr *)addr, sizeof(*addr));
}

static int
listen_unix(struct connection *connection, const char *path,
    struct debugger_error *error)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (!path[0] || strlen(path) >= sizeof(addr.sun_path)) {
		errno = path[0] ? ENAMETOOLONG : ENOENT;
		return fail_call(error, "bind");
	}
	strcpy(addr.sun_path, path);
	connection->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->listener < 0)
		return fail_call(error, "socket");
	if (bind_unix(connection->listener, &addr) < 0)
		return fail_call(error, "bind");
	if (listen(connection->listener, BACKLOG) < 0) {
		(void)fail_call(error, "listen");
		(void)unlink(path);
		return -1;
	}
	snprintf(
	    connection->endpoint, sizeof(connection->endpoint), "%s", path);
	return 0;
}

/* The spellings of gdb and QEMU for an address of TCP, and what they ask of
 * its kind. */
static const struct family {
	const char *prefix;
	int family;
} families[] = {
	{ "tcp:", AF_UNSPEC },
	{ "tcp4:", AF_INET },
	{ "tcp6:", AF_INET6 },
};

static int
take_family(const char **address)
{
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const char *rest = after(*address, families[i].prefix);

		if (!rest)
			continue;
		*address = rest;
		return families[i].family;
	}
	return AF_UNSPEC;
}

/* QEMU's options that say what is so here in any case: they end the port. */
static void
drop_options(char *text)
{
	static const char *const options[] = { ",server=on", ",server",
		",wait=off", ",nowait", ",nodelay=on", ",nodelay" };
	size_t i = 0, len = strlen(text);

	while (i < sizeof(options) / sizeof(options[0])) {
		size_t n = strlen(options[i]);

		if (len < n || strcmp(text + len - n, options[i]) != 0) {
			i++;
			continue;
		}
		len -= n;
		text[len] = '\0';
		i = 0;
	}
}

/* HOST:PORT, :PORT or PORT, and [HOST]:PORT for a host with colons.  No host
 * is this machine, as is localhost. */
static void
split_address(char *text, int family, const char **host, const char **port)
{
	char *colon = strrchr(text, ':');

	*host = family == AF_INET6 ? "::1" : "127.0.0.1";
	*port = colon ? colon + 1 : text;
	if (!colon || colon == text)
		return;
	*colon = '\0';
	if (strcmp(text, "localhost") == 0)
		return;
	*host = text;
	if (text[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		*host = text + 1;
	}
}

bool
debugger_is_port(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	return text[0] >= '0' && text[0] <= '9' && !*end && port <= 65535;
}

/* An address of TCP. */
union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t
address_size(const union address *at)
{
	return at->any.sa_family == AF_INET6 ? sizeof(at->in6) : sizeof(at->in);
}

/*
 * Read the numeric address `host` of this family, or of either.  There is no
 * getaddrinfo(): a listener's address is one of this machine's, and a static
 * program that resolves names loads shared objects for that.
 */
static bool
read_address(const char *host, int family, uint16_t port, union address *at)
{
	*at = (union address){ 0 };
	if (family != AF_INET6 &&
	    inet_pton(AF_INET, host, &at->in.sin_addr) == 1) {
		at->in.sin_family = AF_INET;
		at->in.sin_port = htons(port);
		return true;
	}
	if (family == AF_INET ||
	    inet_pton(AF_INET6, host, &at->in6.sin6_addr) != 1)
		return false;
	at->in6.sin6_family = AF_INET6;
	at->in6.sin6_port = htons(port);
	return true;
}

/* The address that the kernel chose for the listener. */
static int
find_endpoint(struct connection *connection, struct debugger_error *error)
{
	union address at = { 0 };
	socklen_t len = sizeof(at);
	char host[INET6_ADDRSTRLEN];
	bool six;

	if (getsockname(connection->listener, &at.any, &len) < 0)
		return fail_call(error, "getsockname");
	six = at.any.sa_family == AF_INET6;
	(void)inet_ntop(at.any.sa_family,
	    six ? (const void *)&at.in6.sin6_addr
		: (const void *)&at.in.sin_addr,
	    host, sizeof(host));
	snprintf(connection->endpoint, sizeof(connection->endpoint),
	    "%s%s%s:%u", six ? "[" : "", host, six ? "]" : "",
	    ntohs(six ? at.in6.sin6_port : at.in.sin_port));
	return 0;
}

/* errno says why; the cure follows. */
static int
fail_listen(struct debugger_error *error)
{
	const char *cure = NULL;

	if (errno == EADDRINUSE)
		cure = "the port is in use: give another, or --gdb=:0 for a"
		       " free one";
	else if (errno == EADDRNOTAVAIL)
		cure = "this host does not have the address: leave it out, for"
		       " the loopback";
	if (!cure)
		return fail_call(error, "listen");
	snprintf(error->text, sizeof(error->text), "%s", cure);
	return -1;
}

static int
listen_at(struct connection *connection, const union address *at,
    struct debugger_error *error)
{
	int one = 1;

	connection->listener = socket(
	    at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->listener < 0 ||
	    setsockopt(connection->listener, SOL_SOCKET, SO_REUSEADDR, &one,
		sizeof(one)) < 0 ||
	    bind(connection->listener, &at->any, address_size(at)) < 0 ||
	    listen(connection->listener, BACKLOG) < 0) {
		return fail_listen(error);
	}
	return find_endpoint(connection, error);
}

static int
listen_tcp(struct connection *connection, struct debugger_error *error)
{
	const char *address = connection->address;
	int family = take_family(&address);
	const char *host, *port;
	char text[ADDRESS_SIZE];
	union address at;
	const int len = snprintf(text, sizeof(text), "%s", address);

	drop_options(text);
	split_address(text, family, &host, &port);
	if (len >= ADDRESS_SIZE || !debugger_is_port(port)) {
		snprintf(error->text, sizeof(error->text),
		    "\"%.128s\" is not a port, a device, unix:PATH, fd:N or"
		    " stdio",
		    port);
		return -1;
	}
	if (!read_address(host, family, (uint16_t)atoi(port), &at)) {
		snprintf(error->text, sizeof(error->text),
		    "\"%.128s\" is not an address: give its number, such as"
		    " 127.0.0.1, or localhost",
		    host);
		return -1;
	}
	return listen_at(connection, &at, error);
}

/* A serial line needs no carrier, and nothing waits for one. */
static int
take_device(struct connection *connection, struct debugger_error *error)
{
	int fd = open(
	    connection->address, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	struct termios raw;

	if (fd < 0 || fcntl(fd, F_SETFL, O_RDWR) < 0)
		return fail_call(error, "open");
	if (tcgetattr(fd, &raw) == 0) {
		cfmakeraw(&raw);
		raw.c_cflag |= CLOCAL;
		if (tcsetattr(fd, TCSANOW, &raw) < 0)
			return fail_call(error, "tcsetattr");
	}
	connection_use(connection, fd, fd);
	connection->device = true;
	return 0;
}

/* A descriptor that listens, or one that is connected. */
static int
take_descriptor(struct connection *connection, const char *number,
    struct debugger_error *error)
{
	char *end;
	long fd = strtol(number, &end, 10);
	int listening = 0;
	socklen_t len = sizeof(listening);

	if (end == number || *end || fd < 0 || fd > INT_MAX ||
	    fcntl((int)fd, F_GETFD) < 0) {
		errno = EBADF;
		return fail_call(error, "descriptor");
	}
	if (getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) ==
		0 &&
	    listening)
		connection->listener = (int)fd;
	else
		connection_use(connection, (int)fd, (int)fd);
	return 0;
}

const char *
debugger_socket_path(const char *address)
{
	return after(address, unix_prefix);
}

int
connection_open(struct connection *connection, const char *address,
    struct debugger_error *error)
{
	const char *path = after(address, unix_prefix);
	const char *number = after(address, fd_prefix);
	struct stat st;

	*connection = (struct connection){
		.address = address, .listener = -1, .in = -1, .out = -1
	};
	if (path)
		return listen_unix(connection, path, error);
	if (number)
		return take_descriptor(connection, number, error);
	if (strcmp(address, DEBUGGER_STDIO) == 0)
		connection_use(connection, STDIN_FILENO, STDOUT_FILENO);
	else if (stat(address, &st) == 0 && S_ISCHR(st.st_mode))
		return take_device(connection, error);
	else
		return listen_tcp(connection, error);
	return 0;
}

void
connection_use(struct connection *connection, int in, int out)
{
	const struct timeval patience = { .tv_usec = DEBUGGER_PATIENCE_MS *
						     1000 };
	const struct timeval room = { .tv_usec = DEBUGGER_ROOM_US };

	connection->in = in;
	connection->out = out;
	/* Sockets alone have these options. */
	connection->patient = setsockopt(in, SOL_SOCKET, SO_RCVTIMEO, &patience,
				  sizeof(patience)) == 0;
	connection->sends = setsockopt(out, SOL_SOCKET, SO_SNDTIMEO, &room,
				sizeof(room)) == 0;
}

int
connection_accept(const struct connection *connection)
{
	int fd = accept4(connection->listener, NULL, NULL, SOCK_CLOEXEC);
	int one = 1;

	/* For speed alone, and not for Unix sockets. */
	if (fd >= 0)
		(void)setsockopt(
		    fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

ssize_t
connection_send(
    const struct connection *connection, const void *bytes, size_t n)
{
	ssize_t sent;

	if (!connection->sends)
		return output_try(connection->out, bytes, n);
	sent = write(connection->out, bytes, n);
	if (sent >= 0)
		return sent;
	return errno == EINTR ? -EAGAIN : -errno;
}

bool
connection_has_input(const struct connection *connection)
{
	struct pollfd p = { connection->in, POLLIN, 0 };

	return poll(&p, 1, 0) > 0;
}

bool
connection_hung_up(const struct connection *connection)
{
	struct pollfd p = { connection->in, POLLRDHUP, 0 };

	return poll(&p, 1, 0) > 0;
}

void
connection_close(struct connection *connection)
{
	close(connection->in);
	connection->in = connection->out = -1;
}

void
connection_stop(struct connection *connection)
{
	if (connection->listener >= 0)
		close(connection->listener);
	connection->listener = -1;
}

void
connection_remove(const struct connection *connection)
{
	const char *path = connection->address
			       ? debugger_socket_path(connection->address)
			       : NULL;

	if (path)
		unlink(path);
}

int
channel_pair(int channel[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel);
}

/* A change of the connection as one process reports it to another.  The
 * descriptor of an accepted one comes along; news say nothing of either. */
struct connection_change {
	enum channel_news news;
	uint8_t listens; /* a bool, but any byte may come */
};

/* Room for one descriptor, aligned as a header has to be. */
union descriptor_message {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

void
connection_report(const struct connection *connection, int channel)
{
	struct connection_change report = { CHANNEL_QUIET,
		connection->listener >= 0 };
	union descriptor_message control = { .bytes = { 0 } };
	struct iovec iov = { &report, sizeof(report) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *header = &control.header;

	if (channel < 0)
		return;
	if (connection->in >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		*header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(header), &connection->in, sizeof(int));
	}
	while (sendmsg(channel, &message, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

/* The descriptor that came with a message, or -1. */
static int
descriptor_of(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (header && header->cmsg_level == SOL_SOCKET &&
	    header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(header), sizeof(int));
	return fd;
}

/* The peer may be in the hands of its guest.  Without the padding there is no
 * room for a second descriptor, and the kernel lets that go. */
enum channel_news
connection_follow(struct connection *connection, int channel)
{
	struct connection_change report = { CHANNEL_QUIET, false };
	union descriptor_message control;
	struct iovec iov = { &report, sizeof(report) };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	int fd;
	ssize_t n = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return CHANNEL_QUIET;
	if (n <= 0)
		return CHANNEL_GONE;
	fd = descriptor_of(&message);
	if (report.news != CHANNEL_QUIET) {
		if (fd >= 0)
			close(fd);
		return report.news;
	}
	if (connection->in >= 0)
		connection_close(connection);
	if (fd >= 0)
		connection_use(connection, fd, fd);
	if (!report.listens)
		connection_stop(connection);
	return CHANNEL_QUIET;
}

void
channel_pass(int channel, enum channel_news news)
{
	struct connection_change report = { news, false };
	struct iovec iov = { &report, sizeof(report) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	while (sendmsg(channel, &message, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

enum channel_news
channel_await(int channel)
{
	struct connection_change report;
	ssize_t n = read(channel, &report, sizeof(report));

	if (n == sizeof(report))
		return report.news;
	return n < 0 && errno == EINTR ? CHANNEL_QUIET : CHANNEL_GONE;
}
