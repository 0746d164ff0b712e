/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an anchor to the present, and one step less: COUNTING, SKIPPING,
 * MEASURING, CLOSING and STEPPING of history.h.
 */
#include "debugger/way.h"

#include "debugger/limit.h"
#include "debugger/present.h"
#include "vm/context.h"
#include "vm/straight.h"

#include <string.h>

/* An anchor is moved to so many steps before its goal, if it is twice as far
 * away. */
#define ANCHOR_STEPS 64
#define ANCHOR_FAR   (2 * ANCHOR_STEPS)

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

/* The instruction was found.  It may be another thread's, which had the turn
 * since; or the call in which the thread waits, at which it was already. */
static bool
goes_further(struct history *h)
{
	const struct vcpu *vcpu = machine_thread(h->machine, h->by);
	const bool other = present_tid(h) != h->by;

	if (h->by == 0 || (!other && !h->waits))
		return false;
	h->waits = h->waits && other;
	h->is_end = h->is_end && vcpu && !vcpu->thread.awaits_turn;
	if (h->interrupted)
		way_give_up(h);
	else
		way_go_on(h, other ? HISTORY_TO_TURN : HISTORY_TO_INSTRUCTION);
	return true;
}

/* A new anchor is taken: this one may serve when the guest has gone back to
 * that. */
static void
keep_anchor(struct history *h)
{
	snapshot_drop(&h->earlier.state);
	h->earlier = h->anchor;
	h->anchor = (struct history_copy){ 0 };
}

/* The anchor moves to this place, which is `left` steps before the goal. */
static void
move_anchor(struct history *h)
{
	struct history_copy here = { 0 };

	if (present_copy(h, &here) < 0)
		return;
	keep_anchor(h);
	h->anchor = here;
	h->steps = h->left;
}

/* At a place that is `left` steps before the goal, or the goal itself. */
static void
step_on(struct history *h)
{
	const struct debug_event step = {
		.kind = h->interrupted ? EVENT_INTERRUPT : EVENT_STEP,
		.vcpu = present_vcpu(h)->id,
	};

	if (h->left == ANCHOR_STEPS && h->steps > ANCHOR_FAR)
		move_anchor(h);
	if (h->left > 0) {
		way_go(h, WANT_STEP, 0);
		return;
	}
	if (h->task == HISTORY_WRITER) {
		waystop_name_write(h);
		return;
	}
	if (goes_further(h))
		return;
	h->known = h->anchor.state.taken;
	debug_set_met(present_vcpu(h), true);
	way_finish(h, h->stop.kind != EVENT_NONE ? &h->stop : &step);
}

void
anchor_step(struct history *h, uint64_t steps)
{
	if (snapshot_return(&h->anchor.state, h->machine) < 0) {
		way_give_up(h);
		return;
	}
	h->checkpoints.mark = h->anchor.mark;
	way_enter(h, HISTORY_STEPPING);
	h->steps = h->left = steps;
	step_on(h);
}

/* From the anchor, at which the thread rests, to the present. */
static void
count(struct history *h)
{
	way_enter(h, HISTORY_COUNTING);
	h->steps = 0;
	h->passed = UINT64_MAX;
	h->far = FAR_STEPS;
	way_go(h, WANT_STEP, 0);
}

void
anchor_count(struct history *h)
{
	const bool returned = h->state == HISTORY_RETURNING && h->planted;
	const uint64_t nth = returned ? h->meetings : 0;

	way_leave(h);
	if (present_copy(h, &h->anchor) < 0) {
		way_give_up(h);
		return;
	}
	h->anchor.nth = nth;
	count(h);
}

/* Is the present the anchor, in the turn of the thread that goes back? */
static bool
is_at_anchor(const struct history *h)
{
	return h->known && h->steps == 0 && present_tid(h) == h->by &&
	       present_is_between(h) &&
	       !flight_is_before(&h->present.state.turn->flight);
}

bool
anchor_has_earlier(const struct history *h)
{
	return is_at_anchor(h) && h->earlier.state.taken &&
	       h->earlier.state.events == h->present.state.events &&
	       h->earlier.state.at == h->present.state.at;
}

const struct checkpoint *
anchor_base(const struct history *h)
{
	const struct checkpoints *c = &h->checkpoints;
	const uint64_t after = h->way.after;

	if (!is_at_anchor(h) || h->anchor.nth == 0 ||
	    after != h->present.state.events)
		return NULL;
	return h->way.base != 0
		   ? checkpoints_find(c, h->way.base)
		   : way_closer(h, after,
			 checkpoints_before(c, after, h->present.mark, true));
}

