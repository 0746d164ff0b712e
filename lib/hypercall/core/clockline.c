/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line of a clock.  Nothing here may read a clock.
 */
#include "hypercall/core/clockline.h"

/* A second pair of readings takes the place of the first one after this. */
#define LINE_AGE 500000000

/* Readings further apart than this give a rate that is trusted as little as
 * the first one: what happened in between is not known. */
#define LINE_GAP 2000000000

/* Once known, a rate is taken from readings at least so far apart. */
#define LINE_STEADY 50000000

/* No clock's rate changes by more than this part at once: NTP's most is 500
 * ppm, and a first rate is as inexact. */
#define LINE_CHANGE 256

/* Not of ISO C, but of all compilers for x86-64. */
__extension__ typedef unsigned __int128 uint128;

static int64_t
ticks_to_ns(uint64_t ticks, uint64_t rate)
{
	return (int64_t)((uint128)ticks * rate >> 32);
}

/* The ticks in `ns`. */
static uint64_t
ns_to_ticks(int64_t ns, uint64_t rate)
{
	return (uint64_t)(((uint128)(uint64_t)ns << 32) / rate);
}

int64_t
clock_line_at(const struct clock_line *line, uint64_t tsc)
{
	uint64_t ticks = tsc - line->tsc;

	return line->ns + ticks_to_ns(ticks < line->limit ? ticks : line->limit,
			      line->rate);
}

static bool
begin(struct clock_line *line, const struct clock_reading *reading)
{
	*line = (struct clock_line){
		.old = *reading,
		.young = *reading,
		.begun = true,
	};
	return false;
}

/* The rate between two readings, or 0. */
static uint64_t
rate_between(const struct clock_reading *a, const struct clock_reading *b)
{
	if (b->tsc <= a->tsc || b->ns <= a->ns)
		return 0;
	return (uint64_t)(((uint128)(uint64_t)(b->ns - a->ns) << 32) /
			  (b->tsc - a->tsc));
}

static bool
is_near(uint64_t rate, uint64_t known)
{
	uint64_t apart = rate > known ? rate - known : known - rate;

	return apart <= known / LINE_CHANGE;
}

/* Is the distance of the readings enough for a better rate than the known? */
static bool
is_better(const struct clock_line *line, int64_t base)
{
	if (line->clock_rate == 0)
		return base >= LINE_BASE;
	return base >= LINE_STEADY || base > line->base;
}

/* Readings grow old. */
static void
keep(struct clock_line *line, const struct clock_reading *reading)
{
	int64_t age = reading->ns - line->young.ns;

	if (age < LINE_AGE)
		return;
	line->old = age > LINE_GAP ? *reading : line->young;
	if (age > LINE_GAP)
		line->base = LINE_BASE;
	line->young = *reading;
}

/* For how many nanoseconds a line can be trusted that begins at a reading
 * exact to `slack` nanoseconds, with a rate from readings exact to both. */
static int64_t
trust(const struct clock_line *line, int64_t old_slack, int64_t slack)
{
	int64_t limit = line->base / (old_slack + slack + 1) *
			(LINE_ERROR - slack);

	return limit < LINE_LIMIT ? limit : LINE_LIMIT;
}

/* How far the line that was read last is ahead of the clock. */
static int64_t
line_ahead(const struct clock_line *line, const struct clock_reading *reading)
{
	int64_t ahead = 0;

	if (line->rate)
		ahead = clock_line_at(line, reading->tsc) - reading->ns;
	return ahead > 0 ? ahead : 0;
}

/* Begin the line where the clock is, or `ahead` of it: then it goes slower, to
 * meet the clock in `ns`, its limit. */
static void
draw(struct clock_line *line, const struct clock_reading *reading,
    int64_t ahead, int64_t ns)
{
	if (ns < 2 * ahead)
		ns = 2 * ahead;
	line->rate = line->clock_rate -
		     (uint64_t)((uint128)line->clock_rate * (uint64_t)ahead /
				(uint64_t)ns);
	line->tsc = reading->tsc;
	line->ns = reading->ns + ahead;
	line->limit = ns_to_ticks(ns, line->clock_rate);
}

/* Take the rate again, if these readings give a better one.  False: no clock
 * changes so. */
static bool
take_rate(struct clock_line *line, const struct clock_reading *reading)
{
	int64_t base = reading->ns - line->old.ns;
	uint64_t rate;

	if (!is_better(line, base))
		return reading->tsc > line->tsc;
	rate = rate_between(&line->old, reading);
	if (rate == 0 || reading->tsc <= line->tsc ||
	    (line->clock_rate && !is_near(rate, line->clock_rate)))
		return false;
	line->clock_rate = rate;
	line->base = base;
	return true;
}

bool
clock_line_renew(struct clock_line *line, const struct clock_reading *reading)
{
	int64_t ahead = line_ahead(line, reading);
	int64_t old_slack, slack;

	if (!line->begun || ahead > LINE_LIMIT || !take_rate(line, reading))
		return begin(line, reading);
	if (line->clock_rate == 0)
		return false;
	old_slack = ticks_to_ns(line->old.slack, line->clock_rate);
	slack = ticks_to_ns(reading->slack, line->clock_rate);
	if (slack > LINE_ERROR / 2)
		return false;
	/* It says how far the rate is to be trusted, also for this line. */
	keep(line, reading);
	draw(line, reading, ahead, trust(line, old_slack, slack));
	return true;
}
