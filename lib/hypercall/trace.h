/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls written down in strace's manner, from the rows of the table.  It
 * must not change what it shows.
 */
#ifndef TRACE_H
#define TRACE_H

#include "hypercall/line.h"

#include <pthread.h>
#include <signal.h>

/* What a line tells of time.  The first three exclude one another. */
enum hc_trace_time {
	HC_TRACE_CLOCK = 1 << 0,    /* when it began: the time of day */
	HC_TRACE_EPOCH = 1 << 1,    /* the same in seconds since 1970 */
	HC_TRACE_RELATIVE = 1 << 2, /* how long after the line before */
	HC_TRACE_SPENT = 1 << 3,    /* how long it took */
};

/* What the summary knows of one call. */
struct hc_trace_count {
	uint64_t calls;
	uint64_t errors;
	uint64_t ns;
};

/*
 * A call in progress.  It lives as long as the call does, on its thread's
 * stack: no other thread waits for it, none runs out of them.
 */
struct hc_traced {
	struct hc_traced *next; /* in the order of their beginnings */
	const struct hc_call *call;
	uint32_t number;
	int tid;
	unsigned arg;   /* the first argument that is not shown yet */
	bool wanted;    /* it gets a line */
	bool parted;    /* the comma before that argument is there */
	bool told;      /* as unfinished */
	size_t changes; /* where the argument begins that the call changes */
	struct timespec begun, wall;
	struct hc_line line;
};

/* The caller fills the first five before hc_trace_init(). */
struct hc_trace {
	int fd;                /* where lines go */
	bool lines;            /* there are any */
	struct hc_set wanted;  /* the calls that are shown */
	struct hc_set counted; /* those of the summary */
	unsigned times;        /* enum hc_trace_time */

	/* The guest is coming to its end: a call that is interrupted now will
	 * not return.  A signal handler may say so. */
	volatile sig_atomic_t ending;

	pthread_mutex_t lock; /* of all below, and of the file */
	struct hc_traced *first, **last;
	int tid;                /* of the first thread */
	bool threads;           /* there are others */
	struct timespec before; /* when the last line began */
	/* By number; the last is of all that are no call. */
	struct hc_trace_count count[HYPERCALL_END + 1];
};

void hc_trace_init(struct hc_trace *trace);

/* Before the handler: what the guest hands in. */
void hc_trace_enter(struct hc_trace *trace, struct hc_traced *t,
    const struct hc_call *call, uint32_t number);

/* After it: what it got back; writes the line. */
void
hc_trace_leave(struct hc_trace *trace, struct hc_traced *t, int64_t result);

/* A line that is no call: of the guest's end, or what leads to it.  Calls in
 * progress are told as unfinished before. */
__attribute__((format(printf, 2, 3))) void
hc_trace_say(struct hc_trace *trace, const char *format, ...);

/* A signal takes effect in a thread. */
void hc_trace_signal(struct hc_trace *trace, int tid, const siginfo_t *info);

/* The table of what calls cost, where the most time went first. */
void hc_trace_summary(const struct hc_trace *trace, int fd);

#endif
