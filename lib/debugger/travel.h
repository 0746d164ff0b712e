/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands of `monitor` for a history: they show its checkpoints.  It must not
 * know packets.
 */
#ifndef DEBUGGER_TRAVEL_H
#define DEBUGGER_TRAVEL_H

#include "debugger/target.h"
#include "gdb/text.h"

/* Is the guest replayed?  If not, `out` has a sentence. */
bool travel_possible(const struct debugger_target *t, struct text *out);

void travel_checkpoints(const struct debugger_target *t, struct text *out);

#endif
