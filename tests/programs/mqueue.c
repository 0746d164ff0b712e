/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * POSIX message queues, for t-ipc.sh, which runs this natively, as a guest,
 * recorded and replayed.  It prints only text that must be the same in all.
 */
#define _GNU_SOURCE
#include "parts.h"
#include "show.h"

#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

static char name[64];

static mqd_t
make_queue(long most, long size, int flags)
{
	struct mq_attr attr = { .mq_maxmsg = most, .mq_msgsize = size };
	mqd_t q;

	snprintf(name, sizeof(name), "/novillo-%d", getpid());
	mq_unlink(name);
	q = mq_open(name, O_CREAT | O_EXCL | flags, 0640, &attr);
	if (q == (mqd_t)-1)
		printf("make: %s\n", strerror(errno));
	return q;
}

static void
attributes(mqd_t q)
{
	struct mq_attr attr;

	if (mq_getattr(q, &attr) < 0)
		printf("attributes: %s\n", strerror(errno));
	else
		printf("attributes: flags %lo, %ld messages, %ld bytes, now"
		       " %ld\n",
		    attr.mq_flags, attr.mq_maxmsg, attr.mq_msgsize,
		    attr.mq_curmsgs);
}

static void
put(mqd_t q, const char *text, unsigned priority)
{
	if (mq_send(q, text, strlen(text) + 1, priority) < 0)
		printf("send %s: %s\n", text, strerror(errno));
}

static void
get(mqd_t q)
{
	char text[8192];
	unsigned priority = 99;
	ssize_t n = mq_receive(q, text, sizeof(text), &priority);

	if (n < 0)
		printf("receive: %s\n", strerror(errno));
	else
		printf("received %zd bytes \"%s\", priority %u\n", n,
		    n > 0 ? text : "", priority);
}

static void
ready(const char *what, mqd_t q)
{
	struct pollfd p = { .fd = (int)q, .events = POLLIN | POLLOUT };

	int n = poll(&p, 1, 0);

	printf("%s: %d, events %x\n", what, n, (unsigned)p.revents);
}

static void
text_of(mqd_t q)
{
	char text[128] = "", *at;
	ssize_t n = read((int)q, text, sizeof(text) - 1);

	at = strstr(text, "NOTIFY_PID:");
	printf("text: %zd, %.*s%s", n, (int)(at ? at - text : 0), text,
	    at && atoi(at + 11) == getpid() ? "mine\n" : "\n");
}

static void
misused(mqd_t q)
{
	const struct timespec bad = { 0, 1000000000 }, past = { 1, 0 };
	struct mq_attr attr;
	mqd_t r, w;
	char text[16];

	r = mq_open(name, O_RDONLY | O_NONBLOCK);
	w = mq_open(name, O_WRONLY | O_NONBLOCK | O_CREAT, 0600, NULL);
	attributes(r);
	printf("closes on exec: %d\n", fcntl((int)r, F_GETFD));
	printf("flags: %o %o %o\n", (unsigned)fcntl((int)q, F_GETFL) & 04003U,
	    (unsigned)fcntl((int)r, F_GETFL) & 04003U,
	    (unsigned)fcntl((int)w, F_GETFL) & 04003U);
	SHOW(mq_send(r, "x", 1, 0));
	SHOW(mq_receive(w, text, sizeof(text), NULL));
	SHOW(mq_receive(r, text, sizeof(text), NULL));
	SHOW(mq_receive(r, text, 9, NULL));
	SHOW(mq_send(q, "0123456789A", 11, 0));
	SHOW(mq_send(q, "x", 1, 32768));
	SHOW(mq_send(q, (char *)8, 1, 0));
	SHOW(mq_timedsend(q, "x", 1, 0, &bad));
	SHOW(mq_timedreceive(q, text, sizeof(text), NULL, &bad));
	SHOW(mq_timedreceive(q, text, sizeof(text), NULL, &past));
	SHOW(mq_send(w, "one", 4, 32767));
	SHOW(mq_send(w, "two", 4, 0));
	SHOW(mq_send(w, "", 0, 1));
	SHOW(mq_send(w, "four", 5, 1));
	SHOW(mq_timedsend(q, "four", 5, 1, &past));
	SHOW(mq_receive(r, (char *)8, sizeof(text), NULL));
	attributes(q);
	SHOW(mq_send(0, "x", 1, 0));
	SHOW(mq_notify(0, NULL));
	SHOW(mq_setattr(q, &(struct mq_attr){ .mq_flags = 1 }, NULL));
	SHOW(mq_setattr(q, &(struct mq_attr){ .mq_flags = O_NONBLOCK }, &attr));
	printf("before: %ld, %ld\n", attr.mq_flags, attr.mq_curmsgs);
	attributes(q);
	SHOW(fcntl((int)q, F_SETFL, 0));
	attributes(q);
	SHOW(mq_close(q));
	SHOW(mq_close(q));
	SHOW(mq_unlink(name));
	SHOW(mq_unlink(name));
	attributes(r);
	get(r);
	SHOW(mq_close(r));
	SHOW(mq_close(w));
}

