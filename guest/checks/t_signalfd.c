/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests files from which signals are read: what a read returns, who is woken,
 * and when nothing is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <hcall.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/uio.h>
#include <tap.h>
#include <thread.h>
#include <unistd.h>

#define BIT(signal) (1UL << ((signal)-1))
#define SIZE	    ((long)sizeof(struct signalfd_siginfo))

static struct signalfd_siginfo got[4];

static long
error(long r)
{
	return r < 0 ? -errno : r;
}

static long
take(int fd, long records)
{
	memset(got, 0xff, sizeof(got));
	return error(read(fd, got, (unsigned long)(records * SIZE)));
}

static int
open_nonblocking(sigset_t mask)
{
	return signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int
is_ready(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	return poll(&p, 1, 0) == 1 ? p.revents : 0;
}

static void
send_self(int signal)
{
	hc_kill(getpid(), signal);
}

/* To this thread. */
static void
send_here(int signal)
{
	hc_tgkill(getpid(), hc_gettid(), signal);
}

static void
queue_self(int signal, long value)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = 77;
	info.si_value.sival_ptr = (void *)value;
	hc_rt_sigqueueinfo(getpid(), signal, (long)&info);
}

static void
test_wrong(void)
{
	sigset_t mask = BIT(SIGUSR1);
	int fds[2];

	hc_pipe((long)fds);
	same(hc_signalfd4(-1, (long)&mask, 4, 0), -EINVAL,
	    "a set of signals has eight bytes");
	same(hc_signalfd4(-1, 8, 8, 0), -EFAULT, "at a good address");
	same(hc_signalfd4(-1, (long)&mask, 8, 1), -EINVAL,
	    "an unknown flag is invalid");
	same(error(signalfd(99, &mask, 0)), -EBADF,
	    "a file to change must be open");
	same(error(signalfd(fds[0], &mask, 0)), -EINVAL,
	    "and be one of signals");
	close(fds[0]);
	close(fds[1]);
}

static void
test_read(void)
{
	int fd = open_nonblocking(BIT(SIGUSR1) | BIT(SIGRTMIN) | BIT(SIGKILL));
	struct iovec parts[2] = { { got, sizeof(got[0]) },
		{ got + 1, sizeof(got[0]) } };

	ok(fd >= 0, "a file of signals is made, also with SIGKILL");
	same(hc_fcntl(fd, F_GETFL, 0) & O_NONBLOCK, O_NONBLOCK,
	    "which does not block");
	same(is_ready(fd), 0, "without a signal it is not ready");
	same(take(fd, 1), -EAGAIN, "and nothing is read");
	same(error(read(fd, got, SIZE - 1)), -EINVAL,
	    "a record is read as a whole");
	same(error(write(fd, got, SIZE)), -EINVAL, "and none is written");
	same(hc_lseek(fd, 5, 0), 0, "it has no position");
	send_self(SIGUSR1);
	send_self(SIGUSR1);
	send_self(SIGUSR2);
	same(is_ready(fd), POLLIN, "with one it is, for reading only");
	same(take(fd, 4), SIZE, "which is read, once");
	same(got[0].ssi_signo, SIGUSR1, "by its number");
	same(got[0].ssi_code, SI_USER, "and its origin");
	same(got[0].ssi_pid, getpid(), "its sender");
	same(got[0].ssi_uid, hc_getuid(), "and the sender's user");
	same(got[0].ssi_int, 0, "all else is 0");
	same(got[0].ssi_padding[45], 0, "to the end");
	same(is_ready(fd), 0, "nothing is left then");
	queue_self(SIGRTMIN, 0x1234567812345678);
	queue_self(SIGRTMIN, 9);
	send_here(SIGUSR1);
	same(take(fd, 4), 3 * SIZE, "several are read at once");
	same(got[0].ssi_signo, SIGUSR1, "those for the thread first");
	same(got[0].ssi_code, SI_TKILL, "with their origin");
	same(got[1].ssi_uid, 77, "queued ones with what they were given");
	ok(got[1].ssi_ptr == 0x1234567812345678, "a value");
	same(got[1].ssi_int, 0x12345678, "also as a number");
	same(got[2].ssi_int, 9, "in their order");
	queue_self(SIGRTMIN, 1);
	queue_self(SIGRTMIN, 2);
	same(take(fd, 1), SIZE, "no more is read than there is room for");
	same(is_ready(fd), POLLIN, "the rest stays");
	same(error(hc_readv(fd, (long)parts, 2)) > 0, 1, "for readv");
	same(got[0].ssi_int, 2, "which gets it");
	queue_self(SIGRTMIN, 3);
	queue_self(SIGRTMIN, 4);
	same(error(hc_readv(fd, (long)parts, 2)), 2 * SIZE,
	    "and a signal for each of its parts");
	same(got[1].ssi_int, 4, "in order");
	close(fd);
}

static void
test_others(void)
{
	int fd = open_nonblocking(BIT(SIGUSR1)), two;
	sigset_t mask = BIT(SIGUSR2);
	fd_set set;

	/* SIGUSR2 is pending, from above. */
	two = open_nonblocking(mask);
	same(is_ready(two), POLLIN, "a signal may come before its file");
	same(signalfd(fd, &mask, 0), fd, "the signals of a file are changed");
	same(is_ready(fd), POLLIN, "so it is ready for others");
	same(take(two, 1), SIZE, "one file takes the signal");
	same(is_ready(fd) | is_ready(two), 0, "and no other has it then");
	send_self(SIGUSR2);
	mask = BIT(SIGUSR1);
	same(signalfd(fd, &mask, 0), fd, "the signals are changed back");
	same(is_ready(fd), 0, "and it is not ready for what it left");
	same(hc_rt_sigtimedwait((long)&(sigset_t){ BIT(SIGUSR2) }, 0, 0, 8),
	    SIGUSR2, "sigtimedwait takes a signal");
	same(is_ready(two), 0, "from files also");
	send_self(SIGUSR2);
	close(two);
	two = hc_dup(fd);
	send_self(SIGUSR1);
	FD_ZERO(&set);
	FD_SET(two, &set);
	same(select(two + 1, &set, NULL, NULL, NULL), 1,
	    "a copy is the same file, also for select");
	close(fd);
	same(take(two, 1), SIZE, "which lives on in it");
	close(two);
	mask = BIT(SIGUSR2);
	same(hc_rt_sigtimedwait((long)&mask, 0, 0, 8), SIGUSR2,
	    "a signal stays without its file");
}

