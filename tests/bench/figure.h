/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns runs into figures: programs in turns, the median of their ratios, and
 * whether it is within a limit.  It must not know what is measured.
 */
#ifndef FIGURE_H
#define FIGURE_H

#include "child.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define ROUNDS_MAX     1024
#define STARTS_A_ROUND 8 /* starts are that much shorter */
#define NO_LIMIT       (-1.0)
#define KIB            1024.0
#define DEFAULT_MEMORY (UINT64_C(1) << 30) /* novillo's default */
/* A guest's addresses with it: 32 GiB more, and a last slot of 32 MiB. */
#define DEFAULT_ADDRESSES (DEFAULT_MEMORY + UINT64_C(0x802000000))

/* The options of main(), and its result. */
extern struct bench {
	unsigned rounds;
	bool virtual;
	FILE *json;
	const char *vs, *only;
	const char *novillo, *floor, *guests;
	const char *programs; /* a folder; NULL: no programs */
	unsigned figures, missed;
} bench;

/* The cost of `run`, minus that of `less` if it is set. */
struct side {
	const char *name;
	const struct command *run;
	const struct command *less;
};

/* The limits of a figure, for either clock. */
struct limits {
	double cpu, wall;
};

struct spread {
	double median, min, max;
	double low; /* the median is above it, 19 times out of 20 */
};

struct spread spread_of(const double *values, unsigned n);

/* The path of a guest in the folder; it stays valid. */
const char *guest_path(const char *name);

/* The words of --vs, which stay valid; `guest` replaces the first %g. */
struct command other_command(const char *const *guest, const char *in);

/* As many turns as time allows for runs that only start and end. */
unsigned start_rounds(void);

/* Begin a figure; end it with the verdict.  One without limit is only
 * printed. */
void begin_json(const char *what);
void judge(double value, double limit, const char *unit);

/* A figure that is a count: `count` for `units`. */
void judge_count(const char *what, double count, double units, double limit);

/* The system calls that novillo makes for `more` and does not for `less`. */
struct child_calls
calls_between(const struct command *less, const struct command *more);

/* Results are in microseconds per `unit`; a run has `units` of them. */
void compare(const char *what, const struct side *ours, const struct side *base,
    unsigned rounds, double units, double limit);
void
compare_by(const char *what, const struct side *ours, const struct side *base,
    unsigned rounds, double units, struct limits limit);

/*
 * Our ratio, of side 0 to side 1, where it is near 1: the limit is missed only
 * by more than chance explains.  The ratio may be CLOSE_LIMIT of the floor's,
 * sides 2 and 3, if that is more than its limit.
 */
#define CLOSE_LIMIT 1.01

void compare_closely(const char *what, const struct side *const sides[4],
    unsigned rounds, double units, double limit);

/*
 * Compares with the same program on Linux itself: the limit is NATIVE_LIMIT, or
 * the floor's ratio times HYPERCALL_LIMIT, whichever is more.
 */
#define NATIVE_LIMIT         (1 / 0.9)
#define HYPERCALL_LIMIT      1.10
#define VIRTUAL_NATIVE_LIMIT 1.3 /* where no hardware takes its time */

void compare_native(const char *what, const struct side *ours,
    const struct side *native, const struct side *floor, double units);

/*
 * The same with other limits, on the native time and on the floor's: a limit is
 * missed only by more than chance explains.
 */
struct native_limits {
	double native, floor;
};
void compare_native_closely(const char *what, const struct side *const sides[3],
    unsigned rounds, double units, struct native_limits limits);

#endif
