/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands of `monitor` for a history: places, their names, and the way there.
 * They must not know packets.
 *
 *	place: EVENT                   right after that event
 *	       EVENT:ADDRESS[:NTH]     right before the instruction there, which
 *	                               is met for the nth time since
 */
#ifndef DEBUGGER_TRAVEL_H
#define DEBUGGER_TRAVEL_H

#include "debugger/target.h"
#include "gdb/text.h"

/* Each writes its output, if it is there, or a sentence about what is wrong.
 * True: the output comes later, by history_poll(). */
bool travel_when(struct debugger_target *t, struct text *out);
bool travel_mark(struct debugger_target *t, struct text *out);
bool travel_last_write(struct debugger_target *t, uint64_t addr, uint64_t len,
    bool changes, struct text *out);

/* Values in `place` are those of thread `tid`. */
void travel_goto(
    struct debugger_target *t, int tid, const char *place, struct text *out);

void travel_checkpoints(const struct debugger_target *t, struct text *out);

#endif
