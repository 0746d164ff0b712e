/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of the cost of calls, as strace -c prints it.  Nothing here may
 * know how calls are counted.
 */
#include "hypercall/trace/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char rule[] =
    "------ ----------- ----------- --------- --------- ----------------\n";

static const struct hc_trace *sorted; /* for more_time_first() */

static int
more_time_first(const void *a, const void *b)
{
	const struct hc_trace_count *x = &sorted->count[*(const uint16_t *)a];
	const struct hc_trace_count *y = &sorted->count[*(const uint16_t *)b];

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	if (x->calls != y->calls)
		return x->calls < y->calls ? 1 : -1;
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void
put_row(struct output *out, const struct hc_trace_count *c, uint64_t all,
    const char *name)
{
	char errors[24] = "";

	if (c->errors)
		snprintf(errors, sizeof(errors), "%" PRIu64, c->errors);
	output_print(out, "%6.2f %11.6f %11" PRIu64 " %9" PRIu64 " %9s %s\n",
	    all ? 100 * (double)c->ns / (double)all : 0, (double)c->ns / 1e9,
	    c->calls ? c->ns / 1000 / c->calls : 0, c->calls, errors, name);
}

static const char *
name_of(uint16_t number)
{
	const struct hc_row *row = hc_row(number);

	return row ? row->name : "(unknown)";
}

/* The calls that were made, the one with the most time first: how many. */
static uint16_t
sort_calls(const struct hc_trace *trace, uint16_t order[HYPERCALL_END + 1])
{
	uint16_t n = 0, i;

	for (i = 0; i <= HYPERCALL_END; i++)
		if (trace->count[i].calls)
			order[n++] = i;
	sorted = trace;
	qsort(order, n, sizeof(order[0]), more_time_first);
	return n;
}

void
hc_trace_summary_json(const struct hc_trace *trace)
{
	uint16_t order[HYPERCALL_END + 1];
	uint16_t n = sort_calls(trace, order), i;

	output_print(trace->out, "{\"trace-summary\": [");
	for (i = 0; i < n; i++) {
		const struct hc_trace_count *c = &trace->count[order[i]];

		output_print(trace->out,
		    "%s{\"call\": \"%s\", \"calls\": %" PRIu64
		    ", \"errors\": %" PRIu64 ", \"seconds\": %.9f}",
		    i == 0 ? "" : ", ", name_of(order[i]), c->calls, c->errors,
		    (double)c->ns / 1e9);
	}
	output_print(trace->out, "]}\n");
}

void
hc_trace_summary(const struct hc_trace *trace)
{
	struct output *out = trace->out;
	struct hc_trace_count total = { 0, 0, 0 };
	uint16_t order[HYPERCALL_END + 1];
	uint16_t n = sort_calls(trace, order), i;

	for (i = 0; i < n; i++) {
		const struct hc_trace_count *c = &trace->count[order[i]];

		total.calls += c->calls;
		total.errors += c->errors;
		total.ns += c->ns;
	}
	output_print(out, "%s\n",
	    "% time     seconds  usecs/call     calls    errors hypercall");
	output_print(out, "%s", rule);
	for (i = 0; i < n; i++)
		put_row(
		    out, &trace->count[order[i]], total.ns, name_of(order[i]));
	output_print(out, "%s", rule);
	put_row(out, &total, total.ns, "total");
}
