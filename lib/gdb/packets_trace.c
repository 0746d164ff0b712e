/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets that define a trace and control its runs (GDB manual, "Tracepoint
 * Packets").  It must know the machine only through target.h.
 */
#include "gdb/nonstop.h"
#include "gdb/trace.h"

#include <errno.h>
#include <string.h>

/* While the machine rests nothing is collected, and what a run that has ended
 * by itself left in the guest is removed. */
int
stub_trace(struct stub *stub, struct trace **trace)
{
	const struct tracepoint *failed;
	struct trace *t;
	int error = 0;

	if (stub_has_guest(stub) && stub->nonstop)
		error = nonstop_pause(stub);
	if (error == 0 && stub->state == STUB_RUNNING)
		error = -EBUSY;
	if (error != 0)
		return error;
	t = *trace = stub->ops->trace(stub->ctx);
	if (t && t->frames.size == 0)
		trace_clear(t);
	else if (t && stub->state == STUB_STOPPED && t->state != TRACE_RUNNING)
		(void)trace_settle(t, stub->ops, stub->ctx, &failed);
	return 0;
}

void
stub_leave_frame(struct stub *stub)
{
	stub->framed = 0;
	stub->regs_banks = 0;
}

static uint64_t
now(const struct stub *stub)
{
	return stub->ops->now ? stub->ops->now(stub->ctx) : 0;
}

/* The run of a trace ends with the guest; what was collected stays. */
void
stub_end_trace(struct stub *stub)
{
	struct trace *t = stub->ops->trace ? stub->ops->trace(stub->ctx) : NULL;

	if (t)
		trace_stop(t, TRACE_ENDED, now(stub));
}

/* The rest of a packet. */
struct parser {
	struct stub *stub;
	struct trace *trace;
	const uint8_t *at, *end;
	enum agent_error error; /* of the expression that was refused */
};

static struct parser
parser_of(struct stub *stub, const struct args *args)
{
	return (struct parser){
		.stub = stub,
		.trace = args->trace,
		.at = args->bytes,
		.end = args->bytes + args->len,
	};
}

static bool
take(struct parser *in, char c)
{
	if (in->at == in->end || *in->at != (uint8_t)c)
		return false;
	in->at++;
	return true;
}

static bool
take_number(struct parser *in, uint64_t *value)
{
	return hex_parse(&in->at, in->end, value);
}

/* number ":" address ":" */
static bool
take_point(struct parser *in, uint64_t *number, uint64_t *addr)
{
	return take_number(in, number) && *number <= UINT16_MAX &&
	       take(in, ':') && take_number(in, addr) && take(in, ':');
}

/* An expression, after the X: length "," digits. */
static int
take_code(struct parser *in, struct trace_text *text)
{
	uint8_t code[AGENT_CODE_MAX];
	const struct agent_env env = trace_env(in->stub->ops->agent);
	uint64_t n;

	if (!take_number(in, &n) || !take(in, ',') ||
	    n > (uint64_t)(in->end - in->at) / 2)
		return -EINVAL;
	if (n > sizeof(code))
		return -E2BIG;
	if (!hex_decode(code, in->at, (size_t)n))
		return -EINVAL;
	in->at += 2 * n;
	in->error = agent_check(code, (size_t)n, &env);
	if (in->error != AGENT_NONE)
		return -EINVAL;
	return trace_keep(in->trace, code, (size_t)n, text) ? 0 : -ENOSPC;
}

/* The registers' mask, after the R: a number of any length.  The digits are
 * kept for the debugger that asks; vector registers cost a call of the machine,
 * so they are collected only if they are named. */
static int
take_mask(struct parser *in, struct tracepoint *p, struct trace_text *text)
{
	const uint8_t *first = in->at;
	unsigned bit;

	while (in->at < in->end && hex_digit(*in->at) >= 0)
		in->at++;
	for (bit = 0; bit < 4 * (unsigned)(in->at - first) && bit < REG_COUNT;
	     bit++)
		if (regs_place(bit) == PLACE_XSAVE &&
		    (hex_digit(in->at[-1 - (int)(bit / 4)]) >> bit % 4 & 1))
			p->banks |= REGS_XSAVE;
	if (in->at == first)
		return -EINVAL;
	return trace_keep(in->trace, first, (size_t)(in->at - first), text)
		   ? 0
		   : -ENOSPC;
}

/* Memory, after the M: base register or -1 "," offset "," size. */
static int
take_memory(struct parser *in, struct trace_action *a)
{
	uint64_t base;

	a->base = -1;
	if (take(in, '-')) {
		if (!take_number(in, &base) || base != 1)
			return -EINVAL;
	} else {
		if (!take_number(in, &base))
			return -EINVAL;
		/* -1 as gdb prints it in 32 bits */
		if (base != UINT32_MAX && base > UINT16_MAX)
			return -EINVAL;
		if (base != UINT32_MAX)
			a->base = (int)base;
	}
	return take(in, ',') && take_number(in, &a->offset) && take(in, ',') &&
		       take_number(in, &a->size)
		   ? 0
		   : -EINVAL;
}

static int
take_action(struct parser *in, struct tracepoint *p, bool steps)
{
	struct trace_action a = { .steps = steps };
	int error = -EINVAL;

	if (in->at < in->end)
		a.kind = (char)*in->at++;
	if (a.kind == 'X')
		error = take_code(in, &a.text);
	else if (a.kind == 'M')
		error = take_memory(in, &a);
	else if (a.kind == 'R')
		error = take_mask(in, p, &a.text);
	if (error != 0)
		return error;
	return trace_add_action(in->trace, p, &a) ? 0 : -ENOSPC;
}

/* The points of a run that is under way are planted as soon as their last
 * packet has come. */
static int
install(struct parser *in)
{
	const struct tracepoint *failed;

	if (in->trace->state != TRACE_RUNNING)
		return REPLY_OK;
	return trace_settle(in->trace, in->stub->ops, in->stub->ctx, &failed);
}

static int
add_actions(struct parser *in)
{
	uint64_t number, addr;
	struct tracepoint *p;
	int error = 0;
	bool steps;

	if (!take_point(in, &number, &addr))
		return -EINVAL;
	p = trace_point(in->trace, number, &addr);
	if (!p)
		return -ENOENT;
	steps = take(in, 'S');
	while (error == 0 && in->at < in->end && *in->at != '-')
		error = take_action(in, p, steps);
	if (error != 0 || in->at < in->end)
		return error;
	return install(in);
}

/* ":F" length, ":S" and ":X" expression, in any order. */
static int
take_options(struct parser *in, struct tracepoint *p)
{
	int error = 0;

	while (error == 0 && take(in, ':')) {
		if (take(in, 'X')) {
			error = take_code(in, &p->condition);
		} else if (take(in, 'S')) {
			p->type = 'S';
		} else if (take(in, 'F')) {
			p->type = 'F';
			error = take_number(in, &p->type_length) ? 0 : -EINVAL;
		} else {
			error = -EINVAL;
		}
	}
	return error;
}

static int
take_definition(struct parser *in, struct tracepoint *p)
{
	uint64_t number;
	int error;

	if (!take_point(in, &number, &p->addr))
		return -EINVAL;
	p->number = (uint16_t)number;
	p->enabled = take(in, 'E');
	if ((!p->enabled && !take(in, 'D')) || !take(in, ':') ||
	    !take_number(in, &p->steps) || !take(in, ':') ||
	    !take_number(in, &p->passes))
		return -EINVAL;
	error = take_options(in, p);
	if (error == 0 && in->at < in->end && *in->at != '-')
		error = -EINVAL;
	return error;
}

static int
add_point(struct parser *in)
{
	struct tracepoint new = { .banks = REGS_CORE };
	int error = take_definition(in, &new);

	if (error != 0)
		return error;
	if (trace_point(in->trace, new.number, &new.addr))
		return -EEXIST;
	if (!trace_add_point(in->trace, &new))
		return -ENOSPC;
	return in->at < in->end ? REPLY_OK : install(in);
}

/* A refused expression is reported with the reason. */
static int
refuse(struct reply *reply, enum agent_error error)
{
	char buf[128];
	struct text text;

	text_init(&text, buf, sizeof(buf));
	text_printf(&text, "The expression of the tracepoint is refused: %s",
	    agent_error_text(error));
	return reply_sentence(reply, buf);
}

int
packet_trace_point(struct stub *stub, const struct args *args)
{
	struct parser in = parser_of(stub, args);
	int error = take(&in, '-') ? add_actions(&in) : add_point(&in);

	return in.error != AGENT_NONE ? refuse(args->reply, in.error) : error;
}

/* The user's own text, in pieces: number:address:type:start:total:digits. */
int
packet_trace_source(struct stub *stub, const struct args *args)
{
	uint64_t number, addr, start, total;
	const uint8_t *kind;
	struct trace_source s = { .next = 0 };
	struct parser in = parser_of(stub, args);
	struct tracepoint *p;
	size_t kind_size;

	if (!take_point(&in, &number, &addr))
		return -EINVAL;
	kind = in.at;
	while (in.at < in.end && *in.at >= 'a' && *in.at <= 'z')
		in.at++;
	kind_size = (size_t)(in.at - kind);
	if (!take(&in, ':') || !take_number(&in, &start) || !take(&in, ':') ||
	    !take_number(&in, &total) || !take(&in, ':') ||
	    start > UINT32_MAX || total > UINT32_MAX)
		return -EINVAL;
	p = trace_point(in.trace, number, &addr);
	if (!p)
		return -ENOENT;
	s.start = (uint32_t)start;
	s.total = (uint32_t)total;
	return trace_keep(in.trace, kind, kind_size, &s.kind) &&
		       trace_keep(in.trace, in.at, (size_t)(in.end - in.at),
			   &s.text) &&
		       trace_add_source(in.trace, p, &s)
		   ? REPLY_OK
		   : -ENOSPC;
}

int
packet_trace_variable(struct stub *stub, const struct args *args)
{
	struct trace_variable *v;

	(void)stub;
	if (args->num[0] > UINT16_MAX)
		return -EINVAL;
	v = trace_variable(args->trace, args->num[0], true);
	if (!v || !trace_keep(args->trace, args->bytes, args->len, &v->name))
		return -ENOSPC;
	v->builtin = v->number == TRACE_TIMESTAMP;
	v->initial = v->value = (int64_t)args->num[1];
	return REPLY_OK;
}

/* End the run, and remove what it has planted. */
static void
halt(struct stub *stub, struct trace *t, enum trace_state state)
{
	const struct tracepoint *failed;

	trace_stop(t, state, now(stub));
	if (stub_has_guest(stub))
		(void)trace_settle(t, stub->ops, stub->ctx, &failed);
}

int
packet_trace_init(struct stub *stub, const struct args *args)
{
	stub_leave_frame(stub);
	halt(stub, args->trace, TRACE_STOPPED);
	trace_clear(args->trace);
	memset(&stub->upload, 0, sizeof(stub->upload));
	return REPLY_OK;
}

static int
enable(struct stub *stub, const struct args *args, bool on)
{
	const struct tracepoint *failed;
	struct trace *t = args->trace;
	struct tracepoint *p = trace_point(t, args->num[0], &args->num[1]);

	if (!p)
		return -ENOENT;
	p->enabled = on;
	return t->state == TRACE_RUNNING && stub_has_guest(stub)
		   ? trace_settle(t, stub->ops, stub->ctx, &failed)
		   : REPLY_OK;
}

int
packet_trace_enable(struct stub *stub, const struct args *args)
{
	return enable(stub, args, true);
}

int
packet_trace_disable(struct stub *stub, const struct args *args)
{
	return enable(stub, args, false);
}

/* Ranges that never change: start "," end, between colons. */
int
packet_trace_readonly(struct stub *stub, const struct args *args)
{
	struct parser in = parser_of(stub, args);
	uint64_t start, end;

	in.trace->readonlys = 0;
	while (in.at < in.end) {
		if (in.trace->readonlys == TRACE_READONLY_MAX)
			return -E2BIG;
		if (!take_number(&in, &start) || !take(&in, ',') ||
		    !take_number(&in, &end) ||
		    (in.at < in.end && !take(&in, ':')))
			return -EINVAL;
		in.trace->readonly[in.trace->readonlys].start = start;
		in.trace->readonly[in.trace->readonlys++].end = end;
	}
	return REPLY_OK;
}

/* The ring of the next run; -1: as the target likes. */
int
packet_trace_size(struct stub *stub, const struct args *args)
{
	struct parser in = parser_of(stub, args);
	bool any = take(&in, '-') && take(&in, '1');
	uint64_t size = 0;

	if ((!any && !take_number(&in, &size)) || in.at < in.end)
		return -EINVAL;
	if (!any && (size == 0 || size > TRACE_BUFFER_MAX))
		return reply_sentence(
		    args->reply, "The trace buffer can have 1 byte to 16 MiB");
	in.trace->wanted = (uint32_t)size;
	if (in.trace->state == TRACE_NOT_RUN)
		traceframes_clear(&in.trace->frames,
		    size ? (uint32_t)size : TRACE_BUFFER_SIZE);
	return REPLY_OK;
}

static int
set_flag(const struct args *args, bool *flag)
{
	if (args->num[0] > 1)
		return -EINVAL;
	*flag = args->num[0] == 1;
	return REPLY_OK;
}

int
packet_trace_circular(struct stub *stub, const struct args *args)
{
	(void)stub;
	return set_flag(args, &args->trace->frames.circular);
}

int
packet_trace_disconnected(struct stub *stub, const struct args *args)
{
	(void)stub;
	return set_flag(args, &args->trace->disconnected);
}

/* One of "user:", "notes:" and "tstop:", with digits up to a semicolon. */
static int
take_note(struct parser *in)
{
	static const char *const names[] = { "user:", "notes:", "tstop:" };
	struct trace_note *const notes[] = { &in->trace->user,
		&in->trace->notes, &in->trace->why };
	struct trace_note note = { .text = "" };
	size_t i, n, left = (size_t)(in->end - in->at);

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (left >= strlen(names[i]) &&
		    memcmp(in->at, names[i], strlen(names[i])) == 0)
			break;
	if (i == sizeof(names) / sizeof(names[0]))
		return -EINVAL;
	in->at += strlen(names[i]);
	for (n = 0; in->at < in->end && hex_digit(*in->at) >= 0; in->at++) {
		if (n == TRACE_NOTE_MAX - 1)
			return -E2BIG;
		note.text[n++] = (char)*in->at;
	}
	if (in->at < in->end && !take(in, ';'))
		return -EINVAL;
	*notes[i] = note;
	return 0;
}

int
packet_trace_notes(struct stub *stub, const struct args *args)
{
	struct parser in = parser_of(stub, args);
	int error = 0;

	while (error == 0 && in.at < in.end)
		error = take_note(&in);
	return error;
}

int
packet_trace_start(struct stub *stub, const struct args *args)
{
	const struct tracepoint *failed = NULL;
	char buf[128];
	struct text text;
	struct trace *t = args->trace;
	int error;

	if (!stub_has_guest(stub))
		return -ESRCH;
	stub_leave_frame(stub);
	trace_start(t, stub->ops->regs_layout(stub->ctx), now(stub));
	error = trace_settle(t, stub->ops, stub->ctx, &failed);
	if (error == 0)
		return REPLY_OK;
	t->cause = failed->number;
	t->reason = "a tracepoint cannot be planted";
	halt(stub, t, TRACE_FAILED);
	text_init(&text, buf, sizeof(buf));
	text_printf(&text,
	    "Tracepoint %u cannot be planted; disable it, or delete it",
	    failed->number);
	return reply_sentence(args->reply, buf);
}

int
packet_trace_stop(struct stub *stub, const struct args *args)
{
	halt(stub, args->trace, TRACE_STOPPED);
	return REPLY_OK;
}
