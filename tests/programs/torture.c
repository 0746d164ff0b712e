/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads and signals in numbers and at cross purposes, for t-torture.sh, which
 * runs this natively and as a guest.  It prints only text that must be the same
 * in both.
 *
 * usage: torture WHAT
 */
#define _GNU_SOURCE
#include "parts.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define MANY 64

static pthread_t thread[MANY];
static atomic_long count, bad;
static atomic_bool done;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t ready;

static void
must(int r, const char *what)
{
	if (r == 0)
		return;
	printf("%s: %s\n", what, strerror(r));
	exit(1);
}

static void
begin(int n, void *(*function)(void *))
{
	intptr_t i;

	for (i = 0; i < n; i++)
		must(pthread_create(&thread[i], NULL, function, (void *)i),
		    "pthread_create");
}

/* Returns the sum of the threads' results. */
static long
end(int n)
{
	long sum = 0;
	void *back;
	int i;

	for (i = 0; i < n; i++) {
		must(pthread_join(thread[i], &back), "pthread_join");
		sum += (intptr_t)back;
	}
	return sum;
}

static void
sleep_ms(long ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) < 0)
		continue;
}

static void
handle(int signal, void (*how)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = how;
	action.sa_flags = SA_SIGINFO | flags;
	/* A handler that waits for SIGUSR2 must not receive it before. */
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaction(signal, &action, NULL);
}

/* Each thread has its own value, which the same thread must destroy. */
static pthread_key_t key;
static _Thread_local long own = 7;

static void
destroy(void *value)
{
	free(value);
	count++;
}

static void *
live_shortly(void *arg)
{
	char *value = malloc(16);

	bad += own != 7;
	own = (intptr_t)arg;
	pthread_setspecific(key, value);
	snprintf(value, 16, "%ld", own);
	sched_yield();
	bad += own != (intptr_t)arg || atol(value) != own;
	return arg;
}

/* Thousands of threads, one after the other, then in waves, some detached. */
static void
lives(void)
{
	enum { CHAIN = 2000, WAVES = 30 };
	pthread_attr_t detached;
	long sum = 0;
	int i, j;

	pthread_key_create(&key, destroy);
	for (i = 0; i < CHAIN; i++) {
		must(pthread_create(thread, NULL, live_shortly, (void *)1L),
		    "pthread_create");
		sum += end(1);
	}
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	for (i = 0; i < WAVES; i++) {
		begin(MANY / 2, live_shortly);
		for (j = MANY / 2; j < MANY; j++)
			must(pthread_create(
				 &thread[j], &detached, live_shortly, NULL),
			    "pthread_create detached");
		sum += end(MANY / 2);
		while (count < CHAIN + (i + 1) * MANY)
			sched_yield();
	}
	printf("sum %ld, %ld lives, %ld bad\n", sum, (long)count, (long)bad);
}

/* The places where a thread may be when it is cancelled. */
static int pipes[2];

static void
clean_up(void *arg)
{
	count += (intptr_t)arg;
}

static void
unlock(void *arg)
{
	pthread_mutex_unlock(arg);
	count++;
}

static void
in_cond(void)
{
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock, &mutex);
	sem_post(&ready);
	for (;;)
		pthread_cond_wait(&cond, &mutex);
	pthread_cleanup_pop(0);
}

static void
in_read(void)
{
	char c;

	sem_post(&ready);
	(void)!read(pipes[0], &c, 1);
}

static void
in_sleep(void)
{
	sem_post(&ready);
	sleep(1000);
}

static void
in_loop(void)
{
	static volatile long n;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	sem_post(&ready);
	for (;;)
		n++;
}

static void
in_test(void)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	sem_post(&ready);
	sleep_ms(5);
	pthread_testcancel();
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	for (;;)
		pthread_testcancel();
}

static void
in_semaphore(void)
{
	sem_t never;

	sem_init(&never, 0, 0);
	sem_post(&ready);
	sem_wait(&never);
}

static void
in_sigwait(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sem_post(&ready);
	sigwaitinfo(&set, NULL);
}

static void (*const places[])(void) = { in_cond, in_read, in_sleep, in_loop,
	in_test, in_semaphore, in_sigwait };

static void *
be_cancelled(void *arg)
{
	pthread_cleanup_push(clean_up, (void *)100L);
	places[(intptr_t)arg]();
	pthread_cleanup_pop(0);
	return NULL;
}

