/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transitions of history.h.  Nothing here may know packets.
 */
#include "debugger/history.h"

#include "image/insn.h"
#include "vm/context.h"
#include "vm/position.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* So many events are handled before the debugger's line is looked at. */
#define TURN 64

/* An anchor is moved to so many steps before its goal, if it is twice as far
 * away. */
#define ANCHOR_STEPS 64
#define ANCHOR_FAR   (2 * ANCHOR_STEPS)

/* So many steps after the present an instruction is looked for whose meetings
 * the guest can count. */
#define LEAD_STEPS 64

/* After so many single steps a shorter way is looked for: they cost about as
 * much as going back to the anchor twice, for that. */
#define FAR_STEPS 40

/* So many rounds of a repeated instruction are made in one run, which costs
 * about as much as so many single steps. */
#define ROUNDS_WORTH 64

/* A call by its displacement.  Its return address lies among so many words from
 * the top of the stack on, and its function's entry so near. */
#define CALL_OPCODE 0xe8
#define CALL_SIZE   5
#define CALL_WORDS  64
#define CALL_REACH  4096

/* How often to look whether a checkpoint is due, and how long to wait for an
 * event to take it at; and how long to wait at most for the next look. */
#define LOOK_NS     5000000U
#define LOOK_MAX_NS 1000000000U

/* A copy on the way is worth so many times its cost. */
#define DOOR_WORTH 3

/* The calls that end the guest. */
static const uint32_t ends[] = { HC_exit, HC_exit_group };

#define ENDS (sizeof(ends) / sizeof(ends[0]))

static struct hc_replay *
replay_of(const struct history *h)
{
	return h->machine->guest.replay;
}

/* The one whose thread has the turn: no other runs. */
static struct vcpu *
vcpu_of_guest(const struct history *h)
{
	return vcpu_of(replay_of(h)->ops->turn(&h->machine->guest));
}

