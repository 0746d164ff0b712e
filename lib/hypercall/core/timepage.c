/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing the page of clocks.  Nothing here may know guests.
 */
#include "hypercall/core/timepage.h"

#define SECOND INT64_C(1000000000)

/* How often a reading is tried for a finer one. */
#define READINGS 4

/* The source of each clock of the page.  The coarse clocks have the values of
 * the others, which are as cheap. */
enum source { NOT_SERVED, MONOTONIC, RAW, REALTIME, BOOTTIME };

static const enum source sources[CLOCK_PAGE_CLOCKS] = {
	[CLOCK_REALTIME] = REALTIME,
	[CLOCK_MONOTONIC] = MONOTONIC,
	[CLOCK_MONOTONIC_RAW] = RAW,
	[CLOCK_REALTIME_COARSE] = REALTIME,
	[CLOCK_MONOTONIC_COARSE] = MONOTONIC,
	[CLOCK_BOOTTIME] = BOOTTIME,
};

static int64_t
now_of(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		return 0;
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* The clock between two readings of the counter; the finest of a few. */
static struct clock_reading
read_clock(struct hc_timepage *t, clockid_t clock)
{
	struct clock_reading best = { .slack = UINT64_MAX };
	unsigned i;

	for (i = 0; i < READINGS; i++) {
		uint64_t before = clock_page_tsc();
		int64_t ns = now_of(clock);
		uint64_t slack = (clock_page_tsc() - before) / 2 + 1;

		if (slack >= best.slack)
			continue;
		best = (struct clock_reading){ before + slack, ns, slack };
		if (slack <= t->finest + t->finest / 4)
			break;
	}
	if (t->finest == 0 || best.slack < t->finest)
		t->finest = best.slack;
	return best;
}

/* The coarse clocks change together, at a tick: without one in between their
 * difference is exact. */
static bool
measure_realtime(struct hc_timepage *t)
{
	unsigned i;

	for (i = 0; i < READINGS; i++) {
		int64_t before = now_of(CLOCK_MONOTONIC_COARSE);
		int64_t realtime = now_of(CLOCK_REALTIME_COARSE);

		if (before != now_of(CLOCK_MONOTONIC_COARSE))
			continue;
		t->realtime = realtime - before;
		return true;
	}
	return false;
}

/* It is constant but for suspensions: what it was stays as long as that can
 * be. */
static void
measure_boottime(struct hc_timepage *t)
{
	int64_t before = now_of(CLOCK_MONOTONIC);
	int64_t boottime = now_of(CLOCK_BOOTTIME);
	int64_t after = now_of(CLOCK_MONOTONIC);

	if (t->boottime < boottime - after)
		t->boottime = boottime - after;
	if (t->boottime > boottime - before)
		t->boottime = boottime - before;
}

static void
put_row(const struct hc_timepage *t, clockid_t clock)
{
	const enum source source = sources[clock];
	const struct clock_line *line = source == RAW ? &t->raw : &t->monotonic;
	struct clock_page_row *row = &t->page->clock[clock];
	int64_t ns = clock_line_at(line, t->page->tsc);

	if (source == REALTIME)
		ns += t->realtime;
	if (source == BOOTTIME)
		ns += t->boottime;
	__atomic_store_n(&row->rate, line->rate, __ATOMIC_RELAXED);
	__atomic_store_n(&row->seconds, ns / SECOND, __ATOMIC_RELAXED);
	__atomic_store_n(
	    &row->nanoseconds, (uint64_t)(ns % SECOND), __ATOMIC_RELAXED);
}

static bool
is_served(clockid_t clock)
{
	return clock >= 0 && clock < CLOCK_PAGE_CLOCKS &&
	       sources[clock] != NOT_SERVED;
}

static void
put_rows(const struct hc_timepage *t)
{
	clockid_t clock;

	for (clock = 0; clock < CLOCK_PAGE_CLOCKS; clock++)
		if (is_served(clock))
			put_row(t, clock);
}

/* How many ticks after `tsc` both lines hold. */
static uint64_t
common_limit(const struct hc_timepage *t, uint64_t tsc)
{
	uint64_t monotonic = t->monotonic.tsc + t->monotonic.limit;
	uint64_t raw = t->raw.tsc + t->raw.limit;
	uint64_t end = monotonic < raw ? monotonic : raw;

	return end > tsc ? end - tsc : 0;
}

/*
 * Write the lines.  Readers that took the old ones have read the counter before
 * the page says that it is being written, and `tsc` is read after that.
 */
static void
publish(struct hc_timepage *t)
{
	struct clock_page *page = t->page;
	uint32_t sequence = page->sequence;

	__atomic_store_n(&page->sequence, sequence | 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&page->tsc, clock_page_tsc(), __ATOMIC_RELAXED);
	__atomic_store_n(
	    &page->limit, common_limit(t, page->tsc), __ATOMIC_RELAXED);
	put_rows(t);
	__atomic_store_n(&page->sequence, (sequence | 1) + 1, __ATOMIC_RELEASE);
}

/* Readers have no use for the old lines any more. */
static void
renew(struct hc_timepage *t)
{
	struct clock_reading monotonic = read_clock(t, CLOCK_MONOTONIC);
	struct clock_reading raw = read_clock(t, CLOCK_MONOTONIC_RAW);
	bool known = clock_line_renew(&t->monotonic, &monotonic);

	known = clock_line_renew(&t->raw, &raw) && known;
	if (known && measure_realtime(t)) {
		t->failures = 0;
		measure_boottime(t);
		publish(t);
	} else if (t->monotonic.clock_rate) {
		t->failures++;
	}
}

void
hc_timepage_init(struct hc_timepage *t, struct clock_page *page)
{
	*t = (struct hc_timepage){ .page = page };
	pthread_mutex_init(&t->lock, NULL);
	page->sequence = CLOCK_PAGE_EMPTY;
}

bool
hc_timepage_published(const struct hc_timepage *t)
{
	return t->page && t->page->sequence != CLOCK_PAGE_EMPTY;
}

static bool
read_page(const struct hc_timepage *t, clockid_t clock, struct timespec *now)
{
	int64_t seconds, nanoseconds;

	if (!clock_page_read(t->page, (uint32_t)clock, &seconds, &nanoseconds))
		return false;
	*now = (struct timespec){ seconds, nanoseconds };
	return true;
}

bool
hc_timepage_read(struct hc_timepage *t, clockid_t clock, struct timespec *now)
{
	bool read;

	if (!t->page || !is_served(clock))
		return false;
	if (read_page(t, clock, now))
		return true;
	if (t->failures >= HC_TIMEPAGE_PATIENCE)
		return false;
	pthread_mutex_lock(&t->lock);
	read = read_page(t, clock, now);
	if (!read) {
		renew(t);
		read = read_page(t, clock, now);
	}
	pthread_mutex_unlock(&t->lock);
	return read;
}
