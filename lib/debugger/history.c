/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transitions of history.h.  Nothing here may know packets.
 */
#include "debugger/history.h"

#include <errno.h>
#include <string.h>

/* So many events are handled before the debugger's line is looked at. */
#define TURN 64

/* An anchor is moved to so many steps before its goal, if it is twice as far
 * away. */
#define ANCHOR_STEPS 64

/* The calls that end the guest. */
static const uint32_t ends[] = { HC_exit, HC_exit_group };

#define ENDS (sizeof(ends) / sizeof(ends[0]))

static struct vcpu *
vcpu_of_guest(const struct history *h)
{
	return &h->machine->vcpu[0];
}

static struct hc_replay *
replay_of(const struct history *h)
{
	return h->machine->guest.replay;
}

static uint64_t
events_of(const struct history *h)
{
	return replay_of(h)->ops->events(&h->machine->guest);
}

static enum hc_ahead
ahead_of(const struct history *h)
{
	return replay_of(h)->ops->ahead(&h->machine->guest);
}

/* The guest's thread: it rests before it goes on. */
static void
on_reached(void *ctx)
{
	debug_interrupt(((struct history *)ctx)->machine);
}

/* Does the guest rest in the call that ends it? */
static bool
is_in_last_call(const struct history *h)
{
	const struct vcpu *vcpu = vcpu_of_guest(h);
	size_t i;

	for (i = 0; i < ENDS; i++)
		if (flight_is_before(&vcpu->flight) &&
		    vcpu->flight.number == ends[i])
			return true;
	return false;
}

int
history_signal(const struct history *h)
{
	const struct vcpu *vcpu = vcpu_of_guest(h);

	return vcpu->flight.raised == RAISED_ASKED ? vcpu->debug.info.si_signo
						   : 0;
}

/* Will the signal that the guest rests at end it? */
static bool
is_at_last_signal(const struct history *h)
{
	const int signal = history_signal(h);

	return signal && ahead_of(h) == HC_AHEAD_END &&
	       !h->machine->guest.signals.action[signal - 1].handler;
}

static bool
is_at_end(const struct history *h)
{
	return is_in_last_call(h) || is_at_last_signal(h) ||
	       ahead_of(h) == HC_AHEAD_NOTHING;
}

static void
go(struct history *h, enum debug_want want, int signal)
{
	debug_want_new(h->machine, WANT_STOP);
	debug_want(vcpu_of_guest(h), want, 0, 0, signal);
	debug_resume(h->machine);
}

/* Everything of the way is removed again. */
static void
leave_way(struct history *h)
{
	if (h->planted)
		(void)debug_remove(h->machine, BREAKS_INNER, h->addr, 1);
	h->planted = false;
	replay_of(h)->until = UINT64_MAX;
}

static void
finish(struct history *h, const struct debug_event *event)
{
	leave_way(h);
	debug_pass_signals(h->machine, h->pass);
	h->hits->again = false;
	h->state = HISTORY_FREE;
	h->event = *event;
	h->due = true;
}

static void
finish_with(struct history *h, enum debug_event_kind kind)
{
	const struct debug_event event = { .kind = kind };

	debug_set_met(vcpu_of_guest(h), true);
	finish(h, &event);
}

/* This thread is the one that makes room on the console. */
static bool
is_full(void *ctx)
{
	(void)ctx;
	return true;
}

/* The present stays what it was. */
static void
give_up(struct history *h)
{
	static const char text[] =
	    "The way back was not found; the guest is where it was.\n";

	leave_way(h);
	h->known = false;
	if (snapshot_return(&h->present, h->machine) < 0)
		debug_kill(h->machine);
	if (!h->interrupted)
		console_write(
		    &h->hits->console, text, sizeof(text) - 1, is_full, NULL);
	finish_with(h, h->interrupted ? EVENT_INTERRUPT : EVENT_NONE);
}