static int
tid_of_guest(const struct history *h)
{
	return vcpu_of_guest(h)->thread.tid;
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

/* Has the recording nothing more, nor the guest? */
static bool
is_cut_off(const struct history *h)
{
	return ahead_of(h) == HC_AHEAD_NOTHING && !h->limited;
}

/* May the limit be before the next event? */
static bool
is_near_limit(const struct history *h)
{
	return h->limited && ahead_of(h) == HC_AHEAD_NOTHING;
}

/* Copy the present, near the last checkpoint before it. */
static int
copy_present(struct history *h, struct snapshot *s, checkpoint_mark *mark)
{
	*mark = h->checkpoints.mark;
	return snapshot_take(s, h->machine,
	    &checkpoints_before(&h->checkpoints, events_of(h), *mark, false)
		 ->state);
}

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

/* Does the guest rest in the call that ends it?  Of several threads one ends
 * alone. */
static bool
is_in_last_call(const struct history *h)
{
	const struct flight *f = &vcpu_of_guest(h)->flight;

	return flight_is_before(f) &&
	       (f->number == HC_exit_group ||
		   (f->number == HC_exit && h->machine->live == 1));
}

/* The end of one thread of several: it was caught, and the debugger does not
 * catch it. */
static bool
is_end_of_one(const struct history *h, const struct debug_event *event)
{
	const struct flight *f = &h->machine->vcpu[event->vcpu].flight;

	return event->kind == EVENT_CALL && f->number == HC_exit &&
	       h->machine->live > 1 && !h->catches_exit;
}

/* Does the guest rest because another thread has the turn, and for nothing
 * else? */
static bool
is_passing(const struct history *h, const struct debug_event *event)
{
	return !h->interrupted &&
	       (event->kind == EVENT_INTERRUPT || event->kind == EVENT_GONE);
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

/* The instruction SYSCALL has changed rcx and r11 of a call that is shown.  It
 * is met once between two events, whatever they were. */
static void
forget_syscall(struct hc_position *position, struct vcpu *vcpu)
{
	struct kvm_regs regs;

	vcpu_user_regs(vcpu, &regs);
	position->reg[HC_POSITION_RCX] = regs.rcx;
	position->reg[HC_POSITION_R11] = regs.r11;
}

static bool
is_at_position(const struct history *h, struct vcpu *vcpu)
{
	struct breaks *b = &h->machine->debug.breaks;
	struct hc_position position = h->limit.position;
	bool same;

	if (h->limit.before_call)
		forget_syscall(&position, vcpu);
	replay_of(h)->ops->leave_out(&h->machine->guest, &h->limit.holes);
	breaks_hide(b);
	same = position_is_here(vcpu, &position);
	breaks_show(b);
	return same;
}

/* There for the first time: it is copied. */
static bool
has_found_limit(struct history *h)
{
	struct vcpu *vcpu = vcpu_of_guest(h);
	checkpoint_mark mark;

	if (events_of(h) != h->limit.events || !thread_lives(vcpu) ||
	    vcpu->thread.tid != h->limit.tid)
		return false;
	return (h->limit.after_event || is_at_position(h, vcpu)) &&
	       copy_present(h, &h->limit_state, &mark) == 0;
}

bool
history_is_at_limit(struct history *h)
{
	if (!is_near_limit(h))
		return false;
	return h->limit_state.taken
		   ? snapshot_is_present(&h->limit_state, h->machine)
		   : has_found_limit(h);
}

static bool
is_at_end(struct history *h)
{
	return is_in_last_call(h) || is_at_last_signal(h) || is_cut_off(h) ||
	       history_is_at_limit(h);
}

/* The signals that are not to stop the guest. */
static uint64_t
passed_signals(const struct history *h)
{
	return h->limited && h->limit.at_signal ? 0 : h->pass;
}

/* The present may be a place that only a signal shows: after an INT3.  On a way
 * to the last stop, signals are stops. */
static void
pass_signals_on_way(struct history *h)
{
	uint64_t pass = ~UINT64_C(0);

	if (h->present.turn->flight.raised == RAISED_ASKED)
		pass = 0;
	else if (h->goal == HISTORY_TO_STOP && h->task == HISTORY_STOPS)
		pass = h->pass;
	debug_pass_signals(h->machine, pass);
}

static uint64_t
limit_address(const struct history *h)
{
	return h->limit.position.reg[HC_POSITION_RIP];
}

/* The guest is not to go beyond the limit. */
static void
fence(struct history *h)
{
	if (!is_near_limit(h) || h->limit.after_event || h->fenced ||
	    (h->planted && h->addr == limit_address(h)))
		return;
	(void)debug_insert(h->machine, BREAKS_INNER, limit_address(h), 1);
	h->fenced = true;
}

static void
leave_fence(struct history *h)
{
	if (h->fenced)
		(void)debug_remove(
		    h->machine, BREAKS_INNER, limit_address(h), 1);
	h->fenced = false;
}

/* Let the thread run that has the turn. */
static void
run(struct history *h, const struct history_order *order, int signal)
{
	struct machine *m = h->machine;
	unsigned i;

	debug_want_new(m, WANT_STOP);
	for (i = 0; i < m->vcpus; i++)
		debug_want(&m->vcpu[i], WANT_STOP, 0, 0, 0);
	debug_want(vcpu_of_guest(h), order->want, order->lo, order->hi, signal);
	h->ran = tid_of_guest(h);
	debug_resume(m);
}

/* On a way all threads do the same. */
static void
go(struct history *h, enum debug_want want, int signal)
{
	const struct history_order order = { .want = want };

	run(h, &order, signal);
}

/* Go on forward: each thread as the debugger has ordered. */
static void
go_forward(struct history *h)
{
	fence(h);
	run(h, &h->order[vcpu_of_guest(h)->id], history_signal(h));
}

/* A breakpoint at the instruction of a thread is still to be met.  That of a
 * call that waits for the turn was. */
static void
be_unmet(struct vcpu *vcpu)
{
	if (vcpu->flight.call != CALL_REPEATS)
		debug_set_met(vcpu, false);
}

/* Everything of the way is removed again. */
static void
leave_way(struct history *h)
{
	if (h->planted)
		(void)debug_remove(h->machine, BREAKS_INNER, h->addr, 1);
	h->planted = false;
	leave_fence(h);
	meet_end(h->machine);
	replay_of(h)->until = UINT64_MAX;
}

/* Nor is memory watched any more. */
static void
leave_watch(struct history *h)
{
	if (h->watched)
		(void)debug_remove(
		    h->machine, BREAKS_WRITE, h->watch_addr, h->watch_len);
	h->watched = false;
}

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

	h->catches_exit = on && (n == 0 || has_exit(number, n));
	if (on && n == 0)
		return debug_catch(h->machine, true, NULL, 0);
	if (n > CATCH_MAX - ENDS)
		return -ENOSPC;
	memcpy(list, ends, sizeof(ends));
	if (on)
		memcpy(list + ENDS, number, n * sizeof(number[0]));
	return debug_catch(h->machine, true, list, ENDS + (on ? n : 0));
}

int
history_catch(struct history *h, bool on, const uint32_t *number, size_t n)
{
	h->catches = on;
	h->caught = on && n <= CATCH_MAX - ENDS ? n : 0;
	if (h->caught > 0)
		memcpy(h->catch, number, h->caught * sizeof(number[0]));
	return set_catch(h, on, number, n);
}

/* The present may be at a call.  GDB has no catchpoints inserted when it runs a
 * command, and it may have deleted the one that was met. */
static void
catch_own_call(struct history *h)
{
	const struct flight *f = &h->present.turn->flight;

	if (!flight_is_before(f))
		return;
	if (h->task != HISTORY_STOPS) {
		(void)history_catch(h, true, &f->number, 1);
	} else if (!debug_catches(vcpu_of_guest(h)) &&
		   h->caught < CATCH_MAX - ENDS) {
		uint32_t list[CATCH_MAX];

		memcpy(list, h->catch, h->caught * sizeof(list[0]));
		list[h->caught] = h->added = f->number;
		h->adds_catch = true;
		(void)set_catch(h, true, list, h->caught + 1);
	}
}

static void
leave_catch(struct history *h)
{
	if (h->adds_catch)
		(void)set_catch(h, h->catches, h->catch, h->caught);
	h->adds_catch = false;
}

static void
finish(struct history *h, const struct debug_event *event)
{
	leave_way(h);
	leave_watch(h);
	leave_catch(h);
	snapshot_drop(&h->origin);
	debug_pass_signals(h->machine, passed_signals(h));
	h->hits->again = false;
	h->state = HISTORY_RESTING;
	h->event = *event;
	h->due = true;
}

static void
finish_with(struct history *h, enum debug_event_kind kind)
{
	const struct debug_event event = {
		.kind = kind,
		.vcpu = vcpu_of_guest(h)->id,
	};

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

static void
say(struct history *h, const struct text *text)
{
	console_write(&h->hits->console, text->buf, text->len, is_full, NULL);
}

/* Be where the way began.  Unless `known`, the anchor is forgotten. */
static void
go_home(struct history *h, bool known)
{
	struct snapshot *home = h->origin.taken ? &h->origin : &h->present;

	leave_way(h);
	leave_watch(h);
	if (h->task != HISTORY_STOPS)
		(void)history_catch(h, false, NULL, 0);
	h->known = h->known && known;
	h->checkpoints.mark = h->origin.taken ? h->origin_mark
					      : h->present_mark;
	if (snapshot_return(home, h->machine) < 0)
		debug_kill(h->machine);
	snapshot_drop(&h->origin);
}

/* The present stays what it was. */
static void
give_up(struct history *h)
{
	static const char *const texts[] = {
		[HISTORY_STOPS] = "The way was not found",
		[HISTORY_TELLS] = "The name of this place was not found",
		[HISTORY_MARKS] = "The name of this place was not found",
		[HISTORY_WRITER] = "The last write was not found",
	};
	char buf[128];
	struct text text;

	go_home(h, false);
	text_init(&text, buf, sizeof(buf));
	text_printf(&text, "%s; the guest is where it was.\n",
	    h->goal == HISTORY_TO_PLACE ? "There is no such place"
					: texts[h->task]);
	if (!h->interrupted)
		say(h, &text);
	if (!h->interrupted && h->goal == HISTORY_TO_PLACE)
		h->edge = HISTORY_PLACE;
	finish_with(h, h->interrupted ? EVENT_INTERRUPT : EVENT_NONE);
}

/* No checkpoint is due before: CPU time is not faster than the clock. */
static uint64_t
next_look(const struct history *h)
{
	const uint64_t wait = checkpoints_wait(&h->checkpoints);

	return checkpoints_now() + (wait > LOOK_NS ? wait : LOOK_NS);
}

/* Both the last meeting and the next way back begin at the event that is
 * reached here, if it was far to it. */
static void
open_door(struct history *h)
{
	checkpoint_mark mark;

	if (h->goal == HISTORY_TO_INSTRUCTION && h->state == HISTORY_FINDING &&
	    checkpoints_spent() - h->ran_from >
		DOOR_WORTH * h->checkpoints.cost)
		(void)copy_present(h, &h->door.state, &mark);
}

/* The limit, if it is a meeting of the way, or NULL. */
static const struct hc_position *
limit_at(const struct history *h)
{
	return is_near_limit(h) && !h->limit.after_event &&
		       h->addr == limit_address(h)
		   ? &h->limit.position
		   : NULL;
}

/* Does the thread stand at a call that a kick met, after SYSCALL had changed
 * rcx and r11 and before the call was made?  One that waits for the turn was
 * begun. */
static bool
stands_at_call(const struct flight *flight, const struct hc_thread *thread)
{
	return flight->call == CALL_REPEATS && !thread->awaits_turn;
}

/* Is that the present, which is looked for?  The call will be the next event,
 * so its instruction is met once. */
static bool
seeks_call(const struct history *h)
{
	const struct snapshot_vcpu *turn = h->present.turn;

	return h->after == h->present.events &&
	       stands_at_call(&turn->flight, &turn->thread);
}

/* Is each meeting a stop that counts: one of the debugger's own, or the
 * present? */
static bool
counts_stops(const struct history *h)
{
	const struct breakpoint *bp = breaks_at(
	    &h->machine->debug.breaks, h->addr);

	return seeks_call(h) ||
	       (h->goal == HISTORY_TO_STOP && bp && (bp->soft || bp->hard));
}

/* Go on along the way, from one of its places to the next. */
static void
advance(struct history *h, int signal)
{
	if (!h->planted && events_of(h) == h->after) {
		open_door(h);
		(void)debug_insert(h->machine, BREAKS_INNER, h->addr, 1);
		h->planted = true;
	}
	if (h->goal == HISTORY_TO_PLACE)
		fence(h);
	if (h->planted && h->state == HISTORY_FINDING && !counts_stops(h))
		meet_begin(h->machine, h->addr, MEET_MANY, &h->sought);
	else if (h->planted && h->left > 0)
		meet_begin(h->machine, h->addr, h->left, limit_at(h));
	replay_of(h)->until = h->planted ? h->after + 1 : h->after;
	go(h, WANT_RUN, signal);
}

static void
look_at_watched(const struct history *h, uint8_t *bytes)
{
	(void)breaks_read(&h->machine->debug.breaks, h->watch_addr, bytes,
	    (size_t)h->watch_len);
}

/* Be at a base, before a way.  A breakpoint at its instruction is still to be
 * met. */
static bool
go_to_base(struct history *h, const struct checkpoint *base)
{
	leave_way(h);
	h->base = base;
	if (checkpoints_return(&h->checkpoints, base) < 0) {
		give_up(h);
		return false;
	}
	be_unmet(vcpu_of_guest(h));
	if (h->watched)
		look_at_watched(h, h->seen);
	h->ran_from = h->ran_way = checkpoints_spent();
	h->look_at = next_look(h);
	return true;
}

/* The door, if it is closer to event `events` than the checkpoint. */
static const struct checkpoint *
closer(const struct history *h, uint64_t events, const struct checkpoint *one)
{
	const struct snapshot *door = &h->door.state;

	return door->taken && door->events > one->state.events &&
		       door->events <= events
		   ? &h->door
		   : one;
}

/* The base for a way to a place after event `events`. */
static const struct checkpoint *
base_for(const struct history *h, uint64_t events)
{
	const struct checkpoint *from = checkpoints_find(
	    &h->checkpoints, h->from);

	if (from && h->goal == HISTORY_TO_STOP)
		return from;
	return closer(h, events,
	    checkpoints_before(&h->checkpoints, events, h->present_mark,
		h->goal != HISTORY_TO_INSTRUCTION));
}

static bool
is_start(const struct checkpoint *base)
{
	return base->state.events == 0 && !base->between;
}

/* The history has no turn of the thread before this: it has just begun. */
static void
begin_thread(struct history *h)
{
	struct debug_event event = { .kind = EVENT_NONE };
	const struct vcpu *vcpu;

	go_home(h, false);
	vcpu = machine_thread(h->machine, h->by);
	event.vcpu = vcpu ? vcpu->id : 0;
	h->edge = HISTORY_BEGIN;
	finish(h, &event);
}

/* The beginning of the history. */
static void
begin(struct history *h)
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
		go_home(h, true);
		say(h, &text);
		finish_with(h, EVENT_NONE);
		return;
	}
	h->edge = HISTORY_BEGIN;
	h->known = false;
	finish_with(h, EVENT_NONE);
}