void
anchor_count_from_earlier(struct history *h)
{
	snapshot_drop(&h->lead);
	snapshot_drop(&h->anchor.state);
	h->anchor = h->earlier;
	h->earlier = (struct history_copy){ 0 };
	h->after = h->present.state.events;
	h->end = h->present.state.turn->user.regs.rip;
	h->entries = false;
	if (snapshot_return(&h->anchor.state, h->machine) < 0) {
		way_give_up(h);
		return;
	}
	h->checkpoints.mark = h->anchor.mark;
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
	const uint64_t rsp = h->present.state.turn->user.regs.rsp;
	uint64_t word[CALL_WORDS], entry;
	unsigned i;

	snapshot_read(&h->present.state, rsp, (uint8_t *)word, sizeof(word));
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
	way_enter(h, HISTORY_MEASURING);
	h->steps = 0;
	h->measured = addr;
	way_plant(h, h->end);
	meet_begin(h->machine, addr, MEET_MANY, NULL);
	way_go(h, WANT_RUN, 0);
}

/* The instruction whose meetings are counted next, if none of those before it
 * is met between the anchor and the present. */
static uint64_t
next_to_measure(struct history *h)
{
	const uint64_t here = h->anchor.state.turn->user.regs.rip;
	uint64_t addr = 0;

	if (!h->entries)
		addr = entry_of_present(h);
	h->entries = true;
	if (addr == 0 && !h->straight) {
		addr = straight_end(&h->machine->debug.breaks, here, h->end);
		h->straight = true;
	}
	return addr != 0 ? addr : here;
}

/* The thread rests at an instruction that suits: how often is it met before the
 * present is? */
static void
measure(struct history *h)
{
	keep_anchor(h);
	if (present_copy(h, &h->anchor) < 0) {
		way_give_up(h);
		return;
	}
	h->straight = false;
	measure_at(h, next_to_measure(h));
}

void
anchor_set_left(struct history *h, uint64_t meetings)
{
	h->early = meetings > 1;
	h->left = meetings - h->early;
}

/* From the anchor on to the last meeting of the instruction that was counted.
 * The first is the anchor, if that is its own. */
static void
close_in(struct history *h, uint64_t meetings)
{
	const uint64_t here = h->anchor.state.turn->user.regs.rip;
	const uint64_t own = h->measured == here;
	const uint64_t after = meetings > own ? meetings - own : 0;

	if (snapshot_return(&h->anchor.state, h->machine) < 0) {
		way_give_up(h);
		return;
	}
	h->checkpoints.mark = h->anchor.mark;
	way_leave(h);
	if (after == 0 && h->measured != here) {
		measure_at(h, next_to_measure(h));
		return;
	}
	if (after == 0) {
		way_enter(h, HISTORY_COUNTING);
		h->far *= 2;
		way_go(h, WANT_STEP, 0);
		return;
	}
	way_enter(h, HISTORY_CLOSING);
	anchor_set_left(h, after);
	if (!h->early)
		keep_anchor(h);
	way_plant(h, h->measured);
	debug_set_met(present_vcpu(h), true);
	meet_begin(h->machine, h->addr, h->left, NULL);
	way_go(h, WANT_RUN, 0);
}

void
anchor_copy_early(struct history *h)
{
	(void)present_copy(h, &h->earlier);
	h->earlier.nth = h->state == HISTORY_RETURNING ? h->meetings - 1 : 0;
	h->early = false;
	h->left = 1;
}

/* Is the present, or what is found in its place, met after the anchor, and can
 * the meetings of the instruction here be counted? */
static bool
can_measure(const struct history *h)
{
	bool steps;

	if (h->steps < h->far + LEAD_STEPS / 2 && wayback_is_entered(h))
		return false;
	return h->after == h->present.state.events && h->end != 0 &&
	       vcpu_user_rip(present_vcpu(h)) != h->end &&
	       present_is_between(h) && wayback_look(h, &steps);
}

uint64_t
anchor_rounds_to(struct history *h, const struct kvm_regs *to)
{
	struct kvm_regs here;

	vcpu_user_regs(present_vcpu(h), &here);
	return to->rip == here.rip && to->rcx < here.rcx ? here.rcx - to->rcx
							 : UINT64_MAX;
}

/* The thread rests before rounds that were looked at: make all but the last, in
 * one run and a step, and go on in this state. */
static bool
make_rounds(struct history *h, enum history_state then)
{
	way_enter(h, HISTORY_SKIPPING);
	h->skips = then;
	way_plant(h, h->rounds.next);
	rounds_begin(&h->rounds, present_vcpu(h));
	way_go(h, WANT_RUN, 0);
	return true;
}

/* The thread rests: is it before an instruction that repeats so often that its
 * rounds are better made at once?  Single steps begin again before its last, or
 * before the one that may lead to the present. */
static bool
skip_rounds(struct history *h)
{
	const uint64_t most = anchor_rounds_to(
	    h, &h->present.state.turn->user.regs);

	return most > ROUNDS_WORTH &&
	       rounds_look(&h->rounds, present_vcpu(h), most) &&
	       h->rounds.left > ROUNDS_WORTH &&
	       make_rounds(h, HISTORY_COUNTING);
}

