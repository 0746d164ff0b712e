/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stub's target for a guest that is recorded: the operations of target.h,
 * but nothing of the guest can be changed, and its threads take turns.  It must
 * not know packets.
 */
#ifndef DEBUGGER_RECORDED_H
#define DEBUGGER_RECORDED_H

#include "debugger/target.h"

/* The operations; their context is a struct debugger_target. */
const struct target_ops *debugger_recorded_ops(void);

#endif
