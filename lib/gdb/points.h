/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The conditions and commands of a debugger's breakpoints, which are evaluated
 * where the breakpoint is met, without a packet (GDB manual, "Packets", Z0).
 * It must not know packets, nor how a breakpoint is realized.
 *
 * points_set() and points_drop() are called while no thread runs; any thread
 * may call points_stop() otherwise.
 */
#ifndef GDB_POINTS_H
#define GDB_POINTS_H

#include "gdb/agent.h"
#include "gdb/target.h"

#define POINTS_MAX      16384      /* breakpoints that have expressions */
#define POINTS_CODE_MAX (1U << 20) /* bytes of all expressions */
#define POINTS_BUCKETS  8192       /* of the hash table */

struct point {
	enum break_type type;
	uint64_t addr;
	uint64_t kind;
	uint32_t code; /* where its record lies in code[] */
	uint16_t next; /* in its bucket, or in the list of free ones; 0: none */
};

/* All zero: none. */
struct points {
	uint16_t used; /* so many of point[] were ever used */
	uint16_t free; /* a list; numbers are the index + 1 */
	uint16_t bucket[POINTS_BUCKETS];
	struct point point[POINTS_MAX];
	uint32_t end;  /* of the records in code[] */
	uint32_t live; /* bytes of those that are in use */
	uint8_t code[POINTS_CODE_MAX];
};

/* The breakpoint has these expressions from now on, or none.  0, or -ENOSPC,
 * and it has those that it had. */
int points_set(struct points *points, const struct target_break *brk);

/* Forget the expressions of one breakpoint, or of all. */
void points_drop(struct points *points, const struct target_break *brk);
void points_clear(struct points *points);

/*
 * The breakpoint was met: is it a stop?  It is unless it has conditions and all
 * are false; if it is and has commands, they are run in place of the stop.  An
 * expression that fails makes it a stop.
 */
bool points_stop(const struct points *points, const struct target_break *brk,
    const struct agent_env *env);

#endif
