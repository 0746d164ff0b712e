/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the history of a living guest ends.  Nothing here may know ways.
 */
#include "debugger/limit.h"

#include "debugger/present.h"
#include "vm/context.h"
#include "vm/position.h"

/* May the limit be before the next event? */
static bool
is_near_limit(const struct history *h)
{
	return h->bound != HISTORY_RECORDED &&
	       present_ahead(h) == HC_AHEAD_NOTHING;
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
	present_replay(h)->ops->leave_out(&h->machine->guest, &h->limit.holes);
	breaks_hide(b);
	same = position_is_here(vcpu, &position);
	breaks_show(b);
	return same;
}

/* There for the first time: it is copied. */
static bool
has_found_limit(struct history *h)
{
	struct vcpu *vcpu = present_vcpu(h);

	if (present_events(h) != h->limit.events || !thread_lives(vcpu) ||
	    vcpu->thread.tid != h->limit.tid)
		return false;
	return (h->limit.after_event || is_at_position(h, vcpu)) &&
	       present_take(h, &h->limit_state) == 0;
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

static uint64_t
limit_address(const struct history *h)
{
	return h->limit.position.reg[HC_POSITION_RIP];
}

void
limit_fence(struct history *h)
{
	if (!is_near_limit(h) || h->limit.after_event ||
	    h->bound == HISTORY_FENCED ||
	    (h->planted && h->addr == limit_address(h)))
		return;
	(void)debug_insert(h->machine, BREAKS_INNER, limit_address(h), 1);
	h->bound = HISTORY_FENCED;
}

void
limit_leave_fence(struct history *h)
{
	if (h->bound != HISTORY_FENCED)
		return;
	(void)debug_remove(h->machine, BREAKS_INNER, limit_address(h), 1);
	h->bound = HISTORY_LIMITED;
}

const struct hc_position *
limit_position(const struct history *h)
{
	return is_near_limit(h) && !h->limit.after_event &&
		       h->addr == limit_address(h)
		   ? &h->limit.position
		   : NULL;
}

bool
limit_is_met(const struct history *h, const struct debug_event *event)
{
	return h->bound == HISTORY_FENCED && event->addr == limit_address(h) &&
	       (event->kind == EVENT_BREAK || event->kind == EVENT_HARDBREAK) &&
	       !h->hits->asked;
}

void
history_limit(struct history *h, const struct history_limit *limit)
{
	h->bound = HISTORY_LIMITED;
	h->limit = *limit;
}
