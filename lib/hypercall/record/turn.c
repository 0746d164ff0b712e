/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The turn.  Nothing here may know what a thread does with it.
 *
 * A thread waits by a futex of its own, and a kick ends that wait: the guest
 * may be over.
 */
#include "hypercall/record/turn.h"

#include "hypercall/core/hostcall.h"

#include <linux/futex.h>
#include <time.h>

uint64_t
hc_turn_ms(void)
{
	struct timespec now = { 0 };

	(void)hc_host(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void
hc_turn_init(struct hc_turn *t, struct hc_thread *thread)
{
	pthread_mutex_init(&t->lock, NULL);
	t->holder = thread;
	t->patience = HC_TURN_PATIENCE;
	thread->has_turn = 1;
}

void
hc_turn_ends(struct hc_turn *t, bool preempted)
{
	const unsigned patience = t->patience;

	if (preempted && patience > 1)
		t->patience = patience / 2;
	else if (!preempted && patience < HC_TURN_PATIENCE)
		t->patience = patience + 1;
}

static void
wake(struct hc_thread *thread)
{
	thread->has_turn = 1;
	(void)hc_host(
	    SYS_futex, &thread->has_turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Has nobody made an event since `events`?  That becomes the present number. */
static bool
is_quiet(const struct hc_turn *t, uint64_t *events)
{
	const bool quiet = !t->waits && t->events == *events;

	*events = t->events;
	return quiet;
}

/* The one that has it is to leave it between two events.  A kick while it is at
 * an event is lost, so it gets another each time. */
static void
preempt(struct hc_turn *t)
{
	pthread_mutex_lock(&t->lock);
	if (t->holder && !t->waits) {
		t->holder->to_preempt = true;
		t->holder->ops->kick(t->holder);
	}
	pthread_mutex_unlock(&t->lock);
}

/* Have so many milliseconds passed?  The next begin now. */
static bool
is_over(uint64_t *since, unsigned ms)
{
	const uint64_t now = hc_turn_ms();
	const bool over = now - *since >= ms;

	if (over)
		*since = now;
	return over;
}

/* A kick ends a wait and not the slice, or a thread that is kicked often would
 * never ask for the preemption of another. */
static enum hc_turn_taken
await(struct hc_turn *t, struct hc_thread *thread, unsigned most)
{
	const unsigned slice = most > 0 ? HC_TURN_MS : 1000;
	const struct timespec time = { slice / 1000, slice % 1000 * 1000000L };
	uint64_t events = t->events, since = hc_turn_ms();
	unsigned quiet = 0;
	bool kicked = false, late;

	while (!thread->has_turn) {
		/* The reason of a kick is looked at when the thread runs. */
		kicked = kicked || thread->kicked;
		thread->kicked = 0;
		if (thread->ops->is_over(thread))
			return HC_TURN_OVER;
		/* The time of the debugger does not count. */
		if (thread->ops->rest(thread)) {
			quiet = 0;
			since = hc_turn_ms();
			continue;
		}
		(void)hc_host_wait_alone(thread, SYS_futex, &thread->has_turn,
		    FUTEX_WAIT_PRIVATE, 0, &time, 0, 0);
		late = is_over(&since, slice);
		if (late)
			quiet = is_quiet(t, &events) ? quiet + 1 : 0;
		if (most > 0 && quiet == most)
			return HC_TURN_STALLED;
		if (late && quiet >= t->patience)
			preempt(t);
	}
	if (kicked)
		thread->kicked = 1;
	return HC_TURN_TAKEN;
}

enum hc_turn_taken
hc_turn_take(struct hc_turn *t, struct hc_thread *thread)
{
	pthread_mutex_lock(&t->lock);
	if (!t->holder) {
		t->holder = thread;
		thread->has_turn = 1;
	} else if (t->holder != thread) {
		thread->next_turn = NULL;
		if (t->first)
			t->last->next_turn = thread;
		else
			t->first = thread;
		t->last = thread;
	}
	pthread_mutex_unlock(&t->lock);
	return await(t, thread, HC_TURN_SECONDS * 1000 / HC_TURN_MS);
}

void
hc_turn_leave(struct hc_turn *t, struct hc_thread *thread)
{
	pthread_mutex_lock(&t->lock);
	thread->has_turn = 0;
	t->holder = t->first;
	if (t->first) {
		t->first = t->first->next_turn;
		wake(t->holder);
	}
	pthread_mutex_unlock(&t->lock);
}

void
hc_turn_give(struct hc_turn *t, struct hc_thread *thread, struct hc_thread *to)
{
	pthread_mutex_lock(&t->lock);
	thread->has_turn = 0;
	t->holder = to;
	wake(to);
	pthread_mutex_unlock(&t->lock);
}

enum hc_turn_taken
hc_turn_await(struct hc_turn *t, struct hc_thread *thread)
{
	return await(t, thread, 0);
}
