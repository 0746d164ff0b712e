/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A debugger's line.  Nothing here may know what packets mean.
 */
#include "line.h"

#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void
run(int fd, const char *program, const char *option)
{
	const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (dup2(fd, CHILD_LINE) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0)
		_exit(127);
	execl(program, program, option, "--gdb=" CHILD_LINE_TEXT, (char *)NULL);
	_exit(127);
}

static void
send_packet(struct line *line, const char *packet)
{
	unsigned char sum = 0;
	char text[128];
	const char *p;
	int n;

	for (p = packet; *p; p++)
		sum = (unsigned char)(sum + *p);
	n = snprintf(text, sizeof(text), "$%s#%02x", packet, sum);
	if (write(line->fd, text, (size_t)n) != n)
		give_up("the line is down: %s", strerror(errno));
}

static char
get(struct line *line)
{
	char c;

	if (read(line->fd, &c, 1) != 1)
		give_up("the line is down, after a packet");
	return c;
}

/* The payload of one frame. */
static void
receive(struct line *line, char reply[LINE_REPLY])
{
	size_t n = 0;
	char c;

	while (get(line) != '$')
		;
	while ((c = get(line)) != '#')
		if (n < LINE_REPLY - 1)
			reply[n++] = c;
	(void)get(line);
	(void)get(line);
	reply[n] = '\0';
}

/* The guest's output and texts come before the reply. */
static void
receive_reply(struct line *line, char reply[LINE_REPLY])
{
	do
		receive(line, reply);
	while (reply[0] == 'O' && strcmp(reply, "OK") != 0);
}

void
line_ask(struct line *line, const char *packet, char reply[LINE_REPLY])
{
	send_packet(line, packet);
	receive_reply(line, reply);
	if (reply[0] == 'E')
		give_up("asked \"%s\", got \"%.40s\", after \"%s\"", packet,
		    reply, line->last);
	snprintf(line->last, sizeof(line->last), "%.80s", reply);
}

void
line_run(struct line *line, unsigned us, char reply[LINE_REPLY])
{
	send_packet(line, "c");
	(void)usleep(us);
	if (write(line->fd, "\3", 1) != 1)
		give_up("the line is down: %s", strerror(errno));
	receive_reply(line, reply);
	snprintf(line->last, sizeof(line->last), "%.80s", reply);
}

void
line_open(struct line *line, const char *program, const char *option)
{
	char reply[LINE_REPLY];
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		give_up("no socket pair: %s", strerror(errno));
	fflush(stdout);
	line->pid = fork();
	if (line->pid < 0)
		give_up("no process: %s", strerror(errno));
	if (line->pid == 0)
		run(pair[1], program, option);
	close(pair[1]);
	line->fd = pair[0];
	line->last[0] = '\0';
	line_ask(line, "QStartNoAckMode", reply);
	if (write(line->fd, "+", 1) != 1)
		give_up("the line is down: %s", strerror(errno));
	line_ask(line, "?", reply);
}

void
line_close(struct line *line)
{
	int status;

	send_packet(line, "k");
	close(line->fd);
	(void)waitpid(line->pid, &status, 0);
}
