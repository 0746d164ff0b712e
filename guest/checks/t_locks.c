/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests record locks.  A lock of an open file is in the way of the process's
 * own, so that one process is enough to wait for a lock of either kind.
 */
#include <errno.h>
#include <fcntl.h>
#include <hcall.h>
#include <signal.h>
#include <tap.h>
#include <thread.h>
#include <time.h>
#include <unistd.h>

#define NAME "t_locks.scratch"
#define MS   1000000L

/* The same file, opened twice; and the descriptor of a waiting call. */
static int first, second, waiting;
static int released, returned;
static volatile int signals;
static struct thread helper;

static void
pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * MS }, NULL);
}

static long
place(int fd, int command, short type)
{
	struct flock lock = { .l_type = type };

	return hc_fcntl(fd, command, (long)&lock);
}

static void
begin(void (*function)(void *))
{
	released = returned = signals = 0;
	helper.tls = NULL;
	thread_start(&helper, function, NULL);
}

/* End the helper, and all locks. */
static void
end(void)
{
	__atomic_store_n(&returned, 1, __ATOMIC_RELEASE);
	thread_join(&helper);
	place(first, F_SETLK, F_UNLCK);
	place(first, F_OFD_SETLK, F_UNLCK);
	place(second, F_OFD_SETLK, F_UNLCK);
}

static void
release_later(void *arg)
{
	(void)arg;
	pause_ms(20);
	__atomic_store_n(&released, 1, __ATOMIC_RELEASE);
	place(second, F_OFD_SETLK, F_UNLCK);
}

static void
close_later(void *arg)
{
	close(waiting);
	release_later(arg);
}

/* Until the call returns: a signal before it does not interrupt it. */
static void
send_signals(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&returned, __ATOMIC_ACQUIRE)) {
		hc_tgkill(getpid(), getpid(), SIGUSR1);
		pause_ms(5);
	}
}

static void
count(int signal)
{
	(void)signal;
	signals++;
}

static void
count_and_release(int signal)
{
	count(signal);
	place(second, F_OFD_SETLK, F_UNLCK);
}

static void
handle(void (*handler)(int), unsigned long flags)
{
	const struct sigaction action = {
		.sa_handler = handler,
		.sa_flags = flags,
	};

	sigaction(SIGUSR1, &action, NULL);
}

static void
test_wait(int command, const char *name)
{
	same(place(second, F_OFD_SETLK, F_WRLCK), 0, "a file is locked");
	begin(release_later);
	same(place(first, command, F_WRLCK), 0, "%s waits", name);
	same(__atomic_load_n(&released, __ATOMIC_ACQUIRE), 1,
	    "until the other lock is gone");
	same(place(second, F_OFD_SETLK, F_WRLCK), -EAGAIN, "and has the file");
	end();
}

static void
test_signals(int command, const char *name)
{
	place(second, F_OFD_SETLK, F_WRLCK);
	handle(count, 0);
	begin(send_signals);
	same(place(first, command, F_WRLCK), -EINTR, "a signal interrupts %s",
	    name);
	ok(signals > 0, "and is handled");
	end();
	same(place(second, F_OFD_SETLK, F_WRLCK), 0, "no lock is left of it");
	handle(count_and_release, SA_RESTART);
	begin(send_signals);
	same(place(first, command, F_WRLCK), 0,
	    "with SA_RESTART it waits on after the handler");
	end();
}

static void
test_close(void)
{
	place(second, F_OFD_SETLK, F_WRLCK);
	waiting = dup(first);
	begin(close_later);
	same(place(waiting, F_SETLKW, F_WRLCK), -EBADF,
	    "F_SETLKW with a descriptor that is closed meanwhile is EBADF");
	end();
	same(place(second, F_OFD_SETLK, F_WRLCK), 0, "no lock is left of it");
	place(second, F_OFD_SETLK, F_UNLCK);
	place(first, F_SETLK, F_WRLCK);
	same(place(second, F_OFD_SETLK, F_WRLCK), -EAGAIN,
	    "a lock of the process");
	close(dup(first));
	same(place(second, F_OFD_SETLK, F_WRLCK), 0,
	    "ends with any descriptor of the file");
	close(dup(second));
	same(place(first, F_OFD_SETLK, F_WRLCK), -EAGAIN,
	    "a lock of the open file does not");
}

int
main(void)
{
	first = open(NAME, O_RDWR | O_CREAT, 0600);
	second = open(NAME, O_RDWR);
	if (first < 0 || second < 0)
		skip_all("no file can be made here");
	unlink(NAME);
	test_wait(F_SETLKW, "F_SETLKW");
	test_wait(F_OFD_SETLKW, "F_OFD_SETLKW");
	test_signals(F_SETLKW, "F_SETLKW");
	test_signals(F_OFD_SETLKW, "F_OFD_SETLKW");
	test_close();
	return tap_done();
}
