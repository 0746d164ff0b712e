/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The siginfo of a debugger's stops, as Linux fills it in for a process
 * (sigaction(2), ptrace(2)).  It must not know how a stop came about.
 */
#ifndef STOPINFO_H
#define STOPINFO_H

#include "vm/debug.h"

/* That of an event at `rip` other than EVENT_SIGNAL; all zero if there is no
 * signal. */
siginfo_t stopinfo_of(enum debug_event_kind kind, uint64_t rip);

#endif
