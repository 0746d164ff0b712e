/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The addresses that debuggers connect to, what a connection does when its peer
 * does not read or has gone, and the descriptors that the front takes from a
 * worker, which may be in the hands of its guest: one, and only with a
 * connection.
 */
#include "openfiles.h"
#include "scratch.h"
#include "tap.h"

#include "debugger/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <termios.h>

static int channel[2];
static struct connection followed = { .listener = -1, .in = -1, .out = -1 };

/* Send a report with `n` descriptors, and follow it. */
static enum channel_news
follow(enum channel_news news, size_t n)
{
	struct connection none = { .listener = 0, .in = -1 };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(8 * sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(n * sizeof(int)),
			  .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS } };
	char bytes[64];
	struct iovec iov = { bytes, sizeof(bytes) };
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)) };

	/* As the worker writes it. */
	if (news == CHANNEL_QUIET)
		connection_report(&none, channel[0]);
	else
		channel_pass(channel[0], news);
	iov.iov_len = (size_t)read(channel[1], bytes, sizeof(bytes));
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(&control.header) + i * sizeof(int),
		    &channel[0], sizeof(int));
	(void)sendmsg(channel[0], &message, 0);
	return connection_follow(&followed, channel[1]);
}

/* Addresses, and how the text of the endpoint begins. */
static const struct {
	const char *address, *endpoint;
} heard[] = {
	{ "0", "127.0.0.1:" },
	{ ":0", "127.0.0.1:" },
	{ "localhost:0", "127.0.0.1:" },
	{ "127.0.0.2:0", "127.0.0.2:" },
	{ "[127.0.0.1]:0", "127.0.0.1:" },
	{ "tcp::0", "127.0.0.1:" },
	{ "tcp4:localhost:0", "127.0.0.1:" },
	{ "0,server,nowait", "127.0.0.1:" },
	{ "0,nodelay=on,wait=off,server=on", "127.0.0.1:" },
	{ "[::1]:0", "[::1]:" },
	{ "::1:0", "[::1]:" },
	{ "tcp6:0", "[::1]:" },
	{ "tcp6:localhost:0", "[::1]:" },
	{ "tcp:[::1]:0,nodelay", "[::1]:" },
};

#define NOT_PORT "is not a port, a device, unix:PATH, fd:N or stdio"
#define NOT_HOST \
	"is not an address: give its number, such as 127.0.0.1, or localhost"

/* Addresses that are refused, the part of each that is wrong, and why. */
static const struct {
	const char *address, *part, *why;
} refused[] = {
	{ "", "", NOT_PORT },
	{ "file", "file", NOT_PORT },
	{ "-1", "-1", NOT_PORT },
	{ "+1", "+1", NOT_PORT },
	{ " 1", " 1", NOT_PORT },
	{ "1x", "1x", NOT_PORT },
	{ "65536", "65536", NOT_PORT },
	{ "18446744073709551616", "18446744073709551616", NOT_PORT },
	{ "127.0.0.1:", "", NOT_PORT },
	{ "0,telnet", "0,telnet", NOT_PORT },
	{ "0,server,telnet", "0,server,telnet", NOT_PORT },
	{ "[::1]", "1]", NOT_PORT },
	{ "127.1:0", "127.1", NOT_HOST },
	{ "host:0", "host", NOT_HOST },
	{ "[]:0", "", NOT_HOST },
	{ "[::1:0", "[::1", NOT_HOST },
	{ "tcp4:[::1]:0", "::1", NOT_HOST },
	{ "tcp6:127.0.0.1:0", "127.0.0.1", NOT_HOST },
	{ "tcp:tcp:0", "tcp", NOT_HOST },
};

/* Addresses that the host refuses by a call. */
static const struct {
	const char *address, *call;
	int error;
} failed[] = {
	{ "unix:", "bind", ENOENT },
	{ "unix:none/socket", "bind", ENOENT },
	{ "unix:file", "bind", EADDRINUSE },
	{ "fd:", "descriptor", EBADF },
	{ "fd:x", "descriptor", EBADF },
	{ "fd:0x", "descriptor", EBADF },
	{ "fd:-1", "descriptor", EBADF },
	{ "fd:1000000", "descriptor", EBADF },
	{ "fd:4294967296", "descriptor", EBADF },
};

static struct connection tried;
static struct debugger_error error;
static int listen_fails; /* with this error; 0: it does not */

/* In place of the C library's. */
int
listen(int fd, int backlog)
{
	if (listen_fails) {
		errno = listen_fails;
		return -1;
	}
	return (int)syscall(SYS_listen, fd, backlog);
}

static int
try(const char *address)
{
	memset(&error, 0, sizeof(error));
	return connection_open(&tried, address, &error);
}