static void
cancel(void)
{
	enum { PLACES = sizeof(places) / sizeof(places[0]), ROUNDS = 20 };
	int i, j, cancelled = 0;
	void *back;

	sem_init(&ready, 0, 0);
	must(pipe(pipes), "pipe");
	for (i = 0; i < ROUNDS; i++) {
		begin(PLACES, be_cancelled);
		for (j = 0; j < PLACES; j++)
			sem_wait(&ready);
		/* Some threads wait already, some do not yet. */
		if (i % 2)
			sleep_ms(2);
		for (j = 0; j < PLACES; j++)
			must(pthread_cancel(thread[j]), "pthread_cancel");
		for (j = 0; j < PLACES; j++) {
			pthread_join(thread[j], &back);
			cancelled += back == PTHREAD_CANCELED;
		}
	}
	printf("%d cancelled, %ld cleaned up\n", cancelled, (long)count);
}

/* Kinds of mutexes, and the results of each. */
static pthread_mutex_t odd;

static void *
lock_and_die(void *arg)
{
	pthread_mutex_lock(&odd);
	return arg;
}

static void *
try_lock(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)pthread_mutex_trylock(&odd);
}

static int protocol = PTHREAD_PRIO_NONE;

static void
make_mutex(int type, int robust)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	must(pthread_mutexattr_setprotocol(&attr, protocol), "protocol");
	pthread_mutexattr_settype(&attr, type);
	pthread_mutexattr_setrobust(
	    &attr, robust ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED);
	must(pthread_mutex_init(&odd, &attr), "pthread_mutex_init");
}

static void
say(const char *what, long r)
{
	printf("%s: %s\n", what, r ? strerror((int)r) : "done");
}

static void
mutexes(void)
{
	make_mutex(PTHREAD_MUTEX_RECURSIVE, 0);
	say("recursive", pthread_mutex_lock(&odd));
	say("again", pthread_mutex_lock(&odd));
	begin(1, try_lock);
	say("by another", end(1));
	make_mutex(PTHREAD_MUTEX_ERRORCHECK, 0);
	say("error check", pthread_mutex_lock(&odd));
	say("again", pthread_mutex_lock(&odd));
	say("given back", pthread_mutex_unlock(&odd));
	say("again", pthread_mutex_unlock(&odd));
	make_mutex(PTHREAD_MUTEX_NORMAL, 1);
	begin(1, lock_and_die);
	end(1);
	say("robust", pthread_mutex_lock(&odd));
	say("made consistent", pthread_mutex_consistent(&odd));
	say("given back", pthread_mutex_unlock(&odd));
	begin(1, lock_and_die);
	end(1);
	say("robust again", pthread_mutex_trylock(&odd));
	say("given up", pthread_mutex_unlock(&odd));
	say("then", pthread_mutex_lock(&odd));
}

/* A robust lock goes from each thread that dies to the next waiter. */
static void *
inherit(void *arg)
{
	int r = pthread_mutex_lock(&odd);

	(void)arg;
	if (r == EOWNERDEAD)
		pthread_mutex_consistent(&odd);
	count++;
	sched_yield();
	return (void *)(intptr_t)(r == EOWNERDEAD);
}

static void
heirs(void)
{
	long sum = 0;
	int i;

	for (i = 0; i < 20; i++) {
		make_mutex(PTHREAD_MUTEX_NORMAL, 1);
		begin(16, inherit);
		sum += end(16);
	}
	printf("%ld owners, %ld dead before\n", (long)count, sum);
}

/* A queue with one lock and two conditions, a barrier, a lock for readers. */
static int queue[4];
static unsigned put, taken;
static pthread_cond_t space = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_spinlock_t spinlock;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static volatile long left, right, spun;

enum { ITEMS = 500, PAIRS = 8 };

static void
only_once(void)
{
	sleep_ms(5);
	count++;
}

static long
queue_work(int producer)
{
	long sum = 0;
	int i;

	for (i = 1; i <= ITEMS; i++) {
		pthread_mutex_lock(&mutex);
		if (producer) {
			while (put - taken == 4)
				pthread_cond_wait(&space, &mutex);
			queue[put++ % 4] = i;
			pthread_cond_signal(&cond);
		} else {
			while (put == taken)
				pthread_cond_wait(&cond, &mutex);
			sum += queue[taken++ % 4];
			pthread_cond_broadcast(&space);
		}
		pthread_mutex_unlock(&mutex);
	}
	return sum;
}

