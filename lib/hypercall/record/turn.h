/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads of which one at a time has the turn, and runs.  It must not know
 * recordings, nor calls.
 */
#ifndef HC_TURN_H
#define HC_TURN_H

#include "hypercall/core/hypercall.h"

#include <pthread.h>

/*
 * A thread that wants the turn waits at most HC_TURN_SECONDS for one that makes
 * no event.  After HC_TURN_MS, as many times as the turn has patience, it asks
 * for the preemption of the other, and again each time after that.  A guest
 * that needs no preemption is to have none, on a slow host either: each that
 * was needed halves the patience, and each turn that ends at a call adds 1.
 */
#define HC_TURN_SECONDS  5
#define HC_TURN_MS       10
#define HC_TURN_PATIENCE 32

enum hc_turn_taken {
	HC_TURN_TAKEN,
	HC_TURN_PASSED,  /* it is another's, and nobody waits for it here */
	HC_TURN_OVER,    /* the guest has ended */
	HC_TURN_STALLED, /* the one that has it makes no event */
};

struct hc_turn {
	pthread_mutex_t lock;
	struct hc_thread *holder; /* or NULL */
	/* Those that wait for it, in order. */
	struct hc_thread *_Atomic first;
	struct hc_thread *last;
	_Atomic uint64_t events;   /* of those that had it */
	_Atomic unsigned patience; /* 1 to HC_TURN_PATIENCE */
	/* The one that has it waits for the host: that takes as long as it
	 * takes. */
	atomic_bool waits;
};

/* Milliseconds of a clock that only grows. */
uint64_t hc_turn_ms(void);

/* `thread` has it. */
void hc_turn_init(struct hc_turn *t, struct hc_thread *thread);

/* Wait for it among the others; it may be there already. */
enum hc_turn_taken hc_turn_take(struct hc_turn *t, struct hc_thread *thread);

/* Leave it to the first that waits, or to nobody. */
void hc_turn_leave(struct hc_turn *t, struct hc_thread *thread);

/* The one that has it leaves it at a call, or was preempted. */
void hc_turn_ends(struct hc_turn *t, bool preempted);

/* Give it to a certain thread; wait, however long, until it is given. */
void
hc_turn_give(struct hc_turn *t, struct hc_thread *thread, struct hc_thread *to);
enum hc_turn_taken hc_turn_await(struct hc_turn *t, struct hc_thread *thread);

/* Does anybody wait?  Not for long: nobody waits for this answer. */
static inline bool
hc_turn_is_wanted(const struct hc_turn *t)
{
	return t->first != NULL;
}

static inline bool
hc_turn_has(const struct hc_thread *thread)
{
	return thread->has_turn;
}

#endif
