/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The effects of a C library's signals, printed for comparison with the native
 * ones.  Built with -static -pthread.
 *
 * usage: static-signals torture | timers | jump
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdbool.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8
#define RUN_MS  1500

static pthread_t threads[THREADS];
static pthread_barrier_t start, stop;
static sem_t seen;
static atomic_long got, bad;
static atomic_bool done;

static void
handle(int signal, void (*how)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = how;
	action.sa_flags = SA_SIGINFO | flags;
	sigaction(signal, &action, NULL);
}

static void
sleep_ms(long ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) < 0)
		;
}

/* A handler's floating point, errno and call must not disturb the others'. */
static void
count(int signal, siginfo_t *info, void *context)
{
	volatile double number = signal;
	int error = errno;

	(void)info;
	(void)context;
	if (number * 2 / 2 != signal)
		bad++;
	sem_post(&seen);
	got++;
	errno = error;
}

static void *
work(void *arg)
{
	const long self = (long)arg;
	volatile double x = (double)self + 0.25;
	unsigned long round;
	int i;

	pthread_barrier_wait(&start);
	for (round = 0; !done; round++) {
		const double before = x;
		char *memory = malloc(64 + round % 100);

		for (i = 0; i < 50; i++)
			x *= 2;
		for (i = 0; i < 50; i++)
			x /= 2;
		memset(memory, (int)self, 64);
		if (x != before || memory[63] != self)
			bad++;
		free(memory);
		if (round % 16 == 0)
			pthread_kill(threads[(unsigned)self % THREADS ^
					     (round / 16 % THREADS)],
			    round % 32 ? SIGUSR1 : SIGUSR2);
		if (round % 64 == 0)
			usleep(1);
	}
	/* No thread is joined and gone while another may still signal it. */
	pthread_barrier_wait(&stop);
	return NULL;
}

static void
torture(void)
{
	const struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	long i;

	sem_init(&seen, 0, 0);
	pthread_barrier_init(&start, NULL, THREADS + 1);
	pthread_barrier_init(&stop, NULL, THREADS);
	handle(SIGUSR1, count, SA_RESTART);
	handle(SIGUSR2, count, 0);
	handle(SIGALRM, count, SA_RESTART);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i) != 0)
			abort();
	setitimer(ITIMER_REAL, &often, NULL);
	pthread_barrier_wait(&start);
	for (i = 0; i < 100; i++)
		while (sem_wait(&seen) < 0)
			if (errno != EINTR)
				bad++;
	sleep_ms(RUN_MS);
	done = true;
	setitimer(ITIMER_REAL, &never, NULL);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%ld bad, %s\n", (long)bad, got > 200 ? "many" : "few");
}

static volatile sig_atomic_t ticks, overruns, value;

static void
tick(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	ticks++;
	if (info->si_code == SI_TIMER) {
		overruns += info->si_overrun;
		value = info->si_value.sival_int;
	}
}

static void
call_back(union sigval v)
{
	ticks = v.sival_int;
}

static void
timers(void)
{
	const struct itimerspec often = { { 0, 1000000 }, { 0, 1000000 } };
	const struct itimerspec once = { { 0, 0 }, { 0, 5000000 } };
	struct sigevent event;
	timer_t timer;
	int i;

	memset(&event, 0, sizeof(event));
	handle(SIGRTMIN + 1, tick, 0);
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGRTMIN + 1;
	event.sigev_value.sival_int = 77;
	printf("create %d\n", timer_create(CLOCK_MONOTONIC, &event, &timer));
	timer_settime(timer, 0, &often, NULL);
	sleep_ms(100);
	timer_delete(timer);
	printf("value %d, %s\n", (int)value,
	    ticks + overruns >= 95 ? "none lost" : "some lost");
	event.sigev_notify = SIGEV_THREAD;
	event.sigev_notify_function = call_back;
	event.sigev_value.sival_int = -5;
	printf("create %d\n", timer_create(CLOCK_REALTIME, &event, &timer));
	timer_settime(timer, 0, &once, NULL);
	/* A busy machine may take its time. */
	for (i = 0; i < 100 && ticks != -5; i++)
		sleep_ms(100);
	printf("called with %d\n", (int)ticks);
}

static sigjmp_buf back;

static void
jump(int signal, siginfo_t *info, void *context)
{
	(void)context;
	siglongjmp(back, signal * 100 + info->si_code);
}

static void
jumps(void)
{
	volatile int i, n = 0;

	handle(SIGSEGV, jump, 0);
	for (i = 0; i < 1000; i++) {
		int how = sigsetjmp(back, 1);

		if (how == SIGSEGV * 100 + SEGV_MAPERR)
			n++;
		else
			*(volatile int *)(long)(i % 4 * 4) = 1;
	}
	printf("%d faults\n", n);
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "torture") == 0)
		torture();
	else if (argc > 1 && strcmp(argv[1], "timers") == 0)
		timers();
	else
		jumps();
	return 0;
}
