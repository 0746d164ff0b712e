/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests waiting for descriptors: poll, select, epoll, eventfd, timerfd.
 */
#include <errno.h>
#include <hcall.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <tap.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000L

static long
error(long r)
{
	return r < 0 ? -errno : r;
}

static long
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
test_poll(void)
{
	int pipes[2];
	struct pollfd fds[3] = { { .fd = -1, .events = POLLIN } };
	long start = now();

	hc_pipe((long)pipes);
	fds[1] = (struct pollfd){ pipes[0], POLLIN, 0 };
	fds[2] = (struct pollfd){ pipes[1], POLLOUT, 0 };
	same(poll(fds, 2, 20), 0, "poll waits in vain for an empty pipe");
	ok(now() - start >= 20 * MS, "as long as asked");
	same(poll(fds, 3, -1), 1, "there is room in it");
	same(fds[2].revents, POLLOUT, "which reports its end");
	write(pipes[1], "x", 1);
	same(poll(fds, 3, -1), 2, "and when it is full of something");
	same(fds[1].revents, POLLIN, "a pipe with a byte is readable");
	same(fds[0].revents, 0, "nothing is reported for -1");
	close(pipes[1]);
	same(poll(fds, 3, -1), 2, "a closed descriptor does not wait");
	same(fds[2].revents, POLLNVAL, "but is POLLNVAL");
	ok((fds[1].revents & POLLHUP) != 0, "the other end hung up");
	close(pipes[0]);
	start = now();
	same(poll(NULL, 0, 10), 0, "poll of nothing is a sleep");
	ok(now() - start >= 10 * MS, "of that length");
}

static void
test_ppoll(void)
{
	struct timespec t = { 0, 10 * MS };
	unsigned long mask = 0;

	same(hc_ppoll(0, 0, (long)&t, (long)&mask, 8), 0, "ppoll waits");
	ok(t.tv_sec == 0 && t.tv_nsec == 0, "and reports that nothing is left");
	same(hc_ppoll(0, 0, (long)&t, (long)&mask, 16), -EINVAL,
	    "a mask has eight bytes");
	t.tv_nsec = 1000 * MS;
	same(hc_ppoll(0, 0, (long)&t, 0, 0), -EINVAL,
	    "a second has fewer nanoseconds");
}

static void
test_select(void)
{
	struct timeval t = { 0, 20000 };
	fd_set in, out;
	int pipes[2];
	long start;

	hc_pipe((long)pipes);
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(pipes[0], &in);
	FD_SET(pipes[1], &out);
	same(select(pipes[1] + 1, &in, &out, NULL, NULL), 1,
	    "select finds room in a pipe");
	ok(!FD_ISSET(pipes[0], &in) && FD_ISSET(pipes[1], &out),
	    "and says so in the sets");
	FD_SET(pipes[0], &in);
	start = now();
	same(select(pipes[0] + 1, &in, NULL, NULL, &t), 0,
	    "it waits in vain");
	ok(now() - start >= 20 * MS, "as long as asked");
	same(t.tv_usec, 0, "no time is left");
	write(pipes[1], "x", 1);
	FD_SET(pipes[0], &in);
	same(hc_pselect6(pipes[0] + 1, (long)&in, 0, 0, 0, 0), 1,
	    "pselect6 finds what is in it");
	close(pipes[0]);
	FD_SET(pipes[0], &in);
	same(error(select(pipes[1] + 1, &in, NULL, NULL, NULL)), -EBADF,
	    "a closed descriptor is EBADF");
	same(error(select(-1, NULL, NULL, NULL, NULL)), -EINVAL,
	    "no set has fewer than none");
	close(pipes[1]);
}

/*
 * An error ends the wait at once, and the rest of its time is written back.
 * Linux ignores descriptors past its table, which has at least 64 places.
 */
