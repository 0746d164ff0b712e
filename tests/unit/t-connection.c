/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The descriptors that the front takes from a worker, which may be in the hands
 * of its guest: one, and only with a connection.
 */
#include "tap.h"

#include "debugger/connection.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static int channel[2];
static struct connection followed = { .listener = -1, .in = -1, .out = -1 };

/* The descriptors that are open. */
static int
count_open(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Send a report with `n` descriptors, and follow it. */
static enum channel_news
follow(enum channel_news news, size_t n)
{
	struct connection none = { .listener = 0, .in = -1 };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(8 * sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(n * sizeof(int)),
			  .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS } };
	char bytes[64];
	struct iovec iov = { bytes, sizeof(bytes) };
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)) };

	/* As the worker writes it. */
	if (news == CHANNEL_QUIET)
		connection_report(&none, channel[0]);
	else
		channel_pass(channel[0], news);
	iov.iov_len = (size_t)read(channel[1], bytes, sizeof(bytes));
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(&control.header) + i * sizeof(int),
		    &channel[0], sizeof(int));
	(void)sendmsg(channel[0], &message, 0);
	return connection_follow(&followed, channel[1]);
}

int
main(void)
{
	int before;

	if (channel_pair(channel) < 0)
		bail("no channel");
	before = count_open();
	is_int(follow(CHANNEL_QUIET, 1), CHANNEL_QUIET, "a connection comes");
	ok(followed.in >= 0 && count_open() == before + 1, "by a descriptor");
	is_int(follow(CHANNEL_QUIET, 3), CHANNEL_QUIET, "another replaces it");
	ok(followed.in >= 0 && count_open() == before + 1,
	    "by the first of its descriptors alone");
	is_int(follow(CHANNEL_BACK, 2), CHANNEL_BACK, "news come");
	is_int(count_open(), before + 1, "and no descriptor with them");
	return done_testing();
}