/* The state that is to be found. */
static struct snapshot *
target_of(struct history *h)
{
	return h->lead.taken ? &h->lead : &h->present;
}

static void found(struct history *h, const struct debug_event *event);

/* Be at the base.  If that is the present itself, be there if it is right after
 * an event, and else at a base before it. */
static bool
go_before_present(struct history *h)
{
	const struct checkpoint *base = base_for(h, h->after);

	while (go_to_base(h, base)) {
		if (!snapshot_is_present(&h->present, h->machine) ||
		    !base->between)
			return true;
		base--;
	}
	return false;
}

/* A stretch begins. */
static void
forget_stops(struct history *h)
{
	h->stops = h->stops_before = h->last_before = 0;
	h->last_mark = 0;
}

static void
find(struct history *h, uint64_t after, uint64_t addr)
{
	h->after = after;
	h->addr = h->end = addr;
	h->meetings = 0;
	forget_stops(h);
	if (!go_before_present(h))
		return;
	h->state = HISTORY_FINDING;
	if (!snapshot_is_present(&h->present, h->machine))
		advance(h, 0);
	else if (is_start(h->base) && h->goal != HISTORY_TO_NAME)
		begin(h);
	else
		found(h, NULL);
}

/* A call that waits is before the instruction at rip. */
static void
find_target(struct history *h)
{
	const struct snapshot *target = target_of(h);
	const bool before = flight_is_before(&target->turn->flight);

	find(h, target->events,
	    target->turn->user.regs.rip - (before ? HYPERCALL_GATE_SIZE : 0));
}

/* Has it nothing to finish before its next instruction? */
static bool
is_between_instructions(const struct history *h)
{
	const struct vcpu *vcpu = vcpu_of_guest(h);

	return !flight_is_shown(&vcpu->flight) &&
	       !flight_is_due(&vcpu->flight) &&
	       !stands_at_call(&vcpu->flight, &vcpu->thread) &&
	       !vcpu->debug.signal && !vcpu->thread.signals.pending;
}

/* The instruction at which the thread rests: can the guest count its meetings,
 * and can it be stepped without an event? */
static bool
look_at_instruction(const struct history *h, bool *steps)
{
	uint8_t code[MOVED_LOOK];
	const uint64_t rip = vcpu_user_rip(vcpu_of_guest(h));
	const size_t n = breaks_read(
	    &h->machine->debug.breaks, rip, code, sizeof(code));
	struct insn insn;

	*steps = insn_decode(&insn, code, n) == INSN_OK &&
		 insn_is_stepped(&insn);
	return trampoline_fits(code, n, rip);
}

/* Code that leads into the middle of what is replaced costs a stop each time:
 * it is near, if there is such code. */
static bool
is_entered(const struct history *h)
{
	const uint64_t rip = vcpu_user_rip(vcpu_of_guest(h));
	const uint64_t from = rip - INT8_MAX;
	uint8_t code[2 * INT8_MAX];
	const size_t n = breaks_read(
	    &h->machine->debug.breaks, from, code, sizeof(code));

	return trampoline_is_entered(code, n, from, rip);
}

/* Have the breakpoint of the way there. */
static void
plant(struct history *h, uint64_t addr)
{
	leave_way(h);
	h->addr = addr;
	h->planted = true;
	(void)debug_insert(h->machine, BREAKS_INNER, addr, 1);
	replay_of(h)->until = h->after + 1;
}

/* To one that may suit: all rounds of a repeated one are made at once. */
static void
lead(struct history *h)
{
	h->state = HISTORY_LEADING;
	h->leads++;
	if (rounds_look(&h->rounds, vcpu_of_guest(h))) {
		h->after = h->present.events;
		plant(h, h->rounds.next);
		go(h, WANT_RUN, 0);
		return;
	}
	go(h, WANT_STEP, 0);
}

/* Go on to an instruction whose meetings the guest can count, or find what is
 * known. */
static void
lead_on(struct history *h, bool possible)
{
	checkpoint_mark mark;
	bool steps, suits = look_at_instruction(h, &steps);

	if (h->leads < LEAD_STEPS / 2 && is_entered(h))
		suits = false;
	if (possible && !suits && steps && h->leads < LEAD_STEPS) {
		lead(h);
		return;
	}
	if (possible && suits && h->leads > 0 &&
	    copy_present(h, &h->lead, &mark) == 0)
		(void)position_look(vcpu_of_guest(h), &h->sought);
	find_target(h);
}

/* The thread rests in the present. */
static void
find_present(struct history *h)
{
	snapshot_drop(&h->lead);
	snapshot_drop(&h->earlier);
	h->leads = 0;
	h->entries = false;
	(void)position_look(vcpu_of_guest(h), &h->sought);
	lead_on(h, h->goal == HISTORY_TO_INSTRUCTION &&
		       is_between_instructions(h) &&
		       !flight_is_before(&h->present.turn->flight));
}

static bool
is_meeting(const struct history *h, const struct debug_event *event)
{
	return (event->kind == EVENT_BREAK || event->kind == EVENT_HARDBREAK) &&
	       h->planted && event->addr == h->addr;
}

/* Steps to an event lead nowhere. */
static void
on_leading(struct history *h, const struct debug_event *event)
{
	const bool there = event->kind == EVENT_STEP || is_meeting(h, event);

	leave_way(h);
	lead_on(h, there && events_of(h) == h->present.events);
}

/* Replace the copy of the present by one of this state. */
static bool
renew_present(struct history *h)
{
	struct snapshot here = { 0 };
	checkpoint_mark mark;

	if (copy_present(h, &here, &mark) < 0) {
		give_up(h);
		return false;
	}
	snapshot_drop(&h->present);
	h->present = here;
	h->present_mark = mark;
	return true;
}

