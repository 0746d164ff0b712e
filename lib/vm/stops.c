/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transition of the stop machinery.  Nothing here may know KVM or threads.
 */
#include "vm/stops.h"

#include <string.h>

static void
add(uint64_t set[], uint32_t vcpu)
{
	set[vcpu / 64] |= UINT64_C(1) << vcpu % 64;
}

static bool
lives(const struct stops_vcpu *v)
{
	return v->run != RUN_ABSENT;
}

static bool
all_rest(const struct stops *s)
{
	uint32_t i;

	for (i = 0; i < s->vcpus; i++)
		if (lives(&s->vcpu[i]) && s->vcpu[i].run != RUN_RESTING)
			return false;
	return true;
}

/* Can no vCPU run guest code? */
static bool
all_out(const struct stops *s)
{
	uint32_t i;

	for (i = 0; i < s->vcpus; i++)
		if (lives(&s->vcpu[i]) && s->vcpu[i].run != RUN_RESTING &&
		    s->vcpu[i].run != RUN_CALLING)
			return false;
	return true;
}

static bool
any_wanted(const struct stops *s)
{
	uint32_t i;

	for (i = 0; i < s->vcpus; i++)
		if (lives(&s->vcpu[i]) && s->vcpu[i].wanted)
			return true;
	return false;
}

/* The next vCPU with such news, each in its turn.  One that is not let run
 * keeps its news until it is. */
static uint32_t
next_with(const struct stops *s, enum stops_news news)
{
	uint32_t i;

	for (i = 0; i < s->vcpus; i++) {
		uint32_t at = (s->next + i) % s->vcpus;
		const struct stops_vcpu *v = &s->vcpu[at];

		if (lives(v) && v->wanted && v->news == news)
			return at;
	}
	return STOPS_NONE;
}

/* An event of no thread is reported for the oldest that was let run. */
static uint32_t
oldest(const struct stops *s)
{
	uint32_t found = 0, i;
	bool any = false;

	for (i = 0; i < s->vcpus; i++) {
		const struct stops_vcpu *v = &s->vcpu[i];
		const struct stops_vcpu *f = &s->vcpu[found];

		if (lives(v) &&
		    (!any || v->wanted > f->wanted ||
			(v->wanted == f->wanted && v->tid < f->tid))) {
			found = i;
			any = true;
		}
	}
	return found;
}

/* The vCPUs in the guest are to leave it, and (`calls`) those in calls also. */
static void
stop_all(struct stops *s, bool calls, struct stops_actions *act)
{
	uint32_t i;

	for (i = 0; i < s->vcpus; i++) {
		struct stops_vcpu *v = &s->vcpu[i];

		if (i == s->lone)
			continue;
		if (v->run == RUN_RUNNING || (calls && v->run == RUN_CALLING)) {
			v->run = RUN_STOPPING;
			add(act->kick, i);
		}
	}
}

static void
grant(struct stops *s, uint32_t vcpu, struct stops_actions *act)
{
	if (s->vcpu[vcpu].run != RUN_RESTING)
		return;
	s->vcpu[vcpu].run = RUN_RUNNING;
	add(act->wake, vcpu);
}

static void
be_ready(struct stops *s, uint32_t vcpu, enum stops_report report,
    struct stops_actions *act)
{
	s->mode = MODE_READY;
	s->reported = vcpu;
	s->report = report;
	act->notify = true;
}

static void
begin_lone(struct stops *s, uint32_t vcpu, struct stops_actions *act)
{
	s->mode = MODE_ALONE;
	s->lone = vcpu;
	s->next = (vcpu + 1) % s->vcpus;
	s->vcpu[vcpu].news = NEWS_NONE;
	s->vcpu[vcpu].over = false;
	act->begins = vcpu;
	grant(s, vcpu, act);
}

static void
end_lone(struct stops *s, struct stops_actions *act)
{
	if (s->lone == STOPS_NONE)
		return;
	act->ends = s->lone;
	s->lone = STOPS_NONE;
}

/* No vCPU is in the guest, and there is nothing to report: let those run that
 * are wanted, but first the one that rests on a breakpoint. */
static void
go(struct stops *s, struct stops_actions *act)
{
	uint32_t i;

	for (i = 0; i < s->vcpus; i++) {
		const struct stops_vcpu *v = &s->vcpu[i];

		if (v->run == RUN_RESTING && v->wanted && v->over) {
			begin_lone(s, i, act);
			return;
		}
	}
	s->mode = MODE_GOING;
	for (i = 0; i < s->vcpus; i++)
		if (s->vcpu[i].wanted)
			grant(s, i, act);
}

