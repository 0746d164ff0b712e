/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls in lines like those of strace, from the rows of the table.  It
 * must not change the state that it shows.
 */
#ifndef TRACE_H
#define TRACE_H

#include "hypercall/core/hypercall.h"
#include "hypercall/trace/line.h"
#include "output/output.h"

#include <pthread.h>

#define HC_TRACE_BYTES 32U   /* of a buffer, as by default in strace */
#define HC_TRACE_LIMIT 80U   /* bytes of a struct timespec, as text */
#define HC_TRACE_MOST  1024U /* a line holds two of them, escaped or not */

/* Times in a line.  The first three exclude each other. */
enum hc_trace_time {
	HC_TRACE_CLOCK = 1 << 0,    /* of the start: the time of day */
	HC_TRACE_EPOCH = 1 << 1,    /* of the start: seconds since 1970 */
	HC_TRACE_RELATIVE = 1 << 2, /* from the start of the last line */
	HC_TRACE_SPENT = 1 << 3,    /* from start to end */
};

/* The summary's counts of one call. */
struct hc_trace_count {
	uint64_t calls;
	uint64_t errors;
	uint64_t ns;
};

/* Write what descriptor `fd` of the guest leads to into name[size], cut if need
 * be: the length of the whole, or 0. */
typedef size_t
hc_name_fd(struct hc_guest *guest, int fd, char *name, size_t size);

/*
 * A call in progress.  It is on the stack of the call's thread, so that no
 * thread waits for one, and their number has no limit.
 */
struct hc_traced {
	struct hc_traced *next; /* in the order of their starts */
	const struct hc_call *call;
	uint32_t number;
	int tid;
	size_t most; /* bytes of a buffer that are shown */
	hc_name_fd *name_fd;
	unsigned args;   /* how many arguments it has */
	unsigned arg;    /* the first argument that is not shown yet */
	bool wanted;     /* it gets a line */
	bool comma;      /* the comma before that argument is written */
	bool unfinished; /* a line with <unfinished ...> is written */
	char limit[HC_TRACE_LIMIT]; /* recvmmsg's, as it was before the call */
	size_t changes; /* offset of the argument that the call changes */
	size_t closes;  /* offset of the parenthesis before the result */
	struct timespec begun, wall;
	struct hc_line line;
};

/* The caller sets the first seven before hc_trace_init(). */
struct hc_trace {
	struct output *out;    /* lines are written to it */
	bool lines;            /* write lines */
	struct hc_set wanted;  /* the calls with a line */
	struct hc_set counted; /* the calls in the summary */
	unsigned times;        /* enum hc_trace_time */
	size_t most;           /* bytes of a buffer, up to HC_TRACE_MOST */
	hc_name_fd *name_fd;   /* NULL: descriptors are numbers */

	/* The guest is ending: a call that is interrupted now will not return.
	 * A signal handler may set this. */
	_Atomic bool ending;

	pthread_mutex_t lock; /* for all below, and for writing */
	struct hc_traced *first, **last;
	int tid;                /* of the first thread */
	bool threads;           /* there are other threads */
	struct timespec before; /* when the last line began */
	/* By number; the last is for unknown numbers. */
	struct hc_trace_count count[HYPERCALL_END + 1];
};

void hc_trace_init(struct hc_trace *trace);

/* Trace the calls of `guest` from now on. */
void hc_trace_attach(struct hc_guest *guest, struct hc_trace *trace);

/* Write the calls of `guest` as events (events.h) from now on, whether they are
 * traced or not. */
struct hc_events;
void hc_trace_attach_events(struct hc_guest *guest, struct hc_events *events);

/* For those: serve a call and write its event, write that of a signal. */
int64_t hc_events_serve(struct hc_call *call, uint32_t number, hc_serve *serve);
void hc_events_signal(struct hc_events *events, int tid, const siginfo_t *info);

/* Call before the handler: shows the arguments. */
void hc_trace_enter(struct hc_trace *trace, struct hc_traced *t,
    const struct hc_call *call, uint32_t number);

/* Call after the handler: shows the result, and writes the line. */
void
hc_trace_leave(struct hc_trace *trace, struct hc_traced *t, int64_t result);

/* The same without writing: line.text from HEAD to line.used is the call. */
void
hc_trace_format(struct hc_trace *trace, struct hc_traced *t, int64_t result);

/* Write a line that is not a call, for example on the guest's end.  Calls in
 * progress are shown as unfinished before it. */
__attribute__((format(printf, 2, 3))) void
hc_trace_say(struct hc_trace *trace, const char *format, ...);

/* A signal takes effect in a thread: show that, if the guest is traced. */
void hc_trace_signal(struct hc_guest *guest, int tid, const siginfo_t *info);

/* Write the table of the cost of calls, sorted by time. */
void hc_trace_summary(const struct hc_trace *trace);

/* The same as a line of JSON: {"trace-summary": [...]}. */
void hc_trace_summary_json(const struct hc_trace *trace);

#endif