static void
errors(void)
{
	struct mq_attr attr = { .mq_maxmsg = 0, .mq_msgsize = 10 };
	char many[300] = "/";
	mqd_t q;

	snprintf(name, sizeof(name), "/novillo-%d", getpid());
	memset(many + 1, 'x', sizeof(many) - 2);
	SHOW(mq_open(name, O_RDWR));
	SHOW(mq_open("/", O_RDWR | O_CREAT, 0600, NULL));
	SHOW(mq_open("no-slash", O_RDWR | O_CREAT, 0600, NULL));
	SHOW(mq_open("/a/b", O_RDWR | O_CREAT, 0600, NULL));
	SHOW(mq_open("/..", O_RDWR | O_CREAT, 0600, NULL));
	SHOW(mq_open(many, O_RDWR | O_CREAT, 0600, NULL));
	SHOW(mq_open(name, O_RDWR | O_CREAT, 0600, &attr));
	attr = (struct mq_attr){ .mq_maxmsg = 1, .mq_msgsize = -1 };
	SHOW(mq_open(name, O_RDWR | O_CREAT, 0600, &attr));
	SHOW(mq_open(name, O_RDWR | O_CREAT, 0600, (struct mq_attr *)8));
	SHOW(mq_unlink(name));
	q = make_queue(3, 10, O_RDWR);
	attributes(q);
	SHOW(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL));
	misused(q);
}
static void
order(void)
{
	mqd_t q = make_queue(10, 8192, O_RDWR | O_NONBLOCK), p;
	char big[8192];
	int i;

	put(q, "middle 1", 5);
	put(q, "low", 0);
	put(q, "high 1", 9);
	put(q, "middle 2", 5);
	put(q, "high 2", 9);
	p = mq_open(name, O_RDWR);
	attributes(p);
	for (i = 0; i < 5; i++)
		get(i & 1 ? p : q);
	memset(big, 'b', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	for (i = 0; i < 11; i++)
		SHOW(mq_send(q, big, sizeof(big), 3));
	SHOW(mq_unlink(name));
	SHOW(mq_receive(p, big, sizeof(big), NULL));
	attributes(q);
	mq_close(q);
	mq_close(p);
}

/* A descriptor of a queue is one as any other. */
static void
files(void)
{
	mqd_t q = make_queue(2, 10, O_RDWR | O_NONBLOCK);
	struct epoll_event in = { .events = EPOLLIN | EPOLLET }, got;
	int d = dup((int)q), set = epoll_create1(0);
	struct stat st;
	char text[4];

	ready("empty", q);
	put(q, "one", 1);
	ready("one", d);
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, d, &in));
	SHOW(epoll_wait(set, &got, 1, 0));
	SHOW(epoll_wait(set, &got, 1, 0));
	put(q, "two", 1);
	SHOW(epoll_wait(set, &got, 1, 0));
	ready("full", q);
	get(q);
	ready("one again", q);
	SHOW(epoll_wait(set, &got, 1, 0));
	get(q);
	SHOW(epoll_wait(set, &got, 1, 0));
	ready("empty", d);
	put(q, "three", 1);
	text_of(q);
	SHOW(read((int)q, text, 4));
	SHOW(write((int)q, text, 4));
	SHOW((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, (int)q, 0));
	SHOW(sendfile(1, (int)q, NULL, 4) < 0);
	attributes(q);
	fstat((int)q, &st);
	printf("mode %o, %ld bytes, links %lu, mine %d\n", (unsigned)st.st_mode,
	    (long)st.st_size, (unsigned long)st.st_nlink,
	    st.st_uid == getuid());
	SHOW(mq_close(q));
	SHOW(mq_unlink(name));
	fstat(d, &st);
	printf("links %lu\n", (unsigned long)st.st_nlink);
	get(d);
	close(d);
}