/* Go on along the way, from one of its places to the next. */
static void
advance(struct history *h, int signal)
{
	if (!h->planted && events_of(h) == h->after) {
		(void)debug_insert(h->machine, BREAKS_INNER, h->addr, 1);
		h->planted = true;
	}
	replay_of(h)->until = h->planted ? h->after + 1 : h->after;
	go(h, WANT_RUN, signal);
}

/* Be at the start, before a way. */
static bool
go_to_start(struct history *h)
{
	leave_way(h);
	if (snapshot_return(&h->start, h->machine) == 0)
		return true;
	give_up(h);
	return false;
}

static void
find(struct history *h, uint64_t after, uint64_t addr)
{
	if (!go_to_start(h))
		return;
	h->state = HISTORY_FINDING;
	h->after = after;
	h->addr = addr;
	h->meetings = h->stops = 0;
	if (!snapshot_is_present(&h->present, h->machine)) {
		advance(h, 0);
		return;
	}
	h->edge = HISTORY_BEGIN;
	h->known = false;
	finish_with(h, EVENT_NONE);
}

/* A call that waits is before the instruction at rip. */
static void
find_present(struct history *h)
{
	const bool before = flight_is_before(&h->present.flight);

	find(h, h->present.events,
	    h->present.user.regs.rip - (before ? HYPERCALL_GATE_SIZE : 0));
}

/* At a place that is `left` steps before the goal, or the goal itself. */
static void
step_on(struct history *h)
{
	const struct debug_event step = {
		.kind = h->interrupted ? EVENT_INTERRUPT : EVENT_STEP,
	};

	if (h->left == ANCHOR_STEPS && h->steps > 2 * ANCHOR_STEPS &&
	    snapshot_take(&h->anchor, h->machine) == 0)
		h->steps = h->left;
	if (h->left > 0) {
		go(h, WANT_STEP, 0);
		return;
	}
	h->known = h->anchor.taken;
	debug_set_met(vcpu_of_guest(h), true);
	finish(h, h->stop.kind != EVENT_NONE ? &h->stop : &step);
}

/* The goal is `steps` after the anchor. */
static void
step_from_anchor(struct history *h, uint64_t steps)
{
	if (snapshot_return(&h->anchor, h->machine) < 0) {
		give_up(h);
		return;
	}
	h->state = HISTORY_STEPPING;
	h->steps = h->left = steps;
	step_on(h);
}

static void
count_from_here(struct history *h)
{
	leave_way(h);
	if (snapshot_take(&h->anchor, h->machine) < 0) {
		give_up(h);
		return;
	}
	h->state = HISTORY_COUNTING;
	h->steps = 0;
	go(h, WANT_STEP, 0);
}

/* To the last meeting before the present. */
static void
go_to_last_meeting(struct history *h)
{
	h->left = h->meetings;
	if (!go_to_start(h))
		return;
	h->state = HISTORY_RETURNING;
	if (h->left == 0 && events_of(h) == h->after)
		count_from_here(h);
	else
		advance(h, 0);
}

static void
go_to_last_stop(struct history *h)
{
	h->left = h->stops;
	if (!go_to_start(h))
		return;
	if (h->left == 0) {
		h->edge = HISTORY_BEGIN;
		h->known = false;
		finish_with(h, EVENT_NONE);
		return;
	}
	h->state = HISTORY_REPEATING;
	go(h, WANT_RUN, 0);
}

static bool
is_meeting(const struct history *h, const struct debug_event *event)
{
	return (event->kind == EVENT_BREAK || event->kind == EVENT_HARDBREAK) &&
	       h->planted && event->addr == h->addr;
}

/* Would the debugger have seen it? */
static bool
is_its_stop(const struct history *h, const struct debug_event *event)
{
	switch (event->kind) {
	case EVENT_BREAK:
	case EVENT_HARDBREAK: return h->hits->asked;
	case EVENT_WATCH:
	case EVENT_CALL:
	case EVENT_RETURN: return true;
	default: return false;
	}
}

/* A breakpoint at an instruction before which the guest rests for another
 * reason is still to be met. */
