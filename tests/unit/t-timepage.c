/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the page of clocks without a guest: the line of a simulated clock, and
 * the page's formula against the host's own clocks.
 */
#include "tap.h"

#include "hypercall/core/timepage.h"

#include <sys/timex.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

/* A simulated clock: its counter has three ticks a nanosecond, and its rate may
 * be off by some parts in a million, from now on. */
struct simulation {
	struct clock_line line;
	uint64_t tsc;
	int64_t ns;   /* true */
	int64_t ppm;  /* by which the clock is faster */
	int64_t part; /* of a nanosecond, times 10^6 */
	int64_t last; /* what a reader has read */
	int64_t worst;
	unsigned back, known;
};

#define TICKS 3

static void
pass(struct simulation *s, int64_t ns)
{
	int64_t parts = ns * s->ppm + s->part;

	s->tsc += (uint64_t)ns * TICKS;
	s->ns += ns + parts / 1000000;
	s->part = parts % 1000000;
}

static bool
renew(struct simulation *s, uint64_t slack, int64_t wrong)
{
	struct clock_reading reading = { s->tsc, s->ns + wrong, slack };

	return clock_line_renew(&s->line, &reading);
}

/* A reader reads, if the line holds. */
static bool
read_line(struct simulation *s)
{
	int64_t value, wrong;

	if (s->line.rate == 0 || s->tsc - s->line.tsc > s->line.limit)
		return false;
	value = clock_line_at(&s->line, s->tsc);
	wrong = value > s->ns ? value - s->ns : s->ns - value;
	if (wrong > s->worst)
		s->worst = wrong;
	s->back += value < s->last;
	s->last = value;
	s->known++;
	return true;
}

/* Read in steps of `step` ns for `length`, with readings of the clock that are
 * wrong by up to 20 ns. */
static void
simulate(struct simulation *s, int64_t length, int64_t step)
{
	int64_t end = s->ns + length;
	unsigned n = 0;

	s->worst = 0;
	for (; s->ns < end; pass(s, step)) {
		if (read_line(s))
			continue;
		renew(s, 20 * TICKS, (int64_t)(n % 3) * 20 - 20);
		n++;
		read_line(s);
	}
}

static void
test_start(void)
{
	struct simulation s = { .tsc = 1000, .ns = SECOND };

	ok(!renew(&s, 60, 0), "one reading is not a line");
	pass(&s, LINE_BASE / 2);
	ok(!renew(&s, 60, 0), "nor are two that are near");
	pass(&s, LINE_BASE);
	ok(renew(&s, 60, 0), "two that are far enough apart are one");
	is_int(clock_line_at(&s.line, s.tsc), s.ns,
	    "it begins where the clock is");
	ok(s.line.limit >= LINE_BASE * TICKS &&
		s.line.limit <= LINE_LIMIT / 2 * TICKS,
	    "it is not trusted for long yet");
}

static void
test_steady(void)
{
	struct simulation s = { .tsc = 1, .ns = 1 };

	simulate(&s, 10 * SECOND, 99991);
	ok(s.known > 90000, "a steady clock is read from the line");
	ok(s.worst <= LINE_ERROR, "within %d ns: it missed it by %d",
	    LINE_ERROR, (int)s.worst);
	is_int(s.back, 0, "and never goes back");
	ok(s.line.limit > (LINE_LIMIT - 1000) * TICKS,
	    "a line that is known well is trusted for its limit");
}

/* The rate changes now and then by as much as NTP may. */
static void
test_slew(void)
{
	static const int64_t rates[] = { 500, -500, 0, -500, 500, 17 };
	struct simulation s = { .tsc = 1, .ns = 1 };
	unsigned i;

	simulate(&s, 3 * SECOND, 99991);
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		s.ppm = rates[i];
		simulate(&s, 2 * SECOND, 99991);
		/* Twice 500 ppm at once is more than there is. */
		ok(s.worst <= 101000,
		    "at %d ppm the line misses the clock by %d ns",
		    (int)rates[i], (int)s.worst);
		simulate(&s, SECOND, 99991);
		ok(s.worst <= 2 * LINE_ERROR, "and soon by %d ns",
		    (int)s.worst);
	}
	is_int(s.back, 0, "a clock that is slewed never goes back");
}

static void
test_pauses(void)
{
	struct simulation s = { .tsc = 1, .ns = 1 };
	unsigned i;

	simulate(&s, SECOND, 99991);
	for (i = 0; i < 5; i++) {
		pass(&s, 1000 * SECOND);
		ok(!read_line(&s), "after a pause the line does not hold");
		ok(renew(&s, 20 * TICKS, 0), "and is renewed at once");
		simulate(&s, SECOND / 2, 99991);
		ok(s.worst <= LINE_ERROR, "as exact as before");
	}
	is_int(s.back, 0, "and never went back");
}