/* The second page of two cannot be read. */
static char *
end_of_page(size_t n)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p + 4096, 4096);
	return p + 4096 - n;
}

/* Reading at places. */
static void
places(void)
{
	mqd_t q = make_queue(2, 10, O_RDWR | O_NONBLOCK);
	struct iovec v[2];
	char text[200] = "";

	SHOW(pread((int)q, text, 5, 0));
	SHOW(pread((int)q, text + 5, 3, 5));
	printf("%s\n", text);
	SHOW(pread((int)q, text, 5, -1));
	SHOW(pread((int)q, text, sizeof(text), 1000));
	v[0] = (struct iovec){ text, 2 };
	v[1] = (struct iovec){ text + 10, 190 };
	SHOW(preadv((int)q, v, 2, 6));
	SHOW(preadv2((int)q, v, 1, -1, 0));
	SHOW(lseek((int)q, 0, SEEK_CUR));
	SHOW(preadv2((int)q, v, 1, 0, RWF_NOWAIT));
	SHOW(lseek((int)q, 3, SEEK_SET));
	SHOW(lseek((int)q, -1, SEEK_CUR));
	SHOW(read((int)q, text, 4));
	printf("%.4s\n", text);
	SHOW(lseek((int)q, 0, SEEK_END));
	SHOW(read((int)q, text, 4));
	SHOW(lseek((int)q, -100, SEEK_CUR));
	SHOW(lseek((int)q, 5, SEEK_DATA));
	SHOW(lseek((int)q, 5, SEEK_HOLE));
	SHOW(lseek((int)q, 80, SEEK_DATA));
	SHOW(lseek((int)q, 0, 9));
	SHOW(lseek((int)q, 0, SEEK_SET));
	SHOW(read((int)q, end_of_page(0), 4));
	SHOW(mq_close(q));
	SHOW(mq_unlink(name));
}

/* Attributes and flags. */
static void
looks(void)
{
	mqd_t q = make_queue(2, 10, O_RDWR | O_NONBLOCK | O_APPEND), w;
	char text[200] = "", link[300] = "", path[64];
	struct statx x = { 0 };
	struct statfs fs = { 0 };
	struct stat st;

	SHOW(statx((int)q, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x));
	printf("mode %o, %llu bytes, %u links, block %u, %llu blocks\n",
	    (unsigned)x.stx_mode, (unsigned long long)x.stx_size, x.stx_nlink,
	    x.stx_blksize, (unsigned long long)x.stx_blocks);
	SHOW(fstatfs((int)q, &fs));
	printf("type %lx, names of %ld\n", (long)fs.f_type, (long)fs.f_namelen);
	fstat((int)q, &st);
	printf("the same inode %d, device %d\n", st.st_ino == x.stx_ino,
	    minor(st.st_dev) == x.stx_dev_minor);
	printf("whole seconds %d, all times are now %d\n",
	    st.st_atim.tv_nsec == 0 && st.st_ctim.tv_nsec == 0,
	    st.st_atim.tv_sec == st.st_ctim.tv_sec &&
		st.st_mtim.tv_sec == st.st_ctim.tv_sec &&
		time(NULL) - st.st_ctim.tv_sec < 60);
	put(q, "one", 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)q);
	printf("link: %d\n",
	    readlink(path, link, sizeof(link) - 1) == (ssize_t)strlen(name) &&
		strcmp(link, name) == 0);
	SHOW(fcntl((int)q, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
	SHOW(mq_setattr(q, &(struct mq_attr){ .mq_flags = 0 }, NULL));
	SHOW(fcntl((int)q, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
	SHOW(mq_open(name, O_ACCMODE));
	SHOW(mq_notify(q, (void *)end_of_page(16)));
	SHOW(mq_notify(q, memset(end_of_page(64), 0, 64)));
	SHOW(mq_close(q));
	SHOW(mq_unlink(name));
	w = mq_open(name, O_ACCMODE | O_CREAT, 0600, NULL);
	SHOW(w >= 0);
	SHOW(mq_send(w, "x", 1, 0));
	SHOW(mq_receive(w, text, sizeof(text), NULL));
	mq_unlink(name);
}

/* A closed queue leaves the sets of epoll. */
static void
closed(void)
{
	mqd_t q = make_queue(2, 10, O_RDWR | O_NONBLOCK);
	struct epoll_event in = { .events = EPOLLIN | EPOLLOUT }, got;
	struct epoll_event out = { .events = EPOLLOUT | EPOLLET };
	int set = epoll_create1(0), d;

	put(q, "one", 1);
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, (int)q, &in));
	SHOW(epoll_wait(set, &got, 1, 0));
	d = dup((int)q);
	close((int)q);
	SHOW(epoll_wait(set, &got, 1, 0));
	close(d);
	SHOW(epoll_wait(set, &got, 1, 0));
	q = mq_open(name, O_RDWR);
	SHOW(epoll_wait(set, &got, 1, 0));
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, (int)q, &out));
	SHOW(epoll_wait(set, &got, 1, 0));
	put(q, "two", 1);
	SHOW(epoll_wait(set, &got, 1, 0));
	get(q);
	SHOW(epoll_wait(set, &got, 1, 0));
	get(q);
	SHOW(epoll_wait(set, &got, 1, 0));
	SHOW(epoll_wait(set, &got, 1, 0));
	mq_unlink(name);
}

