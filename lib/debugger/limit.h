/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The limit of the history of a guest that is still recorded, and the fence at
 * it: history.h.
 */
#ifndef DEBUGGER_LIMIT_H
#define DEBUGGER_LIMIT_H

#include "debugger/history.h"

/* The guest is not to go beyond the limit, or may again. */
void limit_fence(struct history *h);
void limit_leave_fence(struct history *h);

/* Is it the fence alone that the guest has met? */
bool limit_is_met(const struct history *h, const struct debug_event *event);

/* The limit, if it is a meeting of the way, or NULL. */
const struct hc_position *limit_position(const struct history *h);

#endif
