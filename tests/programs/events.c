/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What servers and language runtimes wait by, and what they ask about
 * themselves: for t-programs.sh, which runs this natively and as a guest.  It
 * prints only what must be the same in both.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Hidden from compilers that know what may be null. */
static char *volatile bad = (char *)8;

static void
show(const char *what, long r)
{
	if (r == -1)
		printf("%s: %s\n", what, strerror(errno));
	else
		printf("%s: %ld\n", what, r);
}

#define SHOW(call) show(#call, (long)(call))

static struct timespec begun;

static void
begin(void)
{
	clock_gettime(CLOCK_MONOTONIC, &begun);
}

/* Whether so many milliseconds have passed, and not very many more. */
static int
passed(long ms)
{
	struct timespec now;
	long n;

	clock_gettime(CLOCK_MONOTONIC, &now);
	n = (now.tv_sec - begun.tv_sec) * 1000 +
	    (now.tv_nsec - begun.tv_nsec) / 1000000;
	return n >= ms && n < ms + 5000;
}

/* A wait that has a time takes it, and one that has none waits. */
static void
waits(void)
{
	struct epoll_event event = { .events = EPOLLIN }, events[4];
	struct itimerspec soon = { { 0, 0 }, { 0, 20000000 } };
	struct itimerspec left;
	uint64_t n = 0;
	int epoll, timer, counter;

	epoll = epoll_create1(EPOLL_CLOEXEC);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	counter = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK);
	begin();
	SHOW(epoll_wait(epoll, events, 4, 20));
	SHOW(passed(20));
	SHOW(epoll_wait(epoll, events, 4, 0));
	event.data.fd = timer;
	SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event));
	begin();
	SHOW(timerfd_settime(timer, 0, &soon, NULL));
	SHOW(timerfd_gettime(timer, &left));
	SHOW(left.it_value.tv_nsec <= 20000000);
	SHOW(epoll_wait(epoll, events, 4, -1));
	SHOW(passed(20));
	SHOW(events[0].data.fd == timer);
	SHOW(read(timer, &n, sizeof(n)));
	SHOW(n);
	SHOW(read(timer, &n, sizeof(n)));
	SHOW(read(counter, &n, sizeof(n)));
	SHOW(n);
	n = 1;
	SHOW(write(counter, &n, sizeof(n)));
	event.events = EPOLLIN | EPOLLET | EPOLLONESHOT;
	event.data.fd = counter;
	SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event));
	SHOW(epoll_pwait(epoll, events, 4, -1, NULL));
	SHOW(epoll_pwait(epoll, events, 4, 10, NULL));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_DEL, counter, NULL));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_DEL, counter, NULL));
	close(epoll);
	close(timer);
	close(counter);
}

static volatile int signals;

static void
note(int signal)
{
	signals += signal;
}

/* A mask holds signals back, and a wait lets them through. */
static void
masks(void)
{
	const struct itimerval once = { { 0, 0 }, { 0, 10000 } };
	struct timespec second = { 1, 0 };
	struct itimerval left;
	sigset_t set, none, pending;

	signal(SIGALRM, note);
	signal(SIGUSR1, note);
	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaddset(&set, SIGUSR1);
	SHOW(sigprocmask(SIG_BLOCK, &set, NULL));
	SHOW(kill(getpid(), SIGUSR1));
	SHOW(raise(SIGUSR1));
	SHOW(signals);
	SHOW(sigpending(&pending));
	SHOW(sigismember(&pending, SIGUSR1));
	SHOW(setitimer(ITIMER_REAL, &once, NULL));
	/* Of SIGUSR1 one waits for the process, and one for the thread. */
	SHOW(ppoll(NULL, 0, &second, &none));
	SHOW(signals);
	SHOW(ppoll(NULL, 0, &second, &none));
	SHOW(signals);
	SHOW(ppoll(NULL, 0, &second, &none));
	SHOW(signals);
	SHOW(getitimer(ITIMER_REAL, &left));
	SHOW(left.it_value.tv_sec + left.it_value.tv_usec);
	SHOW(sigprocmask(SIG_UNBLOCK, &set, NULL));
	SHOW(signals);
	SHOW(kill(getpid(), SIGUSR1));
	SHOW(signals);
}

