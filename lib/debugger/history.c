/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The debugger's requests to a history, its events, and the way forward.
 * Nothing here may know packets.
 */
#include "debugger/history.h"

#include "debugger/limit.h"
#include "debugger/present.h"
#include "debugger/way.h"
#include "vm/context.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* So many events are handled before the debugger's line is looked at. */
#define TURN 64
/* Time is looked at this often at least, while a checkpoint may be due. */
#define LOOK_MAX_NS 1000000000U

/* The guest's thread: it rests before it goes on. */
static void
on_reached(void *ctx)
{
	debug_interrupt(((struct history *)ctx)->machine);
}

/* A thread's turn has been passed on, it rests or is gone. */
static void
on_passed(void *ctx)
{
	debug_interrupt(((struct history *)ctx)->machine);
}

/* Go on forward: each thread as the debugger has ordered. */
static void
go_forward(struct history *h)
{
	limit_fence(h);
	way_run(h, &h->order[present_vcpu(h)->id], history_signal(h));
}

/* An event on a way, by state. */
static void (*const on_way[HISTORY_STATES])(
    struct history *h, const struct debug_event *event) = {
	[HISTORY_LEADING] = wayback_on_leading,
	[HISTORY_FINDING] = wayback_on_finding,
	[HISTORY_SEARCHING] = waystop_on_searching,
	[HISTORY_RETURNING] = wayback_on_returning,
	[HISTORY_COUNTING] = anchor_on_counting,
	[HISTORY_SKIPPING] = anchor_on_skipping,
	[HISTORY_MEASURING] = anchor_on_measuring,
	[HISTORY_CLOSING] = anchor_on_closing,
	[HISTORY_STEPPING] = anchor_on_stepping,
	[HISTORY_REPEATING] = waystop_on_repeating,
};

/* The last steps are made before an interrupt is looked at: they are few, and
 * the old present has no copy. */
static bool
gives_way(const struct history *h)
{
	return h->interrupted && h->present.state.taken;
}

/* Has the thread that is stepped left its turn since it was let run? */
static bool
has_left_turn(struct history *h)
{
	const int turn = present_tid(h);
	const bool left = h->by != 0 && h->ran == h->by && turn != h->by;

	h->ran = turn;
	return left;
}

static void
go_on_way(struct history *h, const struct debug_event *event)
{
	if (event->kind == EVENT_ENDED) {
		way_finish(h, event);
		return;
	}
	h->left_turn = has_left_turn(h);
	if (gives_way(h))
		way_give_up(h);
	else if (event->kind == EVENT_SIGNAL && h->state == HISTORY_STEPPING &&
		 !h->left_turn)
		way_go(h, WANT_STEP, event->signal);
	else
		on_way[h->state](h, event);
}

static bool
is_forward(const struct history *h)
{
	return h->state == HISTORY_RUNNING || h->state == HISTORY_NEARING;
}

static bool
is_on_way(const struct history *h)
{
	return !is_forward(h) && h->state != HISTORY_RESTING;
}

static void
note_run(struct history *h)
{
	const uint64_t now = checkpoints_spent();

	checkpoints_ran(&h->checkpoints, now - h->ran_from);
	h->ran_from = now;
	h->look_at = way_next_look(h);
}

/* A thread that the debugger lets run, or NULL. */
static struct vcpu *
any_let_run(const struct history *h)
{
	struct machine *m = h->machine;
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		if (thread_lives(&m->vcpu[i]) && !h->order[i].held)
			return &m->vcpu[i];
	return NULL;
}

/* Does the guest go on after this event of its way forward, as if it had not
 * come?  GDB 13 fails if a thread that it holds reports a stop. */
static bool
is_silent(struct history *h, const struct debug_event *event)
{
	if (event->kind == EVENT_ENDED || h->interrupted || !any_let_run(h) ||
	    present_is_cut_off(h))
		return false;
	return event_is_passing(h, event) || event_is_end_of_one(h, event) ||
	       limit_is_met(h, event) || event_is_passed(h, event) ||
	       (h->order[event->vcpu].held && !present_is_end(h));
}

/* An event of a guest that the debugger lets run. */
static void
on_forward(struct history *h, const struct debug_event *event)
{
	note_run(h);
	debug_report(h->machine, event);
	way_enter(h, HISTORY_RESTING);
	limit_leave_fence(h);
	present_replay(h)->until = UINT64_MAX;
	if (h->by_step && event_is_step(event))
		h->steps++;
	else
		h->known = false;
	h->by_step = false;
	if (event->kind != EVENT_ENDED &&
	    (present_is_last_call(h) ||
		(event_is_passing(h, event) && present_is_cut_off(h))))
		h->edge = HISTORY_END;
}

