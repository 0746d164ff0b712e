/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace frames: the packets that choose and describe one, and what registers
 * and memory are while one is looked at (GDB manual, "Tracepoint Packets").  It
 * must know the machine only through target.h.
 */
#include "gdb/packet.h"
#include "gdb/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* The frame that is looked at.  Once it is gone, none is looked at. */
static struct trace *
selected(struct stub *stub, struct traceframe *frame)
{
	struct trace *t;

	if (stub_trace(stub, &t) == 0 && t &&
	    traceframe_find(&t->frames, stub->framed - 1, frame))
		return t;
	stub_leave_frame(stub);
	return NULL;
}

/* The next block of a kind from *at on, which moves past it. */
static bool
next_block(const struct trace *t, const struct traceframe *frame, uint32_t *at,
    char kind, struct traceblock *block)
{
	while (traceframe_block(&t->frames, frame, *at, t->regs_size, block)) {
		*at = block->next;
		if (block->kind == kind)
			return true;
	}
	return false;
}

static bool
read_regs(struct stub *stub, const struct trace *t,
    const struct traceframe *frame, struct regs *regs)
{
	uint8_t bytes[REGS_SIZE_MAX];
	struct traceblock block;
	uint32_t at = frame->at;

	if (!next_block(t, frame, &at, 'R', &block))
		return false;
	traceframes_read(&t->frames, block.at, bytes, block.size);
	trace_unpack_regs(bytes, stub->ops->regs_layout(stub->ctx), regs);
	return true;
}

/* Without registers the frame is where its tracepoint is. */
static uint64_t
pc_of(struct stub *stub, struct trace *t, const struct traceframe *frame)
{
	const struct tracepoint *p;
	struct regs regs;

	if (read_regs(stub, t, frame, &regs))
		return regs.rip;
	p = trace_point(t, frame->number, NULL);
	return p ? p->addr : 0;
}

void
frame_regs(struct stub *stub, struct regs *regs)
{
	struct traceframe frame;
	struct trace *t = selected(stub, &frame);

	regs_init(regs, stub->ops->regs_layout(stub->ctx));
	if (t && !read_regs(stub, t, &frame, regs))
		regs->rip = pc_of(stub, t, &frame);
}

bool
frame_has_reg(struct stub *stub, unsigned number)
{
	const struct tracepoint *p;
	struct traceframe frame;
	struct traceblock block;
	struct trace *t = selected(stub, &frame);
	uint32_t at = t ? frame.at : 0;

	if (!t || !next_block(t, &frame, &at, 'R', &block))
		return number == REG_rip;
	p = trace_point(t, frame.number, NULL);
	return regs_place(number) == PLACE_CORE ||
	       (regs_place(number) == PLACE_XSAVE && p &&
		   p->banks & REGS_XSAVE);
}

/* Memory that was not collected, but never changes. */
static int64_t
read_constant(struct stub *stub, const struct trace *t, int tid, uint64_t addr,
    void *buf, size_t n)
{
	unsigned i;

	for (i = 0; i < t->readonlys; i++) {
		if (addr < t->readonly[i].start || addr >= t->readonly[i].end)
			continue;
		if (n > t->readonly[i].end - addr)
			n = (size_t)(t->readonly[i].end - addr);
		return stub_has_guest(stub)
			   ? stub->ops->read_mem(stub->ctx, tid, addr, buf, n)
			   : -EFAULT;
	}
	return -EFAULT;
}

int64_t
frame_read_mem(struct stub *stub, int tid, uint64_t addr, void *buf, size_t n)
{
	struct traceframe frame;
	struct traceblock block;
	struct trace *t = selected(stub, &frame);
	uint32_t at;

	if (!t)
		return -EFAULT;
	at = frame.at;
	while (next_block(t, &frame, &at, 'M', &block)) {
		const uint64_t in = addr - block.addr;

		if (in >= block.size)
			continue;
		if (n > block.size - in)
			n = (size_t)(block.size - in);
		return (int64_t)traceframes_read(
		    &t->frames, block.at + in, buf, n);
	}
	return read_constant(stub, t, tid, addr, buf, n);
}

/* The last value in the frame. */
bool
frame_variable(struct stub *stub, uint64_t number, uint64_t *value)
{
	struct traceframe frame;
	struct traceblock block;
	struct trace *t = selected(stub, &frame);
	bool found = false;
	uint32_t at;

	if (!t)
		return false;
	at = frame.at;
	while (next_block(t, &frame, &at, 'V', &block)) {
		if (block.addr != number)
			continue;
		found = true;
		traceframes_read(&t->frames, block.at, value, sizeof(*value));
	}
	return found;
}

/* The frame that QTFrame looks for. */
enum wanted_kind {
	WANTED_NUMBER,
	WANTED_PC,
	WANTED_POINT,
	WANTED_INSIDE,
	WANTED_OUTSIDE,
};

struct wanted {
	enum wanted_kind kind;
	uint64_t lo, hi; /* hi is the last one */
};

