/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls written down in strace's manner, from the rows of the table.  It
 * must not change what it shows.
 */
#ifndef TRACE_H
#define TRACE_H

#include "hypercall/hypercall.h"

/* A line holds this much; a longer one is cut, which the line shows. */
#define HC_TRACE_LINE 1024

struct hc_trace {
	int fd;               /* where lines go */
	struct hc_set wanted; /* the calls that are shown */
	unsigned next;        /* the first argument that is not shown yet */
	size_t used;
	char line[HC_TRACE_LINE];
};

/* Before the handler: what the guest hands in. */
void hc_trace_enter(
    struct hc_trace *trace, const struct hc_call *call, uint32_t number);

/* After it: what it got back; writes the line. */
void hc_trace_leave(struct hc_trace *trace, const struct hc_call *call,
    uint32_t number, int64_t result);

#endif
