/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends packets or plain bytes, receives replies.  It must not know their
 * meaning.
 */
#include "talk.h"

#include "child.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

/* The reply's value of register 16, in 16 digits.  A run of a digit is followed
 * by '*' and a character that says how long it is. */
static uint64_t
stopped_at(void)
{
	const char *p = strstr(reply, ";10:");
	unsigned char digits[256] = "";
	size_t n = 0;
	uint64_t pc = 0;
	int i;

	for (p = p ? p + 4 : ";"; *p && *p != ';' && n < 128; p++)
		if (*p == '*' && n > 0 && p[1])
			for (i = *++p - 29; i > 0 && n < 128; i--, n++)
				digits[n] = digits[n - 1];
		else
			digits[n++] = (unsigned char)*p;
	for (i = 14; i >= 0; i -= 2) {
		unsigned byte = 0;

		sscanf((const char *)digits + i, "%2x", &byte);
		pc = pc << 8 | byte;
	}
	return pc;
}

/* One of the turns, with `pc` for each '@' in it. */
static void
take_turn(char *payload, size_t size, const struct talk *talk, unsigned i,
    uint64_t pc)
{
	const char *at;
	char *end;
	unsigned turns = 0;
	uint64_t plus;
	size_t n = 0;

	while (talk->turns[turns])
		turns++;
	for (at = talk->turns[i % turns]; *at && n + 1 < size; at++) {
		if (*at != '@') {
			payload[n++] = *at;
			continue;
		}
		plus = at[1] == '+' ? strtoul(at + 2, &end, 16) : 0;
		at = at[1] == '+' ? end - 1 : at;
		n += (size_t)snprintf(
		    payload + n, size - n, "%" PRIx64, pc + plus);
	}
	payload[n < size ? n : size - 1] = '\0';
}

static void
ask(int fd, const struct talk *talk, unsigned i, uint64_t pc)
{
	char text[128], payload[96];
	size_t size;

	if (talk->turns && pc)
		take_turn(payload, sizeof(payload), talk, i, pc);
	else if (talk->size)
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

/* Echoed bytes are counted, not compared: tests compare them. */
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
exchange(int fd, const struct talk *talk, unsigned i, uint64_t pc)
{
	if (talk->packet)
		ask(fd, talk, i, pc);
	else
		echo(fd, talk->size);
}

/* Detach: a guest that no debugger can reach would be ended. */
static void
leave(int fd)
{
	tell(fd, "$D#44", 5);
	hear(fd);
}

static void
must_have_ended(int fd)
{
	if (!strstr(reply, "$W00"))
		give_up("the guest was to end, got \"%.40s\"", reply);
	tell(fd, "+", 1);
}

double
talk_hold(int fd, const struct talk *talk)
{
	double begin, time;
	uint64_t pc;
	unsigned i;

	if (talk->packet)
		agree(fd);
	for (i = 0; i < talk->warm; i++)
		exchange(fd, talk, i, 0);
	pc = talk->turns ? stopped_at() : 0;
	begin = child_now();
	for (i = 0; i < talk->times; i++)
		exchange(fd, talk, i, pc);
	time = child_now() - begin;
	if (talk->ends && talk->times > 0)
		must_have_ended(fd);
	else if (talk->packet)
		leave(fd);
	return time;
}
