/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * To the instruction before the present: LEADING, FINDING and RETURNING of
 * history.h.  The present is found again from a base on.
 */
#include "debugger/way.h"

#include "debugger/present.h"
#include "image/insn.h"
#include "vm/context.h"
#include "vm/position.h"
#include "vm/straight.h"

/* The state that is to be found. */
static struct snapshot *
target_of(struct history *h)
{
	return h->lead.taken ? &h->lead : &h->present.state;
}

/* Be at the base.  If that is the present itself, be there if it is right after
 * an event, and else at a base before it. */
static bool
go_before_present(struct history *h)
{
	const struct checkpoint *base = way_base(h, h->after);

	while (way_go_to_base(h, base)) {
		if (!snapshot_is_present(&h->present.state, h->machine) ||
		    !base->between)
			return true;
		base--;
	}
	return false;
}

static void found(struct history *h, const struct debug_event *event);

static void
find(struct history *h, uint64_t after, uint64_t addr)
{
	h->after = after;
	h->addr = h->end = addr;
	h->meetings = 0;
	snapshot_drop(&h->halfway.state);
	way_forget_stops(h);
	if (!go_before_present(h))
		return;
	way_enter(h, HISTORY_FINDING);
	if (!snapshot_is_present(&h->present.state, h->machine))
		way_advance(h, 0);
	else if (way_is_start(h->base) && h->goal != HISTORY_TO_NAME)
		way_end_at_start(h);
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

bool
wayback_look(const struct history *h, bool *steps)
{
	uint8_t code[MOVED_LOOK];
	const uint64_t rip = vcpu_user_rip(present_vcpu(h));
	const size_t n = breaks_read(
	    &h->machine->debug.breaks, rip, code, sizeof(code));
	struct insn insn;

	*steps = insn_decode(&insn, code, n) == INSN_OK &&
		 insn_is_stepped(&insn);
	return trampoline_fits(code, n, rip);
}

bool
wayback_is_entered(const struct history *h)
{
	return straight_is_entered(
	    &h->machine->debug.breaks, vcpu_user_rip(present_vcpu(h)));
}

/* To one that may suit: all rounds of a repeated one are made at once. */
static void
lead(struct history *h)
{
	way_enter(h, HISTORY_LEADING);
	h->leads++;
	if (rounds_look(&h->rounds, present_vcpu(h), UINT64_MAX) &&
	    h->rounds.all) {
		h->after = h->present.state.events;
		way_plant(h, h->rounds.next);
		way_go(h, WANT_RUN, 0);
		return;
	}
	way_go(h, WANT_STEP, 0);
}

/* Go on to an instruction whose meetings the guest can count, or find what is
 * known. */
static void
lead_on(struct history *h, bool possible)
{
	bool steps, suits = wayback_look(h, &steps);

	if (h->leads < LEAD_STEPS / 2 && wayback_is_entered(h))
		suits = false;
	if (possible && !suits && steps && h->leads < LEAD_STEPS) {
		lead(h);
		return;
	}
	if (possible && suits && h->leads > 0 && present_take(h, &h->lead) == 0)
		(void)position_look(present_vcpu(h), &h->sought);
	find_target(h);
}

void
wayback_find(struct history *h)
{
	snapshot_drop(&h->lead);
	snapshot_drop(&h->earlier.state);
	h->leads = 0;
	h->entries = false;
	(void)position_look(present_vcpu(h), &h->sought);
	lead_on(h, h->goal == HISTORY_TO_INSTRUCTION && present_is_between(h) &&
		       !flight_is_before(&h->present.state.turn->flight));
}

void
wayback_on_leading(struct history *h, const struct debug_event *event)
{
	const bool there = event->kind == EVENT_STEP ||
			   event_is_meeting(h, event);

	way_leave(h);
	lead_on(h, there && present_events(h) == h->present.state.events);
}

/* From the last meeting, or from the way's start if there is none.  That may be
 * the present itself, right after an event, if its meetings were known. */
static void
count_from_start(struct history *h)
{
	if (snapshot_is_present(&h->present.state, h->machine)) {
		way_leave(h);
		wayback_find(h);
		return;
	}
	anchor_count(h);
}

/* Where RETURNING begins. */
static const struct checkpoint *
closest(struct history *h)
{
	if (!h->halfway.state.taken || h->left <= h->halfway_meetings)
		return way_closer(h, h->after, h->base);
	h->left -= h->halfway_meetings;
	return &h->halfway;
}

/* To the last meeting before the present. */
static void
go_to_last_meeting(struct history *h)
{
	anchor_set_left(h, h->meetings);
	h->way.after = h->after;
	h->way.addr = h->addr;
	h->way.base = h->base->between && h->base->state.events == h->after
			  ? h->base->mark
			  : 0;
	if (!way_go_to_base(h, closest(h)))
		return;
	way_enter(h, HISTORY_RETURNING);
	if (h->left == 0 && present_events(h) == h->after)
		count_from_start(h);
	else
		way_advance(h, 0);
}

void
wayback_return_again(struct history *h, const struct checkpoint *base)
{
	snapshot_drop(&h->lead);
	snapshot_drop(&h->earlier.state);
	h->entries = false;
	h->base = base;
	h->after = h->way.after;
	h->addr = h->end = h->way.addr;
	h->meetings = h->anchor.nth - 1;
	go_to_last_meeting(h);
}

/* The instruction of the thread's last event.  That of a preemption is not made
 * yet, and a call that was cut short is made again: rip stands before it. */
static uint64_t
event_of(const struct history *h, struct vcpu *vcpu)
{
	struct kvm_regs regs;

	vcpu_user_regs(vcpu, &regs);
	return vcpu->flight.call == CALL_REPEATS ||
		       present_replay(h)->ops->preempted(&h->machine->guest)
		   ? regs.rip
		   : regs.rip - HYPERCALL_GATE_SIZE;
}

/* The present is right after an event: find its call, or the last meeting
 * before a preemption.  A call that has ended its thread has no address: then
 * step from the event before. */
static void
find_last_event(struct history *h)
{
	const struct hc_thread *maker = present_replay(h)->ops->maker(
	    &h->machine->guest);
	const uint64_t after = h->present.state.events - 1;

	snapshot_drop(&h->lead);
	if (maker) {
		find(h, after, event_of(h, vcpu_of((struct hc_thread *)maker)));
		return;
	}
	way_leave(h);
	h->after = after;
	h->meetings = 0;
	h->base = way_base(h, after);
	go_to_last_meeting(h);
}

static void
found(struct history *h, const struct debug_event *event)
{
	const bool after_call = !h->planted;

	if (h->goal == HISTORY_TO_NAME)
		wayname_found(h, event);
	else if (h->goal != HISTORY_TO_INSTRUCTION)
		waystop_return(h);
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

void
wayback_on_finding(struct history *h, const struct debug_event *event)
{
	/* Right after an event it is found before any meeting. */
	struct snapshot *target = h->planted ? target_of(h) : &h->present.state;

	h->meetings += meet_counted(h->machine);
	/* The present has the registers from before SYSCALL now. */
	if (way_seeks_call(h) && event_is_meeting(h, event) &&
	    !way_renew_present(h))
		return;
	if (snapshot_is_present(target, h->machine)) {
		/* That may be the last thing before the present. */
		if (h->task == HISTORY_WRITER || h->goal == HISTORY_TO_TURN)
			waystop_count(h, event);
		if (target == &h->present.state && h->checkpoints.mark != 0)
			h->present.mark = h->checkpoints.mark;
		found(h, event);
		return;
	}
	if (h->planted && present_events(h) > h->after) {
		way_give_up(h);
		return;
	}
	h->meetings += event_is_meeting(h, event);
	waystop_count(h, event);
	if (event_is_meeting(h, event))
		learn(h);
	way_keep_unmet(h, event);
	if (!event_is_meeting(h, event) ||
	    !anchor_meet_rounds(
		h, anchor_rounds_to(h, &target->turn->user.regs)))
		way_advance(h, event->signal);
}

void
wayback_on_returning(struct history *h, const struct debug_event *event)
{
	const bool to_place = h->goal == HISTORY_TO_PLACE;

	way_keep_unmet(h, event);
	h->left -= meet_counted(h->machine);
	if (event_is_meeting(h, event))
		h->left--;
	if (h->left == 0 && present_events(h) == h->after && h->early)
		anchor_copy_early(h);
	if (h->left == 0 && present_events(h) == h->after && to_place)
		wayname_arrive(h);
	else if (h->left == 0 && present_events(h) == h->after)
		count_from_start(h);
	else if ((h->planted && present_events(h) > h->after) ||
		 (to_place && present_is_end(h)))
		way_give_up(h);
	else if (!event_is_meeting(h, event) || !anchor_meet_rounds(h, h->left))
		way_advance(h, event->signal);
}
