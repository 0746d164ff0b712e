/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A clock as a straight line over the time stamp counter (TSC), learned from
 * readings of both.  Pure: it must not know which clock, nor read one.
 *
 * The counter's rate is not asked for anywhere; it is what two readings far
 * enough apart say.  So it follows NTP, and how far the line is trusted follows
 * from how exact the readings were and how far apart.
 *
 *	nothing --reading--> one reading --LINE_BASE ns later--> a line
 *	   ^                                                      |   ^
 *	   +--- a rate or a step that no clock has ---------------+---+
 *
 * A line that is replaced has been read.  The next one begins no lower than
 * the old one ends, and goes slower until it meets the clock: so what readers
 * see never goes back, however they and the writer are ordered.
 */
#ifndef HC_CLOCKLINE_H
#define HC_CLOCKLINE_H

#include <stdbool.h>
#include <stdint.h>

/* Nanoseconds.  A line begins to be known after LINE_BASE, and is renewed at
 * least every LINE_LIMIT: in that time the fastest slew of Linux (500 ppm)
 * leads a clock away by 50 us. */
#define LINE_BASE  1000000
#define LINE_LIMIT 100000000

/* A line may miss the clock by so many nanoseconds if the clock is steady.  A
 * reading that is less exact than half of it is worth nothing. */
#define LINE_ERROR 500

/* The clock was at `ns` when the counter was at `tsc`, give or take `slack`
 * ticks. */
struct clock_reading {
	uint64_t tsc;
	int64_t ns;
	uint64_t slack;
};

struct clock_line {
	bool begun;                      /* there are readings */
	struct clock_reading old, young; /* the rate is taken from the older */
	/* The line: `ns` at `tsc`, and `rate` / 2^32 nanoseconds a tick, for
	 * `limit` ticks.  A rate of 0: not known. */
	uint64_t tsc, rate, limit;
	int64_t ns;
	uint64_t clock_rate; /* the same as `rate`, but for the clock */
	int64_t base; /* nanoseconds between the readings it was taken from */
};

/* The clock is at `reading`: renew the line.  False: there is none yet. */
bool
clock_line_renew(struct clock_line *line, const struct clock_reading *reading);

/* The value of the line at `tsc`, not before its start; it stops at its
 * limit. */
int64_t clock_line_at(const struct clock_line *line, uint64_t tsc);

#endif
