/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recording calls.  Nothing here may know how a call is answered in a replay.
 */
#include "hypercall/record/recorder.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/signal/signal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The guest cannot go on: end it with this sentence.  Returns a result. */
__attribute__((format(printf, 2, 3))) static int64_t
stop(struct hc_call *call, const char *format, ...)
{
	struct hc_recording *rec = call->guest->recording;
	va_list args;

	va_start(args, format);
	vsnprintf(rec->why, sizeof(rec->why), format, args);
	va_end(args);
	call->end = HC_STOPS_GUEST;
	call->why = rec->why;
	return -ENOSYS;
}

int64_t
hc_recording_refuse(struct hc_call *call, const char *reason, uint32_t number)
{
	return stop(call,
	    "%s: a guest that %s cannot be recorded yet: run it without"
	    " --record",
	    hc_row(number)->name, reason);
}

/* Is argument i of the row a buffer that is filled as far as the result
 * says? */
static bool
is_filled(const struct hc_row *row, unsigned i)
{
	return hc_args(row)[i].kind == HC_ARG_OUTBUF ||
	       hc_args(row)[i].kind == HC_ARG_OUTIOV;
}

/* Does another range begin where this one does?  The guest has given a call one
 * address for two answers, and it is not known which of them is the buffer. */
static bool
has_twin(const struct gmem_lends *lends, uint64_t va)
{
	unsigned i, n = 0;

	for (i = 0; i < lends->n; i++)
		n += lends->range[i].va == va;
	return n > 1;
}

/* How many bytes of a range that a call asked for it may have written: `left`
 * is how many its result still stands for. */
static uint64_t
written(const struct hc_call *call, const struct hc_row *row,
    const struct gmem_lends *lends, unsigned range, uint64_t *left)
{
	const uint64_t va = lends->range[range].va;
	uint64_t len = lends->range[range].len;
	unsigned i;

	for (i = 0; i < row->argc; i++)
		if (is_filled(row, i) &&
		    (hc_args(row)[i].kind == HC_ARG_OUTIOV ||
			(call->arg[i] == va && !has_twin(lends, va)))) {
			if (len > *left)
				len = *left;
			*left -= len;
			return len;
		}
	return len;
}

/*
 * Another thread may have unmapped a part of range i while the call waited, and
 * mapped it again without rights: those pages do not count, and gmem_settle()
 * discards what is there.  The rest of the range becomes another one.
 */
static void
leave_unmapped(const struct gmem *mem, struct gmem_lends *lends, unsigned i)
{
	const uint64_t va = lends->range[i].va, len = lends->range[i].len;
	uint64_t extent, stays;

	if (len == 0)
		return;
	extent = gmem_extent(mem, va, len, PTE_CHARGED | PTE_KEPT, &stays);
	lends->range[i].len = stays ? extent : 0;
	if (extent < len)
		gmem_note_lend(lends, va + extent, len - extent);
}

/* The ranges that were handed out become those that were written. */
static uint64_t
clip_lends(const struct hc_call *call, const struct hc_row *row, int64_t result,
    struct gmem_lends *lends)
{
	uint64_t left = result > 0 ? (uint64_t)result : 0;
	uint64_t n = 0;
	unsigned i;

	/* The host may have written before it met a bad address. */
	if (result == -EFAULT)
		left = UINT64_MAX;
	for (i = 0; i < lends->n; i++)
		lends->range[i].len = written(call, row, lends, i, &left);
	for (i = 0; i < lends->n; i++) {
		leave_unmapped(call->guest->mem, lends, i);
		n += lends->range[i].len > 0;
	}
	return n;
}

static void
put_event(struct hc_recording *rec, const struct gmem *mem,
    const struct record_call *event)
{
	unsigned i;

	record_put_call(rec->writer, &rec->base, event);
	for (i = 0; event->ranges > 0 && i < rec->lends.n; i++) {
		const uint64_t va = rec->lends.range[i].va;
		const uint64_t len = rec->lends.range[i].len;

		if (len == 0)
			continue;
		record_put_range(rec->writer, &rec->base, va, len);
		record_put_bytes(rec->writer, mem->base + va, len);
	}
}

static void
note_event(struct hc_recording *rec, struct hc_thread *thread)
{
	rec->events++;
	rec->delayed = 0;
	thread->at_event = true;
	thread->to_preempt = false;
}

bool
hc_record_is_full(const struct hc_recording *rec)
{
	return rec->limit && record_size(rec->writer) > rec->limit;
}

/* Why no event can follow, or NULL. */
static const char *
write_error(const struct hc_recording *rec)
{
	if (rec->writer->error)
		return strerror(-rec->writer->error);
	return hc_record_is_full(rec)
		   ? "it has reached --record-limit, so the guest ends: raise"
		     " the limit"
		   : NULL;
}

/* The log cannot be written, or not everything that the call did is known. */
static int64_t
check(struct hc_call *call, const struct hc_row *row, enum hc_treatment how,
    int64_t result)
{
	const struct hc_recording *rec = call->guest->recording;

	if (write_error(rec))
		return stop(call, "the recording: %s", write_error(rec));
	if (rec->lends.more && !hc_is_again(how))
		return stop(call,
		    "%s: the call writes more than %d ranges of memory, which"
		    " cannot be recorded: run it without --record",
		    row->name, GMEM_LENDS);
	return result;
}

/* The guest is over, or cannot be recorded. */
static int64_t
no_turn(struct hc_call *call, int64_t result)
{
	if (!call->thread->ops->is_over(call->thread)) {
		call->end = HC_STOPS_GUEST;
		call->why = HC_STALLED;
	}
	return result;
}

