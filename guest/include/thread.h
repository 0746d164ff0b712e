/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that share all memory, and their means to wait for each other.  They
 * follow no standard: pthread.h does, and has less than a C library.
 *
 * stdio, malloc and errno of this runtime are for one thread at a time.
 */
#ifndef THREAD_H
#define THREAD_H

#include <stddef.h>

#define THREAD_STACK 65536 /* bytes */

/* The caller's storage; it must last as long as the thread lives. */
struct thread {
	int tid;   /* 0 after the thread's end: the kernel clears it */
	int id;    /* the thread's number, which stays */
	void *tls; /* FS base; set it before thread_start(), or leave it 0 */
	void (*function)(void *arg);
	void *arg;
	size_t stack_size; /* set it before, or leave it 0: THREAD_STACK */
	void *stack;
};

/* Run `function` with `arg` in a thread, which ends when it returns.  Returns
 * 0, or -errno with no thread started. */
int thread_start(struct thread *t, void (*function)(void *arg), void *arg);

/* Wait until the thread has ended; the second also takes its stack away. */
void thread_await(struct thread *t);
void thread_join(struct thread *t);

/* End the calling thread. */
_Noreturn void thread_exit(void);

/*
 * Sleep while *word is `value`, at most for the given nanoseconds (-1: no
 * limit); wake up to n sleepers.  Both return -errno as futex(2) does.
 */
long futex_wait(int *word, int value, long ns);
long futex_wake(int *word, int n);

/* A lock; a lock of zero bytes is free. */
struct lock {
	int word; /* 0 free, 1 taken, 2 taken and awaited */
};

void lock_acquire(struct lock *lock);
void lock_release(struct lock *lock);

#endif