static bool
has_ipv6(void)
{
	const struct sockaddr_in6 at = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool has = bind(fd, (const void *)&at, sizeof(at)) == 0;

	close(fd);
	return has;
}

static void
test_heard(void)
{
	const bool six = has_ipv6();
	size_t i, n;

	for (i = 0; i < sizeof(heard) / sizeof(heard[0]); i++) {
		n = strlen(heard[i].endpoint);
		if (heard[i].endpoint[0] == '[' && !six) {
			skip(1, "there is no IPv6 here");
			continue;
		}
		ok(try(heard[i].address) == 0 &&
			strncmp(tried.endpoint, heard[i].endpoint, n) == 0 &&
			debugger_is_port(tried.endpoint + n) &&
			atoi(tried.endpoint + n) > 0,
		    "%s listens at %s", heard[i].address, tried.endpoint);
		connection_stop(&tried);
	}
}

static void
test_refused(void)
{
	char text[sizeof(error.text)], address[300];
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		snprintf(text, sizeof(text), "\"%s\" %s", refused[i].part,
		    refused[i].why);
		is_int(try(refused[i].address), -1, "\"%s\" is refused",
		    refused[i].address);
		is_str(error.text, text, "and that is said");
	}
	for (i = 0; i < sizeof(failed) / sizeof(failed[0]); i++) {
		snprintf(text, sizeof(text), "%s: %s", failed[i].call,
		    strerror(failed[i].error));
		is_int(try(failed[i].address), -1, "\"%s\" fails",
		    failed[i].address);
		is_str(error.text, text, "by that call");
		connection_stop(&tried);
	}
	is_int(access("file", F_OK), 0, "a file in a socket's place stays");
	snprintf(address, sizeof(address), "unix:%0*d", 108, 0);
	is_int(try(address), -1, "a long path is refused");
	/* Cut, it would be another port. */
	snprintf(address, sizeof(address), "127.0.0.1:%0*d", 250, 1);
	is_int(try(address), -1, "and an address that does not fit");
}

/* A fault that the user can mend is stated with its cure. */
static void
test_cures(void)
{
	char address[DEBUGGER_ENDPOINT];
	struct connection first;

	is_int(try("192.0.2.1:0"), -1, "an address of others is refused");
	ok(strstr(error.text, "does not have the address"), "with the cure");
	connection_stop(&tried);
	is_int(connection_open(&first, "0", &error), 0, "a port is taken");
	snprintf(address, sizeof(address), "%s", first.endpoint);
	is_int(try(address), -1, "and is not taken again");
	ok(strstr(error.text, "--gdb=:0"), "with the cure");
	connection_stop(&tried);
	connection_stop(&first);
	is_int(try(address), 0, "before it is free");
	connection_stop(&tried);
}

/* A client of the socket of that path. */
static int
client_of(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(at.sun_path, path);
	if (connect(fd, (const void *)&at, sizeof(at)) < 0)
		bail("cannot connect to %s", path);
	return fd;
}

static void
test_unix(void)
{
	struct connection first;
	int client, fd;

	is_int(try("unix:socket"), 0, "a socket is made");
	is_str(tried.endpoint, "socket", "gdb takes its path");
	connection_stop(&tried);
	is_int(connection_open(&first, "unix:socket", &error), 0,
	    "one that is left of an earlier run is replaced");
	is_int(try("unix:socket"), -1, "one that listens is not");
	connection_stop(&tried);
	client = client_of("socket");
	fd = connection_accept(&first);
	ok(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC,
	    "it is still there, and accepts");
	close(client);
	close(fd);
	connection_stop(&first);
	connection_remove(&first);
	ok(access("socket", F_OK) < 0, "and is removed at last");
	listen_fails = ENOBUFS;
	is_int(try("unix:socket"), -1, "one that cannot listen is not made");
	is_str(error.text, "listen: No buffer space available", "for a reason");
	ok(access("socket", F_OK) < 0, "and nothing is left of it");
	listen_fails = 0;
	connection_stop(&tried);
	first.address = "file";
	connection_remove(&first);
	first.address = NULL;
	connection_remove(&first);
	is_int(access("file", F_OK), 0, "as nothing else is");
}