/* If those have stopped that had to: what comes next? */
static void
settle(struct stops *s, struct stops_actions *act)
{
	const bool interrupted = s->mode == MODE_INTERRUPTING;
	uint32_t page, event;

	if ((!stops_are_awaited(s) && s->mode != MODE_ALONE) || !all_out(s))
		return;
	end_lone(s, act);
	page = next_with(s, NEWS_PAGE);
	if (page != STOPS_NONE && !interrupted &&
	    s->vcpu[page].run == RUN_RESTING) {
		begin_lone(s, page, act);
		return;
	}
	event = next_with(s, NEWS_EVENT);
	if (event == STOPS_NONE && !interrupted && any_wanted(s)) {
		go(s, act);
		return;
	}
	if (!interrupted)
		s->mode = MODE_GATHERING;
	if (!all_rest(s))
		stop_all(s, true, act);
	else if (event != STOPS_NONE)
		be_ready(s, event, REPORT_EVENT, act);
	else
		be_ready(s, oldest(s),
		    interrupted ? REPORT_INTERRUPT : REPORT_GONE, act);
}

static void
on_born(
    struct stops *s, const struct stops_input *in, struct stops_actions *act)
{
	struct stops_vcpu *v = &s->vcpu[in->vcpu];

	(void)act;
	if (in->vcpu >= s->vcpus)
		s->vcpus = in->vcpu + 1;
	v->tid = in->tid;
	v->wanted = in->wanted;
	v->news = NEWS_NONE;
	v->over = false;
	v->run = s->mode == MODE_OVER                  ? RUN_LEAVING
		 : s->mode == MODE_GOING && in->wanted ? RUN_RUNNING
						       : RUN_STOPPING;
}

static void
on_gone(
    struct stops *s, const struct stops_input *in, struct stops_actions *act)
{
	/* It is taken from a thread that rests. */
	if (s->vcpu[in->vcpu].run == RUN_RESTING)
		add(act->wake, in->vcpu);
	s->vcpu[in->vcpu].run = RUN_ABSENT;
	s->vcpu[in->vcpu].news = NEWS_NONE;
	if (s->lone == in->vcpu)
		end_lone(s, act);
	/* If no other is let run, the debugger would wait for ever. */
	if (s->mode == MODE_GOING && !any_wanted(s))
		s->mode = MODE_GATHERING;
	settle(s, act);
}

static void
on_event(
    struct stops *s, const struct stops_input *in, struct stops_actions *act)
{
	struct stops_vcpu *v = &s->vcpu[in->vcpu];

	if (s->lone == in->vcpu && in->news == NEWS_PAGE) {
		act->opens = in->vcpu;
		return;
	}
	if (v->run == RUN_RUNNING || v->run == RUN_CALLING)
		v->run = RUN_STOPPING;
	v->news = in->news;
	if (s->mode != MODE_GOING && s->mode != MODE_QUIETING)
		return;
	if (in->news == NEWS_EVENT)
		s->mode = MODE_GATHERING;
	else if (s->mode == MODE_GOING)
		s->mode = MODE_QUIETING;
	stop_all(s, s->mode == MODE_GATHERING, act);
}

static void
on_rested(
    struct stops *s, const struct stops_input *in, struct stops_actions *act)
{
	struct stops_vcpu *v = &s->vcpu[in->vcpu];

	if (v->run != RUN_STOPPING && v->run != RUN_LENT)
		return;
	v->run = RUN_RESTING;
	v->news = in->news;
	v->over = in->over;
	if (s->mode == MODE_GOING && v->wanted && v->news == NEWS_NONE) {
		if (!v->over) {
			grant(s, in->vcpu, act);
			return;
		}
		s->mode = MODE_QUIETING;
		stop_all(s, false, act);
	}
	settle(s, act);
}

/* A lone instruction that is a hypercall has left the guest, and may wait for
 * what another thread has to do: all others go on while it is served. */
static void
on_call(
    struct stops *s, const struct stops_input *in, struct stops_actions *act)
{
	struct stops_vcpu *v = &s->vcpu[in->vcpu];

	if (v->run == RUN_RUNNING)
		v->run = RUN_CALLING;
	else if (v->run != RUN_LENT)
		add(act->kick, in->vcpu);
	if (s->lone == in->vcpu)
		settle(s, act);
}

