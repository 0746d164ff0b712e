/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two threads hand a turn to each other, and spin for it: each handover needs a
 * preemption.  Then signals' handlers end loops.  A round of a loop takes
 * microseconds, and has many instructions, so that a debugger can count rounds.
 */
#include <hcall.h>
#include <signal.h>
#include <stdio.h>
#include <thread.h>

#define HANDOVERS 12 /* of each */
#define ALARMS    3

static volatile int turn, alarms;
unsigned long rounds[2], total;

/* A round: an instruction of seven bytes, many times. */
static void
churn(int me)
{
	unsigned long n = rounds[me] + 1;

	__asm__ volatile(".rept 2500\n\t"
			 "imul $0x10001, %0, %0\n\t"
			 ".endr"
			 : "+r"(n)
			 :
			 : "cc");
	total += n;
	rounds[me]++;
}

__attribute__((noinline)) void
handed(int me)
{
	total = total * 31 + rounds[me];
}

static void
play(int me)
{
	int i;

	for (i = 0; i < HANDOVERS; i++) {
		while (turn != me)
			churn(me);
		handed(me);
		turn = !me;
	}
}

static void
play_second(void *arg)
{
	(void)arg;
	play(1);
}

static void
on_alarm(int signal)
{
	(void)signal;
	total = total * 31 + rounds[0];
	alarms++;
}

static void
be_alarmed(void)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	/* Once, in seconds and microseconds. */
	const long soon[] = { 0, 0, 0, 20000 };
	int i;

	sigaction(SIGALRM, &action, NULL);
	for (i = 1; i <= ALARMS; i++) {
		hc_setitimer(0, (long)soon, 0);
		while (alarms < i)
			churn(0);
	}
}

int
main(void)
{
	static struct thread t;

	if (thread_start(&t, play_second, NULL) < 0)
		return 1;
	play(0);
	thread_join(&t);
	be_alarmed();
	printf("%lu %lu, total %lu\n", rounds[0], rounds[1], total);
	return 0;
}
