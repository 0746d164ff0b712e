/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace: tracepoints with their conditions and actions, trace state
 * variables, and the run that collects (GDB manual, "Tracepoint Packets").  A
 * tracepoint is a breakpoint that collects and goes on.  This must not know
 * packets, nor how a breakpoint is realized.
 *
 * The life of a run:
 *
 *	          start              stop
 *	NOT_RUN --------> RUNNING ----------> STOPPED       by the debugger
 *	                   ^   | the ring is full
 *	                   |   +------------> FULL
 *	             start |   | a pass count is reached
 *	       from any of |   +------------> PASSED
 *	       these       |   | an action or a condition fails
 *	                   |   +------------> FAILED
 *	                   |   | the debugger leaves, and the trace is not to
 *	                   |   +------------> DISCONNECTED         outlive it
 *	                   |   | the guest ends
 *	                   |   +------------> ENDED
 *
 * trace_clear() leads to NOT_RUN from everywhere.  A run that ends by itself
 * does so in the thread that met the tracepoint, while others run: what is
 * planted in the guest stays until trace_settle().
 *
 * trace_hit() and trace_stepped() may be called by one thread at a time;
 * everything else while no thread runs.  Storage is static; nothing is
 * allocated at a hit.
 */
#ifndef GDB_TRACE_H
#define GDB_TRACE_H

#include "gdb/agent.h"
#include "gdb/regs.h"
#include "gdb/target.h"
#include "gdb/traceframe.h"

#define TRACE_POINTS_MAX    1024
#define TRACE_ACTIONS_MAX   8192
#define TRACE_SOURCES_MAX   8192       /* pieces of the user's own text */
#define TRACE_TEXT_MAX      (1U << 20) /* bytes of all those, and bytecode */
#define TRACE_VARIABLES_MAX 256
#define TRACE_READONLY_MAX  256
#define TRACE_FOLLOWED_MAX  4 /* tracepoints that follow one thread at a time */
#define TRACE_NOTE_MAX      256 /* bytes of user, notes, or the stop's reason */

/* The variable that is the time of reading, in microseconds since 1970. */
#define TRACE_TIMESTAMP 1

/* STATE(name, its text in qTStatus): */
#define TRACE_STATES(STATE)         \
	STATE(NOT_RUN, "tnotrun")   \
	STATE(RUNNING, "tnotrun")   \
	STATE(STOPPED, "tstop")     \
	STATE(FULL, "tfull")        \
	STATE(PASSED, "tpasscount") \
	STATE(FAILED, "terror")     \
	STATE(ENDED, "tstop")       \
	STATE(DISCONNECTED, "tdisconnected")

enum trace_state {
#define STATE(name, text) TRACE_##name,
	TRACE_STATES(STATE)
#undef STATE
};

/* Bytes of text[]. */
struct trace_text {
	uint32_t at, n;
};

/* ORDER: none before the first, and lists are in the order of their packets;
 * indices are + 1, 0 ends a list. */
struct trace_action {
	char kind;  /* R registers, M memory, X expression */
	bool steps; /* for each step after the hit, not the hit itself */
	uint16_t next;
	struct trace_text text; /* R: the mask's digits; X: the bytecode */
	int base;               /* M: a register's number, or -1 */
	uint64_t offset, size;  /* M */
};

struct trace_source {
	struct trace_text kind; /* at, cond, cmd */
	uint32_t start, total;  /* this piece, and the whole */
	struct trace_text text;
	uint16_t next;
};

struct tracepoint {
	uint16_t number;
	uint64_t addr; /* or TRACE_MARKER() of a hypercall */
	bool enabled;
	char type; /* 0, F fast, S static: for the debugger that asks */
	uint64_t type_length;
	bool planted;
	uint64_t steps;  /* instructions to follow the thread */
	uint64_t passes; /* hits that end the run, or 0 */
	uint64_t hits, usage;
	unsigned banks; /* of registers, which are collected */
	struct trace_text condition;
	uint16_t action, last_action;
	uint16_t source, last_source;
};

struct trace_variable {
	uint32_t number;
	bool builtin;
	int64_t initial, value;
	struct trace_text name; /* in hex digits */
};

