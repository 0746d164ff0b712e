/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the writer to novillo's peers with pipes: full ones, closed ones, and
 * one that nobody reads when novillo is to end.
 */
#include "tap.h"

#include "output/output.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG 300000U /* bytes that no pipe has room for */

static char text[LONG];
static struct output_buffer buffer;

static void
make_pipe(int fd[2])
{
	if (pipe(fd) < 0)
		bail("pipe: %s", strerror(errno));
}

/* Write until the pipe takes no more. */
static void
fill(int fd)
{
	while (output_try(fd, text, 1) >= 0)
		;
}

/* In a process of its own: is `n` what can be read up to the end? */
static pid_t
start_reader(const int fd[2], size_t n)
{
	pid_t child = fork();
	ssize_t r;

	if (child != 0)
		return child;
	close(fd[1]);
	while ((r = read(fd[0], text, sizeof(text))) > 0)
		n -= (size_t)r;
	_exit(r == 0 && n == 0 ? 0 : 1);
}

static void
test_slow_reader(void)
{
	struct output output;
	int fd[2], status = -1;
	pid_t child;

	make_pipe(fd);
	output = (struct output){ .fd = fd[1] };
	child = start_reader(fd, LONG + 5);
	close(fd[0]);
	output_write(&output, text, LONG);
	output_print(&output, "%d%s", 12, "345");
	close(fd[1]);
	waitpid(child, &status, 0);
	is_int(status, 0, "a reader gets more than its pipe has room for");
	is_int(output.error, 0, "without an error");
}

static void
test_full(void)
{
	int fd[2];

	make_pipe(fd);
	fill(fd[1]);
	is_int(output_try(fd[1], text, 1), -EAGAIN,
	    "a full pipe takes nothing, and is not waited for");
	close(fd[0]);
	is_int(output_try(fd[1], text, 1), -EPIPE,
	    "one without a reader has write()'s error");
	close(fd[1]);
}

static void
test_error(void)
{
	struct output output;
	int fd[2];

	make_pipe(fd);
	output = (struct output){ .fd = -1 };
	output_write(&output, text, 1);
	is_int(output.error, EBADF, "the first error stays");
	output.fd = fd[1];
	output_write(&output, text, 1);
	close(fd[1]);
	is_int(read(fd[0], text, 1), 0, "nothing is written after it");
	close(fd[0]);
}

static void
test_buffer(void)
{
	struct output output;
	int fd[2], status = -1;
	pid_t child;

	make_pipe(fd);
	output = (struct output){ .fd = fd[1] };
	buffer = (struct output_buffer){ .out = &output };
	child = start_reader(fd, 3 + LONG + 3);
	close(fd[0]);
	output_addf(&buffer, "%s", "abc");
	is_int((long)buffer.used, 3, "a short text stays in the buffer");
	output_add(&buffer, text, LONG);
	is_int((long)buffer.used, 0, "a text longer than that is written");
	output_add(&buffer, text, 3);
	output_flush(&buffer);
	close(fd[1]);
	waitpid(child, &status, 0);
	is_int(status, 0, "nothing is lost or written twice");
}

/* This state is for good. */
static void
test_hurry(void)
{
	struct output output;
	int fd[2];

	make_pipe(fd);
	fill(fd[1]);
	output = (struct output){ .fd = fd[1] };
	ok(!output_is_hurried() && !output_is_late(), "novillo runs");
	output_hurry();
	ok(output_is_hurried(), "novillo is to end");
	output_write(&output, text, 1);
	is_int(output.error, OUTPUT_NOT_READ,
	    "a peer that does not read holds the end up no longer than that");
	ok(output_is_late(), "then the time has run out");
	output_hurry();
	ok(output_is_late(), "a second call does not give more");
	output.error = 0;
	output_write(&output, text, 1);
	is_int(output.error, OUTPUT_NOT_READ, "so no other peer is waited for");
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_slow_reader();
	test_full();
	test_error();
	test_buffer();
	test_hurry();
	return done_testing();
}