/* The guest is about to make the write that was looked for. */
static void
name_write(struct history *h)
{
	look_at_watched(h, h->old);
	if (!renew_present(h))
		return;
	h->goal = HISTORY_TO_NAME;
	find_present(h);
}

/* The present will be another: the way's end is to be the first one. */
static void
set_aside(struct history *h)
{
	if (h->origin.taken)
		return;
	h->origin = h->present;
	h->origin_mark = h->present_mark;
	h->present = (struct snapshot){ 0 };
}

/* Go on with the way from here, as if this was the present. */
static void
go_on_from_here(struct history *h, enum history_goal goal)
{
	set_aside(h);
	if (!renew_present(h))
		return;
	h->goal = goal;
	find_present(h);
}

/* The instruction was found.  It may be another thread's, which had the turn
 * since; or the call in which the thread waits, at which it was already. */
static bool
goes_further(struct history *h)
{
	const struct vcpu *vcpu = machine_thread(h->machine, h->by);
	const bool other = tid_of_guest(h) != h->by;

	if (h->by == 0 || (!other && !h->waits))
		return false;
	h->waits = h->waits && other;
	h->is_end = h->is_end && vcpu && !vcpu->thread.awaits_turn;
	if (h->interrupted)
		give_up(h);
	else
		go_on_from_here(
		    h, other ? HISTORY_TO_TURN : HISTORY_TO_INSTRUCTION);
	return true;
}

/* A new anchor is taken: this one may serve when the guest has gone back to
 * that. */
static void
keep_anchor(struct history *h)
{
	snapshot_drop(&h->earlier);
	h->earlier = h->anchor;
	h->earlier_mark = h->anchor_mark;
	h->earlier_nth = h->anchor_nth;
	h->anchor = (struct snapshot){ 0 };
	h->anchor_nth = 0;
}

/* The anchor moves to this place, which is `left` steps before the goal. */
static void
move_anchor(struct history *h)
{
	struct snapshot here = { 0 };
	checkpoint_mark mark;

	if (copy_present(h, &here, &mark) < 0)
		return;
	keep_anchor(h);
	h->anchor = here;
	h->anchor_mark = mark;
	h->steps = h->left;
}

/* At a place that is `left` steps before the goal, or the goal itself. */
static void
step_on(struct history *h)
{
	const struct debug_event step = {
		.kind = h->interrupted ? EVENT_INTERRUPT : EVENT_STEP,
		.vcpu = vcpu_of_guest(h)->id,
	};

	if (h->left == ANCHOR_STEPS && h->steps > ANCHOR_FAR)
		move_anchor(h);
	if (h->left > 0) {
		go(h, WANT_STEP, 0);
		return;
	}
	if (h->task == HISTORY_WRITER) {
		name_write(h);
		return;
	}
	if (goes_further(h))
		return;
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
	h->checkpoints.mark = h->anchor_mark;
	h->state = HISTORY_STEPPING;
	h->steps = h->left = steps;
	step_on(h);
}

/* From the anchor, at which the thread rests, to the present. */
static void
count(struct history *h)
{
	h->state = HISTORY_COUNTING;
	h->steps = 0;
	h->passed = UINT64_MAX;
	h->far = FAR_STEPS;
	go(h, WANT_STEP, 0);
}

static void
count_from_here(struct history *h)
{
	const bool returned = h->state == HISTORY_RETURNING && h->planted;

	h->anchor_nth = returned ? h->meetings : 0;
	leave_way(h);
	if (copy_present(h, &h->anchor, &h->anchor_mark) < 0)
		give_up(h);
	else
		count(h);
}

/* Is the present the anchor, in the turn of the thread that goes back? */
static bool
is_at_anchor(const struct history *h)
{
	return h->known && h->steps == 0 && tid_of_guest(h) == h->by &&
	       is_between_instructions(h) &&
	       !flight_is_before(&h->present.turn->flight);
}

/* Is the anchor before it after the same event, so that steps lead here? */
static bool
can_count_from_earlier(const struct history *h)
{
	return is_at_anchor(h) && h->earlier.taken &&
	       h->earlier.events == h->present.events &&
	       h->earlier.at == h->present.at;
}

/* The base of the way that has led to the anchor, if it is known how many
 * meetings of the anchor's instruction were on it; or NULL. */
static const struct checkpoint *
base_of_anchor(const struct history *h)
{
	const struct checkpoints *c = &h->checkpoints;
	const uint64_t after = h->way.after;

	if (!is_at_anchor(h) || h->anchor_nth == 0 ||
	    after != h->present.events)
		return NULL;
	return h->way.base != 0
		   ? checkpoints_find(c, h->way.base)
		   : closer(h, after,
			 checkpoints_before(c, after, h->present_mark, true));
}

static void
count_from_earlier(struct history *h)
{
	snapshot_drop(&h->lead);
	snapshot_drop(&h->anchor);
	h->anchor = h->earlier;
	h->anchor_mark = h->earlier_mark;
	h->anchor_nth = h->earlier_nth;
	h->earlier = (struct snapshot){ 0 };
	h->after = h->present.events;
	h->end = h->present.turn->user.regs.rip;
	h->entries = false;
	if (snapshot_return(&h->anchor, h->machine) < 0) {
		give_up(h);
		return;
	}
	h->checkpoints.mark = h->anchor_mark;
	count(h);
}

/* The function that the call before this return address has called, or 0. */
static uint64_t
callee(const struct history *h, uint64_t address)
{
	uint8_t code[CALL_SIZE];
	int32_t disp;

	if (breaks_read(&h->machine->debug.breaks, address - sizeof(code), code,
		sizeof(code)) < sizeof(code) ||
	    code[0] != CALL_OPCODE)
		return 0;
	memcpy(&disp, code + 1, sizeof(disp));
	return address + (uint64_t)(int64_t)disp;
}

/* The entry of the function of the present, if a return address on its stack
 * shows it, or 0. */
static uint64_t
entry_of_present(const struct history *h)
{
	const uint64_t rsp = h->present.turn->user.regs.rsp;
	uint64_t word[CALL_WORDS], entry;
	unsigned i;

	snapshot_read(&h->present, rsp, (uint8_t *)word, sizeof(word));
	for (i = 0; i < CALL_WORDS; i++) {
		entry = callee(h, word[i]);
		if (entry != 0 && h->end - entry < CALL_REACH &&
		    h->end != entry)
			return entry;
	}
	return 0;
}

/* From the anchor, at which the thread rests, to the present. */
static void
measure_at(struct history *h, uint64_t addr)
{
	h->state = HISTORY_MEASURING;
	h->steps = 0;
	h->measured = addr;
	plant(h, h->end);
	meet_begin(h->machine, addr, MEET_MANY, NULL);
	go(h, WANT_RUN, 0);
}

/* The thread rests at an instruction that suits: how often is it met before the
 * present is? */
static void
measure(struct history *h)
{
	const uint64_t here = vcpu_user_rip(vcpu_of_guest(h));
	const uint64_t entry = h->entries ? 0 : entry_of_present(h);

	h->entries = true;
	keep_anchor(h);
	if (copy_present(h, &h->anchor, &h->anchor_mark) < 0) {
		give_up(h);
		return;
	}
	measure_at(h, entry != 0 ? entry : here);
}

/* So many meetings lead to the next anchor.  The last but one is copied on the
 * way: no other is between them, so steps back go on from there later. */
static void
set_left(struct history *h, uint64_t meetings)
{
	h->early = meetings > 1;
	h->left = meetings - h->early;
}

/* From the anchor on to the last meeting of the instruction that was counted.
 * The first is the anchor, if that is its own. */
