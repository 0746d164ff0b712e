/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of POSIX threads that most programs need, on thread.h.  Attributes
 * are the size of a stack and the state of being detached; mutexes are plain.
 * Threads cannot be cancelled.
 *
 * A program starts its threads by either this header or thread.h.  stdio,
 * malloc and errno of this runtime are for one thread at a time.
 */
#ifndef PTHREAD_H
#define PTHREAD_H

#include <stddef.h>
#include <thread.h>
#include <time.h>

#define PTHREAD_KEYS_MAX              64 /* they are not reused */
#define PTHREAD_DESTRUCTOR_ITERATIONS 4

#define PTHREAD_CREATE_JOINABLE 0
#define PTHREAD_CREATE_DETACHED 1

typedef struct pthread *pthread_t;
typedef struct {
	size_t stack; /* 0: THREAD_STACK */
	int detached;
} pthread_attr_t;

typedef struct {
	struct lock lock;
} pthread_mutex_t;
typedef struct pthread_mutexattr pthread_mutexattr_t; /* there is none */

typedef struct {
	int wakes; /* how many there were */
} pthread_cond_t;
typedef struct pthread_condattr pthread_condattr_t; /* there is none */

typedef struct {
	int state; /* 0 new, 1 running, 2 done */
} pthread_once_t;
typedef unsigned pthread_key_t;

#define PTHREAD_MUTEX_INITIALIZER \
	{                         \
		{ 0 }             \
	}
#define PTHREAD_COND_INITIALIZER \
	{                        \
		0                \
	}
#define PTHREAD_ONCE_INIT \
	{                 \
		0         \
	}

/* All of these return 0 or an errno, as POSIX says, but those that cannot
 * fail. */

int pthread_attr_init(pthread_attr_t *attr);
int pthread_attr_destroy(pthread_attr_t *attr);
int pthread_attr_setstacksize(pthread_attr_t *attr, size_t size);
int pthread_attr_setdetachstate(pthread_attr_t *attr, int state);

int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*function)(void *arg), void *arg);
int pthread_join(pthread_t thread, void **result);
int pthread_detach(pthread_t thread);
_Noreturn void pthread_exit(void *result);
pthread_t pthread_self(void);
int pthread_equal(pthread_t a, pthread_t b);

/* `attr` is NULL. */
int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr);
int pthread_mutex_destroy(pthread_mutex_t *mutex);
int pthread_mutex_lock(pthread_mutex_t *mutex);
int pthread_mutex_trylock(pthread_mutex_t *mutex);
int pthread_mutex_unlock(pthread_mutex_t *mutex);

/* `attr` is NULL; `until` is of CLOCK_REALTIME. */
int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr);
int pthread_cond_destroy(pthread_cond_t *cond);
int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
    const struct timespec *until);
int pthread_cond_signal(pthread_cond_t *cond);
int pthread_cond_broadcast(pthread_cond_t *cond);

int pthread_once(pthread_once_t *once, void (*function)(void));

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *value));
int pthread_key_delete(pthread_key_t key);
void *pthread_getspecific(pthread_key_t key);
int pthread_setspecific(pthread_key_t key, const void *value);

#endif
