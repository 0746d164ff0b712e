/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations that differ for a guest that is recorded or replayed.  Nothing
 * here may know packets.
 */
#include "debugger/recorded.h"

#include <errno.h>

/* A replay has no debugger that would make the same changes. */
static int
refuse(void *ctx)
{
	struct debugger_target *t = ctx;

	if (t->report && !t->refused)
		t->report(t->replayed
			      ? "a replay cannot be changed: registers and"
				" memory can only be read; to change them,"
				" debug the guest itself, without --record"
				" and --replay"
			      : "a guest that is recorded cannot be changed:"
				" registers and memory can only be read; to"
				" change them, debug it without --record");
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

const struct target_ops *
debugger_recorded_ops(void)
{
	static struct target_ops ops;

	ops = *debugger_target_ops();
	ops.write_regs = op_write_regs;
	ops.write_mem = op_write_mem;
	ops.set_siginfo = NULL;
	ops.allocate = NULL;
	ops.release = NULL;
	ops.pause = NULL; /* non-stop mode is refused */
	ops.resume = past_resume;
	ops.reverse = past_reverse;
	ops.catch_syscalls = past_catch;
	return &ops;
}
