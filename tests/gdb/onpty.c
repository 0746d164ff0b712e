/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A serial line for tests: runs a command with the name of a terminal's far
 * end in place of each @, and carries bytes between our standard streams and
 * its near end.  This file must not know the protocol on the line.
 *
 * usage: onpty COMMAND [ARG...]
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static char name[64];

/* ARG with the terminal's name for its @. */
static char *
with_name(char *arg)
{
	static char text[256];
	char *at = strchr(arg, '@');

	if (!at)
		return arg;
	if (strlen(arg) + strlen(name) >= sizeof(text))
		errx(1, "%s is too long", arg);
	memcpy(text, arg, (size_t)(at - arg));
	strcpy(text + (at - arg), name);
	strcat(text, at + 1);
	return text;
}

/* Switch off the terminal's echo, and leave its other modes to the command. */
static int
open_line(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios mode;
	const char *far;

	if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0)
		err(1, "posix_openpt");
	far = ptsname(fd);
	if (!far || strlen(far) >= sizeof(name))
		err(1, "ptsname");
	strcpy(name, far);
	if (tcgetattr(fd, &mode) < 0)
		err(1, "tcgetattr");
	mode.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(fd, TCSANOW, &mode) < 0)
		err(1, "tcsetattr");
	return fd;
}

/* The far end is open only while the command runs. */
static pid_t
run(char **argv)
{
	int far = open(name, O_RDWR | O_NOCTTY);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid = fork();
	int i;

	if (far < 0 || null < 0 || pid < 0)
		err(1, "%s", name);
	if (pid > 0) {
		close(far);
		close(null);
		return pid;
	}
	if (dup2(null, STDIN_FILENO) < 0 ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		err(1, "dup2");
	for (i = 0; argv[i]; i++)
		argv[i] = with_name(argv[i]);
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}

/* Copy available bytes from `from` to `to`; return false at their end. */
static bool
carry(int from, int to)
{
	char bytes[4096];
	ssize_t n = read(from, bytes, sizeof(bytes));
	ssize_t done = 0;

	while (done < n) {
		ssize_t w = write(to, bytes + done, (size_t)(n - done));

		if (w < 0)
			return false;
		done += w;
	}
	return n > 0;
}

/* Carry bytes until the command closes its end, or our streams end. */
static void
carry_all(int line)
{
	struct pollfd fds[] = {
		{ STDIN_FILENO, POLLIN, 0 },
		{ line, POLLIN, 0 },
	};

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			err(1, "poll");
		if (fds[1].revents && !carry(line, STDOUT_FILENO))
			return;
		if (fds[0].revents && !carry(STDIN_FILENO, line))
			return;
	}
}

int
main(int argc, char **argv)
{
	int line, status;
	pid_t pid;

	if (argc < 2)
		errx(2, "usage: onpty COMMAND [ARG...]");
	signal(SIGPIPE, SIG_IGN);
	line = open_line();
	pid = run(argv + 1);
	carry_all(line);
	close(line);
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
