/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the living guest to its past and back.  Nothing here may know packets,
 * connections or processes.
 */
#include "debugger/past.h"

#include "debugger/recorded.h"
#include "debugger/replay.h"
#include "debugger/target.h"
#include "vm/position.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The part of the past's worker; a process has one. */
static enum {
	PAST_ARRIVES,
	PAST_ASKED,
	PAST_SERVES,
	PAST_HOME,
} state;

int
past_ask(struct debugger_target *t, enum past_request request)
{
	t->handover->request = request;
	return 0;
}

void
past_goto(struct debugger_target *t, const struct history_place *place)
{
	t->handover->place = *place;
	t->armed = true;
}

/* The debugger has asked for a place before: that comes first. */
static bool
is_led(struct debugger_target *t)
{
	const bool armed = t->armed;

	t->armed = false;
	if (armed)
		(void)past_ask(t, REQUEST_PLACE);
	return armed;
}

int
past_reverse(void *ctx, int tid)
{
	struct debugger_target *t = ctx;

	t->handover->tid = tid;
	return is_led(t) ? 0
			 : past_ask(t,
			       tid == TARGET_ALL ? REQUEST_STOP : REQUEST_STEP);
}

/* A thread that the debugger holds runs when it has the turn: others may wait
 * for the turn after that. */
int
past_resume(void *ctx, const struct target_resume *how)
{
	return !how->interrupted && is_led(ctx)
		   ? 0
		   : debugger_target_resume(ctx, how, WANT_RUN);
}

static void
note_catch(struct handover *p, bool on, const uint32_t *number, size_t n)
{
	p->catches = on;
	p->caught = on ? n : 0;
	if (p->caught > 0)
		memcpy(p->catch, number, n * sizeof(number[0]));
}

int
past_catch(void *ctx, bool on, const uint32_t *number, size_t n)
{
	int r = debugger_target_ops()->catch_syscalls(ctx, on, number, n);

	if (r == 0)
		note_catch(
		    ((struct debugger_target *)ctx)->handover, on, number, n);
	return r;
}

static struct vcpu *
vcpu_that_runs(struct machine *m)
{
	return machine_thread(m, m->guest.living->runs(&m->guest));
}

static bool
has_tracepoints(const struct debug *d)
{
	unsigned i;

	for (i = 0; i < d->breaks.set.count; i++)
		if (d->breaks.set.list[i].trace)
			return true;
	return d->traced.on;
}

/* A call that was not made yet is before its instruction. */
static bool
describe_limit(
    struct machine *m, struct vcpu *vcpu, struct history_limit *limit)
{
	const struct flight *f = &vcpu->flight;
	const enum hc_stands stands = m->guest.living->stands(&m->guest);
	bool taken;

	*limit = (struct history_limit){
		.tid = vcpu->thread.tid,
		.events = m->guest.living->events(&m->guest),
		.after_event = stands == HC_STANDS_AFTER_EVENT,
		.past_call = stands == HC_STANDS_IN_CALL || flight_is_before(f),
		.at_signal = f->raised == RAISED_ASKED,
	};
	/* A kick may have met it in the shim: rip stands before the call. */
	limit->before_call = limit->past_call || f->call == CALL_REPEATS;
	breaks_hide(&m->debug.breaks);
	taken = position_take(vcpu, &limit->position);
	breaks_show(&m->debug.breaks);
	limit->holes = *m->guest.living->holes(&m->guest);
	if (limit->past_call) {
		limit->position.reg[HC_POSITION_RIP] -= HYPERCALL_GATE_SIZE;
		limit->position.reg[HC_POSITION_RAX] = f->number;
	}
	return taken;
}

static struct target_break
watch_of(const struct watchpoint *w)
{
	return (struct target_break){
		.type = (enum break_type)w->type,
		.addr = w->addr,
		.kind = w->len,
	};
}

/* All that the debugger has inserted leaves this machine. */
static void
leave_points(struct debugger_target *t)
{
	struct handover *p = t->handover;
	struct breaks *b = &t->machine->debug.breaks;
	unsigned i;

	p->breaks = p->watches = 0;
	for (i = 0; i < b->set.count; i++)
		if (b->set.list[i].soft || b->set.list[i].hard)
			p->brk[p->breaks++] = (struct past_break){
				.addr = b->set.list[i].addr,
				.soft = b->set.list[i].soft,
				.hard = b->set.list[i].hard,
			};
	for (i = 0; i < b->watches; i++)
		p->watch[p->watches++] = watch_of(&b->watch[i]);
	p->points = t->hits->points;
	points_clear(&t->hits->points);
	breaks_clear(b);
}

