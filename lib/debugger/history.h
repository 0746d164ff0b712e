/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going back in a replay.  The present is found again from a copy of an earlier
 * state, by running forward; a place before it is reached by running less far.
 * It must not know packets, nor what a recording contains.
 *
 * A guest has no input between two events (hypercall/core/replay.h), and the
 * recording says which of its threads runs.  So a place is known by its state
 * (vm/snapshot.h).  Its name is the number of events before it, and the number
 * of times that its instruction was met since, by any thread.  Each thread that
 * passes its turn on brings the guest to rest, in every state, and the guest
 * goes on with the thread that has the turn now.
 *
 * While the debugger lets the guest run, checkpoints are taken (checkpoints.h):
 *
 *	RESTING --forward--> RUNNING
 *	RUNNING --a checkpoint is due--> NEARING   up to the next event
 *	NEARING --there, or no event comes--> RUNNING   the checkpoint is taken
 *	both --any other event--> RESTING, reported
 *
 * A way begins at a checkpoint, the *base*: the last one before the present.
 *
 *	RESTING --back--> FINDING  the present is copied; from the base on, run
 *	                           to its event, then from one meeting of its
 *	                           instruction to the next, until it is there.
 *	                           The meetings are counted, and the debugger's
 *	                           stops on the way
 *	The guest counts the meetings itself where it can (vm/meet.h).  Before a
 *	way back by one instruction whose instruction does not suit that:
 *	RESTING --back--> LEADING  single steps to one near that suits, which is
 *	                           then found in the place of the present; a
 *	                           repeated instruction is run to its end
 *	LEADING --there, or there is none--> FINDING
 *	back by one instruction:
 *	FINDING --there--> RETURNING   to the last meeting before the present,
 *	                           which is copied as the anchor
 *	RETURNING --there--> COUNTING  single steps from the anchor to the
 *	                           present
 *	COUNTING --a repeated instruction--> SKIPPING   its rounds up to that
 *	                           before the present, or its last one
 *	SKIPPING --there--> COUNTING   the anchor is moved here
 *	FINDING, RETURNING --a repeated instruction is met--> SKIPPING   its
 *	                           rounds, each of them a meeting
 *	SKIPPING --there--> FINDING, RETURNING   as at that meeting
 *	COUNTING --too far--> MEASURING   the anchor is moved here; the meetings
 *	                           of one instruction are counted, up to the
 *	                           present: once on a way of the entry of the
 *	                           function there, or of one shortly before the
 *	                           end of the code here, if that is long
 *	MEASURING --there, no meeting--> MEASURING   of the next one, and of
 *	                           the instruction here
 *	MEASURING --there--> CLOSING   from the anchor on, to the last of them
 *	CLOSING --there--> COUNTING   which is copied as the anchor
 *	COUNTING --there--> STEPPING   from the anchor on, one step less
 *	STEPPING --there--> RESTING
 *	STEPPING --there, another thread's--> FINDING   back to where the thread
 *	                           that is stepped has left its last turn, as
 *	                           to a stop; FINDING then, one instruction
 *	                           back from there
 *	back to the last stop:
 *	FINDING --there, stops--> REPEATING   from the base on, to the last of
 *	                           the stops that were counted
 *	FINDING --there, no stop--> SEARCHING   from the checkpoint before the
 *	                           base on, which is the base now, to the old
 *	                           base; or there is none: RESTING, at the
 *	                           start, the beginning of the history
 *	SEARCHING --there--> REPEATING or SEARCHING, in the same way
 *	REPEATING --there--> RESTING   a watchpoint's stop: the access is to
 *	                           come again, so FINDING, one instruction back
 *	to a place that the user names:
 *	RESTING --goto--> RETURNING   from the base on, to the event and then
 *	                           to that meeting: RESTING
 *	to the name of the present:
 *	RESTING --name--> FINDING   the meetings are counted: RESTING, there
 *	to the last write of some memory:
 *	back to the last stop, which is that of a watchpoint for it; then to
 *	the name of that place; then RESTING, in the old present
 *	every state of a way --interrupt, error--> RESTING, in the old present
 *
 * The base of a way back to a stop is right after an event, so that the stretch
 * before it has an end that costs nothing to find.  Checkpoints are taken on
 * such a way also: the last one before the last stop is the base then.
 *
 * FINDING and RETURNING run through the same stretch, so a copy is taken on the
 * first of them, if that is long, from which the second begins: *halfway*.
 *
 * The last write of some memory is not before a checkpoint that has other bytes
 * there, which is the base.  The last change is looked for only up to the
 * checkpoint after that: the present is set aside, as the *origin*.
 *
 * The present after a call is one step after that call: meetings of the call's
 * instruction are counted then, since its last event.
 *
 * While the present is a known number of steps after the anchor, one step back
 * is STEPPING alone.  When it is the anchor itself, the anchor before that, if
 * there is one on the same way, takes its place, and one step back begins with
 * COUNTING.  If there is none, but the number of the anchor's meeting is known,
 * it begins with RETURNING, to the meeting before that.
 *
 * Nothing is printed or collected on the way, and the guest's output was
 * written when it first came.  A signal is reported if it is the last stop.
 *
 * If the guest is still recorded, by another process, its present is the
 * *limit* of the history: a state after the last event that the recording has,
 * known by the position that the living guest has taken.  The guest goes on
 * after that event, in RUNNING, NEARING and the way to a place, and meets a
 * breakpoint at the limit's instruction, the *fence*, until it is there.
 *
 * HISTORY_NONE has no transitions but history_attach() to RESTING, and
 * history_detach() back, from any state: from a way by the old present.
 *
 * way.c has these transitions as a table, and the place that makes them;
 * present.c and limit.c answer what the guest is at; wayback.c, anchor.c,
 * waystop.c and wayname.c make the ways, and history.c all else.
 */
