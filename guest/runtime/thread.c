/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads, on clone and futex.
 */
#include <hcall.h>
#include <sys/mman.h>
#include <thread.h>
#include <time.h>

/* Linux's numbers; clone(2), futex(2). */
#define CLONE_VM             0x00000100
#define CLONE_FS             0x00000200
#define CLONE_FILES          0x00000400
#define CLONE_SIGHAND        0x00000800
#define CLONE_THREAD         0x00010000
#define CLONE_SYSVSEM        0x00040000
#define CLONE_SETTLS         0x00080000
#define CLONE_PARENT_SETTID  0x00100000
#define CLONE_CHILD_CLEARTID 0x00200000

#define FUTEX_WAIT         0
#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129

long guest_clone(long flags, void *stack, int *parent_tid, int *child_tid,
    void *tls, long number);

void guest_thread(void);

static void
thread_main(void *arg)
{
	struct thread *t = arg;

	t->function(t->arg);
	thread_exit();
}

int
thread_start(struct thread *t, void (*function)(void *arg), void *arg)
{
	const size_t size = t->stack_size ? t->stack_size & ~15UL
					  : THREAD_STACK;
	char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void **top = (void **)(stack + size);
	long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		     CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT_SETTID |
		     CLONE_CHILD_CLEARTID | (t->tls ? CLONE_SETTLS : 0);
	long r;

	if (stack == MAP_FAILED)
		return -12; /* ENOMEM */
	t->function = function;
	t->arg = arg;
	t->stack = stack;
	t->stack_size = size;
	top[-3] = (char *)guest_thread + 1;
	top[-2] = t;
	top[-1] = (void *)thread_main;
	r = guest_clone(flags, top - 3, &t->tid, &t->tid, t->tls, HC_clone);
	if (r < 0) {
		munmap(stack, size);
		return (int)r;
	}
	t->id = (int)r;
	return 0;
}

void
thread_await(struct thread *t)
{
	int tid;

	/* The kernel clears the word, then wakes by a futex that is not
	 * private. */
	while ((tid = __atomic_load_n(&t->tid, __ATOMIC_ACQUIRE)) != 0)
		hc_futex((long)&t->tid, FUTEX_WAIT, tid, 0, 0, 0);
}

void
thread_join(struct thread *t)
{
	thread_await(t);
	munmap(t->stack, t->stack_size);
}

_Noreturn void
thread_exit(void)
{
	for (;;)
		hc_exit(0);
}

long
futex_wait(int *word, int value, long ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	return hc_futex((long)word, FUTEX_WAIT_PRIVATE, value,
	    ns < 0 ? 0 : (long)&ts, 0, 0);
}

long
futex_wake(int *word, int n)
{
	return hc_futex((long)word, FUTEX_WAKE_PRIVATE, n, 0, 0, 0);
}

void
lock_acquire(struct lock *lock)
{
	int old = 0;

	if (__atomic_compare_exchange_n(&lock->word, &old, 1, 0,
		__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&lock->word, 2, __ATOMIC_ACQUIRE) != 0)
		futex_wait(&lock->word, 2, -1);
}

void
lock_release(struct lock *lock)
{
	if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2)
		futex_wake(&lock->word, 1);
}