/* The host was suspended for a little of a pause: its clock has stopped then,
 * and its counter has not. */
static void
test_suspension(void)
{
	struct simulation s = { .tsc = 1, .ns = 1 };

	simulate(&s, SECOND, 99991);
	pass(&s, 1000 * SECOND);
	s.tsc += 2 * SECOND * TICKS;
	ok(renew(&s, 20 * TICKS, 0),
	    "a suspension in a long pause is not seen");
	simulate(&s, SECOND, 99991);
	ok(s.worst <= 50000,
	    "the rate that it gives is not trusted for long: %d ns",
	    (int)s.worst);
	is_int(s.back, 0, "and the clock does not go back");
}

static void
test_disorder(void)
{
	struct simulation s = { .tsc = 1000000, .ns = SECOND };

	simulate(&s, SECOND, 99991);
	pass(&s, SECOND);
	ok(!renew(&s, 300 * TICKS, 0),
	    "a reading that is not exact makes no line");
	s.tsc -= SECOND * 2;
	ok(!renew(&s, 20, 0), "nor does a counter that went back");
	ok(!s.line.rate, "and the line is forgotten");
	pass(&s, LINE_BASE);
	ok(renew(&s, 20, 0), "a new one is learned");
	simulate(&s, SECOND, 99991);
	s.tsc += SECOND;
	ok(!renew(&s, 20, 0), "nor does a rate that no clock has");
	pass(&s, LINE_BASE);
	ok(renew(&s, 20, 0), "and a new one is learned");
}

static int64_t
now_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* Is somebody correcting the host's clocks at this moment? */
static bool
host_slews(void)
{
	struct timex t = { .modes = 0 };

	return adjtimex(&t) < 0 || t.offset != 0;
}

static int64_t
elapsed(int64_t since)
{
	return now_of(CLOCK_MONOTONIC) - since;
}

/* The most by which the page leaves the bracket of two readings of `clock`;
 * *known counts the readings. */
static int64_t
compare(struct hc_timepage *t, clockid_t clock, int64_t length, unsigned *known)
{
	int64_t first = now_of(CLOCK_MONOTONIC), worst = 0;

	while (elapsed(first) < length) {
		struct timespec now;
		int64_t before = now_of(clock), value, after;
		bool read = hc_timepage_read(t, clock, &now);

		after = now_of(clock);
		if (!read)
			continue;
		++*known;
		value = now.tv_sec * SECOND + now.tv_nsec;
		if (before - value > worst)
			worst = before - value;
		if (value - after > worst)
			worst = value - after;
	}
	return worst;
}

static void
test_host(void)
{
	static const struct {
		clockid_t clock;
		const char *name;
	} clocks[] = {
		{ CLOCK_MONOTONIC, "CLOCK_MONOTONIC" },
		{ CLOCK_REALTIME, "CLOCK_REALTIME" },
		{ CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW" },
		{ CLOCK_BOOTTIME, "CLOCK_BOOTTIME" },
	};
	static struct clock_page page;
	static struct hc_timepage t;
	struct timespec now;
	unsigned i;

	ok(!hc_timepage_read(&t, CLOCK_MONOTONIC, &now),
	    "without a page no clock is read");
	hc_timepage_init(&t, &page);
	ok(!hc_timepage_read(&t, CLOCK_MONOTONIC, &now),
	    "nor at the first time");
	ok(!hc_timepage_read(&t, CLOCK_PROCESS_CPUTIME_ID, &now) &&
		!hc_timepage_read(&t, CLOCK_TAI, &now) &&
		!hc_timepage_read(&t, -6, &now),
	    "and never one that the page has not");
	for (i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		unsigned known = 0;
		int64_t most = host_slews() ? 50000 : 1000;
		int64_t worst = compare(
		    &t, clocks[i].clock, SECOND / 3, &known);

		if (known == 0) {
			skip(1, "this host's clocks are not read exactly");
			continue;
		}
		ok(worst <= most, "%s is within %d ns: it misses by %d",
		    clocks[i].name, (int)most, (int)worst);
	}
	if (page.sequence % 2) {
		skip(1, "this host's clocks are not read exactly");
		return;
	}
	usleep(LINE_LIMIT / 1000 + 1000);
	ok(!clock_page_read(
	       &page, CLOCK_MONOTONIC, &(int64_t){ 0 }, &(int64_t){ 0 }),
	    "a page that is older than its limit is not read");
	page.sequence |= 1;
	ok(!clock_page_read(
	       &page, CLOCK_MONOTONIC, &(int64_t){ 0 }, &(int64_t){ 0 }),
	    "nor one that is being written");
}

int
main(void)
{
	test_start();
	test_steady();
	test_slew();
	test_pauses();
	test_suspension();
	test_disorder();
	test_host();
	return done_testing();
}