bool
anchor_meet_rounds(struct history *h, uint64_t most)
{
	struct rounds *r = &h->rounds;
	bool can;

	if (most <= ROUNDS_WORTH || limit_position(h))
		return false;
	(void)debug_remove(h->machine, BREAKS_INNER, h->addr, 1);
	can = rounds_look(r, present_vcpu(h), most) && r->left > ROUNDS_WORTH;
	(void)debug_insert(h->machine, BREAKS_INNER, h->addr, 1);
	return can && make_rounds(h, h->state);
}

/* The thread is at the meeting to which the last of the rounds has led. */
static void
go_on_from_rounds(struct history *h)
{
	const struct debug_event met = {
		.kind = EVENT_BREAK,
		.vcpu = present_vcpu(h)->id,
		.addr = h->rounds.rip,
	};

	way_enter(h, h->skips);
	way_plant(h, h->rounds.rip);
	debug_set_met(present_vcpu(h), true);
	if (h->state == HISTORY_FINDING) {
		h->meetings += h->rounds.left - 2;
		wayback_on_finding(h, &met);
	} else {
		h->left -= h->rounds.left - 2;
		wayback_on_returning(h, &met);
	}
}

void
anchor_on_skipping(struct history *h, const struct debug_event *event)
{
	if (h->planted && event_is_meeting(h, event)) {
		way_leave(h);
		rounds_end(&h->rounds, present_vcpu(h));
		way_go(h, WANT_STEP, 0);
		return;
	}
	if (h->planted || !event_is_step(event)) {
		way_give_up(h);
		return;
	}
	if (h->skips == HISTORY_COUNTING) {
		keep_anchor(h);
		anchor_count(h);
	} else {
		go_on_from_rounds(h);
	}
}

void
anchor_on_counting(struct history *h, const struct debug_event *event)
{
	const bool there = snapshot_is_present(&h->present.state, h->machine);

	h->is_end = event_is_step(event) && h->passed == h->steps;
	h->steps += event_is_step(event);
	if (event_is_passing(h, event))
		h->passed = h->steps;
	/* An INT3 is passed with its signal, before the step is made; a call
	 * that waits passes the turn on. */
	if (there && (event_is_step(event) || event->kind == EVENT_SIGNAL ||
			 event_is_passing(h, event)))
		anchor_step(h, h->steps - event_is_step(event));
	else if (present_events(h) > h->present.state.events ||
		 present_is_last_call(h))
		way_give_up(h);
	else if (event->kind == EVENT_STEP && skip_rounds(h))
		return;
	else if (h->steps >= h->far && event_is_step(event) && can_measure(h))
		measure(h);
	else
		way_go(h, WANT_STEP, event->signal);
}

/* The debugger's stops on the way are passed. */
static void
pass_stop(struct history *h, const struct debug_event *event)
{
	if (present_events(h) > h->after || present_is_last_call(h)) {
		way_give_up(h);
		return;
	}
	way_keep_unmet(h, event);
	way_go(h, WANT_RUN, event->signal);
}

void
anchor_on_measuring(struct history *h, const struct debug_event *event)
{
	/* After the guest's own INT3 the signal shows it. */
	if (event_is_meeting(h, event) ||
	    snapshot_is_present(&h->present.state, h->machine))
		close_in(h, meet_counted(h->machine));
	else
		pass_stop(h, event);
}

void
anchor_on_closing(struct history *h, const struct debug_event *event)
{
	const bool meets = event_is_meeting(h, event);

	h->left -= meet_counted(h->machine) + meets;
	if (meets && h->left == 0 && !h->early) {
		anchor_count(h);
		return;
	}
	if (meets && h->left == 0)
		anchor_copy_early(h);
	if (h->left > 0)
		meet_begin(h->machine, h->addr, h->left, NULL);
	pass_stop(h, event);
}

void
anchor_on_stepping(struct history *h, const struct debug_event *event)
{
	h->left -= event_is_step(event);
	step_on(h);
}

bool
anchor_has_run_on(const struct history *h)
{
	return h->machine->live == 1 ||
	       present_replay(h)->ops->at(&h->machine->guest) ==
		   h->anchor.state.at;
}

bool
anchor_is_close(const struct history *h, int tid)
{
	return h->known && h->steps > 0 && h->steps <= ANCHOR_FAR &&
	       present_tid(h) == tid && anchor_has_run_on(h);
}

void
anchor_step_back(struct history *h)
{
	snapshot_drop(&h->present.state);
	way_open(h, HISTORY_TO_INSTRUCTION, HISTORY_STOPS);
	anchor_step(h, h->steps - 1);
}