static int
parse_wanted(const struct args *args, struct wanted *wanted)
{
	static const struct {
		const char *name;
		enum wanted_kind kind;
	} names[] = {
		{ "pc:", WANTED_PC },
		{ "tdp:", WANTED_POINT },
		{ "range:", WANTED_INSIDE },
		{ "outside:", WANTED_OUTSIDE },
		{ "", WANTED_NUMBER },
	};
	const uint8_t *at = args->bytes, *end = args->bytes + args->len;
	size_t i = 0;

	while (args->len < strlen(names[i].name) ||
	       memcmp(at, names[i].name, strlen(names[i].name)) != 0)
		i++;
	at += strlen(names[i].name);
	wanted->kind = names[i].kind;
	if (!hex_parse(&at, end, &wanted->lo))
		return -EINVAL;
	wanted->hi = wanted->lo;
	if (wanted->kind >= WANTED_INSIDE &&
	    (at == end || *at++ != ':' || !hex_parse(&at, end, &wanted->hi)))
		return -EINVAL;
	return at == end ? 0 : -EINVAL;
}

static bool
is_wanted(struct stub *stub, struct trace *t, const struct traceframe *frame,
    const struct wanted *wanted)
{
	uint64_t pc;

	if (wanted->kind == WANTED_NUMBER)
		return frame->index == wanted->lo;
	if (wanted->kind == WANTED_POINT)
		return frame->number == wanted->lo;
	pc = pc_of(stub, t, frame);
	return (pc >= wanted->lo && pc <= wanted->hi) ==
	       (wanted->kind != WANTED_OUTSIDE);
}

/* A number counts from the oldest frame; all else is sought after the frame
 * that is looked at. */
static bool
seek(struct stub *stub, struct trace *t, const struct wanted *wanted,
    struct traceframe *frame)
{
	const uint32_t first = wanted->kind == WANTED_NUMBER ? 0 : stub->framed;
	bool found = traceframe_find(&t->frames, first, frame);

	while (found && !is_wanted(stub, t, frame, wanted))
		found = traceframe_next(&t->frames, frame);
	return found;
}

int
packet_trace_frame(struct stub *stub, const struct args *args)
{
	struct traceframe frame;
	struct wanted wanted;
	int error = parse_wanted(args, &wanted);

	if (error != 0)
		return error;
	if (wanted.kind == WANTED_NUMBER && wanted.lo == UINT32_MAX) {
		stub_leave_frame(stub);
		return REPLY_OK;
	}
	/* gdb has no process whose registers the frame could show, and some
	 * end by an error of their own. */
	if (!stub_has_guest(stub))
		return reply_sentence(args->reply,
		    "The guest has ended; write its frames by `tsave`, and "
		    "read them by `target tfile`");
	if (!seek(stub, args->trace, &wanted, &frame))
		return reply_done(reply_text(args->reply, "F-1"));
	stub_leave_frame(stub);
	stub->framed = frame.index + 1;
	return reply_done(reply_text(args->reply, "F") &&
			  reply_number(args->reply, frame.index) &&
			  reply_text(args->reply, "T") &&
			  reply_number(args->reply, frame.number));
}

/* The bytes of all frames, as gdb saves them. */
int
packet_trace_buffer(struct stub *stub, const struct args *args)
{
	const struct trace *t = args->trace;
	size_t n = t ? RSP_PACKET_MAX / 2 : 0;
	uint8_t *hole;

	(void)stub;
	if (args->num[1] < n)
		n = (size_t)args->num[1];
	hole = reply_hole(args->reply, 0, n);
	if (n > 0)
		n = traceframes_read(&t->frames, args->num[0], hole, n);
	if (n == 0)
		return reply_done(reply_text(args->reply, "l"));
	return reply_done(reply_hex(args->reply, hole, n));
}

/* The memory and the variables that the frame has. */
int
packet_frame_info(struct stub *stub, const struct args *args)
{
	struct traceframe frame;
	struct traceblock block;
	struct text text;
	struct trace *t;
	uint32_t at;

	if (args->text_len != 0 || stub->framed == 0)
		return -ENOENT;
	t = selected(stub, &frame);
	if (!t)
		return -ENOENT;
	text_init(&text, stub->text, sizeof(stub->text));
	text_printf(&text, "<traceframe-info>\n");
	for (at = frame.at;
	     traceframe_block(&t->frames, &frame, at, t->regs_size, &block);
	     at = block.next) {
		if (block.kind == 'M')
			text_printf(&text,
			    "<memory start=\"0x%" PRIx64
			    "\" length=\"0x%x\"/>\n",
			    block.addr, block.size);
		if (block.kind == 'V')
			text_printf(
			    &text, "<tvar id=\"%" PRIu64 "\"/>\n", block.addr);
	}
	text_printf(&text, "</traceframe-info>\n");
	return reply_slice(args->reply, &text, args->num[0], args->num[1]);
}
