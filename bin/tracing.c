/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The beginning and the end of a trace.  Nothing here may change the machine.
 */
#include "tracing.h"

#include "outfile.h"

#include "hypercall/own/own.h"
#include "hypercall/trace/events.h"
#include "vm/exitline.h"
#include "vm/trap.h"

#include <stdio.h>

/* One guest a process. */
static struct hc_trace trace;
static struct hc_events events;
static struct exit_lines exits;
static struct output events_file = { .fd = -1 };

int
tracing_open(const struct options *o)
{
	events_file.fd = outfile_private("--trace-out", o->trace_out);
	return events_file.fd < -1 ? -1 : 0;
}

static void
start_events(const struct options *o, struct hc_guest *guest)
{
	events.text.out = &events_file;
	events.most = o->trace_size;
	hc_events_begin(&events, guest, o->replay ? o->replay : o->guest);
}

static void
start_lines(const struct options *o, struct output *out, struct hc_guest *guest)
{
	trace.out = out;
	trace.lines = o->trace;
	trace.wanted = o->traced;
	trace.counted = o->summed;
	trace.times = o->trace_times;
	trace.most = o->trace_size;
	trace.name_fd = o->trace_paths ? hc_own_name_fd : NULL;
	hc_trace_init(&trace);
	hc_trace_attach(guest, &trace);
}

void
tracing_start(const struct options *o, struct output *out, struct machine *m,
    int program, int interp)
{
	if (events_file.fd >= 0)
		start_events(o, &m->guest);
	if (o->trace || o->trace_summary)
		start_lines(o, out, &m->guest);
	if (!o->trace_exits)
		return;
	exits = (struct exit_lines){
		.out = out,
		.program = report_map(program),
		.interp = report_map(interp),
	};
	m->exit_lines = &exits;
}

void
tracing_ending(void)
{
	trace.ending = events.trace.ending = true;
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

/* How the guest ended, in strace's words, or "". */
static void
describe_end(
    const struct options *o, const struct outcome *end, char *text, size_t size)
{
	const enum outcome_kind kind = end->kind;

	text[0] = '\0';
	switch (kind) {
	case OUTCOME_EXIT:
		snprintf(text, size, "exited with %d", end->code);
		break;
	case OUTCOME_SIGNAL:
	case OUTCOME_KILLED:
		snprintf(text, size, "killed by %s%s",
		    trap_signal_name(end->code),
		    o->core ? " (core dumped)" : "");
		break;
	case OUTCOME_TIMEOUT: snprintf(text, size, "ended by --timeout"); break;
	default: break;
	}
}

void
tracing_end(const struct options *o, struct machine *m)
{
	char text[64];

	say_unseen(o, &m->guest);
	describe_end(o, &m->outcome, text, sizeof(text));
	if (o->trace && text[0])
		hc_trace_say(&trace, "+++ %s +++", text);
	if (o->trace_out && events.text.out && text[0])
		hc_events_mark(&events, 0, "end", text);
	if (o->trace_summary && o->json)
		hc_trace_summary_json(&trace);
	else if (o->trace_summary)
		hc_trace_summary(&trace);
}

int
tracing_close(void)
{
	if (events.text.out)
		hc_events_end(&events);
	return events_file.error;
}