#ifndef DEBUGGER_HISTORY_H
#define DEBUGGER_HISTORY_H

#include "debugger/checkpoints.h"
#include "debugger/hit.h"
#include "gdb/target.h"
#include "gdb/text.h"
#include "vm/rounds.h"
#include "vm/snapshot.h"

enum history_state {
	HISTORY_NONE, /* the guest is not replayed, or has no debugger */
	HISTORY_RESTING,
	HISTORY_RUNNING,
	HISTORY_NEARING,
	HISTORY_LEADING,
	HISTORY_FINDING,
	HISTORY_SEARCHING,
	HISTORY_RETURNING,
	HISTORY_COUNTING,
	HISTORY_SKIPPING,
	HISTORY_MEASURING,
	HISTORY_CLOSING,
	HISTORY_STEPPING,
	HISTORY_REPEATING,
	HISTORY_STATES,
};

/* Where a way leads. */
enum history_goal {
	HISTORY_TO_INSTRUCTION, /* the one before the present */
	HISTORY_TO_STOP,        /* the last one before it */
	HISTORY_TO_TURN,        /* the end of a thread's last one before it */
	HISTORY_TO_PLACE,       /* `left` meetings after event `after` */
	HISTORY_TO_NAME,        /* to the present: its name is wanted */
};

/* The debugger's order for a thread that has the turn: as debug_want().  If the
 * thread is held, it runs then, and its stops are not reported. */
struct history_order {
	enum debug_want want;
	uint64_t lo, hi;
	bool held;
};

/* The next work of history_poll():
 *
 *	LOOKS --it has made its turns, and there are more--> TURNS
 *	LOOKS, TURNS --the way ends, or the guest cannot go on--> REPORTS
 *	TURNS, REPORTS --history_poll() is called--> LOOKS
 */
enum history_poll {
	HISTORY_LOOKS,   /* wait for an event */
	HISTORY_TURNS,   /* go on at once */
	HISTORY_REPORTS, /* report `event` */
};

/* The purpose of a way. */
enum history_task {
	HISTORY_STOPS,  /* the debugger's stop */
	HISTORY_PRINTS, /* the place's name is printed */
	HISTORY_MARKS,  /* and kept, with a checkpoint */
	HISTORY_WRITER, /* the name of the last write is printed */
};

