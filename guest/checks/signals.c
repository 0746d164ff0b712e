/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Uses signals as its argument says, for tests from outside and for debuggers.
 */
#include <hcall.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile int last;

static void
handler(int signal)
{
	last = signal;
	printf("got %d\n", signal);
	fflush(stdout);
	if (signal == SIGTERM)
		_exit(7);
}

static void
handle(int signal, void (*how)(int), unsigned long flags)
{
	const struct sigaction action = {
		.sa_handler = how,
		.sa_flags = flags,
	};

	sigaction(signal, &action, NULL);
}

static void
say_ready(void)
{
	puts("ready");
	fflush(stdout);
}

static int
take(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGUSR1,
		SIGUSR2, SIGTERM, SIGWINCH, SIGCONT };
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		handle(signals[i], handler, 0);
	say_ready();
	return 0;
}

static int
wait_for_all(void)
{
	for (take();;)
		pause();
	return 0;
}

static int
compute(void)
{
	for (take();;)
		;
	return 0;
}

/* SIGTERM as the result of a call, without a handler. */
static int
wait_for_term(void)
{
	const sigset_t term = 1UL << (SIGTERM - 1);

	sigprocmask(SIG_BLOCK, &term, NULL);
	say_ready();
	printf("waited for %d\n", sigtimedwait(&term, NULL, NULL));
	return 8;
}

static int
do_nothing(void)
{
	for (say_ready();;)
		pause();
	return 0;
}

static int
spin(void)
{
	for (say_ready();;)
		;
	return 0;
}

static int
sleep_once(void)
{
	const struct timespec two = { .tv_sec = 2 };

	say_ready();
	printf("slept %d\n", nanosleep(&two, NULL));
	return 9;
}

static void
work(void)
{
	raise(SIGUSR1);
}

static int
raise_twice(void)
{
	handle(SIGUSR1, handler, SA_SIGINFO);
	work();
	last = 0;
	work();
	printf("last %d\n", last);
	return 5;
}

/* Ends by a signal. */

static void
fault_again(int signal)
{
	(void)signal;
	__asm__ volatile("movl $1, 16" : : : "memory");
}

static int
fault_without_end(void)
{
	handle(SIGSEGV, fault_again, SA_NODEFER);
	fault_again(0);
	return 0;
}

static void
raise_again(int signal)
{
	raise(signal);
}

static int
raise_without_end(void)
{
	handle(SIGUSR1, raise_again, SA_NODEFER);
	raise(SIGUSR1);
	return 0;
}

static int
fault_while_blocked(void)
{
	const sigset_t all = ~0UL;

	handle(SIGSEGV, handler, 0);
	sigprocmask(SIG_BLOCK, &all, NULL);
	fault_again(0);
	return 0;
}

static int
fault_while_ignored(void)
{
	handle(SIGSEGV, SIG_IGN, 0);
	fault_again(0);
	return 0;
}

static int
return_from_nothing(void)
{
	hc_rt_sigreturn();
	return 0;
}

static int
lose_stack(void)
{
	const stack_t stack = { .ss_sp = (void *)0x1000, .ss_size = 65536 };

	sigaltstack(&stack, NULL);
	handle(SIGUSR1, handler, SA_ONSTACK);
	raise(SIGUSR1);
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*what)(void);
	} all[] = {
		{ "wait", wait_for_all },
		{ "compute", compute },
		{ "sigwait", wait_for_term },
		{ "nothing", do_nothing },
		{ "spin", spin },
		{ "sleep", sleep_once },
		{ "raise", raise_twice },
		{ "fault-again", fault_without_end },
		{ "raise-again", raise_without_end },
		{ "fault-blocked", fault_while_blocked },
		{ "fault-ignored", fault_while_ignored },
		{ "return", return_from_nothing },
		{ "lose-stack", lose_stack },
	};
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(argv[1], all[i].name) == 0)
			return all[i].what();
	return 2;
}