/* And comes to the other.  A place that is not there cannot be met. */
static void
take_points(struct debugger_target *t)
{
	struct handover *p = t->handover;
	struct machine *m = t->machine;
	unsigned i;

	for (i = 0; i < p->breaks && i < BREAKS_MAX; i++) {
		if (p->brk[i].soft)
			(void)debug_insert(m, BREAKS_SOFT, p->brk[i].addr, 1);
		if (p->brk[i].hard)
			(void)debug_insert(m, BREAKS_HARD, p->brk[i].addr, 1);
	}
	for (i = 0; i < p->watches && i < WATCHES_MAX; i++)
		(void)debug_insert(m, (enum breaks_type)p->watch[i].type,
		    p->watch[i].addr, p->watch[i].kind);
	t->hits->points = p->points;
}

static size_t
caught(const struct handover *p)
{
	return p->caught > TARGET_CATCHES ? TARGET_CATCHES : p->caught;
}

const char *
past_depart(struct debugger_target *t)
{
	struct handover *p = t->handover;
	struct machine *m = t->machine;
	struct vcpu *vcpu = vcpu_that_runs(m);
	int r;

	if (!vcpu)
		return "the thread that ran last has ended: let another run";
	if (has_tracepoints(&m->debug))
		return "there are tracepoints, which do not work in the past:"
		       " delete them";
	r = m->guest.living->write_out(&m->guest);
	if (r < 0) {
		snprintf(
		    p->why, sizeof(p->why), "the recording: %s", strerror(-r));
		return p->why;
	}
	if (!describe_limit(m, vcpu, &p->limit))
		return "a call that waits may write too much memory: try again"
		       " when it has returned";
	leave_points(t);
	p->returns = RETURN_LOST;
	p->clean = false;
	snprintf(
	    p->why, sizeof(p->why), "the process that replayed it has ended");
	return NULL;
}

void
past_come_back(struct debugger_target *t)
{
	struct handover *p = t->handover;

	p->request = REQUEST_NONE;
	p->why[PLAN_WHY - 1] = '\0';
	take_points(t);
	(void)debug_catch(t->machine, p->catches, p->catch, caught(p));
}

static struct history *
history_of(const struct debugger_target *t)
{
	return t->history;
}

void
past_go_home(struct debugger_target *t, enum past_return returns)
{
	struct handover *p = t->handover;

	if (state == PAST_HOME)
		return;
	if (state != PAST_ARRIVES)
		leave_points(t);
	p->marks = history_of(t)->marks;
	memcpy(p->marked, history_of(t)->marked, sizeof(p->marked));
	p->returns = returns;
	p->clean = true;
	state = PAST_HOME;
}

bool
past_is_over(const struct debugger_target *t)
{
	(void)t;
	return state == PAST_HOME;
}

static void
lose(struct debugger_target *t, const char *why)
{
	snprintf(t->handover->why, sizeof(t->handover->why), "%s", why);
	past_go_home(t, RETURN_LOST);
}

/* Nothing stops the guest on its way to the limit. */
void
past_arrive(struct debugger_target *t)
{
	struct history *h = history_of(t);
	struct handover *p = t->handover;
	unsigned i;

	h->marks = p->marks > HISTORY_PLACES ? HISTORY_PLACES : p->marks;
	memcpy(h->marked, p->marked, sizeof(h->marked));
	history_limit(h, &p->limit);
	history_attach(h);
	history_pass_signals(h, ~UINT64_C(0));
	for (i = 0; i < MACHINE_VCPUS; i++)
		*history_order(
		    h, i) = (struct history_order){ .want = WANT_RUN };
	state = PAST_ARRIVES;
	history_forward(h);
}

/* The instruction before a call that the debugger was shown is the call. */
static bool
is_there(const struct debugger_target *t)
{
	const struct handover *p = t->handover;

	return p->limit.past_call && p->request == REQUEST_STEP &&
	       p->limit.tid == p->tid;
}

