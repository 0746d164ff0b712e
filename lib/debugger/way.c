/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A way from a checkpoint on, whatever it leads to.
 */
#include "debugger/way.h"

#include "debugger/limit.h"
#include "debugger/present.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define TO(state) (UINT32_C(1) << (state))

/* Where each state leads; besides, each leads to itself and to an end. */
#define TO_THE_PRESENT (TO(HISTORY_LEADING) | TO(HISTORY_FINDING))
#define TO_AN_END      (TO(HISTORY_RESTING) | TO(HISTORY_NONE))

static const uint32_t leads_to[HISTORY_STATES] = {
	[HISTORY_NONE] = 0,
	[HISTORY_RESTING] = TO(HISTORY_RUNNING) | TO_THE_PRESENT |
			    TO(HISTORY_RETURNING) | TO(HISTORY_COUNTING) |
			    TO(HISTORY_STEPPING),
	[HISTORY_RUNNING] = TO(HISTORY_NEARING),
	[HISTORY_NEARING] = TO(HISTORY_RUNNING),
	[HISTORY_LEADING] = TO(HISTORY_FINDING),
	[HISTORY_FINDING] = TO(HISTORY_LEADING) | TO(HISTORY_RETURNING) |
			    TO(HISTORY_SKIPPING) | TO(HISTORY_SEARCHING) |
			    TO(HISTORY_REPEATING),
	[HISTORY_SEARCHING] = TO(HISTORY_REPEATING) | TO_THE_PRESENT,
	[HISTORY_REPEATING] = TO_THE_PRESENT,
	[HISTORY_RETURNING] = TO(HISTORY_COUNTING) | TO(HISTORY_SKIPPING) |
			      TO_THE_PRESENT,
	[HISTORY_COUNTING] = TO(HISTORY_SKIPPING) | TO(HISTORY_MEASURING) |
			     TO(HISTORY_STEPPING),
	[HISTORY_SKIPPING] = TO(HISTORY_COUNTING) | TO(HISTORY_FINDING) |
			     TO(HISTORY_RETURNING),
	[HISTORY_MEASURING] = TO(HISTORY_CLOSING) | TO(HISTORY_COUNTING),
	[HISTORY_CLOSING] = TO(HISTORY_COUNTING),
	[HISTORY_STEPPING] = TO_THE_PRESENT,
};

void
way_enter(struct history *h, enum history_state state)
{
	assert((leads_to[h->state] | TO(h->state) | TO_AN_END) & TO(state));
	h->state = state;
}

/* A copy on the way is worth so many times its cost. */
#define DOOR_WORTH 3

uint64_t
way_passed_signals(const struct history *h)
{
	return h->bound != HISTORY_RECORDED && h->limit.at_signal ? 0 : h->pass;
}

void
way_pass_signals(struct history *h)
{
	uint64_t pass = ~UINT64_C(0);

	if (h->present.state.turn->flight.raised == RAISED_ASKED)
		pass = 0;
	else if (h->goal == HISTORY_TO_STOP && h->task == HISTORY_STOPS)
		pass = h->pass;
	debug_pass_signals(h->machine, pass);
}

void
way_run(struct history *h, const struct history_order *order, int signal)
{
	struct machine *m = h->machine;
	unsigned i;

	debug_want_new(m, WANT_STOP);
	for (i = 0; i < m->vcpus; i++)
		debug_want(&m->vcpu[i], WANT_STOP, 0, 0, 0);
	debug_want(present_vcpu(h), order->want, order->lo, order->hi, signal);
	h->ran = present_tid(h);
	debug_resume(m);
}

void
way_go(struct history *h, enum debug_want want, int signal)
{
	const struct history_order order = { .want = want };

	way_run(h, &order, signal);
}

/* A breakpoint at the instruction of a thread is still to be met.  That of a
 * call that waits for the turn was. */
static void
be_unmet(struct vcpu *vcpu)
{
	if (vcpu->flight.call != CALL_REPEATS)
		debug_set_met(vcpu, false);
}

void
way_leave(struct history *h)
{
	if (h->planted)
		(void)debug_remove(h->machine, BREAKS_INNER, h->addr, 1);
	h->planted = false;
	limit_leave_fence(h);
	meet_end(h->machine);
	present_replay(h)->until = UINT64_MAX;
}

void
way_leave_watch(struct history *h)
{
	if (h->watch.planted)
		(void)debug_remove(
		    h->machine, BREAKS_WRITE, h->watch.addr, h->watch.len);
	h->watch.planted = false;
}

