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

static enum hc_turn_taken
await(struct hc_turn *t, struct hc_thread *thread, unsigned most)
{
	const struct timespec slice = { .tv_nsec = HC_TURN_MS * 1000000L };
	const struct timespec second = { 1, 0 };
	uint64_t events = t->events;
	unsigned quiet = 0;
	bool kicked = false;
	int64_t r;

	while (!thread->has_turn) {
		/* The reason of a kick is looked at when the thread runs. */
		kicked = kicked || thread->kicked;
		thread->kicked = 0;
		if (thread->ops->is_over(thread))
			return HC_TURN_OVER;
		/* The time of the debugger does not count. */
		if (thread->ops->rest(thread)) {
			quiet = 0;
			continue;
		}
		r = hc_host_wait_alone(thread, SYS_futex, &thread->has_turn,
		    FUTEX_WAIT_PRIVATE, 0, most > 0 ? &slice : &second, 0, 0);
		if (r == -ETIMEDOUT)
			quiet = is_quiet(t, &events) ? quiet + 1 : 0;
		if (most > 0 && quiet == most)
			return HC_TURN_STALLED;
		if (r == -ETIMEDOUT && quiet >= t->patience)
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
