/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the runtime's part of POSIX threads.
 */
#include <errno.h>
#include <hcall.h>
#include <pthread.h>
#include <stdint.h>
#include <tap.h>

#define THREADS 8
#define ROUNDS  200
#define MANY    100 /* have more stacks than there is memory */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static long sum, turn, begun, destroyed, big;
static int ended;

static void *
give_back(void *arg)
{
	return arg;
}

static void *
leave(void *arg)
{
	pthread_exit((char *)arg + 1);
}

static void
test_ends(void)
{
	pthread_t one, other;
	void *result = NULL;

	same(pthread_create(&one, NULL, give_back, &sum), 0, "a thread starts");
	same(pthread_join(one, &result), 0, "and is joined");
	ok(result == &sum, "with its result");
	same(pthread_create(&other, NULL, leave, &sum), 0, "another one");
	same(pthread_join(other, &result), 0, "may call pthread_exit");
	ok(result == (char *)&sum + 1, "with a result also");
	same(pthread_join(pthread_self(), NULL), EDEADLK,
	    "a thread cannot join itself");
}

static void *
add(void *arg)
{
	long now;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		now = sum;
		hc_sched_yield();
		sum = now + (long)(intptr_t)arg;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void
test_mutex(void)
{
	pthread_t thread[THREADS];
	long i;

	sum = 0;
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, add, (void *)(intptr_t)i);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	same(sum, ROUNDS * THREADS * (THREADS - 1) / 2,
	    "a mutex lets one thread in at a time");
	same(pthread_mutex_trylock(&mutex), 0, "it can be tried");
	same(pthread_mutex_trylock(&mutex), EBUSY, "and be taken");
	same(pthread_mutex_destroy(&mutex), EBUSY, "nobody takes it away then");
	pthread_mutex_unlock(&mutex);
}

static void *
take_turns(void *arg)
{
	const long mine = (long)(intptr_t)arg;
	int i;

	pthread_mutex_lock(&mutex);
	for (i = 0; i < 100; i++) {
		while (turn % THREADS != mine)
			pthread_cond_wait(&cond, &mutex);
		turn++;
		pthread_cond_broadcast(&cond);
	}
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void
test_cond(void)
{
	struct timespec until;
	pthread_t thread[THREADS];
	long i;

	for (i = 0; i < THREADS; i++)
		pthread_create(
		    &thread[i], NULL, take_turns, (void *)(intptr_t)i);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	same(turn, THREADS * 100L, "a condition passes turns on");
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec -= 1;
	pthread_mutex_lock(&mutex);
	same(pthread_cond_timedwait(&cond, &mutex, &until), ETIMEDOUT,
	    "a wait until a time that is over ends at once");
	until.tv_sec += 1;
	until.tv_nsec = (until.tv_nsec + 20000000) % 1000000000;
	until.tv_sec += until.tv_nsec < 20000000;
	while (pthread_cond_timedwait(&cond, &mutex, &until) == 0)
		;
	clock_gettime(CLOCK_REALTIME, &until);
	pthread_mutex_unlock(&mutex);
	same(pthread_mutex_trylock(&mutex), 0, "and the mutex is as it was");
	pthread_mutex_unlock(&mutex);
}

static void
begin(void)
{
	begun++;
}

static void *
begin_once(void *arg)
{
	pthread_once(&once, begin);
	return arg;
}

static void
destroy(void *value)
{
	__atomic_add_fetch(&destroyed, (long)(intptr_t)value, __ATOMIC_SEQ_CST);
}

static void *
keep(void *arg)
{
	pthread_setspecific(key, arg);
	hc_sched_yield();
	return pthread_getspecific(key);
}

static void
test_own(void)
{
	pthread_t thread[THREADS];
	void *value;
	long i, wrong = 0;

	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, begin_once, NULL);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	same(begun, 1, "one thread begins, once");
	same(pthread_key_create(&key, destroy), 0, "a key is made");
	pthread_setspecific(key, &key);
	for (i = 0; i < THREADS; i++)
		pthread_create(
		    &thread[i], NULL, keep, (void *)(intptr_t)(i + 1));
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &value);
		wrong += (long)(intptr_t)value != i + 1;
	}
	same(wrong, 0, "each thread has its own value");
	same(destroyed, THREADS * (THREADS + 1) / 2, "which is destroyed");
	ok(pthread_getspecific(key) == &key, "the first thread's is not");
	same(pthread_key_delete(key), 0, "a key can be deleted");
	same(pthread_setspecific(key, NULL), EINVAL, "and is none then");
}

static void *
use_stack(void *arg)
{
	volatile char much[500000];

	much[0] = much[sizeof(much) - 1] = 1;
	big = much[0];
	return arg;
}

static void *
note_end(void *arg)
{
	__atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
	futex_wake(&ended, 1);
	return arg;
}

static void
test_attributes(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	int i, now, failed = 0;

	pthread_attr_init(&attr);
	same(pthread_attr_setstacksize(&attr, 1), EINVAL, "a stack has a size");
	pthread_attr_setstacksize(&attr, 1UL << 20);
	pthread_create(&thread, &attr, use_stack, NULL);
	pthread_join(thread, NULL);
	same(big, 1, "which the thread can use");
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 16UL << 20);
	for (i = 0; i < MANY; i++) {
		failed += pthread_create(&thread, &attr, note_end, NULL) != 0;
		while ((now = __atomic_load_n(&ended, __ATOMIC_ACQUIRE)) +
			   failed <= i)
			futex_wait(&ended, now, -1);
	}
	same(failed, 0, "detached threads leave room for others");
	same(ended, MANY, "and all have run");
	pthread_create(&thread, NULL, give_back, NULL);
	same(pthread_detach(thread), 0, "a thread may be detached later");
}

int
main(void)
{
	test_ends();
	test_mutex();
	test_cond();
	test_own();
	test_attributes();
	return tap_done();
}
