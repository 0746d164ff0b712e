/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest of a history as it rests.  Nothing here may change it or know ways.
 */
#include "debugger/present.h"

#include "debugger/limit.h"

struct hc_replay *
present_replay(const struct history *h)
{
	return h->machine->guest.replay;
}

struct vcpu *
present_vcpu(const struct history *h)
{
	return vcpu_of(present_replay(h)->ops->turn(&h->machine->guest));
}

int
present_tid(const struct history *h)
{
	return present_vcpu(h)->thread.tid;
}

uint64_t
present_events(const struct history *h)
{
	return present_replay(h)->ops->events(&h->machine->guest);
}

enum hc_ahead
present_ahead(const struct history *h)
{
	return present_replay(h)->ops->ahead(&h->machine->guest);
}

bool
present_is_cut_off(const struct history *h)
{
	return present_ahead(h) == HC_AHEAD_NOTHING &&
	       h->bound == HISTORY_RECORDED;
}

int
present_take(struct history *h, struct snapshot *s)
{
	const struct checkpoint *near = checkpoints_before(
	    &h->checkpoints, present_events(h), h->checkpoints.mark, false);

	return snapshot_take(s, h->machine, &near->state);
}

int
present_copy(struct history *h, struct history_copy *copy)
{
	copy->mark = h->checkpoints.mark;
	copy->nth = 0;
	return present_take(h, &copy->state);
}

bool
present_is_last_call(const struct history *h)
{
	const struct flight *f = &present_vcpu(h)->flight;

	return flight_is_before(f) &&
	       (f->number == HC_exit_group ||
		   (f->number == HC_exit && h->machine->live == 1));
}

bool
event_is_end_of_one(const struct history *h, const struct debug_event *event)
{
	const struct flight *f = &h->machine->vcpu[event->vcpu].flight;

	return event->kind == EVENT_CALL && f->number == HC_exit &&
	       h->machine->live > 1 && !h->catches.exit;
}

bool
event_is_passing(const struct history *h, const struct debug_event *event)
{
	return !h->interrupted &&
	       (event->kind == EVENT_INTERRUPT || event->kind == EVENT_GONE);
}

int
history_signal(const struct history *h)
{
	const struct vcpu *vcpu = present_vcpu(h);

	return vcpu->flight.raised == RAISED_ASKED ? vcpu->debug.info.si_signo
						   : 0;
}

/* Will the signal that the guest rests at end it? */
static bool
is_at_last_signal(const struct history *h)
{
	const int signal = history_signal(h);

	return signal && present_ahead(h) == HC_AHEAD_END &&
	       !h->machine->guest.signals.action[signal - 1].handler;
}

bool
present_is_end(struct history *h)
{
	return present_is_last_call(h) || is_at_last_signal(h) ||
	       present_is_cut_off(h) || history_is_at_limit(h);
}

bool
present_stands_at_call(
    const struct flight *flight, const struct hc_thread *thread)
{
	return flight->call == CALL_REPEATS && !thread->awaits_turn;
}

bool
present_is_between(const struct history *h)
{
	const struct vcpu *vcpu = present_vcpu(h);

	return !flight_is_shown(&vcpu->flight) &&
	       !flight_is_due(&vcpu->flight) &&
	       !present_stands_at_call(&vcpu->flight, &vcpu->thread) &&
	       !vcpu->debug.signal && !vcpu->thread.signals.pending;
}

bool
event_is_meeting(const struct history *h, const struct debug_event *event)
{
	return (event->kind == EVENT_BREAK || event->kind == EVENT_HARDBREAK) &&
	       h->planted && event->addr == h->addr;
}

bool
event_is_step(const struct debug_event *event)
{
	return event->kind == EVENT_STEP || event->kind == EVENT_WATCH;
}
