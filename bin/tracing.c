/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a trace begins and ends with.  Nothing here may change the machine.
 */
#include "tracing.h"

#include "hypercall/trace.h"
#include "vm/trap.h"

#include <signal.h>
#include <stdio.h>

static struct hc_trace trace; /* one guest a process */

void
tracing_start(const struct options *o, int fd, struct hc_guest *guest)
{
	if (!o->trace && !o->trace_summary)
		return;
	trace.fd = fd;
	trace.lines = o->trace;
	trace.wanted = o->traced;
	trace.counted = o->summed;
	trace.times = o->trace_times;
	hc_trace_init(&trace);
	guest->trace = &trace;
}

void
tracing_ending(void)
{
	trace.ending = 1;
}

void
tracing_end(const struct options *o, int fd, struct machine *m)
{
	switch (o->trace ? m->outcome.kind : OUTCOME_RUNNING) {
	case OUTCOME_EXIT:
		hc_trace_say(&trace, "+++ exited with %d +++", m->outcome.code);
		break;
	case OUTCOME_SIGNAL:
		hc_trace_say(&trace, "+++ killed by %s%s +++",
		    trap_signal_name(m->outcome.code),
		    o->core ? " (core dumped)" : "");
		break;
	case OUTCOME_TIMEOUT:
		hc_trace_say(&trace, "+++ ended by --timeout +++");
		break;
	default: break;
	}
	if (o->trace_summary)
		hc_trace_summary(&trace, fd);
}
