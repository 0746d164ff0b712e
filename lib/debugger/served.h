/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditions of breakpoints and tracepoints as tests that the guest makes
 * itself (vm/sieve.h).  It must not know when they are made: what it cannot
 * give to the guest is evaluated at each hit (hit.h), as is each that holds.
 */
#ifndef DEBUGGER_SERVED_H
#define DEBUGGER_SERVED_H

#include "gdb/target.h"
#include "gdb/trace.h"
#include "vm/machine.h"

/* At rest: the breakpoint has these expressions from now on, or none. */
void served_set(struct machine *m, const struct target_break *brk);
void served_drop(struct machine *m, const struct target_break *brk);

/* The tracepoints of `t` at `addr` are planted from now on, or not. */
void
served_trace(struct machine *m, const struct trace *t, uint64_t addr, bool on);

#endif