static void
keep_unmet(struct history *h, const struct debug_event *event)
{
	if (event->kind == EVENT_INTERRUPT || event->kind == EVENT_WATCH)
		debug_set_met(vcpu_of_guest(h), false);
}

static void
found(struct history *h)
{
	const bool after_call = !h->planted;

	if (!h->one)
		go_to_last_stop(h);
	else if (after_call)
		find(h, h->present.events - 1,
		    h->present.user.regs.rip - HYPERCALL_GATE_SIZE);
	else
		go_to_last_meeting(h);
}

static void
on_finding(struct history *h, const struct debug_event *event)
{
	if (snapshot_is_present(&h->present, h->machine)) {
		found(h);
		return;
	}
	if (h->planted && events_of(h) > h->after) {
		give_up(h);
		return;
	}
	h->meetings += is_meeting(h, event);
	h->stops += is_its_stop(h, event);
	keep_unmet(h, event);
	advance(h, event->signal);
}

static void
on_returning(struct history *h, const struct debug_event *event)
{
	keep_unmet(h, event);
	if (is_meeting(h, event))
		h->left--;
	if (h->left == 0 && events_of(h) == h->after)
		count_from_here(h);
	else if (h->planted && events_of(h) > h->after)
		give_up(h);
	else
		advance(h, 0);
}

/* Has the step been made?  A breakpoint at its own instruction comes first, and
 * so does a signal. */
static bool
is_step(const struct debug_event *event)
{
	return event->kind == EVENT_STEP || event->kind == EVENT_WATCH;
}

static void
on_counting(struct history *h, const struct debug_event *event)
{
	const bool there = snapshot_is_present(&h->present, h->machine);

	h->steps += is_step(event);
	/* An INT3 is passed with its signal, before the step is made. */
	if (there && (is_step(event) || event->kind == EVENT_SIGNAL))
		step_from_anchor(h, h->steps - is_step(event));
	else if (events_of(h) > h->present.events || is_in_last_call(h))
		give_up(h);
	else
		go(h, WANT_STEP, event->signal);
}

static void
on_stepping(struct history *h, const struct debug_event *event)
{
	h->left -= is_step(event);
	step_on(h);
}

static void
on_repeating(struct history *h, const struct debug_event *event)
{
	if (is_its_stop(h, event) && --h->left == 0) {
		if (event->kind != EVENT_WATCH) {
			h->known = false;
			finish(h, event);
			return;
		}
		h->stop = *event;
		h->one = true;
		if (snapshot_take(&h->present, h->machine) < 0)
			give_up(h);
		else
			find_present(h);
		return;
	}
	keep_unmet(h, event);
	go(h, WANT_RUN, 0);
}

/* An event on the way back. */
static void
on_way(struct history *h, const struct debug_event *event)
{
	const enum debug_want want = h->state == HISTORY_STEPPING ? WANT_STEP
								  : WANT_RUN;

	if (event->kind == EVENT_ENDED) {
		finish(h, event);
		return;
	}
	if (h->interrupted && h->state != HISTORY_STEPPING) {
		give_up(h);
		return;
	}
	if (event->kind == EVENT_SIGNAL && h->state != HISTORY_FINDING &&
	    h->state != HISTORY_COUNTING) {
		go(h, want, event->signal);
		return;
	}
	switch (h->state) {
	case HISTORY_FINDING: on_finding(h, event); break;
	case HISTORY_RETURNING: on_returning(h, event); break;
	case HISTORY_COUNTING: on_counting(h, event); break;
	case HISTORY_STEPPING: on_stepping(h, event); break;
	case HISTORY_REPEATING: on_repeating(h, event); break;
	case HISTORY_NONE:
	case HISTORY_FREE: break;
	}
}

/* An event of a guest that the debugger lets run. */
static void
on_free(struct history *h, const struct debug_event *event)
{
	if (h->by_step && is_step(event))
		h->steps++;
	else if (event->kind != EVENT_SIGNAL)
		h->known = false;
	h->by_step = false;
	if (event->kind != EVENT_ENDED &&
	    (is_in_last_call(h) ||
		(event->kind == EVENT_INTERRUPT && !h->interrupted &&
		    ahead_of(h) == HC_AHEAD_NOTHING)))
		h->edge = HISTORY_END;
}