/* The name of a place: right before the instruction at `addr` is made, which is
 * met for that time since event `events`; meetings 0: right after the event. */
struct history_place {
	uint64_t events, addr, meetings;
};

#define HISTORY_PLACES 16U /* that the user has marked */
#define HISTORY_WATCH  16U /* bytes whose last write can be asked for */

/* A stop at an end of the history, or where history_goto() leads. */
enum history_edge {
	HISTORY_WITHIN,
	HISTORY_BEGIN,
	HISTORY_END,
	HISTORY_PLACE,
};

/* The end of the history. */
enum history_bound {
	HISTORY_RECORDED, /* that of the recording */
	HISTORY_LIMITED,  /* the limit */
	HISTORY_FENCED,   /* the limit, at which the fence is planted */
};

/* The present of the living guest, as it describes that. */
struct history_limit {
	int tid;         /* the thread that runs, or ran last */
	uint64_t events; /* before it */
	/* It is right after the last event, and has no position. */
	bool after_event;
	/* It is before the instruction of a call that is not made yet. */
	bool before_call;
	/* The debugger was shown it after that instruction. */
	bool past_call;
	/* It has met a signal, or an INT3 before the place. */
	bool at_signal;
	struct hc_position position;
	struct hc_holes holes;
};

/* A copy of the guest, near this checkpoint.  An anchor is that meeting of the
 * way which RETURNING has made last, or 0: by meetings of `addr` after event
 * `after`, or after a base that is after that. */
struct history_copy {
	struct snapshot state;
	checkpoint_mark mark;
	uint64_t nth;
};

/* HISTORY_WRITER: the watched memory, what it is after the write and before it,
 * and the base that is known to come before the last write, or 0. */
struct history_watch {
	bool planted;
	uint64_t addr, len;
	uint8_t new[HISTORY_WATCH], old[HISTORY_WATCH];
	/* Only writes that change it count, and this is what it was last. */
	bool changes;
	uint8_t seen[HISTORY_WATCH];
	checkpoint_mark from;
};

/* The hypercalls that the debugger catches, and the one in which the present
 * is: that is caught on the way. */
struct history_catches {
	bool on, own;
	bool exit;       /* the debugger catches that of a thread */
	uint32_t number; /* of the present's own */
	size_t n;
	uint32_t list[TARGET_CATCHES];
};

struct history {
	struct machine *machine;
	struct hits *hits;
	enum history_state state;
	enum history_edge edge; /* of the last event */
	bool interrupted;       /* by the debugger */
	enum history_poll poll;
	struct debug_event event;

	/* The way forward. */
	struct history_order order[MACHINE_VCPUS];
	bool by_step; /* the guest moves forward by one step */
	struct checkpoints checkpoints;
	uint64_t ran_from, look_at; /* while it runs: in nanoseconds */
	uint64_t ran_way;           /* since the last look at a way */
	uint64_t pass; /* the signals that the debugger does not want to see */
	struct history_catches catches;

	/* A way: from the base to event `after`, and then by meetings of the
	 * instruction at `addr`, of which `meetings` were counted. */
	enum history_goal goal;
	enum history_task task;
	const struct checkpoint *base;
	uint64_t after, addr;
	bool planted;
	uint64_t meetings, stops, left;
	/* Stops before the last checkpoint of the way; the last checkpoint
	 * before the last stop, and the stops before that. */
	uint64_t stops_before, last_before;
	checkpoint_mark last_mark;
	struct debug_event stop; /* to be reported one instruction back */
	/* The origin is the present in which the way was asked for, if it is
	 * not the one that is sought. */
	struct history_copy present, origin;
	/* LEADING, FINDING: a state soon after the present, which is found
	 * first; and what is known of the state that is to be found. */
	struct snapshot lead;
	struct hc_position sought;
	unsigned leads; /* steps of LEADING */
	/* Taken on the way, right after event `after`: closer than the base. */
	struct checkpoint door;
	/* FINDING, RETURNING: taken so many meetings after the base, most of
	 * the way to the present, which is `length` of run time. */
	struct checkpoint halfway;
	uint64_t halfway_meetings, length;