static void
rwlock_work(int writer)
{
	int i;

	for (i = 0; i < 200; i++) {
		if (writer && i % 4 == 0) {
			pthread_rwlock_wrlock(&rwlock);
			left++;
			right++;
		} else {
			pthread_rwlock_rdlock(&rwlock);
			bad += left != right;
		}
		pthread_rwlock_unlock(&rwlock);
		pthread_spin_lock(&spinlock);
		spun++;
		pthread_spin_unlock(&spinlock);
	}
}

static void *
use_all(void *arg)
{
	const intptr_t self = (intptr_t)arg;
	intptr_t sum;

	pthread_once(&once, only_once);
	bad += count != 1;
	sum = queue_work(self % 2 == 0);
	pthread_barrier_wait(&barrier);
	rwlock_work(self % 2 == 0);
	if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
		sum += 1000000;
	return (void *)sum;
}

static void
locks(void)
{
	long sum;

	pthread_barrier_init(&barrier, NULL, 2 * PAIRS);
	pthread_spin_init(&spinlock, PTHREAD_PROCESS_PRIVATE);
	begin(2 * PAIRS, use_all);
	sum = end(2 * PAIRS);
	printf("sum %ld, written %ld, spun %ld, %ld bad\n", sum, left, spun,
	    (long)bad);
}

/* Signals stop the world, as garbage collectors do it. */
static atomic_int stopped;

static void
stop(int signal, siginfo_t *info, void *context)
{
	int error = errno;
	sigset_t all_but;

	(void)signal;
	(void)info;
	(void)context;
	sigfillset(&all_but);
	sigdelset(&all_but, SIGUSR2);
	stopped++;
	sem_post(&ready);
	sigsuspend(&all_but);
	stopped--;
	sem_post(&ready);
	errno = error;
}

static void
nothing(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
}

static void *
mutate(void *arg)
{
	unsigned n;

	for (n = 0; !done; n++) {
		char *p = malloc(n % 1000 + 1);

		memset(p, (int)n, n % 1000 + 1);
		errno = 0;
		if (n % 8 == 0 && usleep(100) < 0)
			bad += errno != EINTR;
		pthread_mutex_lock(&mutex);
		spun++;
		pthread_mutex_unlock(&mutex);
		bad += (unsigned char)p[n % 1000] != (unsigned char)n;
		free(p);
	}
	return arg;
}

static void
world(void)
{
	enum { WORKERS = 6, STOPS = 100 };
	long before;
	int i, j;

	sem_init(&ready, 0, 0);
	handle(SIGUSR1, stop, SA_RESTART);
	handle(SIGUSR2, nothing, SA_RESTART);
	begin(WORKERS, mutate);
	for (i = 0; i < STOPS; i++) {
		for (j = 0; j < WORKERS; j++)
			pthread_kill(thread[j], SIGUSR1);
		for (j = 0; j < WORKERS; j++)
			while (sem_wait(&ready) < 0)
				continue;
		before = spun;
		if (i % 10 == 0)
			sleep_ms(1);
		bad += before != spun || stopped != WORKERS;
		for (j = 0; j < WORKERS; j++)
			pthread_kill(thread[j], SIGUSR2);
		for (j = 0; j < WORKERS; j++)
			while (sem_wait(&ready) < 0)
				continue;
	}
	done = true;
	end(WORKERS);
	printf("stopped %d times, %ld bad\n", STOPS, (long)bad);
}

/* Handlers on alternate stacks make pages accessible when they are touched, and
 * jump out. */
static char *field;
static _Thread_local sigjmp_buf back;

static void
make_page(int signal, siginfo_t *info, void *context)
{
	char *at = info->si_addr;
	stack_t now;

	(void)context;
	sigaltstack(NULL, &now);
	bad += signal != SIGSEGV || now.ss_flags != SS_ONSTACK;
	if (!at)
		siglongjmp(back, 1);
	if (info->si_code != SEGV_ACCERR || at < field ||
	    mprotect((void *)((uintptr_t)at & ~(PAGE - 1)), PAGE,
		PROT_READ | PROT_WRITE) < 0)
		abort();
	count++;
}