static void
sockets(void)
{
	char a[8] = "", b[8] = "", name[20];
	struct iovec v[2] = { { "first", 6 }, { "second", 7 } };
	struct iovec w[2] = { { a, 8 }, { b, 8 } };
	struct mmsghdr out[2], in[2];
	struct winsize size;
	int fds[2], n = 0;
	socklen_t len = sizeof(n);

	memset(out, 0, sizeof(out));
	memset(in, 0, sizeof(in));
	out[0].msg_hdr = (struct msghdr){ .msg_iov = v, .msg_iovlen = 1 };
	out[1].msg_hdr = (struct msghdr){ .msg_iov = v + 1, .msg_iovlen = 1 };
	in[0].msg_hdr = (struct msghdr){ .msg_iov = w, .msg_iovlen = 1 };
	in[1].msg_hdr = (struct msghdr){ .msg_iov = w + 1, .msg_iovlen = 1 };
	SHOW(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds));
	SHOW(sendmmsg(fds[0], out, 2, 0));
	SHOW(recvmmsg(fds[1], in, 2, MSG_DONTWAIT, NULL));
	printf("%s %s %u\n", a, b, in[1].msg_len);
	SHOW(recv(fds[1], a, 8, MSG_DONTWAIT));
	SHOW(getsockopt(fds[0], SOL_SOCKET, SO_TYPE, &n, &len));
	SHOW(n == SOCK_DGRAM);
	SHOW(ioctl(fds[0], TIOCGWINSZ, &size));
	SHOW(ioctl(fds[0], FIONBIO, &n));
	SHOW(recv(fds[0], a, 8, 0));
	SHOW(ttyname_r(fds[0], name, sizeof(name)));
	SHOW(shutdown(fds[0], SHUT_RDWR));
	close(fds[0]);
	close(fds[1]);
}

static void
self(void)
{
	struct timespec res;
	uint16_t x[128] = { 0 }; /* a struct statx: not every library has it */
	struct stat st;
	gid_t groups[100];
	cpu_set_t cpus;
	char name[17] = "";
	int fd = open("mine", O_RDWR | O_CREAT | O_TRUNC, 0640);

	SHOW(fchown(fd, getuid(), getgid()));
	SHOW(fchmod(fd, 0600));
	SHOW(fstat(fd, &st));
	printf("%o\n", (unsigned)st.st_mode);
	SHOW(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0x7ff, x));
	SHOW(x[14] == st.st_mode);
	SHOW(faccessat(AT_FDCWD, "mine", W_OK, AT_EACCESS));
	SHOW(utimensat(AT_FDCWD, "mine", NULL, 0));
	close(fd);
	SHOW(getgroups(100, groups) >= 0);
	SHOW(clock_getres(CLOCK_MONOTONIC, &res));
	SHOW(res.tv_nsec);
	SHOW(sched_getaffinity(0, sizeof(cpus), &cpus));
	SHOW(sched_setaffinity(0, sizeof(cpus), &cpus));
	SHOW(prctl(PR_SET_NAME, "a long name of its own"));
	SHOW(prctl(PR_GET_NAME, name));
	puts(name);
	SHOW(getsid(0) >= 0);
	SHOW(getppid() >= 0);
	SHOW(syscall(SYS_gettid) == getpid());
	SHOW(syscall(9999));
}

/* What was written before a crash is there. */
static void
crash(void)
{
	printf("said and flushed\n");
	fflush(stdout);
	(void)!write(1, "written", 7);
	*bad = 1;
}

int
main(int argc, char **argv)
{
	int fd;

	(void)argv;
	for (fd = 3; fd < 100; fd++)
		close(fd);
	if (argc > 1)
		crash();
	waits();
	masks();
	sockets();
	self();
	return 0;
}
