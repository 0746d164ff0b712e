/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * POSIX threads, on those of thread.c.  Nothing here may know how a thread is
 * started.
 *
 * FS base is the address of a thread's structure, whose first word is its own
 * address.  The first thread gets its FS base when it first asks who it is, or
 * starts another.
 */
#include <errno.h>
#include <hcall.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

#define ARCH_SET_FS 0x1002
#define SECOND      1000000000L

enum pthread_state {
	JOINABLE,
	DETACHED,
	JOINED,
};

struct pthread {
	struct pthread *self;
	struct thread thread;
	int state;
	void *(*function)(void *arg);
	void *arg, *result;
	const void *value[PTHREAD_KEYS_MAX];
	struct pthread *next; /* of those that were detached */
};

static struct pthread first;
static struct lock lock; /* for what follows */
static struct pthread *detached;
static unsigned keys;
static struct {
	int used;
	void (*destructor)(void *value);
} key[PTHREAD_KEYS_MAX];

pthread_t
pthread_self(void)
{
	struct pthread *self;

	/* Without it there is one thread, and FS base is 0. */
	if (!first.self) {
		first.self = &first;
		hc_arch_prctl(ARCH_SET_FS, (long)&first);
	}
	__asm__ volatile("movq %%fs:0, %0" : "=r"(self));
	return self;
}

int
pthread_equal(pthread_t a, pthread_t b)
{
	return a == b;
}

int
pthread_attr_init(pthread_attr_t *attr)
{
	*attr = (pthread_attr_t){ 0 };
	return 0;
}

int
pthread_attr_destroy(pthread_attr_t *attr)
{
	(void)attr;
	return 0;
}

int
pthread_attr_setstacksize(pthread_attr_t *attr, size_t size)
{
	if (size < THREAD_STACK || size > LONG_MAX / 2)
		return EINVAL;
	attr->stack = size;
	return 0;
}

int
pthread_attr_setdetachstate(pthread_attr_t *attr, int state)
{
	if (state != PTHREAD_CREATE_JOINABLE &&
	    state != PTHREAD_CREATE_DETACHED)
		return EINVAL;
	attr->detached = state;
	return 0;
}

static void
destroy_values(struct pthread *self)
{
	int round, again = 1;
	unsigned i;

	for (round = 0; again && round < PTHREAD_DESTRUCTOR_ITERATIONS;
	     round++) {
		again = 0;
		for (i = 0; i < PTHREAD_KEYS_MAX; i++) {
			void *value = (void *)(uintptr_t)self->value[i];

			self->value[i] = NULL;
			if (!value || !key[i].used || !key[i].destructor)
				continue;
			key[i].destructor(value);
			again = 1;
		}
	}
}

_Noreturn void
pthread_exit(void *result)
{
	struct pthread *self = pthread_self();

	destroy_values(self);
	self->result = result;
	thread_exit();
}

static void
run(void *arg)
{
	struct pthread *self = arg;

	pthread_exit(self->function(self->arg));
}

static void
reclaim(struct pthread *thread)
{
	thread_join(&thread->thread);
	munmap(thread, sizeof(*thread));
}

/* A thread cannot take its own stack away: the next one that starts does. */
static void
reclaim_detached(void)
{
	struct pthread **at, *thread;

	lock_acquire(&lock);
	for (at = &detached; (thread = *at) != NULL;) {
		if (__atomic_load_n(&thread->thread.tid, __ATOMIC_ACQUIRE)) {
			at = &thread->next;
			continue;
		}
		*at = thread->next;
		reclaim(thread);
	}
	lock_release(&lock);
}

int
pthread_create(pthread_t *to, const pthread_attr_t *attr,
    void *(*function)(void *arg), void *arg)
{
	struct pthread *thread;
	int r;

	(void)pthread_self();
	reclaim_detached();
	thread = mmap(NULL, sizeof(*thread), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (thread == MAP_FAILED)
		return EAGAIN;
	thread->self = thread;
	thread->function = function;
	thread->arg = arg;
	thread->thread.tls = thread;
	thread->thread.stack_size = attr ? attr->stack : 0;
	*to = thread;
	r = thread_start(&thread->thread, run, thread);
	if (r < 0) {
		munmap(thread, sizeof(*thread));
		return EAGAIN;
	}
	return attr && attr->detached ? pthread_detach(thread) : 0;
}

/* The first that joins or detaches a thread has it. */
static int
take(struct pthread *thread, int state)
{
	int joinable = JOINABLE;

	return __atomic_compare_exchange_n(&thread->state, &joinable, state, 0,
		   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)
		   ? 0
		   : EINVAL;
}

int
pthread_join(pthread_t thread, void **result)
{
	if (thread == pthread_self())
		return EDEADLK;
	if (thread == &first || take(thread, JOINED) != 0)
		return EINVAL;
	thread_await(&thread->thread);
	if (result)
		*result = thread->result;
	reclaim(thread);
	return 0;
}

int
pthread_detach(pthread_t thread)
{
	if (thread == &first || take(thread, DETACHED) != 0)
		return EINVAL;
	lock_acquire(&lock);
	thread->next = detached;
	detached = thread;
	lock_release(&lock);
	return 0;
}

int
pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
	*mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	return attr ? EINVAL : 0;
}