static void
list(void)
{
	DIR *dir = opendir("/dev/mqueue");
	struct dirent *e;
	int n = 0;

	while (dir && (e = readdir(dir)))
		if (strstr(e->d_name, name + 1)) {
			struct stat st;

			n++;
			printf("an entry, type %d, the same inode %d\n",
			    e->d_type,
			    fstatat(dirfd(dir), e->d_name, &st, 0) == 0 &&
				st.st_ino == e->d_ino);
		}
	printf("entries: %d\n", n);
	if (dir)
		closedir(dir);
}

/* The folder of queues. */
static void
folder(void)
{
	mqd_t q = make_queue(2, 10, O_RDWR | O_NONBLOCK), r;
	struct statfs fs;
	struct stat st;
	char path[128], other[160], text[100] = "";

	snprintf(path, sizeof(path), "/dev/mqueue%s", name);
	snprintf(other, sizeof(other), "%s-2", path);
	put(q, "one", 1);
	list();
	SHOW(stat("/dev/mqueue", &st));
	printf("mode %o\n", (unsigned)st.st_mode);
	SHOW(statfs("/dev/mqueue", &fs));
	printf("type %lx\n", (long)fs.f_type);
	SHOW(stat(path, &st));
	printf("mode %o, %ld bytes\n", (unsigned)st.st_mode, (long)st.st_size);
	SHOW(access(path, R_OK | W_OK));
	SHOW(access(other, F_OK));
	SHOW(readlink(path, text, sizeof(text)));
	SHOW(mkdir(other, 0700));
	SHOW(mkdir(path, 0700));
	SHOW(symlink("x", other));
	SHOW(rename(path, other));
	SHOW(rename(other, path));
	SHOW(rename(path, "/dev/shm/novillo-no-queue"));
	SHOW(link(path, other));
	SHOW(rmdir(path));
	SHOW(rmdir(other));
	SHOW(chdir(path));
	SHOW(open(path, O_RDONLY | O_DIRECTORY));
	SHOW(open(path, O_RDWR | O_CREAT | O_EXCL, 0600));
	SHOW(open(other, O_RDWR));
	r = open(path, O_RDWR | O_NONBLOCK);
	SHOW(r >= 0);
	SHOW(read((int)r, text, sizeof(text) - 1));
	printf("%.16s\n", text);
	get(r);
	put(r, "two", 2);
	get(q);
	close((int)r);
	r = open(other, O_RDONLY | O_CREAT | O_NONBLOCK, 0640);
	SHOW(r >= 0);
	attributes(r);
	SHOW(mq_send(r, "x", 1, 0));
	SHOW(stat(other, &st));
	printf("mode %o\n", (unsigned)st.st_mode);
	list();
	SHOW(unlink(other));
	SHOW(unlink(other));
	fstat((int)r, &st);
	printf("links %lu\n", (unsigned long)st.st_nlink);
	SHOW(unlink(path));
	SHOW(mq_unlink(name));
	list();
}

