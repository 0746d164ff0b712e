/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A novillo as a child: its start, its line and its end.  Nothing here may know
 * what is asked of it.
 */
#include "endure.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX 64
/* Descriptor of the line in novillo: a number that stays free. */
#define LINE 9

/* In the child. */
static void
become(const char *const argv[], int line, int out, int messages)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(messages, STDERR_FILENO) < 0 ||
	    (line >= 0 && dup2(line, LINE) < 0))
		_exit(99);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(99);
}

static void
start(struct guest *guest, const char *const argv[], bool with_line)
{
	int line[2] = { -1, -1 }, out[2];

	*guest = (struct guest){ .pid = -1 };
	guest->err = memfd_create("messages", MFD_CLOEXEC);
	if (guest->err < 0 || pipe2(out, O_CLOEXEC) < 0 ||
	    (with_line &&
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) < 0))
		err(2, "pipe or socketpair");
	guest->pid = fork();
	if (guest->pid < 0)
		err(2, "fork");
	if (guest->pid == 0)
		become(argv, line[1], out[1], guest->err);
	close(out[1]);
	if (with_line)
		close(line[1]);
	guest->line = line[0];
	guest->out = out[0];
}

void
guest_start(struct guest *guest, bool line, const char *const args[])
{
	static const char *argv[ARGS_MAX];
	static char path[PATH_MAX], option[32];
	unsigned n = 0;

	argv[n++] = novillo;
	snprintf(option, sizeof(option), "--gdb=fd:%d", LINE);
	if (line)
		argv[n++] = option;
	for (; *args && **args == '-'; args++)
		argv[n++] = *args;
	snprintf(path, sizeof(path), "%s/%s", guests, *args);
	argv[n++] = path;
	while (*++args)
		argv[n++] = *args;
	argv[n] = NULL;
	start(guest, argv, line);
}

void
guest_start_command(struct guest *guest, const char *const argv[])
{
	start(guest, argv, false);
}

static uint64_t
microseconds(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

const char *
guest_message(struct guest *guest)
{
	char *text = guest->message;
	ssize_t n;

	if (guest->err < 0)
		return text;
	n = pread(guest->err, text, sizeof(guest->message) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void
close_all(struct guest *guest)
{
	if (guest->line >= 0)
		close(guest->line);
	if (guest->out >= 0)
		close(guest->out);
	close(guest->err);
	guest->line = guest->out = guest->err = -1;
}

static void
reap(struct guest *guest)
{
	struct rusage use;

	if (wait4(guest->pid, &guest->status, 0, &use) < 0)
		err(2, "wait4");
	guest->pid = -1;
	guest->peak_kb = use.ru_maxrss;
	guest->cpu_us = microseconds(use.ru_utime) + microseconds(use.ru_stime);
	(void)guest_message(guest);
	close_all(guest);
}

bool
guest_end(struct guest *guest)
{
	int fd = (int)syscall(SYS_pidfd_open, guest->pid, 0);
	struct pollfd p = { fd, POLLIN, 0 };
	bool over;

	if (fd < 0)
		err(2, "pidfd_open");
	over = poll(&p, 1, HANG_MS) > 0;
	close(fd);
	if (over)
		reap(guest);
	else
		errno = ETIMEDOUT;
	return over;
}

void
guest_kill(struct guest *guest)
{
	if (guest->pid <= 0)
		return;
	kill(guest->pid, SIGKILL);
	reap(guest);
}

void
guest_output(struct guest *guest, char *text, size_t size)
{
	struct pollfd p = { guest->out, POLLIN, 0 };
	size_t used = 0;
	ssize_t n = 1;

	while (n > 0 && used < size - 1 && poll(&p, 1, HANG_MS) > 0) {
		n = read(guest->out, text + used, size - 1 - used);
		used += n > 0 ? (size_t)n : 0;
	}
	text[used] = '\0';
}
