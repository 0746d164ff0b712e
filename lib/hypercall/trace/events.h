/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls, signals and stops in the trace event format that Chrome and
 * Perfetto show: a JSON array of events, written while the guest runs.  It must
 * not change the state that it shows, nor know what file it writes to.
 *
 * A call is a slice ("X") of its thread's line, with the arguments and the
 * result that --trace shows.  The part of it that the thread spent off the
 * processor is a slice inside, "waits", if that is HC_EVENTS_WAIT_NS or more.
 */
#ifndef HC_EVENTS_H
#define HC_EVENTS_H

#include "hypercall/trace/trace.h"

#define HC_EVENTS_NAMES   512U  /* threads whose names are remembered */
#define HC_EVENTS_WAIT_NS 50000 /* a shorter wait is not shown */

/* The caller sets text.out and `most` before hc_events_begin(). */
struct hc_events {
	size_t most; /* as of struct hc_trace */

	struct hc_trace trace; /* formats calls, and writes nothing */
	pthread_mutex_t lock;  /* for what follows, and for writing */
	struct timespec begun;
	bool any; /* an event is written */
	struct output_buffer text;
	/* The name that was written for a thread, by its number. */
	struct {
		int tid;
		char name[HC_THREAD_NAME];
	} named[HC_EVENTS_NAMES];
};

/* Begin the array: the events of `guest` follow, under the name `process`. */
void hc_events_begin(
    struct hc_events *events, struct hc_guest *guest, const char *process);

/* An event of a moment: in a thread, or in the process if `tid` is 0. */
void hc_events_mark(
    struct hc_events *events, int tid, const char *kind, const char *name);

/* End the array, and write what is left of it. */
void hc_events_end(struct hc_events *events);

#endif
