/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory that a debugger asked for, to evaluate an expression in.  It
 * must not know packets.
 */
#ifndef DEBUGGER_SCRATCH_H
#define DEBUGGER_SCRATCH_H

#include <stdint.h>

/* How many pieces a debugger can hold at once: LLDB keeps them, and puts many
 * expressions into each. */
#define DEBUGGER_SCRATCHES 64

struct debugger_scratch {
	struct {
		uint64_t addr; /* 0: the entry is free */
		uint64_t len;
	} piece[DEBUGGER_SCRATCHES];
};

/* See gdb/target.h; `ctx` is a struct debugger_target. */
int64_t debugger_allocate(void *ctx, uint64_t len, unsigned access);
int debugger_release(void *ctx, uint64_t addr);

#endif