static void
close_in(struct history *h, uint64_t meetings)
{
	const uint64_t here = h->anchor.turn->user.regs.rip;
	const uint64_t own = h->measured == here;
	const uint64_t after = meetings > own ? meetings - own : 0;

	if (snapshot_return(&h->anchor, h->machine) < 0) {
		give_up(h);
		return;
	}
	h->checkpoints.mark = h->anchor_mark;
	leave_way(h);
	if (after == 0 && h->measured != here) {
		measure_at(h, here);
		return;
	}
	if (after == 0) {
		h->state = HISTORY_COUNTING;
		h->far *= 2;
		go(h, WANT_STEP, 0);
		return;
	}
	h->state = HISTORY_CLOSING;
	set_left(h, after);
	if (!h->early)
		keep_anchor(h);
	plant(h, h->measured);
	debug_set_met(vcpu_of_guest(h), true);
	meet_begin(h->machine, h->addr, h->left, NULL);
	go(h, WANT_RUN, 0);
}

/* From the last meeting, or from the way's start if there is none.  That may be
 * the present itself, right after an event, if its meetings were known. */
static void
count_from_start(struct history *h)
{
	if (snapshot_is_present(&h->present, h->machine)) {
		leave_way(h);
		find_present(h);
		return;
	}
	count_from_here(h);
}

/* To the last meeting before the present. */
static void
go_to_last_meeting(struct history *h)
{
	set_left(h, h->meetings);
	h->way.after = h->after;
	h->way.addr = h->addr;
	h->way.base = h->base->between && h->base->state.events == h->after
			  ? h->base->mark
			  : 0;
	if (!go_to_base(h, closer(h, h->after, h->base)))
		return;
	h->state = HISTORY_RETURNING;
	if (h->left == 0 && events_of(h) == h->after)
		count_from_start(h);
	else
		advance(h, 0);
}

/* The present is the anchor, so its meetings need not be counted again. */
static void
return_again(struct history *h, const struct checkpoint *base)
{
	snapshot_drop(&h->lead);
	snapshot_drop(&h->earlier);
	h->entries = false;
	h->base = base;
	h->after = h->way.after;
	h->addr = h->end = h->way.addr;
	h->meetings = h->anchor_nth - 1;
	go_to_last_meeting(h);
}

/* The place that the user named. */
static void
arrive(struct history *h)
{
	h->known = false;
	h->edge = HISTORY_PLACE;
	finish_with(h, EVENT_NONE);
}

static void
go_to_place(struct history *h)
{
	h->early = false;
	h->after = h->place.events;
	h->addr = h->place.addr;
	h->left = h->place.meetings;
	if (!go_to_base(h, base_for(h, h->after)))
		return;
	h->state = HISTORY_RETURNING;
	if (h->left == 0 && events_of(h) == h->after)
		arrive(h);
	else
		advance(h, 0);
}

/* Is there nothing before this stretch? */
static bool
is_first(const struct history *h)
{
	return is_start(h->base) ||
	       (h->goal == HISTORY_TO_TURN &&
		   !snapshot_has_thread(&h->base->state, h->by));
}

/* A call has changed the memory, and not by a write: the stretch has none. */
static void
search_all(struct history *h)
{
	h->from = 0;
	go_home(h, true);
	if (!renew_present(h))
		return;
	catch_own_call(h);
	h->watched = debug_insert(h->machine, BREAKS_WRITE, h->watch_addr,
			 h->watch_len) == 0;
	find_present(h);
}

/* To the last stop before the end of this stretch, or to the stretch before. */
static void
go_to_last_stop(struct history *h)
{
	const uint64_t end = h->base->state.events;
	const struct checkpoint *last = checkpoints_find(
	    &h->checkpoints, h->last_mark);

	h->left = h->stops - (last ? h->last_before : 0);
	if (h->left == 0 && h->from != 0) {
		search_all(h);
		return;
	}
	if (h->left == 0 && is_first(h)) {
		if (go_to_base(h, h->base))
			begin(h);
		return;
	}
	if (h->left > 0) {
		if (!go_to_base(h, last ? last : h->base))
			return;
		h->state = HISTORY_REPEATING;
	} else {
		forget_stops(h);
		h->after = end;
		if (!go_to_base(h, base_for(h, end - 1)))
			return;
		h->state = HISTORY_SEARCHING;
		replay_of(h)->until = end;
	}
	go(h, WANT_RUN, 0);
}

/* Is it a write of the memory that is asked for? */
static bool
is_write(struct history *h, const struct debug_event *event)
{
	uint8_t was[HISTORY_WATCH];

	if (event->kind != EVENT_WATCH || event->addr != h->watch_addr ||
	    event->len != h->watch_len)
		return false;
	memcpy(was, h->seen, sizeof(was));
	look_at_watched(h, h->seen);
	return !h->changes || memcmp(was, h->seen, h->watch_len) != 0;
}

/* A signal that the debugger does not want to see, and that is only looked at
 * because of the present or the limit. */
static bool
is_passed(const struct history *h, const struct debug_event *event)
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
		return !is_end_of_one(h, event) &&
		       !(h->adds_catch &&
			   h->machine->vcpu[event->vcpu].flight.number ==
			       h->added);
	case EVENT_SIGNAL: return !is_passed(h, event);
	case EVENT_WATCH:
	case EVENT_RETURN: return true;
	default: return false;
	}
}

/* Count it, if it is one. */
static void
count_stop(struct history *h, const struct debug_event *event)
{
	if (!is_its_stop(h, event))
		return;
	h->stops++;
	h->last_mark = h->checkpoints.mark;
	h->last_before = h->stops_before;
}

/* A breakpoint at an instruction before which the guest rests for another
 * reason is still to be met. */
static void
keep_unmet(struct history *h, const struct debug_event *event)
{
	if (event->kind == EVENT_WATCH)
		be_unmet(&h->machine->vcpu[event->vcpu]);
}

static void
put_bytes(struct text *text, const uint8_t *bytes, uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n; i++)
		text_printf(text, " %02x", bytes[i]);
}

void
history_put_place(struct text *out, const struct history_place *place)
{
	text_printf(out, "%" PRIu64, place->events);
	if (place->meetings)
		text_printf(out, ":0x%" PRIx64 ":%" PRIu64, place->addr,
		    place->meetings);
}

static void
tell(struct history *h, const struct history_place *place)
{
	char buf[512];
	struct text text;

	text_init(&text, buf, sizeof(buf));
	if (h->task == HISTORY_WRITER) {
		text_printf(&text, "0x%" PRIx64 " was last %s at ",
		    h->watch_addr, h->changes ? "changed" : "written");
		history_put_place(&text, place);
		text_printf(&text, ", by the instruction at 0x%llx:",
		    h->present.turn->user.regs.rip);
		put_bytes(&text, h->old, h->watch_len);
		text_printf(&text, " became");
		put_bytes(&text, h->new, h->watch_len);
		text_printf(&text, ".\n`monitor goto ");
		history_put_place(&text, place);
		text_printf(&text, "`, then `continue`, leads there.\n");
	} else {
		if (h->task == HISTORY_MARKS)
			text_printf(&text, "Checkpoint %u: ", h->marks);
		history_put_place(&text, place);
		text_printf(&text, "\n");
	}
	say(h, &text);
}

/* Keep the name, and a copy of the present if it can be copied. */
static void
mark_place(struct history *h, const struct history_place *place)
{
	h->marked[h->marks++] = *place;
	if (is_between_instructions(h))
		(void)checkpoints_take(
		    &h->checkpoints, place->meetings > 0, true);
}

/* The present was found, by this event: that was not seen before if it is not a
 * meeting of its instruction.  A call that waits is after the meeting. */