void
way_finish(struct history *h, const struct debug_event *event)
{
	way_leave(h);
	way_leave_watch(h);
	waystop_leave_catch(h);
	snapshot_drop(&h->origin.state);
	debug_pass_signals(h->machine, way_passed_signals(h));
	h->hits->again = false;
	way_enter(h, HISTORY_RESTING);
	h->event = *event;
	h->poll = HISTORY_REPORTS;
}

void
way_finish_with(struct history *h, enum debug_event_kind kind)
{
	const struct debug_event event = {
		.kind = kind,
		.vcpu = present_vcpu(h)->id,
	};

	debug_set_met(present_vcpu(h), true);
	way_finish(h, &event);
}

/* This thread is the one that makes room on the console. */
static bool
is_full(void *ctx)
{
	(void)ctx;
	return true;
}

void
way_say(struct history *h, const struct text *text)
{
	console_write(&h->hits->console, text->buf, text->len, is_full, NULL);
}

void
way_go_home(struct history *h, bool known)
{
	struct history_copy *home = h->origin.state.taken ? &h->origin
							  : &h->present;

	way_leave(h);
	way_leave_watch(h);
	waystop_leave_catch(h);
	h->known = h->known && known;
	h->checkpoints.mark = home->mark;
	if (snapshot_return(&home->state, h->machine) < 0)
		debug_kill(h->machine);
	snapshot_drop(&h->origin.state);
}

void
way_give_up(struct history *h)
{
	static const char *const texts[] = {
		[HISTORY_STOPS] = "The way was not found",
		[HISTORY_PRINTS] = "The name of this place was not found",
		[HISTORY_MARKS] = "The name of this place was not found",
		[HISTORY_WRITER] = "The last write was not found",
	};
	char buf[128];
	struct text text;

	way_go_home(h, false);
	text_init(&text, buf, sizeof(buf));
	text_printf(&text, "%s; the guest is where it was.\n",
	    h->goal == HISTORY_TO_PLACE ? "There is no such place"
					: texts[h->task]);
	if (!h->interrupted)
		way_say(h, &text);
	if (!h->interrupted && h->goal == HISTORY_TO_PLACE)
		h->edge = HISTORY_PLACE;
	way_finish_with(h, h->interrupted ? EVENT_INTERRUPT : EVENT_NONE);
}

uint64_t
way_next_look(const struct history *h)
{
	const uint64_t wait = checkpoints_wait(&h->checkpoints);

	return checkpoints_now() + (wait > WAY_LOOK_NS ? wait : WAY_LOOK_NS);
}

/* Both the last meeting and the next way back begin at the event that is
 * reached here, if it was far to it. */
static void
open_door(struct history *h)
{
	if (h->goal == HISTORY_TO_INSTRUCTION && h->state == HISTORY_FINDING &&
	    checkpoints_spent() - h->ran_from >
		DOOR_WORTH * h->checkpoints.cost)
		(void)present_take(h, &h->door.state);
}

uint64_t
way_halfway(const struct history *h)
{
	const uint64_t most = h->length - h->length / 4;
	const uint64_t ran = checkpoints_spent() - h->ran_from;

	if (most <= DOOR_WORTH * h->checkpoints.cost)
		return UINT64_MAX;
	return checkpoints_now() + (most > ran ? most - ran : 0);
}

void
way_keep_halfway(struct history *h)
{
	h->meetings += meet_counted(h->machine);
	h->halfway_meetings = h->meetings;
	h->halfway.mark = h->checkpoints.mark;
	(void)present_take(h, &h->halfway.state);
}

bool
way_seeks_call(const struct history *h)
{
	const struct snapshot_vcpu *turn = h->present.state.turn;

	return h->after == h->present.state.events &&
	       present_stands_at_call(&turn->flight, &turn->thread);
}

/* Is each meeting a stop that counts: one of the debugger's own, or the
 * present? */
static bool
counts_stops(const struct history *h)
{
	const struct breakpoint *bp = breaks_at(
	    &h->machine->debug.breaks, h->addr);

	return way_seeks_call(h) ||
	       (h->goal == HISTORY_TO_STOP && bp && (bp->soft || bp->hard));
}

void
way_advance(struct history *h, int signal)
{
	if (!h->planted && present_events(h) == h->after) {
		open_door(h);
		(void)debug_insert(h->machine, BREAKS_INNER, h->addr, 1);
		h->planted = true;
	}
	if (h->goal == HISTORY_TO_PLACE)
		limit_fence(h);
	if (h->planted && h->state == HISTORY_FINDING && !counts_stops(h))
		meet_begin(h->machine, h->addr, MEET_MANY, &h->sought);
	else if (h->planted && h->left > 0)
		meet_begin(h->machine, h->addr, h->left, limit_position(h));
	present_replay(h)->until = h->planted ? h->after + 1 : h->after;
	way_go(h, WANT_RUN, signal);
}