static volatile sig_atomic_t signals;
static siginfo_t last;

static void
count(int signal, siginfo_t *info, void *context)
{
	(void)context;
	(void)signal;
	signals++;
	last = *info;
}

static void
handle(int signal, int flags)
{
	struct sigaction act = { .sa_sigaction = count,
		.sa_flags = SA_SIGINFO | flags };

	sigaction(signal, &act, NULL);
}

static void
notified(const char *what)
{
	printf("%s: %d signals, code %d, value %d, from here %d\n", what,
	    (int)signals, last.si_code, last.si_value.sival_int,
	    last.si_pid == getpid() && last.si_uid == getuid());
	last = (siginfo_t){ 0 };
}

static void
notify(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR1,
		.sigev_value.sival_int = 77 };
	mqd_t q = make_queue(3, 10, O_RDWR | O_NONBLOCK);
	int d;

	handle(SIGUSR1, 0);
	SHOW(mq_notify(q, NULL));
	SHOW(mq_notify(q, &(struct sigevent){ .sigev_notify = 9 }));
	SHOW(mq_notify(q, &(struct sigevent){ .sigev_notify = SIGEV_SIGNAL,
			      .sigev_signo = 65 }));
	SHOW(mq_notify(q, &event));
	SHOW(mq_notify(q, &event));
	text_of(q);
	put(q, "one", 1);
	notified("first");
	put(q, "two", 1);
	notified("registered no more");
	SHOW(mq_notify(q, &event));
	put(q, "three", 1);
	notified("not empty before");
	get(q), get(q), get(q);
	put(q, "four", 1);
	notified("empty before");
	get(q);
	SHOW(mq_notify(q, &event));
	SHOW(mq_notify(q, NULL));
	put(q, "five", 1);
	notified("removed");
	get(q);
	SHOW(mq_notify(q, &(struct sigevent){ .sigev_notify = SIGEV_NONE }));
	SHOW(mq_notify(q, &event));
	put(q, "six", 1);
	notified("none");
	get(q);
	SHOW(mq_notify(q, &event));
	d = dup((int)q);
	close(d);
	put(q, "seven", 1);
	notified("a descriptor was closed");
	mq_unlink(name);
}

static mqd_t there, back;

static void *
echo(void *arg)
{
	char text[16];
	unsigned priority;
	ssize_t n;

	(void)arg;
	do {
		n = mq_receive(there, text, sizeof(text), &priority);
		if (n < 0 || mq_send(back, text, (size_t)n, priority) < 0)
			return (void *)(intptr_t)errno;
	} while (n > 0);
	return NULL;
}

static void *
fill(void *arg)
{
	char text[16];
	int i;

	for (i = 0; i < 200; i++) {
		memset(text, 0, sizeof(text));
		snprintf(text, sizeof(text), "%d %d", (int)(intptr_t)arg, i);
		if (mq_send(there, text, sizeof(text), (unsigned)i % 7) < 0)
			return (void *)(intptr_t)errno;
	}
	return NULL;
}

