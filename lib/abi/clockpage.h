/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page by which a guest reads clocks without an exit, and the formula.  The
 * VMM writes the page, and the vDSO and the VMM read it by the same function.
 * This file must not know where the page lies, nor what makes its values true.
 *
 * A clock is a straight line over the processor's time stamp counter: since
 * `tsc` it has advanced by the ticks since then, times `rate`.  The line holds
 * for `limit` ticks; a reader that comes later, or earlier than `tsc`, or finds
 * a counter that has nothing to do with `tsc`, asks by a hypercall, which draws
 * the next line.
 *
 * Every write is between two changes of `sequence` (a sequence lock); while it
 * is odd the page holds nothing.  Readers do not wait for an even one.
 */
#ifndef ABI_CLOCKPAGE_H
#define ABI_CLOCKPAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Linux's clock numbers, up to CLOCK_BOOTTIME. */
#define CLOCK_PAGE_CLOCKS 8

#define CLOCK_PAGE_SECOND 1000000000U

/* How often a reader tries while the page is being written. */
#define CLOCK_PAGE_TRIES 4

/* The sequence of a page that nothing was written to: odd. */
#define CLOCK_PAGE_EMPTY 1U

struct clock_page {
	uint32_t sequence;
	uint32_t padding;
	uint64_t tsc;
	uint64_t limit; /* ticks */
	struct clock_page_row {
		uint64_t rate; /* nanoseconds a tick, times 2^32; 0: none */
		int64_t seconds;
		uint64_t nanoseconds; /* below CLOCK_PAGE_SECOND */
	} clock[CLOCK_PAGE_CLOCKS];
};

/* Loads before it in the program are made before it. */
static inline uint64_t
clock_page_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/*
 * Fetch the row of `clock` and its ticks in one piece: false if the page is
 * being written.  Beyond the limit the rate is 0.
 */
static inline bool
clock_page_fetch(const struct clock_page *page, uint32_t clock,
    struct clock_page_row *copy, uint64_t *ticks)
{
	const struct clock_page_row *row = &page->clock[clock];
	uint32_t before = __atomic_load_n(&page->sequence, __ATOMIC_ACQUIRE);

	*ticks = clock_page_tsc() -
		 __atomic_load_n(&page->tsc, __ATOMIC_RELAXED);
	copy->rate = __atomic_load_n(&row->rate, __ATOMIC_RELAXED);
	copy->seconds = __atomic_load_n(&row->seconds, __ATOMIC_RELAXED);
	copy->nanoseconds = __atomic_load_n(
	    &row->nanoseconds, __ATOMIC_RELAXED);
	if (*ticks > __atomic_load_n(&page->limit, __ATOMIC_RELAXED))
		copy->rate = 0;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return before % 2 == 0 &&
	       before == __atomic_load_n(&page->sequence, __ATOMIC_RELAXED);
}

/* Read `clock`, any number: false if the page does not have its value now. */
static inline bool
clock_page_read(const struct clock_page *page, uint32_t clock, int64_t *seconds,
    int64_t *nanoseconds)
{
	struct clock_page_row row;
	uint64_t ticks, ns;
	unsigned tries = 0;

	if (clock >= CLOCK_PAGE_CLOCKS)
		return false;
	while (!clock_page_fetch(page, clock, &row, &ticks))
		if (++tries == CLOCK_PAGE_TRIES)
			return false;
	if (row.rate == 0)
		return false;
	*seconds = row.seconds;
	ns = row.nanoseconds + (ticks * row.rate >> 32);
	for (; ns >= CLOCK_PAGE_SECOND; ns -= CLOCK_PAGE_SECOND)
		++*seconds;
	*nanoseconds = (int64_t)ns;
	return true;
}

#endif
