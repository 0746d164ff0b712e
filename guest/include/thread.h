/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that share all memory, and how they wait for each other.  Not from
 * any standard: a guest that wants pthreads takes a C library.
 *
 * stdio, malloc and errno of this runtime are for one thread at a time.
 */
#ifndef THREAD_H
#define THREAD_H

#include <stddef.h>

#define THREAD_STACK 65536 /* bytes */

/* The caller's storage, for as long as the thread lives. */
struct thread {
	int tid;   /* 0 when it has ended: the kernel clears it */
	int id;    /* its number, for ever */
	void *tls; /* FS base; set it before thread_start(), or leave it 0 */
	void (*function)(void *arg);
	void *arg;
	void *stack;
};

/* Let `function` run with `arg`; returning from it ends the thread.  0, or
 * -errno with nothing started. */
int thread_start(struct thread *t, void (*function)(void *arg), void *arg);

/* Wait until it has ended. */
void thread_join(struct thread *t);

/* End the calling thread. */
_Noreturn void thread_exit(void);

/*
 * Sleep while *word is `value`, at most so many nanoseconds (-1: for ever);
 * wake up to n sleepers.  -errno as futex(2) has it.
 */
long futex_wait(int *word, int value, long ns);
long futex_wake(int *word, int n);

/* A lock; all zero is free. */
struct lock {
	int word; /* 0 free, 1 taken, 2 taken and waited for */
};

void lock_acquire(struct lock *lock);
void lock_release(struct lock *lock);

#endif