void
way_look_at_watched(const struct history *h, uint8_t *bytes)
{
	(void)breaks_read(&h->machine->debug.breaks, h->watch.addr, bytes,
	    (size_t)h->watch.len);
}

bool
way_go_to_base(struct history *h, const struct checkpoint *base)
{
	way_leave(h);
	h->base = base;
	if (checkpoints_return(&h->checkpoints, base) < 0) {
		way_give_up(h);
		return false;
	}
	be_unmet(present_vcpu(h));
	if (h->watch.planted)
		way_look_at_watched(h, h->watch.seen);
	h->ran_from = h->ran_way = checkpoints_spent();
	h->look_at = h->goal == HISTORY_TO_INSTRUCTION ? way_halfway(h)
						       : way_next_look(h);
	return true;
}

const struct checkpoint *
way_closer(
    const struct history *h, uint64_t events, const struct checkpoint *one)
{
	const struct snapshot *door = &h->door.state;

	return door->taken && door->events > one->state.events &&
		       door->events <= events
		   ? &h->door
		   : one;
}

const struct checkpoint *
way_base(const struct history *h, uint64_t events)
{
	const struct checkpoint *from = checkpoints_find(
	    &h->checkpoints, h->watch.from);

	if (from && h->goal == HISTORY_TO_STOP)
		return from;
	return way_closer(h, events,
	    checkpoints_before(&h->checkpoints, events, h->present.mark,
		h->goal != HISTORY_TO_INSTRUCTION));
}

bool
way_is_start(const struct checkpoint *base)
{
	return base->state.events == 0 && !base->between;
}

/* The history has no turn of the thread before this: it has just begun. */
static void
begin_thread(struct history *h)
{
	struct debug_event event = { .kind = EVENT_NONE };
	const struct vcpu *vcpu;

	way_go_home(h, false);
	vcpu = machine_thread(h->machine, h->by);
	event.vcpu = vcpu ? vcpu->id : 0;
	h->edge = HISTORY_BEGIN;
	way_finish(h, &event);
}

void
way_end_at_start(struct history *h)
{
	char buf[128];
	struct text text;

	if (h->goal == HISTORY_TO_TURN) {
		begin_thread(h);
		return;
	}
	if (h->task == HISTORY_WRITER) {
		text_init(&text, buf, sizeof(buf));
		text_printf(&text, "Nothing has written there since the "
				   "guest's start.\n");
		way_go_home(h, true);
		way_say(h, &text);
		way_finish_with(h, EVENT_NONE);
		return;
	}
	h->edge = HISTORY_BEGIN;
	h->known = false;
	way_finish_with(h, EVENT_NONE);
}

void
way_forget_stops(struct history *h)
{
	h->stops = h->stops_before = h->last_before = 0;
	h->last_mark = 0;
}

void
way_plant(struct history *h, uint64_t addr)
{
	way_leave(h);
	h->addr = addr;
	h->planted = true;
	(void)debug_insert(h->machine, BREAKS_INNER, addr, 1);
	present_replay(h)->until = h->after + 1;
}

bool
way_renew_present(struct history *h)
{
	struct history_copy here = { 0 };

	if (present_copy(h, &here) < 0) {
		way_give_up(h);
		return false;
	}
	snapshot_drop(&h->present.state);
	h->present = here;
	h->length = 0;
	return true;
}

void
way_set_aside(struct history *h)
{
	if (h->origin.state.taken)
		return;
	h->origin = h->present;
	h->present = (struct history_copy){ 0 };
}

void
way_go_on(struct history *h, enum history_goal goal)
{
	way_set_aside(h);
	if (!way_renew_present(h))
		return;
	h->goal = goal;
	wayback_find(h);
}

void
way_keep_unmet(struct history *h, const struct debug_event *event)
{
	if (event->kind == EVENT_WATCH)
		be_unmet(&h->machine->vcpu[event->vcpu]);
}

void
way_open(struct history *h, enum history_goal goal, enum history_task task)
{
	h->edge = HISTORY_WITHIN;
	h->stop.kind = EVENT_NONE;
	h->interrupted = h->by_step = false;
	h->goal = goal;
	h->task = task;
	h->by = 0;
	h->hits->again = true;
}

int
way_begin(struct history *h, enum history_goal goal, enum history_task task)
{
	int r;

	if (h->state != HISTORY_RESTING)
		return -EBUSY;
	r = present_copy(h, &h->present);
	if (r < 0)
		return r;
	way_open(h, goal, task);
	h->watch.from = 0;
	h->length = h->checkpoints.since;
	h->waits = false;
	waystop_catch_own_call(h);
	way_pass_signals(h);
	return 0;
}
