/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answering calls from a recording.  Nothing here may reach the host but for
 * the output that the guest wrote.  The recording comes from outside: each
 * address and length is checked.
 */
#include "hypercall/record/recorder.h"

#include "hypercall/record/ahead.h"
#include "hypercall/signal/signal.h"
#include "output/output.h"

#include <inttypes.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

void
hc_recording_diverges(struct hc_recording *rec, const char *format, ...)
{
	const size_t size = sizeof(rec->why);
	va_list args;
	int n;

	if (rec->state != HC_REPLAY_RUNS)
		return;
	rec->state = HC_REPLAY_DIVERGED;
	n = snprintf(rec->why, size,
	    "the replay differs from the recording after event %" PRIu64 ": ",
	    rec->events);
	va_start(args, format);
	vsnprintf(rec->why + n, size - (size_t)n, format, args);
	va_end(args);
}

void
hc_recording_breaks_off(
    struct hc_recording *rec, const struct record_reader *reader)
{
	rec->state = HC_REPLAY_BROKEN;
	snprintf(rec->why, sizeof(rec->why),
	    "%s: the replay ends after event %" PRIu64 ", in its last good"
	    " block",
	    record_state_text(reader), rec->events);
}

static void
break_off(struct hc_recording *rec)
{
	hc_recording_breaks_off(rec, rec->reader);
}

/* Has the recording nothing more, because the guest is still recorded? */
static bool
is_open_here(const struct hc_recording *rec)
{
	return rec->replay.open && rec->reader->state == RECORD_OVER;
}

bool
hc_recording_goes_on(struct hc_recording *rec)
{
	const unsigned kind = record_peek(rec->reader);

	if (rec->state != HC_REPLAY_RUNS)
		return false;
	if (is_open_here(rec))
		return true;
	if (rec->reader->state != RECORD_GOOD) {
		break_off(rec);
	} else if (kind == RECORD_CUT) {
		rec->state = HC_REPLAY_CUT;
		snprintf(rec->why, sizeof(rec->why),
		    "the recorded guest was ended from outside after event"
		    " %" PRIu64,
		    rec->events);
	}
	return rec->state == HC_REPLAY_RUNS;
}

/* Is there another event?  A debugger stops the guest before a record that is
 * torn, where the guest still has a place. */
static bool
has_next(struct hc_recording *rec)
{
	if (!hc_recording_goes_on(rec))
		return false;
	if (!rec->replay.reached || is_open_here(rec) ||
	    hc_ahead_is_whole(rec->reader, &rec->scratch))
		return true;
	hc_recording_breaks_off(rec, &rec->scratch);
	return false;
}

/* "read(3, 0x4000, 100)" with hexadecimal arguments. */
static void
show_call(const struct record_call *event, char *text, size_t size)
{
	const struct hc_row *row = event->number < HYPERCALL_END
				       ? hc_row(event->number)
				       : NULL;
	size_t n;
	uint32_t i;

	n = (size_t)snprintf(text, size, "%u (%s) with", event->number,
	    row ? row->name : "no such call");
	for (i = 0; i < event->argc && n < size; i++)
		n += (size_t)snprintf(
		    text + n, size - n, " 0x%" PRIx64, event->arg[i]);
	if (n < size)
		(void)snprintf(text + n, size - n,
		    ", stack 0x%" PRIx64 ", input %016" PRIx64, event->sp,
		    event->input);
}

static bool
is_same(const struct record_call *a, const struct record_call *b)
{
	return a->number == b->number && a->argc == b->argc && a->sp == b->sp &&
	       a->input == b->input &&
	       memcmp(a->arg, b->arg, sizeof(a->arg)) == 0;
}

/* Read the next record, which must be of this kind. */
static bool
expect(struct hc_recording *rec, enum record_kind kind)
{
	unsigned next;

	if (!hc_recording_goes_on(rec))
		return false;
	next = record_next(rec->reader);
	if (next != kind)
		hc_recording_diverges(rec,
		    "the guest comes to %s; the recording has %s",
		    record_kind_text(kind), record_kind_text(next));
	return next == kind;
}

/* Read the record of the call that the guest makes. */
static bool
match(struct hc_recording *rec, const struct record_call *made,
    struct record_call *event)
{
	char here[320], there[320];

	if (!expect(rec, RECORD_CALL))
		return false;
	if (!record_get_call(rec->reader, &rec->base, event)) {
		break_off(rec);
		return false;
	}
	if (is_same(made, event))
		return true;
	show_call(made, here, sizeof(here));
	show_call(event, there, sizeof(there));
	hc_recording_diverges(rec,
	    "the guest makes call %s; the recording has call %s", here, there);
	return false;
}

