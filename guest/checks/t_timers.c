/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests signals that come on their own to a guest of one thread: those of
 * timers, in loops of calls, in waits, and while they are blocked.  Comments
 * that it prints depend on when they came.
 */
#include <errno.h>
#include <hcall.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <tap.h>
#include <time.h>
#include <unistd.h>

#define BIT(signal) (1UL << ((signal)-1))
#define MS          1000000L
#define TICK        (SIGRTMIN + 3)

static volatile int count, overruns;

static void
on_signal(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	count++;
	overruns += info->si_overrun;
}

static void
handle(int signal, unsigned long flags)
{
	const struct sigaction action = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO | flags,
	};

	sigaction(signal, &action, NULL);
	count = 0;
}

static void
sleep_ms(long ms)
{
	struct timespec t = { 0, ms * MS };

	while (hc_nanosleep((long)&t, (long)&t) == -EINTR)
		;
}

static void
set_alarm(long us, long interval)
{
	const struct timeval t[2] = { { 0, interval }, { 0, us } };

	hc_setitimer(0, (long)t, 0);
}

/* In a loop of calls, each of which the next signal may follow. */
static void
test_loop(void)
{
	long calls = 0;
	struct timespec now;

	handle(SIGALRM, 0);
	set_alarm(1000, 2000);
	for (; count < 10; calls++)
		clock_gettime(CLOCK_MONOTONIC, &now);
	set_alarm(0, 0);
	ok(calls > 0, "signals of a timer come in a loop of calls");
	printf("# the tenth after call %ld, at %ld.%09ld\n", calls, now.tv_sec,
	    now.tv_nsec);
}

static int pipes[2];

/* The timer fires again and again: a signal may come before a call begins. */
static void
test_interrupted(void)
{
	const struct timespec second = { 1, 0 };
	struct timespec left = { 0, 0 };
	struct pollfd fd;
	char c;

	hc_pipe2((long)pipes, 0);
	fd = (struct pollfd){ .fd = pipes[0], .events = POLLIN };
	handle(SIGALRM, 0);
	set_alarm(3000, 3000);
	same(hc_read(pipes[0], (long)&c, 1), -EINTR, "a read is interrupted");
	same(hc_poll((long)&fd, 1, -1), -EINTR, "and poll");
	same(hc_nanosleep((long)&second, (long)&left), -EINTR, "and a sleep");
	ok(left.tv_sec == 0 && left.tv_nsec > 0, "which has time left");
	same(hc_pause(), -EINTR, "and pause");
	set_alarm(0, 0);
	ok(count >= 4, "each by a signal");
	printf("# %d signals, %ld ns\n", count, left.tv_nsec);
}

static void
write_byte(int signal)
{
	(void)signal;
	if (++count == 3)
		hc_write(pipes[1], (long)"x", 1);
}

static void
test_restarted(void)
{
	const struct sigaction action = {
		.sa_handler = write_byte,
		.sa_flags = SA_RESTART,
	};
	char c = 0;

	sigaction(SIGALRM, &action, NULL);
	count = 0;
	set_alarm(2000, 2000);
	same(hc_read(pipes[0], (long)&c, 1), 1,
	    "with SA_RESTART a read goes on");
	set_alarm(0, 0);
	ok(count >= 3 && c == 'x', "through several handlers");
}

/* Waits that let signals through which are blocked otherwise. */
static void
test_masks(void)
{
	const sigset_t blocked = BIT(SIGALRM), none = 0;
	const struct {
		const sigset_t *mask;
		unsigned long size;
	} pair = { &none, sizeof(none) };
	struct timespec second = { 1, 0 };
	struct pollfd fd = { .fd = pipes[0], .events = POLLIN };
	sigset_t mask = 0;

	handle(SIGALRM, 0);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	set_alarm(2000, 0);
	same(hc_rt_sigsuspend((long)&none, 8), -EINTR, "sigsuspend ends");
	set_alarm(2000, 0);
	same(hc_ppoll((long)&fd, 1, (long)&second, (long)&none, 8), -EINTR,
	    "and ppoll");
	second = (struct timespec){ 1, 0 };
	set_alarm(2000, 0);
	same(hc_pselect6(0, 0, 0, 0, (long)&second, (long)&pair), -EINTR,
	    "and pselect6");
	same(count, 3, "by a signal each");
	sigprocmask(SIG_BLOCK, NULL, &mask);
	same((long)mask, (long)blocked, "and the mask is what it was");
	set_alarm(1000, 0);
	sleep_ms(5);
	same(count, 3, "a blocked signal waits");
	same(hc_ppoll((long)&fd, 1, (long)&second, (long)&none, 8), -EINTR,
	    "for a mask that lets it through");
	same(count, 4, "and comes then");
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Taken by calls, without a handler. */
static void
test_taken(void)
{
	const sigset_t set = BIT(SIGALRM);
	const struct timespec ms = { 0, MS };
	struct signalfd_siginfo got;
	sigset_t pending = 0;
	siginfo_t info;
	int fd;

	sigprocmask(SIG_BLOCK, &set, NULL);
	same(hc_rt_sigtimedwait((long)&set, (long)&info, (long)&ms, 8), -EAGAIN,
	    "no signal comes");
	set_alarm(2000, 0);
	same(hc_rt_sigtimedwait((long)&set, (long)&info, 0, 8), SIGALRM,
	    "a timer's signal is awaited");
	same(info.si_code, SI_KERNEL, "and reported");
	fd = signalfd(-1, &set, 0);
	set_alarm(2000, 0);
	same(hc_read(fd, (long)&got, sizeof(got)), sizeof(got),
	    "one is read from a file");
	set_alarm(1000, 0);
	sleep_ms(5);
	hc_rt_sigpending((long)&pending, 8);
	same((long)pending, (long)set, "one is pending");
	handle(SIGALRM, 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	same(count, 1, "and comes when it is not blocked any more");
	close(fd);
}

/* A timer of timer_create, whose signal is blocked for some periods. */
static void
test_overruns(void)
{
	const struct {
		long value;
		int signal, notify, tid, padding[11];
	} event = { 77, TICK, 0, 0, { 0 } }, plain = { .signal = SIGALRM };
	const struct {
		struct timespec interval, value;
	} often = { { 0, MS }, { 0, MS } };
	const sigset_t set = BIT(TICK);
	int id = -1;

	handle(TICK, 0);
	overruns = 0;
	sigprocmask(SIG_BLOCK, &set, NULL);
	same(hc_timer_create(1, (long)&event, (long)&id), 0, "a timer is made");
	same(hc_timer_settime(id, 0, (long)&often, 0), 0, "and set");
	sleep_ms(20);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	ok(count >= 1 && overruns > 5, "its signal says what was missed");
	ok(hc_timer_getoverrun(id) >= 0, "and so does a call");
	while (count < 6)
		sleep_ms(1);
	same(hc_timer_delete(id), 0, "it ends");
	same(hc_timer_create(1, (long)&plain, (long)&id), 0, "one is not set");
	same(hc_timer_delete(id), 0, "and ends");
	printf("# %d signals, %d overruns\n", count, overruns);
}

int
main(void)
{
	test_loop();
	test_interrupted();
	test_restarted();
	test_masks();
	test_taken();
	test_overruns();
	return tap_done();
}