static int
begin_request(struct debugger_target *t)
{
	struct history *h = history_of(t);
	const struct handover *p = t->handover;

	switch (p->request) {
	case REQUEST_NAME: return history_name(h, false);
	case REQUEST_MARK: return history_name(h, true);
	case REQUEST_WRITER:
	case REQUEST_CHANGER:
		return history_last_write(
		    h, p->addr, p->len, p->request == REQUEST_CHANGER);
	case REQUEST_PLACE: history_goto(h, &p->place); break;
	default: break;
	}
	return history_back(
	    h, p->request == REQUEST_STEP ? p->tid : TARGET_ALL);
}

static bool
is_question(enum past_request request)
{
	return request == REQUEST_NAME || request == REQUEST_MARK ||
	       request == REQUEST_WRITER || request == REQUEST_CHANGER;
}

/* The guest is where the living one is: the debugger's own stops count. */
static void
serve(struct debugger_target *t)
{
	const struct handover *p = t->handover;
	struct history *h = history_of(t);
	int r;

	state = is_question(p->request) ? PAST_ASKED : PAST_SERVES;
	history_pass_signals(h, t->passed);
	(void)history_catch(h, p->catches, p->catch, caught(p));
	take_points(t);
	r = is_there(t) ? 0 : begin_request(t);
	if (r < 0)
		lose(t, strerror(-r));
}

/* The guest has come to rest on its way to the limit, or there: is that to be
 * reported? */
static bool
arrive(struct debugger_target *t, struct debug_event *event)
{
	struct history *h = history_of(t);
	const bool there = history_is_at_limit(h);

	h->edge = HISTORY_WITHIN;
	if (h->interrupted)
		past_go_home(t, RETURN_CUT);
	else if (!there)
		lose(t, "the replay has not reached the guest's present state");
	else
		serve(t);
	event->kind = EVENT_STEP;
	return state == PAST_SERVES && is_there(t);
}

bool
past_takes(struct debugger_target *t, struct debug_event *event)
{
	if (event->kind == EVENT_ENDED) {
		lose(t, "the replay has not reached the guest's present state");
		return true;
	}
	switch (state) {
	case PAST_ARRIVES: return !arrive(t, event);
	case PAST_ASKED: past_go_home(t, RETURN_DONE); return true;
	case PAST_SERVES: return false;
	case PAST_HOME: break;
	}
	return true;
}

static int
op_resume(void *ctx, const struct target_resume *how)
{
	struct debugger_target *t = ctx;
	struct handover *p = t->handover;

	if (how->interrupted || history_of(t)->armed ||
	    !history_is_at_limit(history_of(t)))
		return debugger_replay_ops()->resume(ctx, how);
	if (how->n > sizeof(p->action) / sizeof(p->action[0]))
		return -E2BIG;
	memcpy(p->action, how->actions, how->n * sizeof(p->action[0]));
	p->actions = how->n;
	past_go_home(t, RETURN_RESUME);
	return 0;
}

static void
op_kill(void *ctx)
{
	past_go_home(ctx, RETURN_KILL);
}

static void
op_detach(void *ctx)
{
	past_go_home(ctx, RETURN_DETACH);
}

static int
op_restart(void *ctx, const struct target_run *run)
{
	int r = debugger_target_ops()->restart(ctx, run);

	if (r == 0)
		past_go_home(ctx, RETURN_CONNECTION);
	return r;
}

static int
op_catch(void *ctx, bool on, const uint32_t *number, size_t n)
{
	int r = debugger_replay_ops()->catch_syscalls(ctx, on, number, n);

	if (r == 0)
		note_catch(
		    ((struct debugger_target *)ctx)->handover, on, number, n);
	return r;
}

static struct trace *
op_trace(void *ctx)
{
	(void)ctx;
	return NULL;
}

const struct target_ops *
debugger_past_ops(void)
{
	static struct target_ops ops;

	ops = *debugger_replay_ops();
	ops.trace = op_trace;
	ops.resume = op_resume;
	ops.kill = op_kill;
	ops.detach = op_detach;
	ops.restart = op_restart;
	ops.catch_syscalls = op_catch;
	return &ops;
}
