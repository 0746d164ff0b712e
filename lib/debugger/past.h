/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going back while the guest is recorded.  It must not know packets,
 * connections or processes.
 *
 * The living guest cannot go back.  Another worker replays what is recorded so
 * far, and serves the debugger in its past (front.h says how the connection
 * changes hands).  The living guest stays stopped meanwhile.
 *
 *	living worker                  the past's worker
 *
 *	SERVES --back--> AWAY
 *	  |                            ARRIVES  from the start to the limit
 *	  |                                     (history.h)
 *	  |                            ARRIVES --there--> SERVES  on its way
 *	  |                            ARRIVES --there--> ASKED   a command
 *	  |                            SERVES --on from the limit, kill, detach,
 *	  |                                     the connection is lost--> HOME
 *	  |                            ASKED --answered--> HOME
 *	  |                            each --not as recorded--> HOME
 *	AWAY --that has gone--> SERVES
 *
 * A worker leaves its breakpoints, watchpoints and catchpoints in struct
 * handover for the other, memory that both write; counts are checked.
 * The past's worker has the sandbox of a replay, so a guest that has taken over
 * its own worker gains nothing by what it leaves there.
 */
#ifndef DEBUGGER_PAST_H
#define DEBUGGER_PAST_H

#include "debugger/history.h"
#include "debugger/plan.h"
#include "gdb/points.h"
#include "gdb/target.h"

struct debugger_target;

/* The debugger's request, for which the guest goes back. */
enum past_request {
	REQUEST_NONE,
	REQUEST_STEP,    /* to the instruction before */
	REQUEST_STOP,    /* to the last stop */
	REQUEST_PLACE,   /* to `place` */
	REQUEST_NAME,    /* the name of the present */
	REQUEST_MARK,    /* and it is kept */
	REQUEST_WRITER,  /* the last write of [addr, addr + len) */
	REQUEST_CHANGER, /* its last change */
};

/* The debugger comes back to the living guest because... */
enum past_return {
	RETURN_LOST,   /* the past was not found, or its worker has gone */
	RETURN_DONE,   /* the answer was given */
	RETURN_CUT,    /* Ctrl-C has cut the way */
	RETURN_RESUME, /* it goes on from the present: action[actions] */
	RETURN_KILL,
	RETURN_DETACH,
	/* Something has happened to the connection, or the debugger runs the
	 * guest again: the living worker finds that itself. */
	RETURN_CONNECTION,
};

struct past_break {
	uint64_t addr;
	bool soft, hard;
};

/* The state that one worker leaves for the other. */
struct handover {
	enum past_request request;
	int tid; /* REQUEST_STEP: the thread whose instruction it is */
	uint64_t addr, len;
	struct history_place place;
	struct history_limit limit;
	unsigned marks;
	struct history_place marked[HISTORY_PLACES];
	unsigned breaks, watches;
	struct past_break brk[BREAKS_MAX];
	struct target_break watch[WATCHES_MAX];
	struct points points;
	bool catches;
	size_t caught; /* 0: all of them */
	uint32_t catch[TARGET_CATCHES];
	enum past_return returns;
	bool clean; /* the worker has ended its part itself */
	size_t actions;
	struct target_action action[TARGET_THREADS_MAX + 1];
	char why[PLAN_WHY];
};

/* In the living worker.  The debugger wants to go back: the loop leads there.
 * Returns 0. */
int past_ask(struct debugger_target *t, enum past_request request);

/* The next resumption or way back leads to the place. */
void past_goto(struct debugger_target *t, const struct history_place *place);

/* At rest: leave everything for the past's worker.  NULL, or why the guest
 * cannot go back here. */
const char *past_depart(struct debugger_target *t);

/* The connection is back: take over what the past's worker has left. */
void past_come_back(struct debugger_target *t);

/* The operations of the living guest that lead to the past. */
int past_reverse(void *ctx, int tid);
int past_resume(void *ctx, const struct target_resume *how);
int past_catch(void *ctx, bool on, const uint32_t *number, size_t n);

/* In the past's worker, whose machine rests at its start: go to the limit. */
void past_arrive(struct debugger_target *t);

/* Is the event not to be reported, but part of the way? */
bool past_takes(struct debugger_target *t, struct debug_event *event);

/* Go home, unless that was decided before. */
void past_go_home(struct debugger_target *t, enum past_return returns);
bool past_is_over(const struct debugger_target *t);

/* The operations there; their context is a struct debugger_target. */
const struct target_ops *debugger_past_ops(void);

#endif
