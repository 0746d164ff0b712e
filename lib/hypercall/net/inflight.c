/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting descriptors in flight.  Nothing here may know messages.
 */
#include "hypercall/net/inflight.h"

#include "hypercall/core/hostcall.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#define LOOK_FROM  (HC_FLIGHT / 2) /* the sockets are looked at from here on, */
#define LOOK_EVERY 64U             /* each time that so many more were sent */

/* Change the count by `by`, within [0, HC_FLIGHT]; else it stays as it is. */
static bool
change(struct hc_fds *fds, int by)
{
	unsigned old = fds->flight;

	do {
		if (by < 0 ? old < (unsigned)-by
			   : old + (unsigned)by > HC_FLIGHT)
			return false;
	} while (!atomic_compare_exchange_weak(
	    &fds->flight, &old, old + (unsigned)by));
	return true;
}

/* May a message wait in this file?  A socket whose peer has gone counts as one
 * where it may: poll() reports its end and a message alike. */
static bool
may_hold(const struct hc_file *file)
{
	struct pollfd p = { .fd = file->host, .events = POLLIN };
	const struct timespec none = { 0, 0 };
	socklen_t len = sizeof(int);
	int domain = -1;

	if (!file->buffered && !file->kept)
		return false;
	if (hc_host(SYS_getsockopt, file->host, SOL_SOCKET, SO_DOMAIN, &domain,
		&len) < 0 ||
	    domain != AF_UNIX)
		return false;
	return hc_host(SYS_ppoll, &p, 1, &none, NULL, 0) != 0;
}

static bool
nothing_waits(struct hc_fds *fds)
{
	struct hc_file *file;
	unsigned at = 0;

	while ((file = hc_fds_next_file(fds, &at)) != NULL) {
		bool holds = may_hold(file);

		hc_file_put(file);
		if (holds)
			return false;
	}
	return true;
}

/* If nothing is in flight, count from zero.  The caller has begun a call and
 * not made it; any other call that sends meanwhile prevents this. */
static void
look(struct hc_fds *fds)
{
	const unsigned departures = fds->departures;
	unsigned old;

	if (fds->departing != 1 || !nothing_waits(fds))
		return;
	old = fds->flight;
	/* A call that begins after this line changes the count from `old`. */
	if (fds->departures == departures)
		(void)atomic_compare_exchange_strong(&fds->flight, &old, 0);
}

int
hc_inflight_begin(struct hc_fds *fds, unsigned n)
{
	const unsigned flight = fds->flight;

	/* In this order: look() reads them in the other. */
	fds->departing++;
	fds->departures++;
	if (flight + n > HC_FLIGHT ||
	    (flight >= LOOK_FROM && flight % LOOK_EVERY < n))
		look(fds);
	if (change(fds, (int)n))
		return 0;
	fds->departing--;
	return -ETOOMANYREFS;
}

void
hc_inflight_end(struct hc_fds *fds, unsigned unsent)
{
	if (unsent > 0)
		(void)change(fds, -(int)unsent);
	fds->departing--;
}

void
hc_inflight_received(struct hc_fds *fds)
{
	(void)change(fds, -1);
}