static void
named(struct history *h, const struct debug_event *event)
{
	const struct flight *f = &h->present.turn->flight;
	const bool before = flight_is_before(f);
	struct history_place place = { .events = h->after };

	/* Nor has a call a name that waits for its turn. */
	if ((event && event->kind == EVENT_SIGNAL) ||
	    (h->planted && f->call == CALL_REPEATS)) {
		give_up(h);
		return;
	}
	if (h->planted) {
		place.addr = h->addr;
		place.meetings = h->meetings + !before;
	}
	go_home(h, h->task != HISTORY_WRITER);
	if (h->task == HISTORY_MARKS)
		mark_place(h, &place);
	tell(h, &place);
	finish_with(h, EVENT_NONE);
}

/* The instruction of the thread's last event.  That of a preemption is not made
 * yet, and a call that was cut short is made again: rip stands before it. */
static uint64_t
event_of(const struct history *h, struct vcpu *vcpu)
{
	struct kvm_regs regs;

	vcpu_user_regs(vcpu, &regs);
	return vcpu->flight.call == CALL_REPEATS ||
		       replay_of(h)->ops->preempted(&h->machine->guest)
		   ? regs.rip
		   : regs.rip - HYPERCALL_GATE_SIZE;
}

/* The present is right after an event: find its call, or the last meeting
 * before a preemption.  A call that has ended its thread has no address: then
 * step from the event before. */
static void
find_last_event(struct history *h)
{
	const struct hc_thread *maker = replay_of(h)->ops->maker(
	    &h->machine->guest);
	const uint64_t after = h->present.events - 1;

	snapshot_drop(&h->lead);
	if (maker) {
		find(h, after, event_of(h, vcpu_of((struct hc_thread *)maker)));
		return;
	}
	leave_way(h);
	h->after = after;
	h->meetings = 0;
	h->base = base_for(h, after);
	go_to_last_meeting(h);
}

static void
found(struct history *h, const struct debug_event *event)
{
	const bool after_call = !h->planted;

	if (h->goal == HISTORY_TO_NAME)
		named(h, event);
	else if (h->goal != HISTORY_TO_INSTRUCTION)
		go_to_last_stop(h);
	else if (after_call)
		find_last_event(h);
	else
		go_to_last_meeting(h);
}

/* The thread was in a state much like the one that is sought: learn a word of
 * memory by which they differ. */
static void
learn(struct history *h)
{
	struct hc_position *p = &h->sought;

	/* A watchpoint would see that the word is read. */
	if (p->words < HC_POSITION_WORDS &&
	    !breaks_see_reads(&h->machine->debug.breaks) &&
	    snapshot_differing(target_of(h), h->machine, &p->word[p->words]))
		p->words++;
}

static void
on_finding(struct history *h, const struct debug_event *event)
{
	/* Right after an event it is found before any meeting. */
	struct snapshot *target = h->planted ? target_of(h) : &h->present;

	h->meetings += meet_counted(h->machine);
	/* The present has the registers from before SYSCALL now. */
	if (seeks_call(h) && is_meeting(h, event) && !renew_present(h))
		return;
	if (snapshot_is_present(target, h->machine)) {
		/* That may be the last thing before the present. */
		if (h->task == HISTORY_WRITER || h->goal == HISTORY_TO_TURN)
			count_stop(h, event);
		if (target == &h->present && h->checkpoints.mark != 0)
			h->present_mark = h->checkpoints.mark;
		found(h, event);
		return;
	}
	if (h->planted && events_of(h) > h->after) {
		give_up(h);
		return;
	}
	h->meetings += is_meeting(h, event);
	count_stop(h, event);
	if (is_meeting(h, event))
		learn(h);
	keep_unmet(h, event);
	advance(h, event->signal);
}

static void
on_searching(struct history *h, const struct debug_event *event)
{
	const bool there = events_of(h) >= h->after;

	/* The next stretch begins with a signal right after the event. */
	if (!there || event->kind != EVENT_SIGNAL)
		count_stop(h, event);
	if (there) {
		go_to_last_stop(h);
		return;
	}
	keep_unmet(h, event);
	go(h, WANT_RUN, event->signal);
}

/* The last meeting but one: the last is to come. */
static void
copy_early(struct history *h)
{
	(void)copy_present(h, &h->earlier, &h->earlier_mark);
	h->earlier_nth = h->state == HISTORY_RETURNING ? h->meetings - 1 : 0;
	h->early = false;
	h->left = 1;
}

static void
on_returning(struct history *h, const struct debug_event *event)
{
	const bool to_place = h->goal == HISTORY_TO_PLACE;

	keep_unmet(h, event);
	h->left -= meet_counted(h->machine);
	if (is_meeting(h, event))
		h->left--;
	if (h->left == 0 && events_of(h) == h->after && h->early)
		copy_early(h);
	if (h->left == 0 && events_of(h) == h->after && to_place)
		arrive(h);
	else if (h->left == 0 && events_of(h) == h->after)
		count_from_start(h);
	else if ((h->planted && events_of(h) > h->after) ||
		 (to_place && is_at_end(h)))
		give_up(h);
	else
		advance(h, event->signal);
}

/* Has the step been made?  A breakpoint at its own instruction comes first, and
 * so does a signal. */
static bool
is_step(const struct debug_event *event)
{
	return event->kind == EVENT_STEP || event->kind == EVENT_WATCH;
}

/* Is the present, or what is found in its place, met after the anchor, and can
 * the meetings of the instruction here be counted? */
static bool
can_measure(const struct history *h)
{
	bool steps;

	if (h->steps < h->far + LEAD_STEPS / 2 && is_entered(h))
		return false;
	return h->after == h->present.events && h->end != 0 &&
	       vcpu_user_rip(vcpu_of_guest(h)) != h->end &&
	       is_between_instructions(h) && look_at_instruction(h, &steps);
}

/* The thread rests: is it before an instruction that repeats so often that its
 * rounds are better made at once?  Single steps begin again before its last, or
 * before the one that may lead to the present. */
static bool
skip_rounds(struct history *h)
{
	const struct kvm_regs *present = &h->present.turn->user.regs;
	struct vcpu *vcpu = vcpu_of_guest(h);
	struct rounds *r = &h->rounds;
	uint64_t last = 1;

	if (!rounds_look(r, vcpu))
		return false;
	if (present->rip == r->rip && present->rcx < r->left)
		last += present->rcx;
	if (r->left < last + ROUNDS_WORTH)
		return false;
	h->state = HISTORY_SKIPPING;
	plant(h, r->next);
	rounds_begin(r, vcpu, r->left - last);
	go(h, WANT_RUN, 0);
	return true;
}

static void
on_skipping(struct history *h, const struct debug_event *event)
{
	if (!is_meeting(h, event)) {
		give_up(h);
		return;
	}
	rounds_end(&h->rounds, vcpu_of_guest(h));
	keep_anchor(h);
	count_from_here(h);
}

static void
on_counting(struct history *h, const struct debug_event *event)
{
	const bool there = snapshot_is_present(&h->present, h->machine);

	h->is_end = is_step(event) && h->passed == h->steps;
	h->steps += is_step(event);
	if (is_passing(h, event))
		h->passed = h->steps;
	/* An INT3 is passed with its signal, before the step is made; a call
	 * that waits passes the turn on. */
	if (there && (is_step(event) || event->kind == EVENT_SIGNAL ||
			 is_passing(h, event)))
		step_from_anchor(h, h->steps - is_step(event));
	else if (events_of(h) > h->present.events || is_in_last_call(h))
		give_up(h);
	else if (event->kind == EVENT_STEP && skip_rounds(h))
		return;
	else if (h->steps >= h->far && is_step(event) && can_measure(h))
		measure(h);
	else
		go(h, WANT_STEP, event->signal);
}