static void *
touch(void *arg)
{
	char *mine = field + (intptr_t)arg * 32 * (intptr_t)PAGE;
	stack_t own_stack = { .ss_size = 64 * 1024 };
	volatile int jumps = 0;
	volatile unsigned long i;

	own_stack.ss_sp = malloc(own_stack.ss_size);
	sigaltstack(&own_stack, NULL);
	for (i = 0; i < 32 * PAGE; i += PAGE) {
		mine[i + i / PAGE] = (char)i;
		if (sigsetjmp(back, 1))
			jumps++;
		else
			*(volatile char *)NULL = 1;
	}
	own_stack.ss_flags = SS_DISABLE;
	sigaltstack(&own_stack, NULL);
	free(own_stack.ss_sp);
	return (void *)(intptr_t)jumps;
}

static void
faults(void)
{
	long jumps;

	field = mmap(NULL, 16 * 32 * PAGE, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	handle(SIGSEGV, make_page, SA_ONSTACK);
	begin(16, touch);
	jumps = end(16);
	printf("%ld pages made, %ld jumps, %ld bad\n", (long)count, jumps,
	    (long)bad);
}

/* One thread takes all signals, in their order, while others that block them
 * start and end. */
static void *
take_all(void *arg)
{
	siginfo_t info;
	int last = 0;

	for (;;) {
		if (sigwaitinfo(arg, &info) < 0) {
			bad += errno != EINTR;
		} else if (info.si_signo == SIGTERM) {
			return (void *)(intptr_t)last;
		} else {
			bad += info.si_value.sival_int != ++last ||
			       info.si_code != SI_QUEUE ||
			       info.si_pid != getpid();
			sem_post(&ready);
		}
	}
}

static void *
send_some(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&mutex);
	spun++;
	while (sigqueue(getpid(), SIGRTMIN + 2,
		   (union sigval){ .sival_int = (int)spun }) < 0)
		sched_yield();
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void
queues(void)
{
	pthread_t taker;
	sigset_t set;
	void *last;
	int i;

	sem_init(&ready, 0, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGRTMIN + 2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	must(pthread_create(&taker, NULL, take_all, &set), "pthread_create");
	for (i = 0; i < 20; i++) {
		begin(32, send_some);
		end(32);
	}
	for (i = 0; i < 20 * 32; i++)
		while (sem_wait(&ready) < 0)
			continue;
	kill(getpid(), SIGTERM);
	pthread_join(taker, &last);
	printf("%ld taken, %ld bad\n", (long)(intptr_t)last, (long)bad);
}

/* Handlers interrupt the start and the end of threads. */
static void
tick(int signal, siginfo_t *info, void *context)
{
	int error = errno;

	(void)signal;
	(void)info;
	(void)context;
	count++;
	sched_yield();
	errno = error;
}

static void *
shoot(void *arg)
{
	while (!done) {
		kill(getpid(), SIGUSR1);
		usleep(300);
	}
	return arg;
}

static void
storm(void)
{
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	pthread_t shooter;
	long sum = 0;
	int i;

	handle(SIGUSR1, tick, SA_RESTART);
	handle(SIGALRM, tick, SA_RESTART);
	must(pthread_create(&shooter, NULL, shoot, NULL), "pthread_create");
	setitimer(ITIMER_REAL, &often, NULL);
	pthread_key_create(&key, free);
	for (i = 0; i < 40; i++) {
		begin(32, live_shortly);
		sum += end(32);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	done = true;
	pthread_join(shooter, NULL);
	printf("sum %ld, %ld bad, %s\n", sum, (long)bad,
	    count > 20 ? "many signals" : "few signals");
}

/* Timers of all kinds; none may fire too early. */
static void
note_timer(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	if (info->si_code == SI_TIMER)
		count += 1 + info->si_overrun;
}

static void
note_value(union sigval value)
{
	count += value.sival_int;
	sem_post(&ready);
}

static long
since(clockid_t clock, const struct timespec *then)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (now.tv_sec - then->tv_sec) * 1000 +
	       (now.tv_nsec - then->tv_nsec) / 1000000;
}

static void
timed_locks(clockid_t clock)
{
	struct timespec start, until;

	clock_gettime(clock, &start);
	until = start;
	until.tv_nsec += 30000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	say("absolute sleep",
	    clock_nanosleep(clock, TIMER_ABSTIME, &until, NULL));
	printf("%s\n", since(clock, &start) >= 30 ? "in time" : "too early");
	say("again", clock_nanosleep(clock, TIMER_ABSTIME, &until, NULL));
}

static void
timers(void)
{
	const struct itimerspec often = { { 0, 10000000 }, { 0, 10000000 } };
	const struct itimerspec once_only = { { 0, 0 }, { 0, 10000000 } };
	struct itimerspec rest;
	struct sigevent event;
	timer_t timer[16];
	int i;

	memset(&event, 0, sizeof(event));
	sem_init(&ready, 0, 0);
	handle(SIGRTMIN + 3, note_timer, SA_RESTART);
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGRTMIN + 3;
	for (i = 0; i < 16; i++) {
		must(timer_create(CLOCK_MONOTONIC, &event, &timer[i]),
		    "timer_create");
		must(timer_settime(timer[i], 0, &often, NULL), "timer_settime");
	}
	sleep_ms(500);
	for (i = 0; i < 16; i++)
		must(timer_delete(timer[i]), "timer_delete");
	puts(count > 16 * 20 && count <= 16 * 5000 ? "ticks" : "no ticks");
	say("deleted", timer_gettime(timer[0], &rest) < 0 ? errno : 0);
	count = 0;
	event.sigev_notify = SIGEV_THREAD;
	event.sigev_notify_function = note_value;
	event.sigev_value.sival_int = 5;
	for (i = 0; i < 8; i++) {
		must(timer_create(CLOCK_REALTIME, &event, &timer[i]),
		    "timer_create");
		timer_settime(timer[i], 0, &once_only, NULL);
	}
	for (i = 0; i < 8; i++)
		sem_wait(&ready);
	printf("called for %ld\n", (long)count);
	timed_locks(CLOCK_MONOTONIC);
	timed_locks(CLOCK_REALTIME);
}

/* All names and numbers of threads. */
static void *
have_name(void *arg)
{
	char name[16], is[16] = "";

	snprintf(name, sizeof(name), "worker %ld", (long)(intptr_t)arg);
	pthread_setname_np(pthread_self(), name);
	pthread_barrier_wait(&barrier);
	pthread_getname_np(pthread_self(), is, sizeof(is));
	return (void *)(intptr_t)(strcmp(name, is) == 0);
}

static void
names(void)
{
	pthread_barrier_init(&barrier, NULL, 8);
	begin(8, have_name);
	printf("%ld names\n", end(8));
	say("a long one",
	    pthread_setname_np(pthread_self(), "more than fifteen bytes"));
}

/* The same locks with priority inheritance, which has its own calls. */
static void *
count_owned(void *arg)
{
	struct timespec until;
	int i;

	(void)arg;
	for (i = 0; i < 300; i++) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += 20;
		must(pthread_mutex_timedlock(&odd, &until), "timedlock");
		left++;
		if (i % 50 == 0)
			sched_yield();
		must(pthread_mutex_unlock(&odd), "unlock");
	}
	return NULL;
}

static void *
wait_owned(void *arg)
{
	static pthread_cond_t owned = PTHREAD_COND_INITIALIZER;
	struct timespec until;
	long r;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &until);
	must(pthread_mutex_lock(&odd), "lock");
	r = pthread_cond_timedwait(&owned, &odd, &until);
	pthread_mutex_unlock(&odd);
	return (void *)r;
}

static void *
time_out(void *arg)
{
	const struct timespec past = { 1, 0 };

	(void)arg;
	return (void *)(intptr_t)pthread_mutex_timedlock(&odd, &past);
}

static void
inheritance(void)
{
	protocol = PTHREAD_PRIO_INHERIT;
#ifdef __GLIBC__ /* musl's version hangs natively */
	mutexes();
	heirs();
#endif
	make_mutex(PTHREAD_MUTEX_NORMAL, 0);
	begin(8, count_owned);
	end(8);
	printf("%ld counted\n", left);
	begin(1, wait_owned);
	say("a condition", end(1));
	pthread_mutex_lock(&odd);
	begin(1, time_out);
	say("a moment", end(1));
}

int
main(int argc, char **argv)
{
	static const struct part parts[] = {
		{ "lives", lives },
		{ "cancel", cancel },
		{ "mutexes", mutexes },
		{ "heirs", heirs },
		{ "locks", locks },
		{ "world", world },
		{ "faults", faults },
		{ "queues", queues },
		{ "storm", storm },
		{ "timers", timers },
		{ "names", names },
		{ "inheritance", inheritance },
	};

	return RUN_PART(parts, argc, argv, 0);
}
