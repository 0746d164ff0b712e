/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connects a real debugger to the made-up machine: serves the stub on
 * standard input and output, or on a TCP port of the loopback, whose number it
 * prints.
 *
 *	fakestub [--tcp] [--sessions=N] [ELF]
 */
#include "../unit/faketarget.h"
#include "gdb/stub.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLICE 1000 /* instructions between two polls of the line */

static struct stub stub;
static struct fake fake;

/* Bytes received that the stub has not taken yet. */
static struct {
	uint8_t bytes[65536];
	size_t at;
	size_t end;
} in;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
load(const char *path)
{
	static uint8_t elf[FAKE_IMAGE];
	FILE *file = fopen(path, "rb");
	size_t n;

	if (!file)
		die(path);
	n = fread(elf, 1, sizeof(elf), file);
	fclose(file);
	if (fake_load(&fake, elf, n) != 0) {
		fprintf(stderr, "%s: does not fit\n", path);
		exit(1);
	}
}

static int
listen_tcp(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) != 0 ||
	    listen(fd, 1) != 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
		die("listen");
	printf("%u\n", ntohs(addr.sin_port));
	fflush(stdout);
	return fd;
}

/* Send all output; false if the connection is closed. */
static bool
drain(int fd)
{
	const uint8_t *bytes;
	size_t n;
	ssize_t sent;

	for (bytes = stub_output(&stub, &n); n > 0;
	     bytes = stub_output(&stub, &n)) {
		sent = write(fd, bytes, n);
		if (sent < 0)
			return false;
		stub_sent(&stub, (size_t)sent);
	}
	return true;
}

static bool
fill(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, fake.running ? 0 : -1) < 0)
		return errno == EINTR;
	if (p.revents == 0)
		return true;
	n = read(fd, in.bytes, sizeof(in.bytes));
	if (n <= 0)
		return false;
	in.at = 0;
	in.end = (size_t)n;
	return true;
}

static void
serve(int in_fd, int out_fd)
{
	in.at = in.end = 0;
	stub_open(&stub);
	while (drain(out_fd) && !stub_wants_close(&stub)) {
		if (in.at < in.end && stub_wants_input(&stub))
			in.at += stub_input(
			    &stub, in.bytes + in.at, in.end - in.at);
		else if (in.at == in.end && !fill(in_fd))
			break;
		fake_settle(&fake);
		fake_run(&fake, SLICE);
	}
	stub_closed(&stub);
}

int
main(int argc, char **argv)
{
	static const struct stop entry = { .kind = STOP_NONE, .tid = 1 };
	struct target_ops ops = *fake_ops();
	bool tcp = false;
	int sessions = 1;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	/* LLDB would want more memory than the fake guest has. */
	ops.allocate = NULL;
	stub_init(&stub, &ops, &fake);
	fake_init(&fake, &stub);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--tcp") == 0)
			tcp = true;
		else if (strncmp(argv[i], "--sessions=", 11) == 0)
			sessions = atoi(argv[i] + 11);
		else
			load(argv[i]);
	}
	stub_stop(&stub, &entry);
	if (!tcp) {
		serve(STDIN_FILENO, STDOUT_FILENO);
		return 0;
	}
	fd = listen_tcp();
	while (sessions-- > 0) {
		int line = accept(fd, NULL, NULL);

		if (line < 0)
			die("accept");
		serve(line, line);
		close(line);
	}
	return 0;
}
