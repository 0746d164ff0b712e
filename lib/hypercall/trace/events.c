/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writer of trace events.  Nothing here may change what it shows.
 *
 * An event is added to the buffer when it is over, as in a line of --trace.  No
 * thread waits for another's call, only for its event to be copied.
 */
#include "hypercall/trace/events.h"

#include "hypercall/trace/show.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define PROCESS 1 /* the guest's only one, in its own count */

/* A string of JSON.  A byte that is not ASCII stands for itself, as in
 * Latin-1: names of threads may have any. */
static void
put_string(struct hc_events *ev, const char *text, size_t n)
{
	size_t i;

	output_addf(&ev->text, "\"");
	for (i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			output_addf(&ev->text, "\\%c", c);
		else if (c >= ' ' && c < 127)
			output_add(&ev->text, text + i, 1);
		else
			output_addf(&ev->text, "\\u%04x", c);
	}
	output_addf(&ev->text, "\"");
}

static void
put_member(struct hc_events *ev, const char *name, const char *text, size_t n)
{
	output_addf(&ev->text, "\"%s\": ", name);
	put_string(ev, text, n);
}

static int64_t
ns_since(const struct timespec *from, const struct timespec *to)
{
	return (to->tv_sec - from->tv_sec) * HC_NS_PER_SECOND +
	       (to->tv_nsec - from->tv_nsec);
}

/* A time in microseconds, the format's unit. */
static void
put_time(struct hc_events *ev, const char *name, int64_t ns)
{
	if (ns < 0)
		ns = 0;
	output_addf(&ev->text, ", \"%s\": %" PRId64 ".%03d", name, ns / 1000,
	    (int)(ns % 1000));
}

/* The common beginning of an event: its object stays open. */
static void
begin_event(struct hc_events *ev, const char *phase, const char *kind, int tid)
{
	output_addf(&ev->text, "%s{\"ph\": \"%s\", \"pid\": %d, \"tid\": %d, ",
	    ev->any ? ",\n" : "[\n", phase, PROCESS, tid);
	if (kind)
		output_addf(&ev->text, "\"cat\": \"%s\", ", kind);
	ev->any = true;
}

/* An event of the kind that names a line of the picture. */
static void
put_name(struct hc_events *ev, const char *what, int tid, const char *name)
{
	begin_event(ev, "M", NULL, tid);
	output_addf(&ev->text, "\"name\": \"%s\", \"args\": {", what);
	put_member(ev, "name", name, strlen(name));
	output_addf(&ev->text, "}}");
}

