/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest of a history as it rests: whose turn it is, what lies ahead, and
 * its last event.  It must not know ways.
 */
#ifndef DEBUGGER_PRESENT_H
#define DEBUGGER_PRESENT_H

#include "debugger/history.h"

struct hc_replay *present_replay(const struct history *h);

/* The vCPU whose thread has the turn: no other runs. */
struct vcpu *present_vcpu(const struct history *h);
int present_tid(const struct history *h);

/* The events before the present, and what comes after them. */
uint64_t present_events(const struct history *h);
enum hc_ahead present_ahead(const struct history *h);

/* Has the recording nothing more, nor the guest? */
bool present_is_cut_off(const struct history *h);

/* Copy it: 0 or -errno. */
int present_take(struct history *h, struct snapshot *s);
int present_copy(struct history *h, struct history_copy *copy);

/* Does the guest rest in the call that ends it; can it go no further? */
bool present_is_last_call(const struct history *h);
bool present_is_end(struct history *h);

/* Has the thread nothing to finish before its next instruction? */
bool present_is_between(const struct history *h);

/* Does the thread stand at a call that a kick met, after SYSCALL had changed
 * rcx and r11 and before the call was made? */
bool present_stands_at_call(
    const struct flight *flight, const struct hc_thread *thread);

/* The end of one thread of several that the debugger does not catch. */
bool
event_is_end_of_one(const struct history *h, const struct debug_event *event);

/* Does the guest rest because another thread has the turn, and for nothing
 * else? */
bool event_is_passing(const struct history *h, const struct debug_event *event);

/* Has the step been made?  A breakpoint at its own instruction comes first, and
 * so does a signal. */
bool event_is_step(const struct debug_event *event);

/* Is it a meeting of the way's instruction? */
bool event_is_meeting(const struct history *h, const struct debug_event *event);

#endif
