/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting a debugger.  Nothing here may know packets.
 */
#include "gdbstart.h"

#include "say.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* Where the debugger connects: the socket lies in a folder that no other user
 * may enter, and only until then.  Not in TMPDIR: its path must be short. */
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static char folder[] = "/tmp/novillo-XXXXXX";
static volatile sig_atomic_t made; /* or to be made */

/* A terminal sends these to us and to the debugger: we ignore them. */
static const int terminal_signals[] = { SIGINT, SIGQUIT };

#define TERMINAL_SIGNALS \
	(sizeof(terminal_signals) / sizeof(terminal_signals[0]))

static int
fail_start(const char *what, int error)
{
	say("--debug: %s: %s", what, strerror(error));
	return -1;
}

/* How a kind of debugger is given a command, and how it connects to a socket.
 * Its program's name begins with `name`, or it is the first. */
static const struct kind {
	const char *name;
	const char *option;
	const char *connect;
} kinds[] = {
	{ "gdb", "-ex", "target extended-remote " },
	{ "lldb", "-o", "process connect --plugin gdb-remote unix-connect://" },
};

static const struct kind *
kind_of(const char *debugger)
{
	const char *slash = strrchr(debugger, '/');
	const char *program = slash ? slash + 1 : debugger;
	size_t i = sizeof(kinds) / sizeof(kinds[0]) - 1;

	while (i > 0 &&
	       strncmp(program, kinds[i].name, strlen(kinds[i].name)) != 0)
		i--;
	return &kinds[i];
}

/* The guest's name as the debugger's argument.  A recording or a configuration
 * may have chosen it: it must not be one of the debugger's options, which run
 * commands. */
static const char *
name_file(const char *guest, char name[PATH_MAX + sizeof("./")])
{
	if (!guest || guest[0] != '-')
		return guest;
	snprintf(name, PATH_MAX + sizeof("./"), "./%s", guest);
	return name;
}

static int
spawn(struct gdbstart *start, const char *path)
{
	const struct kind *kind = kind_of(start->debugger);
	char command[sizeof(((struct sockaddr_un *)0)->sun_path) + 64];
	char guest[PATH_MAX + sizeof("./")];
	const char *argv[] = { start->debugger, kind->option, command,
		name_file(start->guest, guest), NULL };
	posix_spawnattr_t attr;
	sigset_t signals;
	size_t i;
	int r;

	snprintf(command, sizeof(command), "%s%s", kind->connect, path);
	sigemptyset(&signals);
	for (i = 0; i < TERMINAL_SIGNALS; i++) {
		sigaddset(&signals, terminal_signals[i]);
		signal(terminal_signals[i], SIG_IGN);
	}
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigdefault(&attr, &signals);
	r = posix_spawnp(&start->pid, start->debugger, NULL, &attr,
	    (char *const *)(uintptr_t)argv, environ);
	posix_spawnattr_destroy(&attr);
	if (r != 0) {
		say("--debug=%s: %s; install it, or name another with"
		    " --debug=DEBUGGER",
		    start->debugger, strerror(r));
		return -1;
	}
	start->pidfd = (int)syscall(SYS_pidfd_open, start->pid, 0);
	return start->pidfd < 0 ? fail_start("pidfd_open", errno) : 0;
}

/* Wait until the debugger connects or ends. */
static int
await(struct gdbstart *start, int listener)
{
	struct pollfd fds[] = {
		{ listener, POLLIN, 0 },
		{ start->pidfd, POLLIN, 0 },
	};

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	if (!fds[0].revents) {
		say("--debug=%s: it ended before it connected to the guest",
		    start->debugger);
		return -1;
	}
	start->connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return start->connection < 0 ? fail_start("accept", errno) : 0;
}

/* Listen at the address, or close the socket. */
static int
listen_at(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error;

	if (fd >= 0 &&
	    bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 &&
	    listen(fd, 1) == 0)
		return fd;
	error = errno;
	if (fd >= 0)
		close(fd);
	return fail_start(addr->sun_path, error);
}

static int
meet(struct gdbstart *start)
{
	int listener = listen_at(&address);
	int r = -1;

	if (listener >= 0) {
		r = spawn(start, address.sun_path);
		if (r == 0)
			r = await(start, listener);
		close(listener);
	}
	return r;
}

void
gdbstart_drop(void)
{
	if (!made)
		return;
	unlink(address.sun_path);
	rmdir(folder);
	made = 0;
}

int
gdbstart(struct gdbstart *start)
{
	int r = -1;

	made = 1;
	if (!mkdtemp(folder)) {
		fail_start("mkdtemp", errno);
	} else {
		snprintf(address.sun_path, sizeof(address.sun_path),
		    "%s/socket", folder);
		r = meet(start);
	}
	gdbstart_drop();
	return r;
}

void
gdbstart_wait(const struct gdbstart *start)
{
	struct pollfd ended = { start->pidfd, POLLIN, 0 };

	while (!ended.revents && !output_is_late())
		poll(&ended, 1, OUTPUT_LOOK_MS);
}