/* The guest has come to the limit, whatever it has met there. */
static bool
has_met_limit(struct history *h, const struct debug_event *event)
{
	if (event->kind == EVENT_ENDED || h->interrupted ||
	    !history_is_at_limit(h))
		return false;
	on_forward(h, event);
	h->edge = HISTORY_END;
	return true;
}

/* Does the guest rest because a checkpoint is to be taken or the turn has been
 * passed on, and for nothing else? */
static bool
is_for_us(const struct history *h, const struct debug_event *event)
{
	return event_is_passing(h, event) && !present_is_cut_off(h);
}

/* A stop belongs to a thread that the debugger has let run. */
static void
choose_thread(const struct history *h, struct debug_event *event)
{
	const struct vcpu *vcpu = any_let_run(h);

	if (event->kind != EVENT_ENDED && vcpu &&
	    (h->order[event->vcpu].held ||
		!thread_lives(&h->machine->vcpu[event->vcpu])))
		event->vcpu = vcpu->id;
}

/* The guest rests where a checkpoint is to be taken. */
static void
take_checkpoint(struct history *h, bool between)
{
	if (present_is_between(h))
		(void)checkpoints_take(&h->checkpoints, between, false);
	present_replay(h)->until = UINT64_MAX;
	way_enter(h, HISTORY_RUNNING);
	h->ran_from = checkpoints_spent();
	h->look_at = way_next_look(h);
	go_forward(h);
}

int
history_begin(struct history *h, struct machine *m, struct hits *hits)
{
	if (!m->guest.replay)
		return 0;
	h->machine = m;
	h->hits = hits;
	present_replay(h)->ctx = h;
	present_replay(h)->passed = on_passed;
	return checkpoints_begin(&h->checkpoints, m);
}

void
history_attach(struct history *h)
{
	if (!h->machine)
		return;
	way_enter(h, HISTORY_RESTING);
	h->known = h->interrupted = h->armed = false;
	h->poll = HISTORY_LOOKS;
	h->pass = 0;
	h->edge = HISTORY_WITHIN;
	present_replay(h)->until = UINT64_MAX;
	present_replay(h)->reached = on_reached;
	(void)history_catch(h, false, NULL, 0);
}

/* From a way the guest goes back to where the debugger saw it last: on the way
 * it may have a smaller count, for rounds.  Where the recording has nothing
 * more, nothing would stop it. */
void
history_detach(struct history *h)
{
	if (h->state == HISTORY_NONE)
		return;
	debug_rest(h->machine);
	if (is_on_way(h) && h->present.state.taken &&
	    !machine_is_over(h->machine))
		way_go_home(h, false);
	way_leave(h);
	way_leave_watch(h);
	way_enter(h, HISTORY_NONE);
	h->edge = HISTORY_WITHIN;
	h->hits->again = false;
	h->interrupted = false;
	h->poll = HISTORY_LOOKS;
	present_replay(h)->reached = NULL;
	if (!machine_is_over(h->machine) &&
	    present_ahead(h) == HC_AHEAD_NOTHING)
		debug_kill(h->machine);
}

static int
travel(struct history *h)
{
	int r = way_begin(h, HISTORY_TO_PLACE, HISTORY_STOPS);

	h->armed = false;
	if (r == 0)
		wayname_go(h);
	return r;
}

int
history_back(struct history *h, int tid)
{
	const struct vcpu *vcpu = machine_thread(h->machine, tid);
	int r;

	if (h->armed)
		return travel(h);
	if (tid > 0 && !vcpu)
		return -ESRCH;
	if (vcpu && h->state == HISTORY_RESTING && anchor_is_close(h, tid)) {
		anchor_step_back(h);
		return 0;
	}
	r = way_begin(
	    h, vcpu ? HISTORY_TO_INSTRUCTION : HISTORY_TO_STOP, HISTORY_STOPS);
	if (r < 0)
		return r;
	h->by = tid;
	h->waits = vcpu && vcpu->thread.awaits_turn;
	if (vcpu && h->known && h->steps > 0 && anchor_has_run_on(h))
		anchor_step(h, h->steps - 1);
	else if (vcpu && anchor_has_earlier(h))
		anchor_count_from_earlier(h);
	else if (vcpu && anchor_base(h))
		wayback_return_again(h, anchor_base(h));
	else
		wayback_find(h);
	return 0;
}

