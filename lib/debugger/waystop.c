/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * To the last stop before the present, or the last write of some memory:
 * SEARCHING and REPEATING of history.h.
 */
#include "debugger/way.h"

#include "debugger/present.h"

#include <assert.h>
#include <string.h>

/* The calls that end the guest. */
static const uint32_t ends[] = { HC_exit, HC_exit_group };
#define ENDS (sizeof(ends) / sizeof(ends[0]))

_Static_assert(CATCH_MAX >= ENDS + TARGET_CATCHES + 1,
    "the ends, the debugger's and the present's own are caught at once");

static bool
has_exit(const uint32_t *number, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (number[i] == HC_exit)
			return true;
	return false;
}

static int
set_catch(struct history *h, bool on, const uint32_t *number, size_t n)
{
	uint32_t list[CATCH_MAX];

	h->catches.exit = on && (n == 0 || has_exit(number, n));
	if (on && n == 0)
		return debug_catch(h->machine, true, NULL, 0);
	memcpy(list, ends, sizeof(ends));
	if (on)
		memcpy(list + ENDS, number, n * sizeof(number[0]));
	return debug_catch(h->machine, true, list, ENDS + (on ? n : 0));
}

int
history_catch(struct history *h, bool on, const uint32_t *number, size_t n)
{
	assert(n <= TARGET_CATCHES);
	h->catches.on = on;
	h->catches.n = on ? n : 0;
	if (h->catches.n > 0)
		memcpy(h->catches.list, number, n * sizeof(number[0]));
	return set_catch(h, on, number, n);
}

void
waystop_catch_own_call(struct history *h)
{
	const struct flight *f = &h->present.state.turn->flight;
	const size_t n = h->catches.n;
	uint32_t list[TARGET_CATCHES + 1];

	if (!flight_is_before(f) || debug_catches(present_vcpu(h)))
		return;
	memcpy(list, h->catches.list, n * sizeof(list[0]));
	list[n] = h->catches.number = f->number;
	h->catches.own = true;
	(void)set_catch(h, true, list, n + 1);
}

void
waystop_leave_catch(struct history *h)
{
	if (h->catches.own)
		(void)set_catch(
		    h, h->catches.on, h->catches.list, h->catches.n);
	h->catches.own = false;
}

void
waystop_name_write(struct history *h)
{
	way_look_at_watched(h, h->watch.old);
	if (!way_renew_present(h))
		return;
	h->goal = HISTORY_TO_NAME;
	wayback_find(h);
}

/* Is there nothing before this stretch? */
static bool
is_first(const struct history *h)
{
	return way_is_start(h->base) ||
	       (h->goal == HISTORY_TO_TURN &&
		   !snapshot_has_thread(&h->base->state, h->by));
}

/* A call has changed the memory, and not by a write: the stretch has none. */
static void
search_all(struct history *h)
{
	h->watch.from = 0;
	way_go_home(h, true);
	if (!way_renew_present(h))
		return;
	waystop_catch_own_call(h);
	h->watch.planted = debug_insert(h->machine, BREAKS_WRITE, h->watch.addr,
			       h->watch.len) == 0;
	wayback_find(h);
}

void
waystop_return(struct history *h)
{
	const uint64_t end = h->base->state.events;
	const struct checkpoint *last = checkpoints_find(
	    &h->checkpoints, h->last_mark);

	h->left = h->stops - (last ? h->last_before : 0);
	if (h->left == 0 && h->watch.from != 0) {
		search_all(h);
		return;
	}
	if (h->left == 0 && is_first(h)) {
		if (way_go_to_base(h, h->base))
			way_end_at_start(h);
		return;
	}
	if (h->left > 0) {
		if (!way_go_to_base(h, last ? last : h->base))
			return;
		way_enter(h, HISTORY_REPEATING);
	} else {
		way_forget_stops(h);
		h->after = end;
		if (!way_go_to_base(h, way_base(h, end - 1)))
			return;
		way_enter(h, HISTORY_SEARCHING);
		present_replay(h)->until = end;
	}
	way_go(h, WANT_RUN, 0);
}

