/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The begin and the end of a trace.  Nothing here may change the machine.
 */
#include "tracing.h"

#include "hypercall/trace/trace.h"
#include "vm/trap.h"

#include <signal.h>
#include <stdio.h>

static struct hc_trace trace; /* one guest a process */

void
tracing_start(
    const struct options *o, struct output *out, struct hc_guest *guest)
{
	if (!o->trace && !o->trace_summary)
		return;
	trace.out = out;
	trace.lines = o->trace;
	trace.wanted = o->traced;
	trace.counted = o->summed;
	trace.times = o->trace_times;
	trace.most = o->trace_size;
	hc_trace_init(&trace);
	hc_trace_attach(guest, &trace);
}

void
tracing_ending(void)
{
	trace.ending = true;
}

/* As in a trace on Linux; but there everybody expects it. */
static void
say_unseen(const struct options *o, const struct hc_guest *guest)
{
	if (o->trace && hc_set_has(&o->traced, HC_clock_gettime) &&
	    hc_timepage_published(&guest->time))
		hc_trace_say(&trace,
		    "+++ clocks read without a call are not seen: --no-vdso"
		    " shows them +++");
}

void
tracing_end(const struct options *o, struct machine *m)
{
	say_unseen(o, &m->guest);
	switch (o->trace ? m->outcome.kind : OUTCOME_RUNNING) {
	case OUTCOME_EXIT:
		hc_trace_say(&trace, "+++ exited with %d +++", m->outcome.code);
		break;
	case OUTCOME_SIGNAL:
	case OUTCOME_KILLED:
		hc_trace_say(&trace, "+++ killed by %s%s +++",
		    trap_signal_name(m->outcome.code),
		    o->core ? " (core dumped)" : "");
		break;
	case OUTCOME_TIMEOUT:
		hc_trace_say(&trace, "+++ ended by --timeout +++");
		break;
	default: break;
	}
	if (o->trace_summary && o->json)
		hc_trace_summary_json(&trace);
	else if (o->trace_summary)
		hc_trace_summary(&trace);
}
