/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls by which servers and language runtimes wait and query themselves,
 * for t-programs.sh, which runs this natively and as a guest.  It prints only
 * text that must be the same in both.
 */
#define _GNU_SOURCE
#include "show.h"

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
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Hides a pointer from compilers that check arguments for NULL. */
static char *volatile bad = (char *)8;

static struct timespec begun;

static void
begin(void)
{
	clock_gettime(CLOCK_MONOTONIC, &begun);
}

/* Whether `ms` milliseconds have passed, and not many more. */
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

/* A wait with a timeout takes that time; one without a timeout waits. */
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

/* epoll watches a number together with an open file: another number of the file
 * is another watch, which ends with the file and not with the number. */
static void
numbers(void)
{
	struct epoll_event event = { .events = EPOLLIN }, events[8];
	int epoll = epoll_create1(0), pipe1[2], pipe2[2], copy, i;

	SHOW(pipe(pipe1));
	SHOW(pipe(pipe2));
	SHOW(copy = dup(pipe1[0]));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_MOD, copy, &event));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe1[0], &event));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_MOD, copy, &event));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_DEL, copy, NULL));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, copy, &event));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, copy, &event));
	SHOW(write(pipe1[1], "x", 1));
	SHOW(epoll_wait(epoll, events, 8, 0));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_DEL, pipe1[0], NULL));
	SHOW(epoll_wait(epoll, events, 8, 0));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe1[0], &event));
	close(pipe1[0]);
	SHOW(epoll_wait(epoll, events, 8, 0));
	SHOW(dup2(pipe2[0], pipe1[0]));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_MOD, pipe1[0], &event));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe1[0], &event));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe2[0], &event));
	SHOW(write(pipe2[1], "x", 1));
	SHOW(epoll_wait(epoll, events, 8, 0));
	SHOW(dup2(copy, pipe1[0]));
	SHOW(epoll_wait(epoll, events, 8, 0));
	SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe1[0], &event));
	close(copy);
	close(pipe1[0]);
	SHOW(epoll_wait(epoll, events, 8, 0));
	close(pipe2[0]);
	SHOW(epoll_wait(epoll, events, 8, 0));
	close(pipe2[1]);
	/* No number of a closed file is left over. */
	for (i = 0; i < 3000; i++) {
		if (pipe(pipe2) < 0)
			break;
		copy = dup(pipe2[0]);
		epoll_ctl(epoll, EPOLL_CTL_ADD, pipe2[0], &event);
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, copy, &event) < 0)
			break;
		close(pipe2[0]);
		close(pipe2[1]);
		close(copy);
	}
	SHOW(i);
	close(pipe1[1]);
	close(epoll);
}

static volatile int signals;

static void
note(int signal)
{
	signals += signal;
}

/* A mask blocks signals, and a wait unblocks them. */
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
	/* One SIGUSR1 is pending for the process, and one for the thread. */
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
	int value = 0;
	struct timespec res;
	uint16_t x[128] = { 0 }; /* a struct statx, which some libraries lack */
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
	SHOW(sched_getscheduler(999999));
	SHOW(sched_getscheduler(-2));
	SHOW(getpriority(PRIO_PROCESS, 999999));
	SHOW(setpriority(PRIO_PROCESS, 999999, 5));
	SHOW(getpriority(PRIO_PROCESS, -2));
	SHOW(prctl(PR_GET_KEEPCAPS));
	SHOW(prctl(PR_SET_KEEPCAPS, 1L));
	SHOW(prctl(PR_GET_KEEPCAPS));
	SHOW(prctl(PR_SET_KEEPCAPS, 2L));
	SHOW(prctl(PR_SET_PDEATHSIG, 15L));
	SHOW(prctl(PR_GET_PDEATHSIG, &value));
	SHOW(value);
	SHOW(prctl(PR_SET_PDEATHSIG, 65L));
	SHOW(prctl(PR_SET_PDEATHSIG, 0L));
	SHOW(prctl(PR_SET_CHILD_SUBREAPER, 7L));
	SHOW(prctl(PR_GET_CHILD_SUBREAPER, &value));
	SHOW(value);
	SHOW(prctl(PR_SET_NAME, "a long name of its own"));
	SHOW(prctl(PR_GET_NAME, name));
	puts(name);
	SHOW(getsid(0) >= 0);
	SHOW(getppid() >= 0);
	SHOW(syscall(SYS_gettid) == getpid());
	SHOW(syscall(9999));
}

/* Bytes written before a crash are in the file. */
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
	numbers();
	masks();
	sockets();
	self();
	return 0;
}
