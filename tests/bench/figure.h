/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From runs to figures: programs in turns, the median of their ratios, and
 * whether that is within a limit.  It must not know what is measured.
 */
#ifndef FIGURE_H
#define FIGURE_H

#include "child.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define ROUNDS_MAX     1024
#define STARTS_A_ROUND 8 /* they are that much shorter */
#define NO_LIMIT       (-1.0)
#define KIB            1024.0
#define DEFAULT_MEMORY (UINT64_C(1) << 30) /* novillo's */
/* With it, a guest's addresses: 32 GiB more, and a last slot of 32 MiB. */
#define DEFAULT_ADDRESSES (DEFAULT_MEMORY + UINT64_C(0x802000000))

/* What main() was told, and what came of it. */
extern struct bench {
	unsigned rounds;
	bool virtual;
	FILE *json;
	const char *vs, *only;
	const char *novillo, *floor, *guests;
	const char *programs; /* a folder; NULL, there are none */
	unsigned figures, missed;
} bench;

/* What `run` costs, less what `less` costs if there is that. */
struct side {
	const char *name;
	const struct command *run;
	const struct command *less;
};

/* What a figure may be at most, by either clock. */
struct limits {
	double cpu, wall;
};

struct spread {
	double median, min, max;
	double low; /* the median is above, 19 times out of 20 */
};

struct spread spread_of(const double *values, unsigned n);

/* A guest of the folder as a path, for good. */
const char *guest_path(const char *name);

/* The words of --vs, for good; the first that is %g becomes `guest`. */
struct command other_command(const char *const *guest, const char *in);

/* As many turns as time allows for runs that only start and end. */
unsigned start_rounds(void);

/* A figure begins, and ends with the verdict; one without limit is told. */
void begin_json(const char *what);
void judge(double value, double limit, const char *unit);

/* In microseconds a `unit`, of which a run has `units`. */
void compare(const char *what, const struct side *ours, const struct side *base,
    unsigned rounds, double units, double limit);
void
compare_by(const char *what, const struct side *ours, const struct side *base,
    unsigned rounds, double units, struct limits limit);

/*
 * Our ratio, of side 0 to side 1, where it is near 1: missed only by what
 * chance does not explain.  It may be CLOSE_LIMIT of the floor's, sides 2 and
 * 3, if that is more than its limit.
 */
#define CLOSE_LIMIT 1.01

void compare_closely(const char *what, const struct side *const sides[4],
    unsigned rounds, double units, double limit);

/*
 * Against the same program on Linux itself: NATIVE_LIMIT, or what the floor
 * needs and HYPERCALL_LIMIT of it, whichever is more.
 */
#define NATIVE_LIMIT         (1 / 0.9)
#define HYPERCALL_LIMIT      1.10
#define VIRTUAL_NATIVE_LIMIT 1.3 /* where no hardware takes its time */

void compare_native(const char *what, const struct side *ours,
    const struct side *native, const struct side *floor, double units);

/*
 * The same with limits of one's own, of the native time and of the floor's:
 * missed only by what chance does not explain.
 */
struct native_limits {
	double native, floor;
};
void compare_native_closely(const char *what, const struct side *const sides[3],
    unsigned rounds, double units, struct native_limits limits);

#endif