/* The debugger's stops on the way are passed. */
static void
pass_stop(struct history *h, const struct debug_event *event)
{
	if (events_of(h) > h->after || is_in_last_call(h)) {
		give_up(h);
		return;
	}
	keep_unmet(h, event);
	go(h, WANT_RUN, event->signal);
}

static void
on_measuring(struct history *h, const struct debug_event *event)
{
	/* After the guest's own INT3 the signal shows it. */
	if (is_meeting(h, event) ||
	    snapshot_is_present(&h->present, h->machine))
		close_in(h, meet_counted(h->machine));
	else
		pass_stop(h, event);
}

static void
on_closing(struct history *h, const struct debug_event *event)
{
	const bool meets = is_meeting(h, event);

	h->left -= meet_counted(h->machine) + meets;
	if (meets && h->left == 0 && !h->early) {
		count_from_here(h);
		return;
	}
	if (meets && h->left == 0)
		copy_early(h);
	if (h->left > 0)
		meet_begin(h->machine, h->addr, h->left, NULL);
	pass_stop(h, event);
}

static void
on_stepping(struct history *h, const struct debug_event *event)
{
	h->left -= is_step(event);
	step_on(h);
}

/* The debugger's stop, or the write, is one instruction before this. */
static void
go_before_access(struct history *h, const struct debug_event *event)
{
	h->stop = *event;
	if (h->task == HISTORY_WRITER) {
		leave_watch(h);
		look_at_watched(h, h->new);
		set_aside(h);
	}
	if (!renew_present(h))
		return;
	h->goal = HISTORY_TO_INSTRUCTION;
	pass_signals_on_way(h);
	find_present(h);
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
	finish(h, &step);
}

static void
end_at_stop(struct history *h, const struct debug_event *event)
{
	if (h->goal == HISTORY_TO_TURN && h->is_end) {
		rest_at_end(h);
	} else if (h->goal == HISTORY_TO_TURN) {
		go_on_from_here(h, HISTORY_TO_INSTRUCTION);
	} else if (event->kind == EVENT_WATCH) {
		go_before_access(h, event);
	} else {
		h->known = false;
		finish(h, event);
	}
}

static void
on_repeating(struct history *h, const struct debug_event *event)
{
	if (is_its_stop(h, event) && --h->left == 0) {
		end_at_stop(h, event);
		return;
	}
	keep_unmet(h, event);
	go(h, WANT_RUN, event->signal);
}

typedef void history_event(struct history *h, const struct debug_event *event);

/* An event on the way, by state. */
static history_event *const on_way[HISTORY_STATES] = {
	[HISTORY_LEADING] = on_leading,
	[HISTORY_FINDING] = on_finding,
	[HISTORY_SEARCHING] = on_searching,
	[HISTORY_RETURNING] = on_returning,
	[HISTORY_COUNTING] = on_counting,
	[HISTORY_SKIPPING] = on_skipping,
	[HISTORY_MEASURING] = on_measuring,
	[HISTORY_CLOSING] = on_closing,
	[HISTORY_STEPPING] = on_stepping,
	[HISTORY_REPEATING] = on_repeating,
};

/* The last steps are made before an interrupt is looked at: they are few, and
 * the old present has no copy. */
static bool
gives_way(const struct history *h)
{
	return h->interrupted && h->present.taken;
}

/* Has the thread that is stepped left its turn since it was let run? */
static bool
has_left_turn(struct history *h)
{
	const int turn = tid_of_guest(h);
	const bool left = h->by != 0 && h->ran == h->by && turn != h->by;

	h->ran = turn;
	return left;
}

static void
go_on_way(struct history *h, const struct debug_event *event)
{
	if (event->kind == EVENT_ENDED) {
		finish(h, event);
		return;
	}
	h->left_turn = has_left_turn(h);
	if (gives_way(h))
		give_up(h);
	else if (event->kind == EVENT_SIGNAL && h->state == HISTORY_STEPPING &&
		 !h->left_turn)
		go(h, WANT_STEP, event->signal);
	else
		on_way[h->state](h, event);
}

static bool
is_forward(const struct history *h)
{
	return h->state == HISTORY_RUNNING || h->state == HISTORY_NEARING;
}

