/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stub's target for a guest that is replayed: the operations of target.h,
 * but it can go back, and nothing of it can be changed.  It must not know
 * packets.
 */
#ifndef DEBUGGER_REPLAY_H
#define DEBUGGER_REPLAY_H

#include "debugger/target.h"

/* The operations; their context is a struct debugger_target with a history. */
const struct target_ops *debugger_replay_ops(void);

#endif