int64_t
hc_record_call(struct hc_call *call, const struct hc_row *row, uint32_t number,
    hc_serve_row *serve)
{
	struct hc_recording *rec = call->guest->recording;
	const enum hc_treatment how = hc_treatment(number);
	const char *reason = hc_unrecordable(call, number);
	struct record_call event;
	int64_t result;

	if (reason)
		return hc_recording_refuse(call, reason, number);
	/* A signal that came since the last event interrupts the call, if it
	 * waits. */
	if (call->thread->signals.pending)
		call->thread->kicked = 1;
	hc_describe_call(call, row, number, &event);
	event.stream = hc_stream_of(call, row);
	/* So that the streams' bytes are in the order of the events. */
	rec->keeps_turn = event.stream != RECORD_NO_STREAM;
	rec->lends.n = 0;
	rec->lends.more = false;
	result = how == HC_SHOWN && hc_is_shown(call, number)
		     ? -EINVAL
		     : serve(call, row, number);
	if (!hc_turn_has(call->thread))
		return no_turn(call, result);
	event.result = result;
	event.ranges = hc_is_again(how)
			   ? 0
			   : clip_lends(call, row, result, &rec->lends);
	put_event(rec, call->guest->mem, &event);
	hc_recording_add_output(rec, &event);
	note_event(rec, call->thread);
	result = check(call, row, how, result);
	if ((call->end == HC_GOES_ON || call->end == HC_LEAVES_HANDLER) &&
	    hc_record_turn(rec, call->thread, number) != HC_TURN_TAKEN)
		return no_turn(call, result);
	return result;
}

static const char *
why_not(struct hc_recording *rec)
{
	if (!write_error(rec))
		return NULL;
	snprintf(
	    rec->why, sizeof(rec->why), "the recording: %s", write_error(rec));
	return rec->why;
}

const char *
hc_record_counter(
    struct hc_guest *guest, struct hc_thread *thread, uint64_t *value)
{
	struct hc_recording *rec = guest->recording;

	*value = __builtin_ia32_rdtsc();
	record_begin(rec->writer, RECORD_COUNTER);
	record_put_signed(rec->writer, (int64_t)(*value - rec->counter));
	rec->counter = *value;
	note_event(rec, thread);
	return hc_record_turn(rec, thread, 0) == HC_TURN_STALLED ? HC_STALLED
								 : why_not(rec);
}

/* One that ends the guest between two events is not in the recording, which
 * ends there. */
bool
hc_record_signal(
    struct hc_guest *guest, struct hc_thread *thread, siginfo_t *info)
{
	uint8_t bytes[RECORD_INFO];

	_Static_assert(sizeof(*info) == sizeof(bytes), "as on Linux");
	if (!thread->at_event)
		return true;
	memcpy(bytes, info, sizeof(bytes));
	record_put_signal(guest->recording->writer, bytes);
	return true;
}

/* A signal has come between two events: it waits a little for the next, and
 * then the thread is preempted for it. */
static const char *
delay(struct hc_guest *guest, struct hc_thread *thread)
{
	struct hc_recording *rec = guest->recording;
	const uint64_t now = hc_turn_ms();
	const uint64_t patience = rec->turn.patience * HC_TURN_MS;
	const bool first = !rec->delayed;

	if (first)
		rec->delayed = now;
	if (now - rec->delayed >= HC_DELAY_SECONDS * 1000)
		return "a signal of the guest has waited too long: the guest"
		       " made no hypercall, and reached no instruction at"
		       " which a replay could find it: run it without --record";
	if (!first && now - rec->delayed < patience)
		return NULL;
	thread->to_preempt = !first;
	return hc_preempt_timer(rec, thread, first ? patience : HC_TURN_MS) < 0
		   ? "the recording: the host has no timer left"
		   : NULL;
}

const char *
hc_record_signals(struct hc_guest *guest, struct hc_thread *thread)
{
	const char *why = why_not(guest->recording);

	if (why || thread->at_event || !thread->signals.pending)
		return why;
	return delay(guest, thread);
}

const char *
hc_record_preempt(struct hc_guest *guest, struct hc_thread *thread,
    const struct hc_position *position)
{
	struct hc_recording *rec = guest->recording;

	hc_preempt_put(rec->writer, position, &rec->holes);
	note_event(rec, thread);
	hc_turn_ends(&rec->turn, true);
	return hc_record_turn(rec, thread, 0) == HC_TURN_STALLED ? HC_STALLED
								 : why_not(rec);
}

/* Each wait begins from the start. */
void
hc_record_resumed(struct hc_guest *guest)
{
	struct hc_recording *rec = guest->recording;

	rec->delayed = 0;
	rec->turn_ms = hc_turn_ms();
}

static int
write_out(const struct hc_guest *guest)
{
	return record_flush(guest->recording->writer);
}

static uint64_t
events(const struct hc_guest *guest)
{
	return guest->recording->events;
}

static int
runs(const struct hc_guest *guest)
{
	return guest->recording->runs;
}

/* A thread whose turn another has got, but not begun. */
static enum hc_stands
stands(const struct hc_guest *guest)
{
	const struct hc_recording *rec = guest->recording;

	if (rec->turn.holder && rec->turn.holder->tid == rec->runs)
		return HC_STANDS_FREE;
	return rec->left_in_call ? HC_STANDS_IN_CALL : HC_STANDS_AFTER_EVENT;
}

static const struct hc_holes *
holes(const struct hc_guest *guest)
{
	return &guest->recording->holes;
}

const struct hc_living hc_record_living = {
	.write_out = write_out,
	.events = events,
	.runs = runs,
	.stands = stands,
	.holes = holes,
};