/* A thread that is followed after a hit. */
struct trace_followed {
	int tid;
	uint16_t point; /* index + 1; 0: none */
	uint64_t left;  /* instructions */
};

struct trace_note {
	char text[TRACE_NOTE_MAX]; /* hex digits */
};

struct trace {
	_Atomic enum trace_state state;
	uint16_t cause;     /* of PASSED and FAILED: the tracepoint's number */
	const char *reason; /* of FAILED */
	bool disconnected;  /* it outlives the debugger */
	uint64_t started, stopped;
	uint32_t wanted; /* size of the ring in the next run; 0: the default */
	struct trace_note user, notes, why;

	uint16_t points, actions, sources, variables, readonlys;
	uint32_t text_used;
	uint32_t regs_size; /* of an R block; known once a run has begun */
	struct tracepoint point[TRACE_POINTS_MAX];
	struct trace_action action[TRACE_ACTIONS_MAX];
	struct trace_source source[TRACE_SOURCES_MAX];
	struct trace_variable variable[TRACE_VARIABLES_MAX];
	struct {
		uint64_t start, end;
	} readonly[TRACE_READONLY_MAX];
	struct trace_followed followed[TARGET_THREADS_MAX][TRACE_FOLLOWED_MAX];
	uint8_t text[TRACE_TEXT_MAX];
	struct traceframes frames;
};

/* The thread that has met a tracepoint. */
struct trace_site {
	const struct agent_env *env; /* registers, memory and its context */
	bool (*read_regs)(void *ctx, struct regs *regs, unsigned banks);
	const struct regs_layout *layout;
	int tid;
	unsigned slot; /* below TARGET_THREADS_MAX, one for each live thread */
	uint64_t now;  /* microseconds since 1970 */
};

/* The address of a hypercall as a static tracepoint, where no code is: the page
 * of Linux's old vsyscalls. */
#define TRACE_MARKERS        UINT64_C(0xffffffffff600000)
#define TRACE_MARKERS_END    (TRACE_MARKERS + 0x1000)
#define TRACE_MARKER(number) (TRACE_MARKERS + (number))

/* Forget everything; the run is NOT_RUN.  Nothing may be planted any more. */
void trace_clear(struct trace *trace);

/* Append bytes to text[]; false: they do not fit. */
bool trace_keep(
    struct trace *trace, const void *bytes, size_t n, struct trace_text *text);

/* The first tracepoint of that number, at that address (or NULL: any). */
struct tracepoint *
trace_point(struct trace *trace, uint64_t number, const uint64_t *addr);

/* Add one of each, a copy; false: the table is full. */
bool trace_add_point(struct trace *trace, const struct tracepoint *point);
bool trace_add_action(struct trace *trace, struct tracepoint *point,
    const struct trace_action *action);
bool trace_add_source(struct trace *trace, struct tracepoint *point,
    const struct trace_source *source);

/* The variable of that number, or NULL; a new one is made if `make`. */
struct trace_variable *
trace_variable(struct trace *trace, uint64_t number, bool make);

/* The operations that expressions of tracepoints may use, on top of those of a
 * machine; for agent_check(). */
struct agent_env trace_env(const struct agent_env *machine);

/* Begin and end a run.  The points are planted by trace_settle(). */
void trace_start(
    struct trace *trace, const struct regs_layout *layout, uint64_t now);
void trace_stop(struct trace *trace, enum trace_state state, uint64_t now);

/* The debugger leaves: a run that must not outlive it ends. */
void trace_leave(struct trace *trace, uint64_t now);

/* Plant the points that the run needs, and remove the others.  0, or the first
 * -errno; *failed is the point then. */
int trace_settle(struct trace *trace, const struct target_ops *ops, void *ctx,
    const struct tracepoint **failed);

/*
 * A thread has met the address of a tracepoint, or has made an instruction
 * while it is followed: collect.  True: it is to be followed.
 */
bool
trace_hit(struct trace *trace, uint64_t addr, const struct trace_site *site);
bool trace_stepped(struct trace *trace, const struct trace_site *site);

/* Registers of a block, from the form on the wire. */
void trace_unpack_regs(
    const uint8_t *block, const struct regs_layout *layout, struct regs *regs);

#endif