/* A call that was cut short is made again: without its breakpoint, if it has
 * one, which is seen when the vCPU rests. */
static void
on_returned(
    struct stops *s, const struct stops_input *in, struct stops_actions *act)
{
	struct stops_vcpu *v = &s->vcpu[in->vcpu];

	(void)act;
	if (v->run == RUN_CALLING)
		v->run = s->mode == MODE_GOING && !in->cut ? RUN_RUNNING
							   : RUN_STOPPING;
}

static void
on_hand(
    struct stops *s, const struct stops_input *in, struct stops_actions *act)
{
	if (s->vcpu[in->vcpu].run != RUN_LENT)
		return;
	/* It may have passed its turn on, by which all are to rest. */
	s->vcpu[in->vcpu].run = stops_are_awaited(s) ? RUN_STOPPING
						     : RUN_RUNNING;
	add(act->wake, in->vcpu);
}

static void
on_want(
    struct stops *s, const struct stops_input *in, struct stops_actions *act)
{
	struct stops_vcpu *v = &s->vcpu[in->vcpu];

	(void)act;
	v->wanted = in->wanted;
	v->over = in->over;
	/* The page may be watched no more: if it is, it is met again. */
	v->news = in->news == NEWS_PAGE ? NEWS_NONE : in->news;
}

static void
on_resume(
    struct stops *s, const struct stops_input *in, struct stops_actions *act)
{
	uint32_t event;

	if (s->mode != MODE_HELD)
		return;
	event = next_with(s, NEWS_EVENT);
	if (event != STOPS_NONE) {
		be_ready(s, event, REPORT_EVENT, act);
		return;
	}
	if (!any_wanted(s)) {
		be_ready(s, oldest(s), REPORT_GONE, act);
		return;
	}
	go(s, act);
	if (in->lend && s->vcpu[in->vcpu].run == RUN_RUNNING) {
		s->vcpu[in->vcpu].run = RUN_LENT;
		act->wake[in->vcpu / 64] &= ~(UINT64_C(1) << in->vcpu % 64);
	}
}

static void
on_interrupt(
    struct stops *s, const struct stops_input *in, struct stops_actions *act)
{
	(void)in;
	if (s->mode == MODE_READY || s->mode == MODE_OVER)
		return;
	s->mode = MODE_INTERRUPTING;
	stop_all(s, true, act);
	settle(s, act);
}

static void
on_take(
    struct stops *s, const struct stops_input *in, struct stops_actions *act)
{
	(void)in;
	settle(s, act);
	if (s->mode != MODE_READY)
		return;
	act->taken = true;
	s->mode = MODE_HELD;
	s->next = (s->reported + 1) % s->vcpus;
	if (s->report == REPORT_EVENT)
		s->vcpu[s->reported].news = NEWS_NONE;
}

static void
on_over(
    struct stops *s, const struct stops_input *in, struct stops_actions *act)
{
	uint32_t i;

	(void)in;
	s->mode = MODE_OVER;
	act->notify = true;
	for (i = 0; i < s->vcpus; i++) {
		struct stops_vcpu *v = &s->vcpu[i];

		if (!lives(v) || v->run == RUN_LEAVING)
			continue;
		add(v->run == RUN_RESTING || v->run == RUN_LENT ? act->wake
								: act->kick,
		    i);
		v->run = RUN_LEAVING;
	}
}

void
stops_step(
    struct stops *s, const struct stops_input *in, struct stops_actions *act)
{
	static void (*const transitions[])(struct stops * s,
	    const struct stops_input *in, struct stops_actions *act) = {
		[CAUSE_BORN] = on_born,
		[CAUSE_GONE] = on_gone,
		[CAUSE_EVENT] = on_event,
		[CAUSE_RESTED] = on_rested,
		[CAUSE_CALL] = on_call,
		[CAUSE_RETURNED] = on_returned,
		[CAUSE_HAND] = on_hand,
		[CAUSE_WANT] = on_want,
		[CAUSE_RESUME] = on_resume,
		[CAUSE_INTERRUPT] = on_interrupt,
		[CAUSE_TAKE] = on_take,
		[CAUSE_OVER] = on_over,
	};

	memset(act, 0, sizeof(*act));
	act->ends = act->begins = act->opens = STOPS_NONE;
	transitions[in->cause](s, in, act);
}
