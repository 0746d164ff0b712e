/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The debugger's line.  Nothing here may know packets.
 */
#include "gdbserve.h"

#include "gdb/stub.h"
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#define INPUT_SIZE 65536

static struct {
	struct stub stub;
	uint8_t input[INPUT_SIZE]; /* received, and not wanted yet */
	size_t at, end;
} session;

static int
fail(const struct gdbserve *serve, const char *what)
{
	say("--gdb=%s: %s: %s", serve->address, what, strerror(errno));
	return -1;
}

static int
listen_unix(struct gdbserve *serve, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (!path[0] || strlen(path) >= sizeof(addr.sun_path)) {
		errno = path[0] ? ENAMETOOLONG : ENOENT;
		return fail(serve, "bind");
	}
	strcpy(addr.sun_path, path);
	serve->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (serve->listener < 0)
		return fail(serve, "socket");
	if (bind(serve->listener, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return fail(serve, "bind");
	if (listen(serve->listener, 4) < 0)
		return fail(serve, "listen");
	say("%s: waits for a debugger: gdb -ex 'target remote %s'",
	    serve->guest, path);
	return 0;
}

/* HOST:PORT, :PORT or PORT, and [HOST]:PORT for a host with colons. */
static void
split_address(char *text, const char **host, const char **port)
{
	char *colon = strrchr(text, ':');

	*host = "127.0.0.1";
	*port = colon ? colon + 1 : text;
	if (!colon || colon == text)
		return;
	*colon = '\0';
	*host = text;
	if (text[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		*host = text + 1;
	}
}

/* getaddrinfo() takes any number and uses part of it. */
static bool
is_port(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	return text[0] >= '0' && text[0] <= '9' && !*end && port <= 65535;
}

static int
tell_port(struct gdbserve *serve)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char host[64], port[16];

	if (getsockname(serve->listener, (struct sockaddr *)&addr, &len) < 0 ||
	    getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host), port,
		sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return fail(serve, "getsockname");
	say("%s: waits for a debugger: gdb -ex 'target remote %s%s%s:%s'",
	    serve->guest, strchr(host, ':') ? "[" : "", host,
	    strchr(host, ':') ? "]" : "", port);
	return 0;
}

static int
listen_tcp(struct gdbserve *serve)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	};
	const char *host, *port;
	struct addrinfo *found;
	char text[256];
	int one = 1;
	int r;

	snprintf(text, sizeof(text), "%s", serve->address);
	split_address(text, &host, &port);
	if (!is_port(port)) {
		say("--gdb=%s: \"%s\" is no port, nor is it a device or"
		    " unix:PATH, fd:N, stdio",
		    serve->address, port);
		return -1;
	}
	r = getaddrinfo(host, port, &hints, &found);
	if (r != 0) {
		say("--gdb=%s: %s", serve->address, gai_strerror(r));
		return -1;
	}
	serve->listener = socket(
	    found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (serve->listener < 0 ||
	    setsockopt(serve->listener, SOL_SOCKET, SO_REUSEADDR, &one,
		sizeof(one)) < 0 ||
	    bind(serve->listener, found->ai_addr, found->ai_addrlen) < 0 ||
	    listen(serve->listener, 4) < 0)
		r = fail(serve, "listen");
	freeaddrinfo(found);
	return r < 0 ? r : tell_port(serve);
}

/* A line that is there: it is not to be accepted, and not to be replaced. */
static int
take_line(struct gdbserve *serve, int in, int out)
{
	if (in < 0)
		return fail(serve, "open");
	serve->line = in;
	serve->line_out = out;
	return 0;
}

static int
take_device(struct gdbserve *serve)
{
	int fd = open(serve->address, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios raw;

	if (fd >= 0 && tcgetattr(fd, &raw) == 0) {
		cfmakeraw(&raw);
		if (tcsetattr(fd, TCSANOW, &raw) < 0)
			return fail(serve, "tcsetattr");
	}
	return take_line(serve, fd, fd);
}

static int
take_descriptor(struct gdbserve *serve, const char *number)
{
	char *end;
	long fd = strtol(number, &end, 10);
	int listening = 0;
	socklen_t len = sizeof(listening);

	if (end == number || *end || fd < 0 || fcntl((int)fd, F_GETFD) < 0) {
		errno = EBADF;
		return fail(serve, "descriptor");
	}
	if (getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) ==
		0 &&
	    listening) {
		serve->listener = (int)fd;
		return 0;
	}
	return take_line(serve, (int)fd, (int)fd);
}

int
gdbserve_open(struct gdbserve *serve)
{
	struct stat st;

	serve->listener = serve->line = serve->line_out = -1;
	if (strncmp(serve->address, "unix:", 5) == 0)
		return listen_unix(serve, serve->address + 5);
	if (strncmp(serve->address, "fd:", 3) == 0)
		return take_descriptor(serve, serve->address + 3);
	if (strcmp(serve->address, "stdio") == 0)
		return take_line(serve, STDIN_FILENO, STDOUT_FILENO);
	if (stat(serve->address, &st) == 0 && S_ISCHR(st.st_mode))
		return take_device(serve);
	return listen_tcp(serve);
}

static void
begin_session(struct machine *m)
{
	session.at = session.end = 0;
	debug_attach(m);
	stub_open(&session.stub);
}

/* The guest of a debugger that we started is its own, and goes with it unless
 * it was let go of. */
static void
end_session(struct gdbserve *serve, struct machine *m)
{
	if (serve->line < 0)
		return;
	if (serve->started && session.stub.attached &&
	    session.stub.state != STUB_GONE)
		debug_kill(m);
	stub_closed(&session.stub);
	close(serve->line);
	serve->line = -1;
	if (serve->once && serve->listener >= 0) {
		close(serve->listener);
		serve->listener = -1;
	}
}

/* Is nobody there any more, though not all they said has been read? */
static bool
has_hung_up(int line)
{
	struct pollfd p = { line, POLLRDHUP, 0 };

	return poll(&p, 1, 0) > 0;
}

/* One at a time: who comes while another is there, is sent away. */
static void
accept_debugger(struct gdbserve *serve, struct machine *m)
{
	int fd = accept4(serve->listener, NULL, NULL, SOCK_CLOEXEC);
	int one = 1;

	if (fd < 0)
		return;
	if (serve->line >= 0 && has_hung_up(serve->line))
		end_session(serve, m);
	if (serve->line >= 0 || serve->listener < 0) {
		close(fd);
		return;
	}
	/* Not of a Unix socket, and only a matter of speed. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	serve->line = serve->line_out = fd;
	begin_session(m);
}

static void
feed(void)
{
	while (session.at < session.end && stub_wants_input(&session.stub))
		session.at += stub_input(&session.stub,
		    session.input + session.at, session.end - session.at);
	if (session.at == session.end)
		session.at = session.end = 0;
}

/* There are bytes that the stub would take, had it only been asked. */
static bool
has_input(void)
{
	return session.at < session.end && stub_wants_input(&session.stub);
}

static void
receive(struct gdbserve *serve, struct machine *m)
{
	ssize_t n = read(serve->line, session.input + session.end,
	    sizeof(session.input) - session.end);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		end_session(serve, m);
		return;
	}
	session.end += (size_t)n;
	feed();
}

static void
transmit(struct gdbserve *serve, struct machine *m)
{
	const uint8_t *bytes;
	size_t size;

	while (serve->line >= 0 &&
	       (bytes = stub_output(&session.stub, &size)) && size > 0) {
		ssize_t n = write(serve->line_out, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			end_session(serve, m);
		else
			stub_sent(&session.stub, (size_t)n);
	}
	if (serve->line >= 0 && stub_wants_close(&session.stub))
		end_session(serve, m);
}

static bool
has_ended(const struct machine *m)
{
	return m->outcome.kind != OUTCOME_RUNNING;
}

/* What the machine has to say goes to the stub. */
static void
hear_machine(struct machine *m)
{
	struct debug_event event;
	struct stop stop;

	if (has_ended(m) && session.stub.state == STUB_GONE)
		return;
	if (!debug_poll(m, &event))
		return;
	stop = gdbtarget_stop(m, &event);
	stub_stop(&session.stub, &stop);
}

/* The debugger that we started has ended, also if it never connected. */
static void
lose_debugger(struct gdbserve *serve, struct machine *m)
{
	serve->debugger = -1;
	end_session(serve, m);
	if (session.stub.state == STUB_STOPPED)
		debug_kill(m);
}

/* One turn: wait for the line, for another debugger, for the machine. */
static void
turn(struct gdbserve *serve, struct machine *m)
{
	bool room = session.end < sizeof(session.input);
	struct pollfd fds[] = {
		{ debug_fd(m), POLLIN, 0 },
		{ serve->listener, POLLIN, 0 },
		{ room ? serve->line : -1, POLLIN, 0 },
		{ serve->started ? serve->debugger : -1, POLLIN, 0 },
	};

	poll(fds, 4, has_input() ? 0 : debug_timeout(m));
	hear_machine(m);
	if (fds[2].revents)
		receive(serve, m);
	else
		feed();
	/* What was asked for may have been done already. */
	hear_machine(m);
	if (fds[1].revents)
		accept_debugger(serve, m);
	if (fds[3].revents)
		lose_debugger(serve, m);
	transmit(serve, m);
}

/* The vCPUs rest before anybody can connect: there is a state to show. */
static void
rest_at_entry(struct machine *m)
{
	const struct stop stop = { .kind = STOP_NONE, .tid = 1 };

	debug_rest(m);
	stub_stop(&session.stub, &stop);
}

/*
 * A debugger that is gone must not take us along.  Of this thread only: a
 * guest that writes to a closed pipe ends as a process does, and its threads
 * are there already.
 */
static void
block_sigpipe(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int
gdbserve_run(struct gdbserve *serve, struct gdbtarget *target)
{
	struct machine *m = target->machine;
	int r;

	stub_init(&session.stub, gdbtarget_ops(), target);
	r = debug_start(m, serve->wait);
	if (r < 0) {
		say("vCPU threads: %s", strerror(-r));
		return -1;
	}
	block_sigpipe();
	if (serve->wait)
		rest_at_entry(m);
	if (serve->line >= 0)
		begin_session(m);
	/* An ended guest stays for its debugger, who hears how it ended. */
	while (!has_ended(m) || session.stub.state != STUB_GONE ||
	       serve->line >= 0)
		turn(serve, m);
	debug_join(m);
	if (serve->address && strncmp(serve->address, "unix:", 5) == 0)
		unlink(serve->address + 5);
	return 0;
}