/* Is it a write of the memory that is asked for? */
static bool
is_write(struct history *h, const struct debug_event *event)
{
	uint8_t was[HISTORY_WATCH];

	if (event->kind != EVENT_WATCH || event->addr != h->watch.addr ||
	    event->len != h->watch.len)
		return false;
	memcpy(was, h->watch.seen, sizeof(was));
	way_look_at_watched(h, h->watch.seen);
	return !h->watch.changes ||
	       memcmp(was, h->watch.seen, h->watch.len) != 0;
}

bool
event_is_passed(const struct history *h, const struct debug_event *event)
{
	return event->kind == EVENT_SIGNAL &&
	       (h->pass >> (event->signal - 1) & 1);
}

/* Would the debugger have seen it? */
static bool
is_its_stop(struct history *h, const struct debug_event *event)
{
	if (h->goal == HISTORY_TO_TURN)
		return h->left_turn;
	if (h->task == HISTORY_WRITER)
		return is_write(h, event);
	switch (event->kind) {
	case EVENT_BREAK:
	case EVENT_HARDBREAK: return h->hits->asked;
	case EVENT_CALL:
		return !event_is_end_of_one(h, event) &&
		       !(h->catches.own &&
			   h->machine->vcpu[event->vcpu].flight.number ==
			       h->catches.number);
	case EVENT_SIGNAL: return !event_is_passed(h, event);
	case EVENT_WATCH:
	case EVENT_RETURN: return true;
	default: return false;
	}
}

void
waystop_count(struct history *h, const struct debug_event *event)
{
	if (!is_its_stop(h, event))
		return;
	h->stops++;
	h->last_mark = h->checkpoints.mark;
	h->last_before = h->stops_before;
}

void
waystop_on_searching(struct history *h, const struct debug_event *event)
{
	const bool there = present_events(h) >= h->after;

	/* The next stretch begins with a signal right after the event. */
	if (!there || event->kind != EVENT_SIGNAL)
		waystop_count(h, event);
	if (there) {
		waystop_return(h);
		return;
	}
	way_keep_unmet(h, event);
	way_go(h, WANT_RUN, event->signal);
}

/* The debugger's stop, or the write, is one instruction before this. */
static void
go_before_access(struct history *h, const struct debug_event *event)
{
	h->stop = *event;
	if (h->task == HISTORY_WRITER) {
		way_leave_watch(h);
		way_look_at_watched(h, h->watch.new);
		way_set_aside(h);
	}
	if (!way_renew_present(h))
		return;
	h->goal = HISTORY_TO_INSTRUCTION;
	way_pass_signals(h);
	wayback_find(h);
}

/* The thread has left its turn after an event: its next instruction is the one
 * that was looked for. */
static void
rest_at_end(struct history *h)
{
	struct vcpu *vcpu = machine_thread(h->machine, h->by);
	const struct debug_event step = { .kind = EVENT_STEP,
		.vcpu = vcpu->id };

	h->known = false;
	debug_set_met(vcpu, true);
	way_finish(h, &step);
}

static void
end_at_stop(struct history *h, const struct debug_event *event)
{
	if (h->goal == HISTORY_TO_TURN && h->is_end) {
		rest_at_end(h);
	} else if (h->goal == HISTORY_TO_TURN) {
		way_go_on(h, HISTORY_TO_INSTRUCTION);
	} else if (event->kind == EVENT_WATCH) {
		go_before_access(h, event);
	} else {
		h->known = false;
		way_finish(h, event);
	}
}

void
waystop_on_repeating(struct history *h, const struct debug_event *event)
{
	if (is_its_stop(h, event) && --h->left == 0) {
		end_at_stop(h, event);
		return;
	}
	way_keep_unmet(h, event);
	way_go(h, WANT_RUN, event->signal);
}

void
waystop_find_write(struct history *h)
{
	const struct checkpoints *c = &h->checkpoints;
	const struct checkpoint *one, *next;
	const uint64_t events = h->present.state.events;

	way_look_at_watched(h, h->watch.new);
	one = checkpoints_differing(c, events, h->present.mark, h->watch.addr,
	    h->watch.new, (size_t)h->watch.len);
	h->watch.from = one ? one->mark : 0;
	next = one && h->watch.changes
		   ? checkpoints_next(c, one, events, h->present.mark)
		   : NULL;
	if (!next)
		wayback_find(h);
	else if (checkpoints_return(&h->checkpoints, next) < 0)
		way_give_up(h);
	else
		way_go_on(h, HISTORY_TO_STOP);
}
