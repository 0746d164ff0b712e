/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations that differ in a replay.  Nothing here may know packets.
 */
#include "debugger/replay.h"

#include <errno.h>

static struct history *
history_of(void *ctx)
{
	return ((struct debugger_target *)ctx)->history;
}

/* The past cannot be changed. */
static int
refuse(void *ctx)
{
	struct debugger_target *t = ctx;

	if (t->report && !t->refused)
		t->report("a replay cannot be changed: registers and memory can"
			  " only be read; to change them, debug the guest"
			  " itself, without --replay");
	t->refused = true;
	return -EPERM;
}

static int
op_write_regs(void *ctx, int tid, const struct regs *regs, unsigned banks)
{
	(void)tid;
	(void)regs;
	(void)banks;
	return refuse(ctx);
}

static int64_t
op_write_mem(void *ctx, int tid, uint64_t addr, const void *buf, size_t len)
{
	(void)tid;
	(void)addr;
	(void)buf;
	(void)len;
	return refuse(ctx);
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

/* There is one thread, and it gets the signals that it had. */
static int
op_resume(void *ctx, const struct target_resume *how)
{
	struct history *h = history_of(ctx);
	struct target_action action = how->actions[0];
	size_t i = 0;

	while (i + 1 < how->n && action.kind == ACTION_STOP)
		action = how->actions[++i];
	action.tid = TARGET_ALL;
	action.signal = history_signal(h);
	if (!history_forward(h, want_of(action.kind)))
		return 0;
	return debugger_target_ops()->resume(
	    ctx, &(struct target_resume){ &action, 1 });
}

static int
op_reverse(void *ctx, bool one)
{
	return history_back(history_of(ctx), one);
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

	ops = *debugger_target_ops();
	ops.write_regs = op_write_regs;
	ops.write_mem = op_write_mem;
	ops.set_siginfo = NULL;
	ops.allocate = NULL;
	ops.release = NULL;
	ops.pause = NULL; /* there is no non-stop mode */
	ops.resume = op_resume;
	ops.reverse = op_reverse;
	ops.interrupt = op_interrupt;
	ops.attach = op_attach;
	ops.detach = op_detach;
	ops.pass_signals = op_pass_signals;
	ops.catch_syscalls = op_catch_syscalls;
	return &ops;
}
