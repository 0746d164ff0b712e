/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread of the guest, and the machine's operations on it.  This file must
 * not know how threads run.
 */
#ifndef HC_THREAD_H
#define HC_THREAD_H

#include "hypercall/core/pending.h"
#include "hypercall/core/wait.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* The segment bases of a thread, which its vCPU holds. */
enum hc_base_register {
	HC_FS,
	HC_GS,
};

#define HC_THREAD_NAME 16 /* with its NUL, as on Linux */

struct hc_thread;

/* Operations of the machine on a thread.  An int result is 0 or -errno. */
struct hc_thread_ops {
	/* Take the thread out of the guest and out of a wait. */
	void (*kick)(struct hc_thread *thread);
	int (*get_base)(
	    struct hc_thread *thread, enum hc_base_register which, uint64_t *v);
	int (*set_base)(
	    struct hc_thread *thread, enum hc_base_register which, uint64_t v);
	/*
	 * Make a thread like `parent`: with its registers as they are after the
	 * current call, except that the call's result is 0.  The child runs
	 * when it is started, with this stack unless that is 0, and with this
	 * FS base unless `tls` is NULL.  Only create() can fail: a child that
	 * was created must be started.
	 */
	int (*create)(struct hc_thread *parent, struct hc_thread **child);
	void (*start)(
	    struct hc_thread *child, uint64_t stack, const uint64_t *tls);
	/* Has the guest ended? */
	bool (*is_over)(const struct hc_thread *thread);
	/* The thread waits for a turn: if a debugger wants all threads to rest,
	 * rest until it lets this one go on.  True: it did. */
	bool (*rest)(struct hc_thread *thread);
	/* See hc_thread_next(). */
	bool (*next)(
	    struct hc_thread *thread, int *tid, char name[HC_THREAD_NAME]);
	/* See hc_thread_is_held(). */
	bool (*is_held)(struct hc_thread *thread, int tid);
	/* The host's clock that counts the processor time of the guest's thread
	 * `tid`, for any thread to read, or -EINVAL. */
	int (*cpu_clock)(struct hc_thread *thread, int tid, clockid_t *clock);
};

/* Threads that take turns: one at a time runs. */
struct hc_turns {
	/* Make a host call that may wait; meanwhile others run. */
	int64_t (*wait)(struct hc_turns *turns, struct hc_thread *thread,
	    long number, const long arg[6]);
	/* The thread begins, and has the turn when this returns; the thread
	 * has ended.  NULL, or a sentence that says why the guest cannot go
	 * on. */
	const char *(*begin)(struct hc_turns *turns, struct hc_thread *thread);
	const char *(*end)(struct hc_turns *turns, struct hc_thread *thread);
};

/* A thread of the guest. */
struct hc_thread {
	int tid;
	char name[HC_THREAD_NAME]; /* at first, that of its creator */
	bool named;                /* the guest has set it */
	int nice;                  /* set by setpriority() */
	uint64_t slack;            /* of its timers, in ns; 0: the default */
	struct hc_thread_signals signals;
	uint64_t clear_tid;    /* the word to clear when it ends, or 0 */
	uint64_t robust;       /* the head of its list of robust locks, or 0 */
	_Atomic uint64_t lock; /* address of the PI lock it waits for, or 0 */
	struct hc_wait wait;
	/* Recorded: it has had an event, and not gone on since.  Only here does
	 * a recording find a signal's place again. */
	bool at_event;
	/* Recorded: a signal or another thread has waited too long for its next
	 * event. */
	atomic_bool to_preempt;
	/* Nonzero: the run loop has work to do, and no call may begin to wait.
	 * Set in signal handlers, cleared by the loop. */
	volatile int kicked;
	struct hc_turns *turns; /* NULL: threads run together */
	_Atomic int has_turn;
	struct hc_thread *next_turn; /* that waits for it, after this one */
	/* In a replay under a debugger: it waits in a call for its turn, and a
	 * hash of what the call has read. */
	bool awaits_turn;
	uint64_t read_before;
	const struct hc_thread_ops *ops; /* NULL: alone, without a vCPU */
};

/*
 * Find the guest's thread with the lowest number above *tid: its number and
 * name.  False if there is none.
 */
bool
hc_thread_next(struct hc_thread *thread, int *tid, char name[HC_THREAD_NAME]);

/* Does a debugger hold the guest's thread `tid`? */
bool hc_thread_is_held(struct hc_thread *thread, int tid);

#endif
