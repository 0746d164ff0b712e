/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events of the working folder by inotify, for t-inotify.sh, which runs this
 * natively and as a guest.  It prints only text that must be the same in both;
 * "wait" prints the first event of another process.
 */
#define _GNU_SOURCE
#include "show.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int in;

/* All events that there are. */
static void
report(const char *after)
{
	char buf[4096] __attribute__((aligned(8)));
	const struct inotify_event *e;
	ssize_t n, at;

	printf("%s:\n", after);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		for (at = 0; at < n; at += (ssize_t)(sizeof(*e) + e->len)) {
			e = (void *)(buf + at);
			printf("  %d %x %d %s\n", e->wd, e->mask,
			    e->cookie != 0, e->len ? e->name : "-");
		}
	if (n < 0 && errno != EAGAIN)
		show("read", -1);
}

static void
touch(const char *name)
{
	int fd = open(name, O_CREAT | O_RDWR, 0600);

	if (write(fd, "x", 1) != 1)
		show("write", -1);
	close(fd);
}

static void
errors(void)
{
	SHOW(inotify_init1(-1));
	SHOW(inotify_add_watch(in, "missing", IN_ALL_EVENTS));
	SHOW(inotify_add_watch(in, "", IN_ALL_EVENTS));
	SHOW(inotify_add_watch(in, ".", 0));
	SHOW(inotify_add_watch(
	    in, ".", IN_CREATE | IN_MASK_ADD | IN_MASK_CREATE));
	SHOW(inotify_add_watch(1000, ".", IN_CREATE));
	SHOW(inotify_add_watch(1, ".", IN_CREATE));
	SHOW(inotify_add_watch(in, NULL, IN_CREATE));
	SHOW(inotify_add_watch(in, "file", IN_ONLYDIR | IN_CREATE));
	SHOW(inotify_rm_watch(in, 12345));
	SHOW(inotify_rm_watch(1, 1));
	SHOW(inotify_rm_watch(1000, 1));
	SHOW(read(in, &(char){ 0 }, 1));
	SHOW(write(in, "x", 1));
}

static void
events(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct pollfd p = { in, POLLIN, 0 };
	int folder = inotify_add_watch(in, ".", IN_ALL_EVENTS), file, link, n;
	int ep = epoll_create1(0);

	SHOW(inotify_add_watch(in, ".", IN_CREATE | IN_MASK_CREATE));
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, in, &ev));
	SHOW(poll(&p, 1, 0));
	touch("new");
	SHOW(poll(&p, 1, 0));
	SHOW(epoll_wait(ep, &ev, 1, 0));
	SHOW(ioctl(in, FIONREAD, &n));
	printf("%d bytes\n", n);
	report("a new file");
	SHOW(poll(&p, 1, 0));
	SHOW(mkdir("sub", 0700));
	SHOW(rename("new", "sub/moved"));
	SHOW(rename("sub/moved", "back"));
	SHOW(symlink("back", "link"));
	SHOW(chmod("back", 0640));
	report("changes of names");
	SHOW(inotify_rm_watch(in, folder));
	report("the end of a watch");
	file = inotify_add_watch(in, "link", IN_ALL_EVENTS);
	link = inotify_add_watch(in, "link", IN_ALL_EVENTS | IN_DONT_FOLLOW);
	printf("different: %d\n", file != link);
	touch("back");
	SHOW(unlink("link"));
	SHOW(unlink("back"));
	report("a file and a link");
	SHOW(inotify_add_watch(in, "sub", IN_CREATE | IN_ONESHOT));
	touch("sub/one");
	touch("sub/two");
	report("once");
	SHOW(unlink("sub/one"));
	SHOW(unlink("sub/two"));
	SHOW(rmdir("sub"));
}

int
main(int argc, char **argv)
{
	struct pollfd p = { .events = POLLIN };

	in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (argc > 1 && strcmp(argv[1], "wait") == 0) {
		p.fd = in;
		inotify_add_watch(in, ".", IN_CREATE);
		puts("ready");
		fflush(stdout);
		SHOW(poll(&p, 1, 60000));
		report("from outside");
		return 0;
	}
	touch("file");
	errors();
	events();
	return 0;
}