/* Threads wait for messages and for room. */
static void
threads(void)
{
	pthread_t t, u[4];
	long sum = 0;
	char text[16];
	int i, who, what;
	void *result;

	there = make_queue(1, 16, O_RDWR);
	back = there;
	mq_unlink(name);
	back = make_queue(2, 16, O_RDWR);
	mq_unlink(name);
	pthread_create(&t, NULL, echo, NULL);
	for (i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "%d", i);
		put(there, text, (unsigned)i);
		mq_receive(back, text, sizeof(text), NULL);
		sum += atoi(text);
	}
	mq_send(there, "", 0, 0);
	printf("sum %ld, end %zd\n", sum,
	    mq_receive(back, text, sizeof(text), NULL));
	pthread_join(t, &result);
	printf("thread: %ld\n", (long)(intptr_t)result);
	for (i = 0; i < 4; i++)
		pthread_create(&u[i], NULL, fill, (void *)(intptr_t)i);
	for (i = 0, sum = 0; i < 800; i++)
		if (mq_receive(there, text, sizeof(text), NULL) == 16 &&
		    sscanf(text, "%d %d", &who, &what) == 2)
			sum += who * 1000 + what;
	for (i = 0; i < 4; i++) {
		pthread_join(u[i], &result);
		printf("thread: %ld\n", (long)(intptr_t)result);
	}
	printf("sum %ld\n", sum);
	attributes(there);
}

static char first[8192];

static void *
wait_for_one(void *arg)
{
	(void)arg;
	return (void *)mq_receive(there, first, sizeof(first), NULL);
}

static void
nap(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* A thread waits, unless the machine is so slow that it does not wait yet: its
 * message goes to it, and nobody is notified.  Two others find a queue of one
 * message. */
static bool
hand(long ms)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR1 };
	pthread_t t;
	bool full;

	signals = 0;
	mq_notify(there, NULL);
	mq_notify(there, &event);
	fcntl((int)there, F_SETFL, 0);
	pthread_create(&t, NULL, wait_for_one, NULL);
	nap(ms);
	fcntl((int)there, F_SETFL, O_NONBLOCK);
	full = mq_send(there, "for the one that waits", 23, 1) < 0;
	full = mq_send(there, "for the next", 13, 1) < 0 || full;
	pthread_join(t, NULL);
	return !full && signals == 1;
}

static void
handed(void)
{
	struct pollfd p;
	long ms = 10;

	there = make_queue(1, 8192, O_RDWR | O_NONBLOCK);
	back = mq_open(name, O_RDWR);
	mq_unlink(name);
	handle(SIGUSR1, 0);
	while (!hand(ms) && ms < 5000) {
		ms *= 2;
		mq_receive(there, first, sizeof(first), NULL);
	}
	printf("\"%s\", signals: %d\n", first, (int)signals);
	SHOW(mq_send(there, "for nobody", 11, 1));
	p = (struct pollfd){ (int)there, POLLOUT, 0 };
	SHOW(poll(&p, 1, 0));
	get(there);
	ready("empty", back);
}

static struct timespec
soon(long ms)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void
alarm_in(long us)
{
	const struct itimerval t = { { 0, 0 }, { 0, us } };

	setitimer(ITIMER_REAL, &t, NULL);
}

/* Waits end by time and by signals; with SA_RESTART they go on. */
static void
waits(void)
{
	mqd_t q = make_queue(1, 16, O_RDWR);
	struct timespec until;
	char text[16];

	mq_unlink(name);
	until = soon(30);
	SHOW(mq_timedreceive(q, text, sizeof(text), NULL, &until));
	handle(SIGALRM, 0);
	alarm_in(30000);
	SHOW(mq_receive(q, text, sizeof(text), NULL));
	put(q, "one", 1);
	until = soon(30);
	SHOW(mq_timedsend(q, "two", 4, 1, &until));
	alarm_in(30000);
	SHOW(mq_send(q, "two", 4, 1));
	handle(SIGALRM, SA_RESTART);
	alarm_in(30000);
	until = soon(150);
	SHOW(mq_timedsend(q, "two", 4, 1, &until));
	printf("signals: %d\n", (int)signals);
	get(q);
	alarm_in(30000);
	until = soon(150);
	SHOW(mq_timedreceive(q, text, sizeof(text), NULL, &until));
	printf("signals: %d\n", (int)signals);
	attributes(q);
}

static const struct part parts[] = {
	{ "mq-errors", errors },
	{ "mq-order", order },
	{ "mq-files", files },
	{ "mq-places", places },
	{ "mq-looks", looks },
	{ "mq-closed", closed },
	{ "mq-folder", folder },
	{ "mq-notify", notify },
	{ "mq-threads", threads },
	{ "mq-handed", handed },
	{ "mq-waits", waits },
};

int
main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	return RUN_PART(parts, argc, argv, 0);
}
