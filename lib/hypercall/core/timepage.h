/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writer of the page of clocks (lib/abi/clockpage.h).  It must not know
 * where the guest sees the page, nor whether the guest's counter is the host's:
 * the maker of the page ensures both.
 *
 * Nothing renews the page but a guest that asks for the time and finds it too
 * old: a guest that is idle causes no work.  All answers about a clock that the
 * page has come from the page, also those of hypercalls, so that they and the
 * vDSO's are one sequence.
 */
#ifndef HC_TIMEPAGE_H
#define HC_TIMEPAGE_H

#include "abi/clockpage.h"
#include "hypercall/core/clockline.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* After so many readings in a row that are not exact enough, the host's clock
 * is not one for a page. */
#define HC_TIMEPAGE_PATIENCE 16

struct hc_timepage {
	struct clock_page *page; /* as the VMM writes it; NULL: there is none */
	pthread_mutex_t lock;    /* for all below */
	struct clock_line monotonic, raw;
	int64_t realtime, boottime; /* from CLOCK_MONOTONIC, ns */
	uint64_t finest;            /* the least slack so far, ticks */
	_Atomic unsigned failures;  /* also without the lock */
};

/* `page` is zero, and stays the caller's.  It holds nothing until the first
 * request. */
void hc_timepage_init(struct hc_timepage *t, struct clock_page *page);

/* Read `clock` from the page, which is renewed if need be: false if the page
 * does not have it, and the host's own clock is to be asked. */
bool
hc_timepage_read(struct hc_timepage *t, clockid_t clock, struct timespec *now);

/* Has the page ever had anything for a guest to read? */
bool hc_timepage_published(const struct hc_timepage *t);

#endif