/* Memory that is mapped, but neither code nor a file that is only read. */
static bool
holds_data(const struct gmem *mem, uint64_t va, uint64_t len)
{
	const uint64_t code = PTE_PRESENT | PTE_NX;
	uint64_t extent, bits;

	for (; len > 0; va += extent, len -= extent) {
		extent = gmem_extent(
		    mem, va, len, PTE_TAKEN | PTE_NEVER_WRITE | code, &bits);
		if (!(bits & PTE_TAKEN) || (bits & PTE_NEVER_WRITE) ||
		    (bits & code) == PTE_PRESENT)
			return false;
	}
	return true;
}

/* Another thread may have taken the right to write away while the call waited:
 * the host has written there, so the pages have contents of their own. */
static bool
was_writable(struct gmem *mem, uint64_t va, uint64_t len)
{
	if (!holds_data(mem, va, len))
		return false;
	gmem_keep(mem, va, len);
	gmem_lend(mem, va, len);
	return true;
}

/* May the call have written there?  A mapped file's bytes go into the new
 * mapping. */
static bool
may_write(const struct hc_call *call, const struct record_call *event,
    uint64_t va, uint64_t len)
{
	const uint64_t at = (uint64_t)event->result;

	if (hc_is_again(hc_treatment(event->number)))
		return false;
	if (event->number == HC_mmap &&
	    (va < at || len > event->arg[1] || va - at > event->arg[1] - len))
		return false;
	return len > 0 && (gmem_range(call->guest->mem, va, len, GMEM_WRITE) ||
			      was_writable(call->guest->mem, va, len));
}

/* Write what the call wrote. */
static bool
apply(const struct hc_call *call, struct hc_recording *rec,
    const struct record_call *event)
{
	const struct gmem *mem = call->guest->mem;
	struct record_reader *r = rec->reader;
	uint64_t i, va, len;

	for (i = 0; i < event->ranges; i++) {
		if (!record_get_range(r, &rec->base, &va, &len))
			break;
		if (!may_write(call, event, va, len)) {
			hc_recording_diverges(rec,
			    "the recorded call wrote 0x%" PRIx64 " bytes at"
			    " 0x%" PRIx64 ", which the guest cannot write",
			    len, va);
			return false;
		}
		if (!record_get_bytes(r, mem->base + va, len))
			break;
	}
	if (i < event->ranges)
		break_off(rec);
	return i == event->ranges;
}

/* The mapping of a file is made again as memory.  The result. */
static int64_t
map_again(struct hc_call *call, const struct hc_row *row,
    const struct record_call *event, hc_serve_row *serve)
{
	const uint64_t flags = call->mmap.flags, prot = call->mmap.prot;
	int64_t result;

	if (flags & MAP_ANONYMOUS)
		return serve(call, row, event->number);
	if (event->result < 0)
		return event->result;
	call->mmap.flags = flags | MAP_ANONYMOUS;
	call->mmap.prot = PROT_READ | PROT_WRITE;
	result = serve(call, row, event->number);
	call->mmap.flags = flags;
	call->mmap.prot = prot;
	return result;
}

static void
protect_again(struct hc_call *call, const struct record_call *event)
{
	struct space *space = &call->guest->space;
	const uint64_t at = (uint64_t)event->result, len = event->arg[1];

	if ((event->arg[3] & MAP_ANONYMOUS) || event->result <= 0)
		return;
	gmem_lock(call->guest->mem);
	/* Without bytes it is /dev/zero, or nothing of a file. */
	if (event->ranges > 0)
		space_copied(space, at, len);
	(void)space_mprotect(space, at, len, (unsigned)event->arg[2]);
	gmem_unlock(call->guest->mem);
}

/* A stream, and how many bytes are still to be written to it. */
struct show {
	struct output to;
	uint64_t left;
};

static void
show_bytes(void *context, const void *bytes, uint64_t len)
{
	struct show *show = context;

	if (len > show->left)
		len = show->left;
	show->left -= len;
	output_write(&show->to, bytes, len);
}

/* Write again what the guest wrote to novillo's own streams. */
static void
show_output(const struct hc_call *call, const struct hc_row *row,
    const struct record_call *event)
{
	const struct hc_recording *rec = call->guest->recording;
	struct show show = { .to = { .fd = (int)event->stream } };

	if (event->stream == RECORD_NO_STREAM || event->result < 0 ||
	    rec->events < rec->shown)
		return;
	if (event->stream == RECORD_OUTPUT && rec->output)
		show.to.fd = rec->output;
	show.left = event->number == HC_torov_print ? UINT64_MAX
						    : (uint64_t)event->result;
	hc_each_output(call, row, show_bytes, &show);
}

