/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets that ask for a trace's state and definitions (GDB manual,
 * "Tracepoint Packets"): a debugger that connects finds what another has left.
 * It must know the machine only through target.h.
 */
#include "gdb/packet.h"
#include "gdb/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *const state_names[] = {
#define STATE(name, text) text,
	TRACE_STATES(STATE)
#undef STATE
};

/* Some reasons come with a text in hex digits, some with a number.  The
 * protocol has none for a guest that has ended: the text says it. */
static bool
write_state(struct reply *reply, const struct trace *t)
{
	static const char ended[] = "the guest has ended";
	const enum trace_state state = t->state;
	bool written =
	    reply_text(reply, state == TRACE_RUNNING ? "T1;" : "T0;") &&
	    reply_text(reply, state_names[state]) && reply_text(reply, ":");

	if (state == TRACE_STOPPED)
		written = written && reply_text(reply, t->why.text) &&
			  reply_text(reply, ":");
	if (state == TRACE_ENDED)
		written = written && reply_hex(reply, ended, strlen(ended)) &&
			  reply_text(reply, ":");
	if (state == TRACE_FAILED)
		written = written &&
			  reply_hex(reply, t->reason, strlen(t->reason)) &&
			  reply_text(reply, ":");
	return written && reply_number(reply, t->cause);
}

static bool
write_number(struct reply *reply, const char *name, uint64_t value)
{
	return reply_text(reply, name) && reply_number(reply, value);
}

int
packet_trace_status(struct stub *stub, const struct args *args)
{
	const struct trace *t = args->trace;

	(void)stub;
	if (!t)
		return reply_done(reply_text(args->reply, "T0;tnotrun:0"));
	return reply_done(
	    write_state(args->reply, t) &&
	    write_number(args->reply, ";tframes:", t->frames.count) &&
	    write_number(args->reply, ";tcreated:", t->frames.created) &&
	    write_number(
		args->reply, ";tfree:", t->frames.size - t->frames.used) &&
	    write_number(args->reply, ";tsize:", t->frames.size) &&
	    write_number(args->reply, ";circular:", t->frames.circular) &&
	    write_number(args->reply, ";disconn:", t->disconnected) &&
	    write_number(args->reply, ";starttime:", t->started) &&
	    write_number(args->reply, ";stoptime:", t->stopped) &&
	    reply_text(args->reply, ";username:") &&
	    reply_text(args->reply, t->user.text) &&
	    reply_text(args->reply, ":;notes:") &&
	    reply_text(args->reply, t->notes.text) &&
	    reply_text(args->reply, ":"));
}

/* gdb asks also for those of its tracepoints that a former guest had. */
int
packet_trace_usage(struct stub *stub, const struct args *args)
{
	const struct tracepoint *p = NULL;

	(void)stub;
	if (args->trace)
		p = trace_point(args->trace, args->num[0], &args->num[1]);
	return reply_done(write_number(args->reply, "V", p ? p->hits : 0) &&
			  write_number(args->reply, ":", p ? p->usage : 0));
}

/* In a trace frame, the value that was collected there. */
int
packet_trace_value(struct stub *stub, const struct args *args)
{
	const struct trace_variable *v = NULL;
	uint64_t value;

	if (args->trace)
		v = trace_variable(args->trace, args->num[0], false);
	if (!v)
		return reply_done(reply_text(args->reply, "U"));
	value = (uint64_t)v->value;
	if (stub->framed && !frame_variable(stub, v->number, &value))
		return reply_done(reply_text(args->reply, "U"));
	if (!stub->framed && v->number == TRACE_TIMESTAMP && stub->ops->now)
		value = stub->ops->now(stub->ctx);
	return reply_done(write_number(args->reply, "V", value));
}

static bool
write_text(
    struct reply *reply, const struct trace *t, const struct trace_text *text)
{
	return reply_binary(reply, t->text + text->at, text->n) == text->n;
}

static bool
write_code(
    struct reply *reply, const struct trace *t, const struct trace_text *text)
{
	return reply_text(reply, "X") && reply_number(reply, text->n) &&
	       reply_text(reply, ",") &&
	       reply_hex(reply, t->text + text->at, text->n);
}

/* letter number ":" address */
static bool
write_head(struct reply *reply, const char *letter, const struct tracepoint *p)
{
	return write_number(reply, letter, p->number) &&
	       write_number(reply, ":", p->addr);
}

static bool
write_point(
    struct reply *reply, const struct trace *t, const struct tracepoint *p)
{
	bool written = write_head(reply, "T", p) &&
		       reply_text(reply, p->enabled ? ":E" : ":D") &&
		       write_number(reply, ":", p->steps) &&
		       write_number(reply, ":", p->passes);

	if (p->type == 'F')
		written = written && write_number(reply, ":F", p->type_length);
	if (p->type == 'S')
		written = written && reply_text(reply, ":S");
	if (p->condition.n > 0)
		written = written && reply_text(reply, ":") &&
			  write_code(reply, t, &p->condition);
	return written;
}

static bool
write_action(struct reply *reply, const struct trace *t,
    const struct tracepoint *p, const struct trace_action *a)
{
	bool written = write_head(reply, a->steps ? "S" : "A", p) &&
		       reply_text(reply, ":");

	if (a->kind == 'X')
		return written && write_code(reply, t, &a->text);
	if (a->kind == 'R')
		return written && reply_text(reply, "R") &&
		       write_text(reply, t, &a->text);
	written = written && reply_text(reply, "M") &&
		  (a->base < 0 ? reply_text(reply, "-1")
			       : reply_number(reply, (uint64_t)a->base));
	return written && write_number(reply, ",", a->offset) &&
	       write_number(reply, ",", a->size);
}