static void
test_time_after_errors(void)
{
	struct timeval tv = { 9, 0 };
	struct timespec ts = { 9, 0 };
	fd_set in;

	FD_ZERO(&in);
	FD_SET(60, &in);
	same(error(select(61, &in, NULL, NULL, &tv)), -EBADF,
	    "a set with a descriptor that is not open");
	ok(tv.tv_sec == 8 && tv.tv_usec > 0, "leaves less time to select");
	same(hc_pselect6(61, (long)&in, 0, 0, (long)&ts, 0), -EBADF,
	    "the same to pselect6");
	ok(ts.tv_sec == 8 && ts.tv_nsec > 0, "leaves less time");
	same(hc_ppoll(8, 1, (long)&ts, 0, 0), -EFAULT, "a bad list to ppoll");
	ok(ts.tv_sec == 8 && ts.tv_nsec < 999999999, "leaves less time");
	tv = (struct timeval){ 9, 0 };
	same(error(select(-1, NULL, NULL, NULL, &tv)), -EINVAL,
	    "no set has fewer than none");
	ok(tv.tv_sec == 8, "and that leaves less time also");
}

static void
test_epoll(void)
{
	struct epoll_event event = { EPOLLIN, { .u64 = 0x123456789abcdef0 } };
	struct epoll_event got[4] = { { 0 } };
	int set = epoll_create1(EPOLL_CLOEXEC);
	int fd = eventfd(0, EFD_NONBLOCK);
	unsigned long count = 3;
	long start = now();

	ok(set > 2 && fd > 2, "an epoll set and an eventfd are made");
	same(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0, "one in the other");
	same(error(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event)), -EEXIST,
	    "once");
	same(epoll_wait(set, got, 4, 20), 0, "nothing happens");
	ok(now() - start >= 20 * MS, "for a while");
	write(fd, &count, sizeof(count));
	same(epoll_wait(set, got, 4, -1), 1, "then it does");
	ok(got[0].events == EPOLLIN &&
		got[0].data.u64 == 0x123456789abcdef0,
	    "and the guest's own word comes back");
	same(read(fd, &count, sizeof(count)), 8, "the count is read");
	same((long)count, 3, "as it was written");
	same(error(read(fd, &count, sizeof(count))), -EAGAIN, "once");
	same(epoll_ctl(set, EPOLL_CTL_MOD, fd,
		 &(struct epoll_event){ EPOLLOUT, { .u32 = 7 } }),
	    0, "what is waited for can change");
	same(epoll_wait(set, got, 4, -1), 1, "there is room in the count");
	same((long)got[0].data.u32, 7, "with its new word");
	same(epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL), 0, "it is taken out");
	same(epoll_wait(set, got, 4, 0), 0, "and nothing is left");
	same(error(epoll_wait(set, got, 0, 0)), -EINVAL,
	    "no room for events is EINVAL");
	same(error(epoll_ctl(set, EPOLL_CTL_ADD, set, &event)), -EINVAL,
	    "a set is not in itself");
	same(error(epoll_ctl(fd, EPOLL_CTL_ADD, set, &event)), -EINVAL,
	    "and an eventfd is not a set");
	close(fd);
	close(set);
}

static void
test_timer(void)
{
	struct itimerspec far = { { 0, 0 }, { 1000, 0 } }, old;
	struct itimerspec t = { { 0, 0 }, { 0, 20 * MS } };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	struct pollfd p = { fd, POLLIN, 0 };
	unsigned long count = 0;
	long start;

	same(timerfd_settime(fd, 0, &far, &old), 0, "a timer is set");
	same(timerfd_gettime(fd, &old), 0, "and asked");
	ok(old.it_value.tv_sec > 0 && old.it_value.tv_sec < 1000,
	    "what is left");
	start = now();
	same(timerfd_settime(fd, 0, &t, &old), 0, "it is set again");
	ok(old.it_value.tv_sec > 0 && old.it_value.tv_sec < 1000,
	    "and what was left is reported");
	same(poll(&p, 1, 1000), 1, "poll waits for it");
	same(read(fd, &count, sizeof(count)), 8, "it is read");
	same((long)count, 1, "to have expired once");
	ok(now() - start >= 20 * MS, "after its time");
	same(error(timerfd_create(99, 0)), -EINVAL,
	    "not every number is a clock");
	close(fd);
}

int
main(void)
{
	test_poll();
	test_ppoll();
	test_select();
	test_time_after_errors();
	test_epoll();
	test_timer();
	return tap_done();
}