/* Name the line of a thread, once for each of its names. */
static void
name_thread(struct hc_events *ev, const struct hc_thread *thread)
{
	const unsigned i = (unsigned)thread->tid % HC_EVENTS_NAMES;
	char name[HC_THREAD_NAME];

	memcpy(name, thread->name, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	if (ev->named[i].tid == thread->tid &&
	    strcmp(ev->named[i].name, name) == 0)
		return;
	ev->named[i].tid = thread->tid;
	memcpy(ev->named[i].name, name, sizeof(name));
	put_name(ev, "thread_name", thread->tid, name);
}

static void
put_wait(struct hc_events *ev, int tid, int64_t until, int64_t ns)
{
	begin_event(ev, "X", "wait", tid);
	output_addf(&ev->text, "\"name\": \"waits\"");
	put_time(ev, "ts", until - ns);
	put_time(ev, "dur", ns);
	output_addf(&ev->text, "}");
}

/* A call that is formatted: "name(arguments) = result", with `t->closes` at its
 * parenthesis. */
static void
put_call(
    struct hc_events *ev, const struct hc_traced *t, int64_t ns, int64_t waited)
{
	static const char equals[] = ") = ";
	const char *text = t->line.text + HEAD;
	const char *end = t->line.text + t->line.used;
	const size_t name = strcspn(text, "(");
	const char *result = t->line.text + t->closes + sizeof(equals) - 1;
	const int64_t begun = ns_since(&ev->begun, &t->begun);

	begin_event(ev, "X", "call", t->tid);
	put_member(ev, "name", text, name);
	put_time(ev, "ts", begun);
	put_time(ev, "dur", ns);
	output_addf(&ev->text, ", \"args\": {");
	put_member(
	    ev, "arguments", text + name + 1, t->closes - HEAD - name - 1);
	output_addf(&ev->text, ", ");
	put_member(ev, "result", result, (size_t)(end - result));
	output_addf(&ev->text, "}}");
	if (waited >= HC_EVENTS_WAIT_NS)
		put_wait(ev, t->tid, begun + ns, waited < ns ? waited : ns);
}

int64_t
hc_events_serve(struct hc_call *call, uint32_t number, hc_serve *serve)
{
	struct hc_events *ev = call->guest->events;
	struct timespec end, before, after;
	struct hc_traced t;
	int64_t result, ns;

	hc_trace_enter(&ev->trace, &t, call, number);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	result = serve(call, number);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	clock_gettime(CLOCK_MONOTONIC, &end);
	hc_trace_format(&ev->trace, &t, result);
	ns = ns_since(&t.begun, &end);
	pthread_mutex_lock(&ev->lock);
	name_thread(ev, call->thread);
	put_call(ev, &t, ns, ns - ns_since(&before, &after));
	pthread_mutex_unlock(&ev->lock);
	return result;
}

/* With the lock: a moment that is now; `info` is the rest of it, or NULL. */
static void
put_mark(struct hc_events *ev, int tid, const char *kind, const char *name,
    size_t n, const char *info)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	begin_event(ev, "i", kind, tid ? tid : PROCESS);
	put_member(ev, "name", name, n);
	output_addf(&ev->text, ", \"s\": \"%s\"", tid ? "t" : "p");
	put_time(ev, "ts", ns_since(&ev->begun, &now));
	if (info) {
		output_addf(&ev->text, ", \"args\": {");
		put_member(ev, "info", info, strlen(info));
		output_addf(&ev->text, "}");
	}
	output_addf(&ev->text, "}");
}

void
hc_events_mark(
    struct hc_events *ev, int tid, const char *kind, const char *name)
{
	pthread_mutex_lock(&ev->lock);
	put_mark(ev, tid, kind, name, strlen(name), NULL);
	pthread_mutex_unlock(&ev->lock);
}

/* The line of a trace: "--- SIGSEGV {si_signo=SIGSEGV, ...} ---". */
void
hc_events_signal(struct hc_events *ev, int tid, const siginfo_t *info)
{
	struct hc_line line;
	char *name = line.text + HEAD, *end;

	line_begin(&line);
	show_signal(&line, info);
	line.text[line.used] = '\0';
	name += strspn(name, "- ");
	end = strstr(name, " ---");
	if (end)
		*end = '\0';
	end = name + strcspn(name, " ");
	pthread_mutex_lock(&ev->lock);
	put_mark(ev, tid, "signal", name, (size_t)(end - name),
	    *end ? end + 1 : NULL);
	pthread_mutex_unlock(&ev->lock);
}

void
hc_events_begin(
    struct hc_events *ev, struct hc_guest *guest, const char *process)
{
	ev->trace.lines = true;
	ev->trace.most = ev->most;
	memset(&ev->trace.wanted, 0xff, sizeof(ev->trace.wanted));
	hc_trace_init(&ev->trace);
	pthread_mutex_init(&ev->lock, NULL);
	clock_gettime(CLOCK_MONOTONIC, &ev->begun);
	put_name(ev, "process_name", PROCESS, process);
	hc_trace_attach_events(guest, ev);
}

void
hc_events_end(struct hc_events *ev)
{
	pthread_mutex_lock(&ev->lock);
	output_addf(&ev->text, "\n]\n");
	output_flush(&ev->text);
	pthread_mutex_unlock(&ev->lock);
}
