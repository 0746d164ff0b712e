/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting a debugger.  Nothing here may know what it does.
 */
#include "gdbstart.h"

#include "run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* What a terminal sends to us and the debugger alike is for the debugger. */
static const int terminal_signals[] = { SIGINT, SIGQUIT };

#define TERMINAL_SIGNALS \
	(sizeof(terminal_signals) / sizeof(terminal_signals[0]))

static int
fail(const char *what, int error)
{
	say("--debug: %s: %s", what, strerror(error));
	return -1;
}

static int
spawn(struct gdbstart *start, const char *path)
{
	char command[128];
	const char *argv[] = { start->debugger, "-ex", command, start->guest,
		NULL };
	posix_spawnattr_t attr;
	sigset_t signals;
	size_t i;
	int r;

	snprintf(command, sizeof(command), "target remote %s", path);
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
		say("--debug: %s: %s; install it, or name another by"
		    " --debug=GDB",
		    start->debugger, strerror(r));
		return -1;
	}
	start->pidfd = (int)syscall(SYS_pidfd_open, start->pid, 0);
	return start->pidfd < 0 ? fail("pidfd_open", errno) : 0;
}

/* It connects, or it ends. */
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
		say("--debug: %s has ended without a word to the guest",
		    start->debugger);
		return -1;
	}
	start->line = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return start->line < 0 ? fail("accept", errno) : 0;
}

/* A socket in a folder that nobody else may enter, and only until the
 * debugger has connected. */
static int
meet(struct gdbstart *start, const char *folder)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = 0;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/line", folder);
	if (listener < 0 ||
	    bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(listener, 1) < 0)
		return fail(addr.sun_path, errno);
	r = spawn(start, addr.sun_path);
	if (r == 0)
		r = await(start, listener);
	close(listener);
	unlink(addr.sun_path);
	return r;
}

int
gdbstart(struct gdbstart *start)
{
	/* Not TMPDIR: a socket's path must be short. */
	char folder[] = "/tmp/novillo-XXXXXX";
	int r;

	if (!mkdtemp(folder))
		return fail("mkdtemp", errno);
	r = meet(start, folder);
	rmdir(folder);
	return r;
}

void
gdbstart_wait(const struct gdbstart *start)
{
	struct pollfd ended = { start->pidfd, POLLIN, 0 };

	while (poll(&ended, 1, -1) < 0 && errno == EINTR)
		;
}
