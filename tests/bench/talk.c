/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets or plain bytes out, replies in.  Nothing here may know what is asked.
 */
#include "talk.h"

#include "child.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char reply[1 << 19];

static void
tell(int fd, const char *text, size_t size)
{
	if (write(fd, text, size) != (ssize_t)size)
		give_up("the line is down: %s", strerror(errno));
}

/* A frame ends with '#' and two digits; '#' is nowhere else in it. */
static size_t
hear(int fd)
{
	size_t size = 0;

	while (size < 4 || reply[size - 3] != '#') {
		ssize_t n = read(fd, reply + size, sizeof(reply) - 1 - size);

		if (n <= 0)
			give_up("the line is down after %zu bytes: \"%.40s\"",
			    size, reply);
		size += (size_t)n;
		reply[size] = '\0';
	}
	return size;
}

static size_t
frame(char *text, size_t size, const char *payload)
{
	unsigned char sum = 0;
	const char *p;

	for (p = payload; *p; p++)
		sum = (unsigned char)(sum + *p);
	return (size_t)snprintf(text, size, "$%s#%02x", payload, sum);
}

static void
agree(int fd)
{
	char text[64];

	tell(fd, text, frame(text, sizeof(text), "QStartNoAckMode"));
	hear(fd);
	if (!strstr(reply, "$OK#"))
		give_up("no no-ack mode: \"%.40s\"", reply);
	tell(fd, "+", 1);
	tell(fd, "$?#3f", 5);
	hear(fd);
}

static void
ask(int fd, const struct talk *talk, unsigned i)
{
	char text[128], payload[96];
	size_t size;

	if (talk->size)
		snprintf(payload, sizeof(payload), "%s%" PRIx64 ",%x",
		    talk->packet,
		    talk->address + (uint64_t)(i % talk->pieces) * talk->size,
		    talk->size);
	else
		snprintf(payload, sizeof(payload), "%s", talk->packet);
	size = frame(text, sizeof(text), payload);
	tell(fd, text, size);
	if (hear(fd) < (talk->runs ? 1 : talk->size) || reply[1] == 'E')
		give_up("asked \"%s\", got \"%.40s\"", text, reply);
}

/* What comes back is counted, not compared: that is for tests. */
static void
echo(int fd, unsigned size)
{
	unsigned done;
	ssize_t n;

	tell(fd, reply, size);
	for (done = 0; done < size; done += (unsigned)n) {
		n = read(fd, reply + done, size - done);
		if (n <= 0)
			give_up("the line is down after %u bytes", done);
	}
}

static void
exchange(int fd, const struct talk *talk, unsigned i)
{
	if (talk->packet)
		ask(fd, talk, i);
	else
		echo(fd, talk->size);
}

double
talk_hold(int fd, const struct talk *talk)
{
	double begin;
	unsigned i;

	if (talk->packet)
		agree(fd);
	for (i = 0; i < talk->warm; i++)
		exchange(fd, talk, i);
	begin = child_now();
	for (i = 0; i < talk->times; i++)
		exchange(fd, talk, i);
	return child_now() - begin;
}
