/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads for a debugger to look at: `threads [WORKERS [ROUNDS]]`.  Each worker
 * counts; between its rounds it waits for the others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <thread.h>

#define WORKERS_MAX 64

static struct thread workers[WORKERS_MAX];
static int count = 2;
static int rounds = 3;

struct lock lock;
int arrived;        /* in this round */
int round_over;     /* the number of the round */
long total;         /* under the lock */
long own[WORKERS_MAX];

/* All workers meet here. */
__attribute__((noinline)) void
meet(void)
{
	int now = __atomic_load_n(&round_over, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL) == count) {
		arrived = 0;
		__atomic_add_fetch(&round_over, 1, __ATOMIC_ACQ_REL);
		futex_wake(&round_over, WORKERS_MAX);
		return;
	}
	while (__atomic_load_n(&round_over, __ATOMIC_ACQUIRE) == now)
		futex_wait(&round_over, now, -1);
}

__attribute__((noinline)) void
work(long me)
{
	own[me]++;
	lock_acquire(&lock);
	total++;
	lock_release(&lock);
}

void
worker(void *arg)
{
	long me = (long)arg;
	int i;

	for (i = 0; i < rounds; i++) {
		work(me);
		meet();
	}
}

int
main(int argc, char **argv)
{
	long i;

	if (argc > 1)
		count = (int)strtol(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (int)strtol(argv[2], NULL, 10);
	if (count < 1 || count > WORKERS_MAX) {
		printf("threads: not 1 to %d workers: %s\n", WORKERS_MAX,
		    argv[1]);
		return 2;
	}
	for (i = 0; i < count; i++)
		if (thread_start(&workers[i], worker, (void *)i) < 0)
			return 1;
	for (i = 0; i < count; i++)
		thread_join(&workers[i]);
	printf("%ld\n", total);
	return total == (long)count * rounds ? 0 : 1;
}
