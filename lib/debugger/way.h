/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the state machine of history.h, for one another: a way is begun
 * by history.c, and its events are handled by the functions named on_STATE.
 * Nothing else may include this.
 */
#ifndef DEBUGGER_WAY_H
#define DEBUGGER_WAY_H

#include "debugger/history.h"

/* So many steps after the present an instruction is looked for whose meetings
 * the guest can count. */
#define LEAD_STEPS 64

/* How often to look whether a checkpoint is due, and how long to wait for an
 * event to take it at. */
#define WAY_LOOK_NS 5000000U

/*
 * way.c: what all ways have in common.
 */

/* The one place where `state` changes. */
void way_enter(struct history *h, enum history_state state);

/* A way begins: the present is to be found again.  0 or -errno.  If that
 * needs no copy of the present, way_open() is enough. */
int
way_begin(struct history *h, enum history_goal goal, enum history_task task);
void
way_open(struct history *h, enum history_goal goal, enum history_task task);

/* Go on with the way from here, as if this was the present. */
void way_go_on(struct history *h, enum history_goal goal);

/* The parts of that: the first present is set aside, to be the way's end; and
 * the copy is replaced by one of this state, or the way is given up: false. */
void way_set_aside(struct history *h);
bool way_renew_present(struct history *h);

/* Let the thread run that has the turn: as ordered, or as all do on a way. */
void way_run(struct history *h, const struct history_order *order, int signal);
void way_go(struct history *h, enum debug_want want, int signal);

/* Go on along the way, from one of its places to the next. */
void way_advance(struct history *h, int signal);

/* Have the breakpoint of the way there. */
void way_plant(struct history *h, uint64_t addr);

/* Everything of the way is removed again; nor is memory watched any more. */
void way_leave(struct history *h);
void way_leave_watch(struct history *h);

/* The base for a way to a place after event `events`; the door, if it is closer
 * than that one; is it the guest's start? */
const struct checkpoint *way_base(const struct history *h, uint64_t events);
const struct checkpoint *way_closer(
    const struct history *h, uint64_t events, const struct checkpoint *one);
bool way_is_start(const struct checkpoint *base);

/* Be at a base: false if that failed and the way was given up. */
bool way_go_to_base(struct history *h, const struct checkpoint *base);

/* The way ends: with this event, with one of this kind, in the old present, or
 * there with a sentence; at the beginning of the history. */
void way_finish(struct history *h, const struct debug_event *event);
void way_finish_with(struct history *h, enum debug_event_kind kind);
void way_go_home(struct history *h, bool known);
void way_give_up(struct history *h);
void way_end_at_start(struct history *h);
void way_say(struct history *h, const struct text *text);

/* The signals that are not to stop the guest, and which are not on a way. */
uint64_t way_passed_signals(const struct history *h);
void way_pass_signals(struct history *h);

/* A breakpoint at an instruction before which the guest rests for another
 * reason is still to be met. */
void way_keep_unmet(struct history *h, const struct debug_event *event);

/* A stretch begins, without stops. */
void way_forget_stops(struct history *h);

/* Is the present that is looked for at a call which is the next event?  Its
 * instruction is met once. */
bool way_seeks_call(const struct history *h);

void way_look_at_watched(const struct history *h, uint8_t *bytes);

/* When to look next: no checkpoint is due before. */
uint64_t way_next_look(const struct history *h);

/* FINDING, back by one instruction: when the guest, which runs from the base
 * on, is to be copied halfway, or UINT64_MAX; it is copied. */
uint64_t way_halfway(const struct history *h);
void way_keep_halfway(struct history *h);

/*
 * wayback.c: to the present, and to the last meeting before it.
 */

/* The thread rests in the present: find that. */
void wayback_find(struct history *h);

/* The present is the anchor, after this base: its meetings are known. */
void wayback_return_again(struct history *h, const struct checkpoint *base);

/* The instruction at which the thread rests: can the guest count its meetings,
 * can it be stepped without an event, and does code near it lead into what is
 * replaced?  That costs a stop each time. */
bool wayback_look(const struct history *h, bool *steps);
bool wayback_is_entered(const struct history *h);

void wayback_on_leading(struct history *h, const struct debug_event *event);
void wayback_on_finding(struct history *h, const struct debug_event *event);
void wayback_on_returning(struct history *h, const struct debug_event *event);

/*
 * anchor.c: from an anchor to one step before the present.
 */

/* Copy this state as the anchor, and count the steps to the present; or count
 * them from the anchor before that, if it has_earlier. */
void anchor_count(struct history *h);
bool anchor_has_earlier(const struct history *h);
void anchor_count_from_earlier(struct history *h);

/* The base of the way that has led to the anchor, if it is known how many
 * meetings of the anchor's instruction were on it; or NULL. */
const struct checkpoint *anchor_base(const struct history *h);

/* To the goal, `steps` after the anchor. */
void anchor_step(struct history *h, uint64_t steps);

/* Has one thread made all steps since the anchor; are they so few that one less
 * needs no copy of the present?  Then step_back() makes them. */
bool anchor_has_run_on(const struct history *h);
bool anchor_is_close(const struct history *h, int tid);
void anchor_step_back(struct history *h);

/* So many rounds of a repeated instruction lead from here to those registers;
 * UINT64_MAX: none do. */
uint64_t anchor_rounds_to(struct history *h, const struct kvm_regs *to);

/* The way has met an instruction that repeats, each of whose rounds is a
 * meeting: have up to `most` of them made in one run.  The event after that is
 * one of these meetings.  False: they are not so many, or cannot be. */
bool anchor_meet_rounds(struct history *h, uint64_t most);

/* So many meetings lead to the next anchor.  The last but one is copied on the
 * way: no other is between them, so steps back go on from there later. */
void anchor_set_left(struct history *h, uint64_t meetings);
void anchor_copy_early(struct history *h);

void anchor_on_counting(struct history *h, const struct debug_event *event);
void anchor_on_skipping(struct history *h, const struct debug_event *event);
void anchor_on_measuring(struct history *h, const struct debug_event *event);
void anchor_on_closing(struct history *h, const struct debug_event *event);
void anchor_on_stepping(struct history *h, const struct debug_event *event);

/*
 * waystop.c: to the last stop or write.
 */

/* The stops up to the present were counted: to the last of them. */
void waystop_return(struct history *h);

/* Count this event, if the debugger would have seen it. */
void waystop_count(struct history *h, const struct debug_event *event);

/* A signal that the debugger does not want to see. */
bool event_is_passed(const struct history *h, const struct debug_event *event);

/* The present may be at a call, which is caught on the way. */
void waystop_catch_own_call(struct history *h);
void waystop_leave_catch(struct history *h);

/* The last write of the watched memory is looked for; the guest is about to
 * make it. */
void waystop_find_write(struct history *h);
void waystop_name_write(struct history *h);

void waystop_on_searching(struct history *h, const struct debug_event *event);
void waystop_on_repeating(struct history *h, const struct debug_event *event);

/*
 * wayname.c: names of places.
 */

/* To the place that the user named; it is reached. */
void wayname_go(struct history *h);
void wayname_arrive(struct history *h);

/* The present was found, by this event: print its name. */
void wayname_found(struct history *h, const struct debug_event *event);

#endif