int
history_begin(struct history *h, struct machine *m, struct hits *hits)
{
	if (!m->guest.replay)
		return 0;
	h->machine = m;
	h->hits = hits;
	return snapshot_take(&h->start, m);
}

void
history_attach(struct history *h)
{
	if (!h->machine)
		return;
	h->state = HISTORY_FREE;
	h->known = h->due = h->more = h->interrupted = false;
	h->pass = 0;
	h->edge = HISTORY_WITHIN;
	replay_of(h)->until = UINT64_MAX;
	replay_of(h)->ctx = h;
	replay_of(h)->reached = on_reached;
	(void)history_catch(h, false, NULL, 0);
}

/* Where the recording has nothing more, nothing would stop the guest. */
void
history_detach(struct history *h)
{
	if (h->state == HISTORY_NONE)
		return;
	h->state = HISTORY_NONE;
	h->hits->again = false;
	h->due = h->more = false;
	replay_of(h)->reached = NULL;
	if (!machine_is_over(h->machine) && ahead_of(h) == HC_AHEAD_NOTHING)
		debug_kill(h->machine);
}

int
history_back(struct history *h, bool one)
{
	int r;

	if (h->state != HISTORY_FREE)
		return -EBUSY;
	h->one = one;
	h->edge = HISTORY_WITHIN;
	h->stop.kind = EVENT_NONE;
	h->interrupted = h->by_step = false;
	if (one && h->known && h->steps > 0) {
		h->hits->again = true;
		step_from_anchor(h, h->steps - 1);
		return 0;
	}
	r = snapshot_take(&h->present, h->machine);
	if (r < 0)
		return r;
	h->hits->again = true;
	/* The present may be a place that only a signal shows: after an
	 * INT3. */
	debug_pass_signals(h->machine,
	    h->present.flight.raised == RAISED_ASKED ? 0 : ~UINT64_C(0));
	find_present(h);
	return 0;
}

bool
history_forward(struct history *h, bool by_step)
{
	h->interrupted = false;
	h->edge = HISTORY_WITHIN;
	h->by_step = by_step && h->known;
	if (!is_at_end(h))
		return true;
	h->edge = HISTORY_END;
	h->event = (struct debug_event){ .kind = EVENT_NONE };
	h->due = true;
	return false;
}

void
history_interrupt(struct history *h)
{
	h->interrupted = true;
	if (!h->due)
		debug_interrupt(h->machine);
}

void
history_pass_signals(struct history *h, uint64_t set)
{
	h->pass = set;
	if (h->state == HISTORY_FREE || h->state == HISTORY_NONE)
		debug_pass_signals(h->machine, set);
}

int
history_catch(struct history *h, bool on, const uint32_t *number, size_t n)
{
	uint32_t list[CATCH_MAX];

	if (on && n == 0)
		return debug_catch(h->machine, true, NULL, 0);
	if (n > CATCH_MAX - ENDS)
		return -ENOSPC;
	memcpy(list, ends, sizeof(ends));
	if (on)
		memcpy(list + ENDS, number, n * sizeof(number[0]));
	return debug_catch(h->machine, true, list, ENDS + (on ? n : 0));
}

/* The next event to report, or false: there is none yet. */
bool
history_poll(struct history *h, struct machine *m, struct debug_event *event)
{
	unsigned turn;

	if (h->state == HISTORY_NONE)
		return debug_poll(m, event);
	h->more = false;
	for (turn = 0; turn < TURN; turn++) {
		if (h->due) {
			h->due = false;
			*event = h->event;
			return true;
		}
		if (!debug_poll(m, event))
			return false;
		if (h->state == HISTORY_FREE) {
			on_free(h, event);
			return true;
		}
		on_way(h, event);
	}
	h->more = true;
	return false;
}

bool
history_is_busy(const struct history *h)
{
	return h->due || h->more;
}