/* The guest has had one more. */
static void
count_event(struct hc_recording *rec, struct hc_thread *thread, bool preempted)
{
	rec->events++;
	rec->maker = thread;
	rec->preempted = preempted;
	if (rec->events > rec->shown)
		rec->shown = rec->events;
}

/* Can the guest go on after an event?  A debugger that waits for this place
 * stops it, and so does one where the recording has nothing more. */
static bool
goes_on_after(struct hc_recording *rec, struct hc_thread *thread)
{
	struct hc_replay *replay = &rec->replay;
	enum hc_turn_taken taken = hc_replay_turn(rec, thread, RECORD_SWITCH);
	bool more;

	if (taken == HC_TURN_OVER)
		return true;
	more = has_next(rec);
	if (taken == HC_TURN_TAKEN && record_peek(rec->reader) == RECORD_SIGNAL)
		thread->signals.pending = true;
	if (!replay->reached || rec->state == HC_REPLAY_DIVERGED)
		return more;
	if (!more || is_open_here(rec) || rec->events == replay->until)
		replay->reached(replay->ctx);
	return true;
}

static int64_t
answer(struct hc_call *call, const struct hc_row *row,
    const struct record_call *event, hc_serve_row *serve)
{
	switch (hc_treatment(event->number)) {
	case HC_AGAIN:
	case HC_ALONE: return serve(call, row, event->number);
	case HC_MAPPED: return map_again(call, row, event, serve);
	default: return event->result;
	}
}

static int64_t
stop(struct hc_call *call)
{
	struct hc_recording *rec = call->guest->recording;

	call->end = HC_STOPS_GUEST;
	call->why = rec->why;
	return -ENOSYS;
}

/* Let others run while the recorded call waited.  A thread that ends sees that
 * another waits for its lock.  Under a debugger the call is made again when its
 * thread has the turn: by then what it has read may have changed. */
static enum hc_turn_taken
wait_again(struct hc_recording *rec, const struct hc_call *call,
    uint32_t number, struct record_call *made)
{
	struct hc_thread *thread = call->thread;
	const unsigned op = (unsigned)call->arg[1] & (unsigned)FUTEX_CMD_MASK;
	enum hc_turn_taken taken;

	if (number == HC_futex && (op == FUTEX_LOCK_PI || op == FUTEX_LOCK_PI2))
		thread->lock = call->arg[0];
	if (thread->awaits_turn)
		made->input = thread->read_before;
	taken = hc_replay_turn(rec, thread, RECORD_WAIT);
	thread->awaits_turn = taken == HC_TURN_PASSED;
	thread->read_before = made->input;
	if (!thread->awaits_turn)
		thread->lock = 0;
	return taken;
}

int64_t
hc_replay_call(struct hc_call *call, const struct hc_row *row, uint32_t number,
    hc_serve_row *serve)
{
	struct hc_recording *rec = call->guest->recording;
	const char *reason = hc_unrecordable(call, number);
	struct record_call made, event;
	enum hc_turn_taken taken;
	int64_t result;

	if (reason)
		return hc_recording_refuse(call, reason, number);
	hc_describe_call(call, row, number, &made);
	taken = wait_again(rec, call, number, &made);
	if (taken == HC_TURN_OVER)
		return -EINTR;
	if (taken == HC_TURN_PASSED)
		return -HC_NOT_MADE;
	if (!match(rec, &made, &event))
		return stop(call);
	hc_begin_treated_mask(call, number);
	result = answer(call, row, &event, serve);
	if (result != event.result) {
		hc_recording_diverges(rec,
		    "%s has the result %" PRId64 "; the recording has %" PRId64,
		    row->name, result, event.result);
		return stop(call);
	}
	if (!apply(call, rec, &event))
		return stop(call);
	if (event.number == HC_mmap)
		protect_again(call, &event);
	show_output(call, row, &event);
	hc_recording_add_output(rec, &event);
	count_event(rec, call->thread, false);
	if ((call->end == HC_GOES_ON || call->end == HC_LEAVES_HANDLER) &&
	    !goes_on_after(rec, call->thread))
		return stop(call);
	return result;
}

const char *
hc_replay_counter(
    struct hc_guest *guest, struct hc_thread *thread, uint64_t *value)
{
	struct hc_recording *rec = guest->recording;

	if (!expect(rec, RECORD_COUNTER))
		return rec->why;
	rec->counter += (uint64_t)record_get_signed(rec->reader);
	*value = rec->counter;
	count_event(rec, thread, false);
	return goes_on_after(rec, thread) ? NULL : rec->why;
}