	/* Anchors: the next one is the earlier.  RETURNING has led to the
	 * anchor by this way. */
	struct history_copy anchor, earlier;
	struct {
		checkpoint_mark base;
		uint64_t after, addr;
	} way;
	bool early; /* RETURNING: to the last meeting but one */
	bool known; /* the present is `steps` after the anchor */
	uint64_t steps;
	/* COUNTING: after so many steps it is too far; MEASURING: where the
	 * present is met, or what is found in its place. */
	uint64_t far, end;
	/* SKIPPING: these rounds, the last of them by a step, and then on in
	 * that state. */
	struct rounds rounds;
	enum history_state skips;
	/* MEASURING, CLOSING: the instruction whose meetings are counted. */
	uint64_t measured;
	bool entries;  /* the entry of the present's function was counted */
	bool straight; /* and the end of straight code from the anchor on */

	/* Back by one instruction of this thread, or 0: of any.  It waits in
	 * the present, in a call that is still to be made. */
	int by;
	bool waits;
	int ran;        /* the thread that has run last, */
	bool left_turn; /* which has left its turn, and is that one */
	/* COUNTING: so many steps were made when the turn was last passed on.
	 * FINDING, to that turn: its end is the instruction before the present,
	 * of which that is the first step in another turn. */
	uint64_t passed;
	bool is_end;

	/* Places that have names. */
	bool armed; /* the next resumption leads to `place` */
	struct history_place place;
	struct history_place marked[HISTORY_PLACES];
	unsigned marks;
	struct history_watch watch;

	enum history_bound bound;
	struct history_limit limit;
	struct snapshot limit_state; /* once it was found */
};

/* The guest rests at its start: 0, or -errno if it cannot be copied. */
int history_begin(struct history *h, struct machine *m, struct hits *hits);

/* The guest rests at its start: its history has this limit. */
void history_limit(struct history *h, const struct history_limit *limit);

/* At rest: is the guest at the limit? */
bool history_is_at_limit(struct history *h);

/* A debugger comes, and goes, at any moment. */
void history_attach(struct history *h);
void history_detach(struct history *h);

/* At rest: go back, by one instruction of this thread, or with 0 to the last
 * stop.  0 or -errno. */
int history_back(struct history *h, int tid);

/* At rest: the guest is to go forward, each thread as was ordered for its vCPU,
 * when it has the turn.  If there is nothing more, the next history_poll()
 * reports that. */
struct history_order *history_order(struct history *h, unsigned vcpu);
void history_forward(struct history *h);

/* At rest: print the name of the present, and keep it if it is to be marked; or
 * that of the last write to [addr, addr + len).  History_poll() reports a stop
 * when the guest is back where it is.  0 or -errno. */
int history_name(struct history *h, bool mark);
int history_last_write(
    struct history *h, uint64_t addr, uint64_t len, bool changes);

/* At rest: the next history_back() or history_forward() leads there. */
void history_goto(struct history *h, const struct history_place *place);

/* "12:0x401000:3", the third time after event 12, or "12". */
void history_put_place(struct text *out, const struct history_place *place);

/* The signal that the guest had here when it was recorded, or 0. */
int history_signal(const struct history *h);

/* The debugger wants it to stop; signals that it does not want to see; the
 * hypercalls that it catches, as debug_catch() says. */
void history_interrupt(struct history *h);
void history_pass_signals(struct history *h, uint64_t set);
int history_catch(struct history *h, bool on, const uint32_t *number, size_t n);

/* As debug_poll(), for a guest that may be on its way back; `edge` belongs to
 * the event. */
bool
history_poll(struct history *h, struct machine *m, struct debug_event *event);

/* Is history_poll() to be called again at once?  If not, milliseconds after
 * which to call it anyway, or -1. */
bool history_is_busy(const struct history *h);
int history_patience(const struct history *h);

#endif