static void
note_run(struct history *h)
{
	const uint64_t now = checkpoints_spent();

	checkpoints_ran(&h->checkpoints, now - h->ran_from);
	h->ran_from = now;
	h->look_at = next_look(h);
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

/* Is it the fence alone that the guest has met? */
static bool
is_at_fence(const struct history *h, const struct debug_event *event)
{
	return h->fenced && event->addr == limit_address(h) &&
	       (event->kind == EVENT_BREAK || event->kind == EVENT_HARDBREAK) &&
	       !h->hits->asked;
}

/* Does the guest go on after this event of its way forward, as if it had not
 * come?  GDB 13 fails if a thread that it holds reports a stop. */
static bool
is_silent(struct history *h, const struct debug_event *event)
{
	if (event->kind == EVENT_ENDED || h->interrupted || !any_let_run(h) ||
	    is_cut_off(h))
		return false;
	return is_passing(h, event) || is_end_of_one(h, event) ||
	       is_at_fence(h, event) || is_passed(h, event) ||
	       (h->order[event->vcpu].held && !is_at_end(h));
}

/* An event of a guest that the debugger lets run. */
static void
on_forward(struct history *h, const struct debug_event *event)
{
	note_run(h);
	debug_report(h->machine, event);
	h->state = HISTORY_RESTING;
	leave_fence(h);
	replay_of(h)->until = UINT64_MAX;
	if (h->by_step && is_step(event))
		h->steps++;
	else if (event->kind != EVENT_SIGNAL)
		h->known = false;
	h->by_step = false;
	if (event->kind != EVENT_ENDED &&
	    (is_in_last_call(h) || (is_passing(h, event) && is_cut_off(h))))
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
	return is_passing(h, event) && !is_cut_off(h);
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
	if (is_between_instructions(h))
		(void)checkpoints_take(&h->checkpoints, between, false);
	replay_of(h)->until = UINT64_MAX;
	h->state = HISTORY_RUNNING;
	h->ran_from = checkpoints_spent();
	h->look_at = next_look(h);
	go_forward(h);
}

int
history_begin(struct history *h, struct machine *m, struct hits *hits)
{
	if (!m->guest.replay)
		return 0;
	h->machine = m;
	h->hits = hits;
	replay_of(h)->ctx = h;
	replay_of(h)->passed = on_passed;
	return checkpoints_begin(&h->checkpoints, m);
}

void
history_limit(struct history *h, const struct history_limit *limit)
{
	h->limited = true;
	h->limit = *limit;
}

void
history_attach(struct history *h)
{
	if (!h->machine)
		return;
	h->state = HISTORY_RESTING;
	h->known = h->due = h->more = h->interrupted = h->armed = false;
	h->pass = 0;
	h->edge = HISTORY_WITHIN;
	replay_of(h)->until = UINT64_MAX;
	replay_of(h)->reached = on_reached;
	(void)history_catch(h, false, NULL, 0);
}

/* The guest may be on its way: it goes on from there.  Where the recording has
 * nothing more, nothing would stop it. */
void
history_detach(struct history *h)
{
	if (h->state == HISTORY_NONE)
		return;
	debug_rest(h->machine);
	leave_way(h);
	leave_watch(h);
	h->state = HISTORY_NONE;
	h->edge = HISTORY_WITHIN;
	h->hits->again = false;
	h->due = h->more = h->interrupted = false;
	replay_of(h)->reached = NULL;
	if (!machine_is_over(h->machine) && ahead_of(h) == HC_AHEAD_NOTHING)
		debug_kill(h->machine);
}

/* A way begins: the present is to be found again. */
static int
begin_way(struct history *h, enum history_goal goal, enum history_task task)
{
	int r;

	if (h->state != HISTORY_RESTING)
		return -EBUSY;
	h->edge = HISTORY_WITHIN;
	h->stop.kind = EVENT_NONE;
	h->interrupted = h->by_step = false;
	r = copy_present(h, &h->present, &h->present_mark);
	if (r < 0)
		return r;
	h->goal = goal;
	h->task = task;
	h->by = 0;
	h->from = 0;
	h->waits = false;
	catch_own_call(h);
	h->hits->again = true;
	pass_signals_on_way(h);
	return 0;
}

/* Has one thread made all steps since the anchor? */
static bool
has_run_on(const struct history *h)
{
	return h->machine->live == 1 ||
	       replay_of(h)->ops->at(&h->machine->guest) == h->anchor.at;
}

/* A few steps from the anchor need no copy of the present: they cannot be
 * interrupted. */
static bool
is_close(const struct history *h, int tid)
{
	return h->known && h->steps > 0 && h->steps <= ANCHOR_FAR &&
	       tid_of_guest(h) == tid && has_run_on(h);
}

/* The few steps of a guest that is close. */
static void
step_back(struct history *h)
{
	h->edge = HISTORY_WITHIN;
	h->stop.kind = EVENT_NONE;
	h->interrupted = h->by_step = false;
	snapshot_drop(&h->present);
	h->goal = HISTORY_TO_INSTRUCTION;
	h->task = HISTORY_STOPS;
	h->by = 0;
	h->hits->again = true;
	step_from_anchor(h, h->steps - 1);
}

static int
travel(struct history *h)
{
	int r = begin_way(h, HISTORY_TO_PLACE, HISTORY_STOPS);

	h->armed = false;
	if (r == 0)
		go_to_place(h);
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
	if (vcpu && h->state == HISTORY_RESTING && is_close(h, tid)) {
		step_back(h);
		return 0;
	}
	r = begin_way(
	    h, vcpu ? HISTORY_TO_INSTRUCTION : HISTORY_TO_STOP, HISTORY_STOPS);
	if (r < 0)
		return r;
	h->by = tid;
	h->waits = vcpu && vcpu->thread.awaits_turn;
	if (vcpu && h->known && h->steps > 0 && has_run_on(h))
		step_from_anchor(h, h->steps - 1);
	else if (vcpu && can_count_from_earlier(h))
		count_from_earlier(h);
	else if (vcpu && base_of_anchor(h))
		return_again(h, base_of_anchor(h));
	else
		find_present(h);
	return 0;
}

int
history_name(struct history *h, bool mark)
{
	int r;

	if (mark && h->marks == HISTORY_PLACES)
		return -ENOSPC;
	r = begin_way(h, HISTORY_TO_NAME, mark ? HISTORY_MARKS : HISTORY_TELLS);
	if (r == 0)
		find_present(h);
	return r;
}

/* Memory had other bytes at a checkpoint: begin there.  Its last change is
 * before the next one. */
static void
find_write(struct history *h)
{
	const struct checkpoints *c = &h->checkpoints;
	const struct checkpoint *one, *next;
	const uint64_t events = h->present.events;

	look_at_watched(h, h->new);
	one = checkpoints_differing(c, events, h->present_mark, h->watch_addr,
	    h->new, (size_t)h->watch_len);
	h->from = one ? one->mark : 0;
	next = one && h->changes
		   ? checkpoints_next(c, one, events, h->present_mark)
		   : NULL;
	if (!next)
		find_present(h);
	else if (checkpoints_return(&h->checkpoints, next) < 0)
		give_up(h);
	else
		go_on_from_here(h, HISTORY_TO_STOP);
}

int
history_last_write(struct history *h, uint64_t addr, uint64_t len, bool changes)
{
	int r = begin_way(h, HISTORY_TO_STOP, HISTORY_WRITER);

	if (r < 0)
		return r;
	h->watch_addr = addr;
	h->watch_len = len;
	h->watched = true;
	h->changes = changes;
	r = debug_insert(h->machine, BREAKS_WRITE, addr, len);
	if (r == 0) {
		find_write(h);
		return 0;
	}
	h->watched = false;
	go_home(h, true);
	h->hits->again = false;
	debug_pass_signals(h->machine, passed_signals(h));
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

void
history_forward(struct history *h)
{
	const enum debug_want want = h->order[vcpu_of_guest(h)->id].want;

	if (h->armed && travel(h) == 0)
		return;
	h->interrupted = false;
	h->edge = HISTORY_WITHIN;
	h->by_step = want == WANT_STEP && h->known;
	if (!is_at_end(h)) {
		h->state = HISTORY_RUNNING;
		h->ran_from = checkpoints_spent();
		h->look_at = want == WANT_RUN ? next_look(h) : UINT64_MAX;
		go_forward(h);
		return;
	}
	h->edge = HISTORY_END;
	h->event = (struct debug_event){
		.kind = EVENT_NONE,
		.vcpu = vcpu_of_guest(h)->id,
	};
	h->due = true;
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
	if (h->state == HISTORY_RESTING || h->state == HISTORY_NONE)
		debug_pass_signals(h->machine, passed_signals(h));
}

/* An event of the machine's: true if it is to be reported. */
static bool
is_reported(struct history *h, struct debug_event *event)
{
	if (!is_forward(h) && h->state != HISTORY_RESTING) {
		go_on_way(h, event);
		return false;
	}
	if (h->state == HISTORY_NEARING && is_for_us(h, event) &&
	    events_of(h) >= replay_of(h)->until) {
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
	if (h->state == HISTORY_NEARING) {
		take_checkpoint(h, true);
		return false;
	}
	h->state = HISTORY_NEARING;
	replay_of(h)->until = events_of(h) + 1;
	go_forward(h);
	return false;
}

/* Does a way lead over stops?  The checkpoints before the way's end, if that is
 * not the present, stay as they are. */
static bool
is_long(const struct history *h)
{
	return h->goal == HISTORY_TO_STOP && !h->origin.taken &&
	       (h->state == HISTORY_FINDING || h->state == HISTORY_SEARCHING);
}

/* May the guest's state here be a base?  Not if a breakpoint that it has met
 * would be met again. */
static bool
is_base(const struct history *h, const struct debug_event *event)
{
	struct vcpu *vcpu = vcpu_of_guest(h);

	return is_for_us(h, event) && is_between_instructions(h) &&
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
	h->look_at = next_look(h);
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

/* The debugger has left, or has not come: the turns are passed on. */
static bool
poll_undebugged(struct history *h, struct machine *m, struct debug_event *event)
{
	const struct history_order runs = { .want = WANT_RUN };

	while (debug_look(m, event)) {
		if (!is_passing(h, event)) {
			debug_report(m, event);
			return true;
		}
		run(h, &runs, 0);
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
	h->more = false;
	for (turn = 0; turn < TURN; turn++) {
		if (h->due) {
			h->due = false;
			*event = h->event;
			return true;
		}
		if (is_forward(h) && look(h, event))
			return true;
		if (is_long(h))
			look_on_way(h, event);
		if (!debug_look(m, event))
			return false;
		if (is_reported(h, event))
			return true;
	}
	h->more = true;
	return false;
}

bool
history_is_busy(const struct history *h)
{
	return h->due || h->more;
}

int
history_patience(const struct history *h)
{
	const uint64_t now = checkpoints_now();
	uint64_t wait = LOOK_NS;

	if (!(is_forward(h) || is_long(h)) || h->look_at == UINT64_MAX)
		return -1;
	if (h->look_at > now + wait)
		wait = h->look_at - now;
	return (int)((wait < LOOK_MAX_NS ? wait : LOOK_MAX_NS) / 1000000);
}
