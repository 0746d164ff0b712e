/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of a replayed guest's state, in the order of its run, so that a way
 * back need not begin at the start.  They must not know where the guest goes,
 * nor debuggers.
 *
 * A checkpoint right after an event has a place that is known: the number of
 * that event.  Another is somewhere between two events.  Its order among the
 * checkpoints there is known, but whether it comes before some other state
 * there is known only of a state that was reached from it.  So a state has a
 * *mark*: the checkpoint from which the guest came last.
 *
 * A checkpoint costs the time to look at all pages that the guest has filled,
 * and the memory of those that changed since the checkpoint before.  The next
 * is due when the guest has run CHECKPOINT_WORTH times as long as the last one
 * took, and in total that many times as long as all of them and one more took:
 * one that finds many new pages is paid for before the next.  When CHECKPOINTS
 * are there, or CHECKPOINT_PAGES, every second one is dropped, and the next
 * ones have twice the distance.
 */
#ifndef DEBUGGER_CHECKPOINTS_H
#define DEBUGGER_CHECKPOINTS_H

#include "vm/snapshot.h"

#define CHECKPOINTS      512U
#define CHECKPOINT_PAGES 65536U /* that snapshots have copied: 256 MiB */
#define CHECKPOINT_WORTH 9U
#define CHECKPOINT_NS    10000000U /* the least distance at first */
#define CHECKPOINT_BYTES 16U       /* that can be compared */

/* The start has mark 1.  0: none. */
typedef unsigned checkpoint_mark;

struct checkpoint {
	struct snapshot state;
	checkpoint_mark mark;
	bool between; /* two events, not right after one */
	bool asked;   /* for by the user: it is not dropped */
};

struct checkpoints {
	struct machine *machine;
	unsigned n;
	struct checkpoint list[CHECKPOINTS];
	checkpoint_mark last_mark; /* that was given */
	checkpoint_mark mark;      /* of the present */
	uint64_t distance;         /* the least, in nanoseconds of run time */
	uint64_t since;            /* run time since the guest was at `mark` */
	uint64_t cost;             /* of the last one, in nanoseconds */
	/* In all: checkpoints, the time that they took, the run time. */
	uint64_t taken, spent, run;
};

/* The host's clock, in nanoseconds: when to look. */
uint64_t checkpoints_now(void);

/* The clock of run time and costs: the process's CPU time, since that of other
 * programs does not count. */
uint64_t checkpoints_spent(void);

/* The guest is at its start: 0 or -errno. */
int checkpoints_begin(struct checkpoints *c, struct machine *m);

/* The guest has run for so many nanoseconds. */
void checkpoints_ran(struct checkpoints *c, uint64_t ns);

/* How long the guest is to run before the next one is due, in nanoseconds. */
uint64_t checkpoints_wait(const struct checkpoints *c);

/* Is there one after the event that comes next? */
bool checkpoints_lead(const struct checkpoints *c);

/* Copy the present, which is right after its last event or `between` two: 0,
 * -EEXIST if the same place has one, or another -errno. */
int checkpoints_take(struct checkpoints *c, bool between, bool asked);

/* The last checkpoint before event `events` and the state with this mark, which
 * comes after that event; if `exact`, the last that is right after an event. */
const struct checkpoint *checkpoints_before(const struct checkpoints *c,
    uint64_t events, checkpoint_mark mark, bool exact);

/* The checkpoint with this mark, or NULL. */
const struct checkpoint *
checkpoints_find(const struct checkpoints *c, checkpoint_mark mark);

/* The last checkpoint before that state in which [addr, addr + len) has other
 * bytes, or NULL. */
const struct checkpoint *
checkpoints_differing(const struct checkpoints *c, uint64_t events,
    checkpoint_mark mark, uint64_t addr, const uint8_t *bytes, size_t len);

/* The next one in the order of the run, if it is also before that state, or
 * NULL. */
const struct checkpoint *checkpoints_next(const struct checkpoints *c,
    const struct checkpoint *one, uint64_t events, checkpoint_mark mark);

/* Is there room for one more without dropping others? */
bool checkpoints_have_room(const struct checkpoints *c);

/* Make it the present: 0 or -errno, as snapshot_return(). */
int checkpoints_return(struct checkpoints *c, const struct checkpoint *one);

#endif