int
pthread_mutex_destroy(pthread_mutex_t *mutex)
{
	return mutex->lock.word ? EBUSY : 0;
}

int
pthread_mutex_lock(pthread_mutex_t *mutex)
{
	lock_acquire(&mutex->lock);
	return 0;
}

int
pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	int unlocked = 0;

	return __atomic_compare_exchange_n(&mutex->lock.word, &unlocked, 1, 0,
		   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
		   ? 0
		   : EBUSY;
}

int
pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	lock_release(&mutex->lock);
	return 0;
}

int
pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
	cond->wakes = 0;
	return attr ? EINVAL : 0;
}

int
pthread_cond_destroy(pthread_cond_t *cond)
{
	(void)cond;
	return 0;
}

/* A wake after the mutex was released changes the number, so that the wait does
 * not begin.  As POSIX allows, a wait may end without a wake. */
static long
wait(pthread_cond_t *cond, pthread_mutex_t *mutex, long ns)
{
	const int wakes = __atomic_load_n(&cond->wakes, __ATOMIC_RELAXED);
	long r;

	pthread_mutex_unlock(mutex);
	r = futex_wait(&cond->wakes, wakes, ns);
	pthread_mutex_lock(mutex);
	return r;
}

int
pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	wait(cond, mutex, -1);
	return 0;
}

int
pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
    const struct timespec *until)
{
	struct timespec now;
	long ns;

	if (until->tv_nsec < 0 || until->tv_nsec >= SECOND)
		return EINVAL;
	clock_gettime(CLOCK_REALTIME, &now);
	if (until->tv_sec - now.tv_sec > LONG_MAX / SECOND - 1)
		return pthread_cond_wait(cond, mutex);
	ns = (until->tv_sec - now.tv_sec) * SECOND + until->tv_nsec -
	     now.tv_nsec;
	if (ns <= 0 || wait(cond, mutex, ns) == -ETIMEDOUT)
		return ETIMEDOUT;
	return 0;
}

static int
wake(pthread_cond_t *cond, int n)
{
	__atomic_add_fetch(&cond->wakes, 1, __ATOMIC_RELEASE);
	futex_wake(&cond->wakes, n);
	return 0;
}

int
pthread_cond_signal(pthread_cond_t *cond)
{
	return wake(cond, 1);
}

int
pthread_cond_broadcast(pthread_cond_t *cond)
{
	return wake(cond, INT_MAX);
}

int
pthread_once(pthread_once_t *once, void (*function)(void))
{
	int state = 0;

	if (__atomic_compare_exchange_n(&once->state, &state, 1, 0,
		__ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		function();
		__atomic_store_n(&once->state, 2, __ATOMIC_RELEASE);
		futex_wake(&once->state, INT_MAX);
	}
	while (__atomic_load_n(&once->state, __ATOMIC_ACQUIRE) != 2)
		futex_wait(&once->state, 1, -1);
	return 0;
}

int
pthread_key_create(pthread_key_t *to, void (*destructor)(void *value))
{
	int r = EAGAIN;

	lock_acquire(&lock);
	if (keys < PTHREAD_KEYS_MAX) {
		*to = keys;
		key[keys].destructor = destructor;
		key[keys++].used = 1;
		r = 0;
	}
	lock_release(&lock);
	return r;
}

int
pthread_key_delete(pthread_key_t k)
{
	if (k >= PTHREAD_KEYS_MAX || !key[k].used)
		return EINVAL;
	key[k].used = 0;
	return 0;
}

void *
pthread_getspecific(pthread_key_t k)
{
	return k < PTHREAD_KEYS_MAX
		   ? (void *)(uintptr_t)pthread_self()->value[k]
		   : NULL;
}

int
pthread_setspecific(pthread_key_t k, const void *value)
{
	if (k >= PTHREAD_KEYS_MAX || !key[k].used)
		return EINVAL;
	pthread_self()->value[k] = value;
	return 0;
}
