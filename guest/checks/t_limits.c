/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests that limits of resources limit: here the number of descriptors.
 */
#include <errno.h>
#include <hcall.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <tap.h>
#include <unistd.h>

#define FEW  100
#define MANY 3000

static struct pollfd list[MANY];

/* Set the limit that can be raised again; the old one. */
static rlim_t
set_limit(int resource, rlim_t now)
{
	struct rlimit limit;
	rlim_t old;

	getrlimit(resource, &limit);
	old = limit.rlim_cur;
	limit.rlim_cur = now;
	setrlimit(resource, &limit);
	return old;
}

static void
test_few(void)
{
	rlim_t old = set_limit(RLIMIT_NOFILE, FEW);
	int pair[2], fd, last = 0;

	hc_pipe((long)pair);
	while ((fd = dup(pair[0])) >= 0)
		last = fd;
	same(errno, EMFILE, "too many descriptors are EMFILE");
	same(last, FEW - 1, "the limit is past the last");
	same(hc_dup2(0, FEW), -EBADF, "dup2 does not reach the limit");
	same(hc_fcntl(0, 0, FEW), -EINVAL, "F_DUPFD starts below it");
	same(hc_poll((long)list, FEW + 1, 0), -EINVAL,
	    "nor is there a longer list");
	close(50);
	same(dup(pair[1]), 50, "the lowest that is closed is the next");
	hc_close_range(pair[0], ~0U, 0);
	same(hc_fcntl(FEW - 1, 1, 0), -EBADF, "close_range closes all");
	set_limit(RLIMIT_NOFILE, old);
}

static void
test_many(void)
{
	struct rlimit limit;
	rlim_t old;
	int fd, pair[2], last = 0, i;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < MANY) {
		skip("the limit of descriptors is low", "many descriptors");
		return;
	}
	old = set_limit(RLIMIT_NOFILE, MANY);
	hc_pipe((long)pair);
	while ((fd = dup(pair[1])) >= 0)
		last = fd;
	same(last, MANY - 1, "the limit can be raised");
	for (i = 0; i < MANY; i++)
		list[i] = (struct pollfd){ i < 3 ? -1 : i, POLLOUT, 0 };
	same(poll(list, MANY, -1), MANY - 4, "all are in one list");
	same(list[MANY - 1].revents, POLLOUT, "the last as well");
	same(list[pair[0]].revents, 0, "but for the end that is read");
	hc_close_range(pair[0], ~0U, 0);
	set_limit(RLIMIT_NOFILE, old);
}

int
main(void)
{
	test_few();
	test_many();
	return tap_done();
}