static void
test_epoll(void)
{
	const sigset_t mask = BIT(SIGUSR1) | BIT(SIGUSR2);
	int fd = open_nonblocking(mask), set = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };

	event.data.u64 = 42;
	same(error(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event)), 0,
	    "epoll watches it");
	same(epoll_wait(set, &event, 1, 0), 0, "nothing comes");
	send_self(SIGUSR1);
	same(epoll_wait(set, &event, 1, -1), 1, "a signal comes");
	same(event.events, EPOLLIN, "to read");
	same(epoll_wait(set, &event, 1, 0), 0, "an edge, once");
	send_self(SIGUSR2);
	same(epoll_wait(set, &event, 1, -1), 1,
	    "the next is an edge again, though the first was not read");
	same(take(fd, 4), 2 * SIZE, "both are read");
	same(epoll_wait(set, &event, 1, 0), 0, "no edge is left");
	same(error(epoll_ctl(fd, EPOLL_CTL_ADD, set, &event)), -EINVAL,
	    "it is not a set itself");
	same(error(epoll_wait(fd, &event, 1, 0)), -EINVAL,
	    "in no way");
	close(set);
	close(fd);
}

static volatile int handled;

static void
handler(int signal)
{
	handled = signal;
}

static void
test_timer(void)
{
	const struct timeval soon[2] = { { 0, 0 }, { 0, 1000 } };
	const sigset_t mask = BIT(SIGALRM);
	int fd = signalfd(-1, &mask, 0);

	hc_setitimer(0, (long)soon, 0);
	same(take(fd, 1), SIZE, "a read waits for a timer");
	same(got[0].ssi_signo, SIGALRM, "and gets its signal");
	same(got[0].ssi_code, SI_KERNEL, "with its origin");
	close(fd);
}

/* Another thread reads; this one sends. */
static struct {
	int fd, word;
	volatile long result;
	volatile int tid;
} reader;

static void
read_one(void *arg)
{
	(void)arg;
	reader.tid = (int)hc_gettid();
	reader.word = 1;
	futex_wake(&reader.word, 1);
	reader.result = hc_read(reader.fd, (long)got, SIZE);
}

static void
begin(struct thread *t, int fd)
{
	reader.fd = fd;
	reader.word = 0;
	thread_start(t, read_one, NULL);
	while (reader.word == 0)
		futex_wait(&reader.word, 0, -1);
}

static void
test_wait(unsigned long flags, long want, const char *what)
{
	const struct sigaction action = { .sa_handler = handler,
		.sa_flags = flags };
	const sigset_t mask = BIT(SIGUSR1), others = BIT(SIGUSR2);
	int fd = signalfd(-1, &mask, 0);
	static char stack[THREAD_STACK];
	struct thread t = { .stack = stack };

	sigaction(SIGUSR2, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &others, NULL);
	begin(&t, fd);
	sigprocmask(SIG_BLOCK, &others, NULL);
	/* Whether it came before the read or during it: until the handler has
	 * run, the signal is the thread's. */
	handled = 0;
	while (handled == 0 && t.tid != 0) {
		hc_tgkill(getpid(), reader.tid, SIGUSR2);
		hc_sched_yield();
	}
	if (want > 0) {
		send_self(SIGUSR1);
		thread_join(&t);
		same(reader.result, want, "%s", what);
	} else {
		while (t.tid != 0) {
			hc_tgkill(getpid(), reader.tid, SIGUSR2);
			hc_sched_yield();
		}
		thread_join(&t);
		same(reader.result, want, "%s", what);
	}
	close(fd);
}

/* A thread that waits by the old signals. */
static void
test_change(void)
{
	sigset_t mask = BIT(SIGUSR1);
	int fd = signalfd(-1, &mask, 0);
	static char stack[THREAD_STACK];
	struct thread t = { .stack = stack };

	begin(&t, fd);
	mask = BIT(SIGRTMIN);
	signalfd(fd, &mask, 0);
	queue_self(SIGRTMIN, 5);
	thread_join(&t);
	same(reader.result, SIZE, "a reader that waits follows a change");
	same(got[0].ssi_int, 5, "and reads the signal");
	close(fd);
}

static void
test_many(void)
{
	const sigset_t mask = BIT(SIGUSR1);
	int i, fd, wrong = 0;

	for (i = 0; i < 1000; i++) {
		fd = signalfd(-1, &mask, 0);
		wrong += fd < 0 || close(fd) != 0;
	}
	same(wrong, 0, "files are made and closed a thousand times");
}

int
main(void)
{
	const sigset_t all = BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGALRM) |
			     BIT(SIGRTMIN);

	sigprocmask(SIG_BLOCK, &all, NULL);
	test_wrong();
	test_read();
	test_others();
	test_epoll();
	test_timer();
	test_wait(SA_RESTART, SIZE, "a read goes on after a handler");
	test_wait(0, -EINTR, "or returns, without SA_RESTART");
	test_change();
	test_many();
	return tap_done();
}