int
history_name(struct history *h, bool mark)
{
	int r;

	if (mark && h->marks == HISTORY_PLACES)
		return -ENOSPC;
	r = way_begin(
	    h, HISTORY_TO_NAME, mark ? HISTORY_MARKS : HISTORY_PRINTS);
	if (r == 0)
		wayback_find(h);
	return r;
}

int
history_last_write(struct history *h, uint64_t addr, uint64_t len, bool changes)
{
	int r = way_begin(h, HISTORY_TO_STOP, HISTORY_WRITER);

	if (r < 0)
		return r;
	h->watch.addr = addr;
	h->watch.len = len;
	h->watch.planted = true;
	h->watch.changes = changes;
	r = debug_insert(h->machine, BREAKS_WRITE, addr, len);
	if (r == 0) {
		waystop_find_write(h);
		return 0;
	}
	h->watch.planted = false;
	way_go_home(h, true);
	h->hits->again = false;
	debug_pass_signals(h->machine, way_passed_signals(h));
	return r;
}

void
history_goto(struct history *h, const struct history_place *place)
{
	h->place = *place;
	h->armed = true;
}

struct history_order *
history_order(struct history *h, unsigned vcpu)
{
	return &h->order[vcpu];
}

/* The guest stays where it is, and that is reported. */
static void
stay(struct history *h, enum history_edge edge)
{
	h->edge = edge;
	h->event = (struct debug_event){
		.kind = EVENT_NONE,
		.vcpu = present_vcpu(h)->id,
	};
	h->poll = HISTORY_REPORTS;
}

static void
travel_or_stay(struct history *h)
{
	char buf[128];
	struct text text;
	int r = travel(h);

	if (r == 0)
		return;
	text_init(&text, buf, sizeof(buf));
	text_printf(&text,
	    "The state cannot be copied: %s; the guest is where it was.\n",
	    strerror(-r));
	way_say(h, &text);
	stay(h, HISTORY_PLACE);
}

void
history_forward(struct history *h)
{
	const enum debug_want want = h->order[present_vcpu(h)->id].want;

	if (h->armed) {
		travel_or_stay(h);
		return;
	}
	h->interrupted = false;
	h->edge = HISTORY_WITHIN;
	h->by_step = want == WANT_STEP && h->known;
	if (!present_is_end(h)) {
		way_enter(h, HISTORY_RUNNING);
		h->ran_from = checkpoints_spent();
		h->look_at = want == WANT_RUN ? way_next_look(h) : UINT64_MAX;
		go_forward(h);
		return;
	}
	stay(h, HISTORY_END);
}

void
history_interrupt(struct history *h)
{
	h->interrupted = true;
	if (h->poll != HISTORY_REPORTS)
		debug_interrupt(h->machine);
}

void
history_pass_signals(struct history *h, uint64_t set)
{
	h->pass = set;
	if (h->state == HISTORY_RESTING || h->state == HISTORY_NONE)
		debug_pass_signals(h->machine, way_passed_signals(h));
}

/* An event of the machine's: true if it is to be reported. */
static bool
is_reported(struct history *h, struct debug_event *event)
{
	if (is_on_way(h)) {
		go_on_way(h, event);
		return false;
	}
	if (h->state == HISTORY_NEARING && is_for_us(h, event) &&
	    present_events(h) >= present_replay(h)->until) {
		take_checkpoint(h, false);
		return false;
	}
	if (is_forward(h) && has_met_limit(h, event)) {
		choose_thread(h, event);
		return true;
	}
	if (is_forward(h) && is_silent(h, event)) {
		h->known = false;
		go_forward(h);
		return false;
	}
	on_forward(h, event);
	choose_thread(h, event);
	return true;
}

/* The checkpoint is taken right after the next event, or between two if none
 * comes in time; at once if none has come since the last checkpoint. */
static void
near_checkpoint(struct history *h)
{
	const struct checkpoint *last = checkpoints_find(
	    &h->checkpoints, h->checkpoints.mark);

	if (h->state == HISTORY_NEARING ||
	    (last && last->state.events == present_events(h))) {
		take_checkpoint(h, true);
		return;
	}
	way_enter(h, HISTORY_NEARING);
	present_replay(h)->until = present_events(h) + 1;
	go_forward(h);
}

