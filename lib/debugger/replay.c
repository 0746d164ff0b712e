/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations that differ in a replay.  Nothing here may know packets.
 */
#include "debugger/replay.h"

#include "debugger/recorded.h"

static struct history *
history_of(void *ctx)
{
	return ((struct debugger_target *)ctx)->history;
}

static enum debug_want
want_of(enum target_action_kind kind)
{
	switch (kind) {
	case ACTION_STEP: return WANT_STEP;
	case ACTION_RANGE: return WANT_RANGE;
	default: return WANT_RUN;
	}
}

static struct history_order
order_of(const struct target_action *action)
{
	if (!action || action->kind == ACTION_STOP)
		return (struct history_order){ .want = WANT_RUN, .held = true };
	return (struct history_order){
		.want = want_of(action->kind),
		.lo = action->lo,
		.hi = action->hi,
	};
}

/* The recording decides which thread runs, also one that is held.  Threads get
 * the signals that they had. */
static int
op_resume(void *ctx, const struct target_resume *how)
{
	const struct machine *m = ((struct debugger_target *)ctx)->machine;
	struct history *h = history_of(ctx);
	const struct target_action *action;
	unsigned i;

	for (i = 0; i < MACHINE_VCPUS; i++) {
		action = debugger_target_action(
		    how, i < m->vcpus ? m->vcpu[i].thread.tid : TARGET_ALL);
		*history_order(h, i) = order_of(action);
	}
	if (how->interrupted)
		history_interrupt(h);
	else
		history_forward(h);
	return 0;
}

/* No stop is made for a thread that begins or ends. */
static void
op_thread_events(void *ctx, bool on)
{
	(void)ctx;
	(void)on;
}

static int
op_reverse(void *ctx, int tid)
{
	return history_back(history_of(ctx), tid);
}

static void
op_interrupt(void *ctx)
{
	history_interrupt(history_of(ctx));
}

static void
op_attach(void *ctx)
{
	debugger_target_ops()->attach(ctx);
	history_attach(history_of(ctx));
}

static void
op_detach(void *ctx)
{
	history_detach(history_of(ctx));
	debugger_target_ops()->detach(ctx);
}

static void
op_pass_signals(void *ctx, uint64_t set)
{
	history_pass_signals(history_of(ctx), set);
}

static int
op_catch_syscalls(void *ctx, bool on, const uint32_t *number, size_t n)
{
	return history_catch(history_of(ctx), on, number, n);
}

const struct target_ops *
debugger_replay_ops(void)
{
	static struct target_ops ops;

	ops = *debugger_recorded_ops();
	ops.resume = op_resume;
	ops.thread_events = op_thread_events;
	ops.reverse = op_reverse;
	ops.interrupt = op_interrupt;
	ops.attach = op_attach;
	ops.detach = op_detach;
	ops.pass_signals = op_pass_signals;
	ops.catch_syscalls = op_catch_syscalls;
	return &ops;
}