static void
test_descriptors(void)
{
	int pair[2], fd;
	char address[32];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		bail("no sockets");
	snprintf(address, sizeof(address), "fd:%d", pair[0]);
	is_int(try(address), 0, "a connected descriptor is taken");
	ok(tried.in == pair[0] && tried.out == pair[0] && tried.listener < 0,
	    "as a connection");
	connection_close(&tried);
	ok(tried.in < 0 && tried.out < 0 && fcntl(pair[0], F_GETFD) < 0,
	    "which is closed");
	close(pair[1]);
	(void)try("0");
	fd = tried.listener;
	snprintf(address, sizeof(address), "fd:%d", fd);
	is_int(try(address), 0, "one that listens is taken");
	ok(tried.in < 0 && tried.listener == fd, "as a listener");
	connection_stop(&tried);
	is_int(try("stdio"), 0, "so are stdin and stdout");
	ok(tried.in == 0 && tried.out == 1, "together");
}

/* A serial line: no echo, no lines, no carrier. */
static void
test_device(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	struct termios t;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) {
		skip(3, "there is no terminal");
		return;
	}
	is_int(try(ptsname(master)), 0, "a device is taken");
	ok(tried.device && tried.listener < 0, "as a connection");
	ok(tcgetattr(tried.in, &t) == 0 && !(t.c_lflag & (ICANON | ECHO)) &&
		!(t.c_oflag & OPOST) && t.c_cflag & CLOCAL,
	    "whose bytes come as they are");
	connection_close(&tried);
	close(master);
}

/* A peer that does not read, and one that has gone; over a socket and, with
 * `pipes`, over pipes, as stdio may be. */
static void
test_peer(bool pipes)
{
	const char *what = pipes ? "pipes" : "a socket";
	static char bytes[1 << 20];
	int there[2], back[2];
	ssize_t n;

	if ((pipes ? pipe(there) || pipe(back)
		   : socketpair(AF_UNIX, SOCK_STREAM, 0, there)) != 0)
		bail("no connection");
	if (!pipes)
		back[0] = there[1], back[1] = there[0];
	connection_use(&tried, back[0], pipes ? there[1] : back[0]);
	ok(tried.sends != pipes && tried.patient != pipes,
	    "%s: only sockets have times", what);
	ok(!connection_has_input(&tried) && !connection_hung_up(&tried),
	    "%s: no input comes", what);
	is_int(write(back[1], "$", 1), 1, "%s: input is sent", what);
	ok(connection_has_input(&tried), "%s: and comes", what);
	while ((n = connection_send(&tried, bytes, sizeof(bytes))) > 0)
		;
	is_int(n, -EAGAIN, "%s: a peer that does not read is full", what);
	if (pipes)
		close(back[1]);
	else
		shutdown(there[0], SHUT_WR);
	ok(connection_hung_up(&tried), "%s: one that sends no more hung up",
	    what);
	close(there[0]);
	is_int(connection_send(&tried, bytes, 1), -EPIPE,
	    "%s: one that has gone is an error", what);
	if (pipes)
		close(tried.out);
	connection_close(&tried);
}

/* A worker that goes, and bytes that no worker of ours writes. */
static void
test_channel(void)
{
	struct connection none = { .listener = -1, .in = -1 };

	followed.listener = dup(channel[1]);
	connection_report(&none, channel[0]);
	is_int(connection_follow(&followed, channel[1]), CHANNEL_QUIET,
	    "the connection ends");
	ok(followed.in < 0 && followed.listener < 0,
	    "for the follower also, and no other comes");
	channel_pass(channel[0], CHANNEL_AWAY);
	is_int(channel_await(channel[1]), CHANNEL_AWAY, "news are awaited");
	(void)!write(channel[0], "", 1);
	is_int(channel_await(channel[1]), CHANNEL_GONE,
	    "a part of news is the end");
	close(channel[0]);
	is_int(
	    channel_await(channel[1]), CHANNEL_GONE, "so is a closed channel");
	is_int(connection_follow(&followed, channel[1]), CHANNEL_GONE,
	    "for a follower also");
}

int
main(void)
{
	unsigned before;

	if (channel_pair(channel) < 0)
		bail("no channel");
	before = count_open();
	is_int(follow(CHANNEL_QUIET, 1), CHANNEL_QUIET, "a connection comes");
	ok(followed.in >= 0 && count_open() == before + 1, "by a descriptor");
	is_int(follow(CHANNEL_QUIET, 3), CHANNEL_QUIET, "another replaces it");
	ok(followed.in >= 0 && count_open() == before + 1,
	    "by the first of its descriptors alone");
	is_int(follow(CHANNEL_BACK, 2), CHANNEL_BACK, "news come");
	is_int(count_open(), before + 1, "and no descriptor with them");
	test_channel();
	if (!scratch_make() || chdir(scratch) < 0)
		bail("cannot make %s", scratch);
	(void)signal(SIGPIPE, SIG_IGN);
	host_file("file", "");
	test_heard();
	test_refused();
	test_cures();
	test_unix();
	test_descriptors();
	test_device();
	test_peer(false);
	test_peer(true);
	return done_testing();
}