static bool
write_source(struct reply *reply, const struct trace *t,
    const struct tracepoint *p, const struct trace_source *s)
{
	return write_head(reply, "Z", p) && reply_text(reply, ":") &&
	       write_text(reply, t, &s->kind) &&
	       write_number(reply, ":", s->start) &&
	       write_number(reply, ":", s->total) && reply_text(reply, ":") &&
	       write_text(reply, t, &s->text);
}

/* The parts of a point, in this order. */
enum upload_part {
	UPLOAD_POINT,
	UPLOAD_ACTIONS,
	UPLOAD_SOURCES,
	UPLOAD_PARTS,
};

/* Move to the next piece that there is; false: it was the last one. */
static bool
find_piece(struct stub *stub, const struct trace *t)
{
	const struct tracepoint *p;

	for (; stub->upload.point < t->points; stub->upload.point++) {
		p = &t->point[stub->upload.point];
		for (; stub->upload.part < UPLOAD_PARTS; stub->upload.part++) {
			if (stub->upload.at == 0)
				stub->upload.at =
				    stub->upload.part == UPLOAD_POINT ? 1
				    : stub->upload.part == UPLOAD_ACTIONS
					? p->action
					: p->source;
			if (stub->upload.at != 0)
				return true;
		}
		stub->upload.part = UPLOAD_POINT;
	}
	return false;
}

static bool
write_piece(struct stub *stub, struct reply *reply, const struct trace *t)
{
	const struct tracepoint *p = &t->point[stub->upload.point];
	const unsigned at = stub->upload.at;
	bool written;

	switch (stub->upload.part) {
	case UPLOAD_POINT:
		written = write_point(reply, t, p);
		stub->upload.at = 0;
		break;
	case UPLOAD_ACTIONS:
		written = write_action(reply, t, p, &t->action[at - 1]);
		stub->upload.at = t->action[at - 1].next;
		break;
	default:
		written = write_source(reply, t, p, &t->source[at - 1]);
		stub->upload.at = t->source[at - 1].next;
	}
	if (stub->upload.at == 0)
		stub->upload.part++;
	return written;
}

int
packet_next_points(struct stub *stub, const struct args *args)
{
	const struct trace *t = args->trace;

	if (!t || !find_piece(stub, t))
		return reply_done(reply_text(args->reply, "l"));
	return reply_done(write_piece(stub, args->reply, t));
}

int
packet_first_points(struct stub *stub, const struct args *args)
{
	stub->upload.point = stub->upload.part = stub->upload.at = 0;
	return packet_next_points(stub, args);
}

int
packet_next_variables(struct stub *stub, const struct args *args)
{
	const struct trace_variable *v;
	const struct trace *t = args->trace;

	if (!t || stub->upload.variable >= t->variables)
		return reply_done(reply_text(args->reply, "l"));
	v = &t->variable[stub->upload.variable++];
	return reply_done(
	    reply_number(args->reply, v->number) &&
	    write_number(args->reply, ":", (uint64_t)v->initial) &&
	    write_number(args->reply, ":", v->builtin) &&
	    reply_text(args->reply, ":") &&
	    write_text(args->reply, t, &v->name));
}

int
packet_first_variables(struct stub *stub, const struct args *args)
{
	stub->upload.variable = 0;
	return packet_next_variables(stub, args);
}

/* A tracepoint may lie on an instruction of any length. */
int
packet_trace_length(struct stub *stub, const struct args *args)
{
	(void)stub;
	return reply_done(reply_text(args->reply, "1"));
}

/* address ":" name ":" what else is known of it, both in hex digits */
static bool
write_marker(struct reply *reply, unsigned number, const char *name)
{
	static const char extra[] = "hypercall";

	return reply_number(reply, TRACE_MARKER(number)) &&
	       reply_text(reply, ":") && reply_hex(reply, name, strlen(name)) &&
	       reply_text(reply, ":") &&
	       reply_hex(reply, extra, sizeof(extra) - 1);
}

/* One reply lists all hypercalls. */
int
packet_first_markers(struct stub *stub, const struct args *args)
{
	const char *name, *before = "m";
	unsigned number = 0;
	bool written = true;

	while ((name = stub->ops->call_name(stub->ctx, &number))) {
		written = written && reply_text(args->reply, before) &&
			  write_marker(args->reply, number, name);
		before = ",";
		number++;
	}
	return reply_done(
	    written && (number > 0 || reply_text(args->reply, "l")));
}

int
packet_next_markers(struct stub *stub, const struct args *args)
{
	(void)stub;
	return reply_done(reply_text(args->reply, "l"));
}

int
packet_marker_at(struct stub *stub, const struct args *args)
{
	const unsigned wanted = (unsigned)(args->num[0] - TRACE_MARKERS);
	unsigned number = wanted;
	const char *name;

	if (args->num[0] < TRACE_MARKERS || args->num[0] >= TRACE_MARKERS_END)
		return -ENOENT;
	name = stub->ops->call_name(stub->ctx, &number);
	if (!name || number != wanted)
		return -ENOENT;
	return reply_done(reply_text(args->reply, "m") &&
			  write_marker(args->reply, number, name));
}
