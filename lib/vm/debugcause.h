/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transitions of stops.h with their actions, for the two sides that cause
 * them: the vCPUs' (debug.c) and the controller's (controller.c).  Only these
 * include it, and it must not know why a transition is caused.
 */
#ifndef DEBUGCAUSE_H
#define DEBUGCAUSE_H

#include "vm/stops.h"

struct debug;
struct machine;
struct vcpu;

/* With the lock: the transition, and those actions that need the lock.  Then,
 * when it is free: the other actions. */
void debug_transit(
    struct machine *m, const struct stops_input *in, struct stops_actions *act);
void debug_carry_out(struct machine *m, struct stops_actions *act);

/* Both; the same with the lock. */
void debug_cause(struct machine *m, struct stops_input in);
void debug_cause_locked(struct machine *m, struct stops_input in);

/* The vCPU's state, the news that its event is, and whether it rests on a
 * breakpoint that it has met. */
struct stops_vcpu *debug_state(struct vcpu *vcpu);
enum stops_news debug_news(const struct vcpu *vcpu);
bool debug_rests_on_break(struct vcpu *vcpu);

/* Bring the vCPU to rest on this thread, wake its own thread, and have the
 * controller look. */
void debug_come_to_rest(struct vcpu *vcpu);
void debug_wake(struct vcpu *vcpu);
void debug_notify(struct debug *d);

#endif