/* Time has passed while the guest runs: true if an event is to be reported. */
static bool
look(struct history *h, struct debug_event *event)
{
	if (checkpoints_now() < h->look_at)
		return false;
	note_run(h);
	if (checkpoints_wait(&h->checkpoints) > 0 ||
	    checkpoints_lead(&h->checkpoints))
		return false;
	debug_pause(h->machine, event);
	if (!is_for_us(h, event) || history_is_at_limit(h))
		return is_reported(h, event);
	near_checkpoint(h);
	return false;
}

/* Does a way lead over stops?  The checkpoints before the way's end, if that is
 * not the present, stay as they are. */
static bool
is_long(const struct history *h)
{
	return h->goal == HISTORY_TO_STOP && !h->origin.state.taken &&
	       (h->state == HISTORY_FINDING || h->state == HISTORY_SEARCHING);
}

/* May the guest's state here be a base?  Not if a breakpoint that it has met
 * would be met again. */
static bool
is_base(const struct history *h, const struct debug_event *event)
{
	struct vcpu *vcpu = present_vcpu(h);

	return is_for_us(h, event) && present_is_between(h) &&
	       vcpu->debug.reported != vcpu_user_rip(vcpu);
}

/* Time has passed on a way: a checkpoint may be due. */
static void
look_on_way(struct history *h, struct debug_event *event)
{
	uint64_t spent;

	if (checkpoints_now() < h->look_at)
		return;
	spent = checkpoints_spent();
	checkpoints_ran(&h->checkpoints, spent - h->ran_way);
	h->ran_way = spent;
	h->look_at = way_next_look(h);
	if (checkpoints_wait(&h->checkpoints) > 0 ||
	    !checkpoints_have_room(&h->checkpoints))
		return;
	debug_pause(h->machine, event);
	if (is_base(h, event) &&
	    checkpoints_take(&h->checkpoints, true, false) == 0)
		h->stops_before = h->stops;
	go_on_way(h, event);
	h->ran_way = checkpoints_spent();
}

/* Is the way to the present, and back from it, still to be copied halfway? */
static bool
is_far(const struct history *h)
{
	return h->goal == HISTORY_TO_INSTRUCTION && h->planted &&
	       h->state == HISTORY_FINDING && h->look_at != UINT64_MAX;
}

/* Time has passed on such a way. */
static void
look_halfway(struct history *h, struct debug_event *event)
{
	if (checkpoints_now() < h->look_at)
		return;
	h->look_at = way_halfway(h);
	if (h->look_at > checkpoints_now())
		return;
	h->look_at = UINT64_MAX;
	debug_pause(h->machine, event);
	if (is_base(h, event))
		way_keep_halfway(h);
	go_on_way(h, event);
}

/* The debugger has left, or has not come: the turns are passed on. */
static bool
poll_undebugged(struct history *h, struct machine *m, struct debug_event *event)
{
	const struct history_order runs = { .want = WANT_RUN };

	while (debug_look(m, event)) {
		if (!event_is_passing(h, event)) {
			debug_report(m, event);
			return true;
		}
		way_run(h, &runs, 0);
	}
	return false;
}

/* The next event to report, or false: there is none yet. */
bool
history_poll(struct history *h, struct machine *m, struct debug_event *event)
{
	unsigned turn;

	if (!h->machine)
		return debug_poll(m, event);
	if (h->state == HISTORY_NONE)
		return poll_undebugged(h, m, event);
	if (h->poll == HISTORY_TURNS)
		h->poll = HISTORY_LOOKS;
	for (turn = 0; turn < TURN; turn++) {
		if (h->poll == HISTORY_REPORTS) {
			h->poll = HISTORY_LOOKS;
			*event = h->event;
			return true;
		}
		if (is_forward(h) && look(h, event))
			return true;
		if (is_long(h))
			look_on_way(h, event);
		if (is_far(h))
			look_halfway(h, event);
		if (!debug_look(m, event))
			return false;
		if (is_reported(h, event))
			return true;
	}
	if (h->poll == HISTORY_LOOKS)
		h->poll = HISTORY_TURNS;
	return false;
}

bool
history_is_busy(const struct history *h)
{
	return h->poll != HISTORY_LOOKS;
}

int
history_patience(const struct history *h)
{
	const uint64_t now = checkpoints_now();
	uint64_t wait = is_far(h) ? 0 : WAY_LOOK_NS;

	if (!(is_forward(h) || is_long(h) || is_far(h)) ||
	    h->look_at == UINT64_MAX)
		return -1;
	if (h->look_at > now + wait)
		wait = h->look_at - now;
	wait = wait < LOOK_MAX_NS ? wait : LOOK_MAX_NS;
	return (int)((wait + 999999) / 1000000);
}