const char *
hc_replay_preempt(struct hc_guest *guest, struct hc_thread *thread,
    const struct hc_position *position)
{
	struct hc_recording *rec = guest->recording;

	(void)position;
	if (!expect(rec, RECORD_PREEMPT))
		return rec->why;
	if (!hc_preempt_get(rec->reader, &rec->position, &rec->holes)) {
		break_off(rec);
		return rec->why;
	}
	count_event(rec, thread, true);
	return goes_on_after(rec, thread) ? NULL : rec->why;
}

/* Could the thread have taken it?  One that ends the guest from outside is not
 * in a recording. */
static bool
may_take(const struct hc_guest *guest, const struct hc_thread *thread,
    const siginfo_t *info)
{
	const int signal = info->si_signo;

	if (signal < 1 || signal > HC_SIGNALS)
		return false;
	return !(thread->signals.blocked & HC_SIGNAL_BIT(signal)) &&
	       !(hc_signal_is_outside(info) &&
		   hc_signal_ends(&guest->signals, signal));
}

bool
hc_replay_signal(
    struct hc_guest *guest, struct hc_thread *thread, siginfo_t *info)
{
	struct hc_recording *rec = guest->recording;
	uint8_t bytes[RECORD_INFO];

	if (rec->turn.holder != thread || rec->state != HC_REPLAY_RUNS ||
	    record_peek(rec->reader) != RECORD_SIGNAL)
		return false;
	(void)record_next(rec->reader);
	if (!record_get_signal(rec->reader, bytes)) {
		break_off(rec);
		return false;
	}
	memcpy(info, bytes, sizeof(*info));
	if (may_take(guest, thread, info))
		return true;
	hc_recording_diverges(rec,
	    "the recording has signal %d, which the guest does not take here",
	    info->si_signo);
	return false;
}

/* Can the guest go on?  If not, a debugger stops it where it is. */
const char *
hc_replay_signals(struct hc_guest *guest, struct hc_thread *thread)
{
	struct hc_recording *rec = guest->recording;

	if (rec->turn.holder != thread || has_next(rec))
		return NULL;
	if (!rec->replay.reached || rec->state == HC_REPLAY_DIVERGED)
		return rec->why;
	rec->replay.reached(rec->replay.ctx);
	return NULL;
}

static uint64_t
events(const struct hc_guest *guest)
{
	return guest->recording->events;
}

static enum hc_ahead
ahead(const struct hc_guest *guest)
{
	const struct hc_recording *rec = guest->recording;
	const unsigned kind = record_peek(rec->reader);

	if (rec->state != HC_REPLAY_RUNS || rec->reader->state != RECORD_GOOD ||
	    kind == RECORD_CUT)
		return HC_AHEAD_NOTHING;
	return kind == RECORD_END ? HC_AHEAD_END : HC_AHEAD_EVENT;
}

static struct hc_thread *
turn(const struct hc_guest *guest)
{
	return guest->recording->turn.holder;
}

static struct hc_thread *
maker(const struct hc_guest *guest)
{
	return guest->recording->maker;
}

static void
leave_out(struct hc_guest *guest, const struct hc_holes *holes)
{
	struct hc_recording *rec = guest->recording;

	rec->holes = *holes;
	/* The position that was sought last has lost its own. */
	rec->sought = 0;
}

static bool
preempted(const struct hc_guest *guest)
{
	return guest->recording->preempted;
}

static uint64_t
at(const struct hc_guest *guest)
{
	const struct record_reader *reader = guest->recording->reader;

	return (uint64_t)reader->number * RECORD_BLOCK + reader->at;
}

/* A place in the recording. */
struct place {
	struct record_reader reader;
	struct record_base base;
	uint64_t events, counter, written;
	enum hc_replayed state;
	struct hc_thread *turn, *maker;
	bool preempted;
};

static void
save(const struct hc_guest *guest, void *to)
{
	const struct hc_recording *rec = guest->recording;
	struct place *place = to;

	place->reader = *rec->reader;
	place->base = rec->base;
	place->events = rec->events;
	place->counter = rec->counter;
	place->written = rec->written;
	place->state = rec->state;
	place->turn = rec->turn.holder;
	place->maker = rec->maker;
	place->preempted = rec->preempted;
}

static void
load(struct hc_guest *guest, const void *from)
{
	struct hc_recording *rec = guest->recording;
	const struct place *place = from;

	*rec->reader = place->reader;
	rec->base = place->base;
	rec->events = place->events;
	rec->counter = place->counter;
	rec->written = place->written;
	rec->state = place->state;
	rec->turn.holder = place->turn;
	rec->maker = place->maker;
	rec->preempted = place->preempted;
}

const struct hc_replay_ops hc_replay_places = {
	.events = events,
	.ahead = ahead,
	.turn = turn,
	.maker = maker,
	.preempted = preempted,
	.at = at,
	.leave_out = leave_out,
	.size = sizeof(struct place),
	.save = save,
	.load = load,
};
