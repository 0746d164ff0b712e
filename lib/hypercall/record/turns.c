/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threads of a recorded guest, which take turns, and those of a replay,
 * which have the turns that the recording says.  Nothing here may know how a
 * call is recorded.
 *
 * A turn ends after an event or in a call that waits: two kinds of records, so
 * that a replay knows whether the thread computes before the others run.
 */
#include "hypercall/record/recorder.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/signal/send.h"

#include <inttypes.h>
#include <string.h>

/* Others get the turn after so many events or milliseconds. */
#define EVENTS_MAX 32
#define TURN_MS    10

static struct hc_recording *
recording_of(struct hc_turns *turns)
{
	return (struct hc_recording *)(void *)((char *)turns -
					       offsetof(
						   struct hc_recording, turns));
}

/* Is it a word that the call before the wait may have changed?  Larger ranges
 * are buffers, which the waiting call fills. */
static bool
is_word(const struct hc_recording *rec, unsigned i)
{
	return rec->lends.range[i].len <= sizeof(uint64_t);
}

static void
put_words(struct hc_recording *rec)
{
	const uint8_t *base = rec->guest->mem->base;
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < rec->lends.n; i++)
		n += is_word(rec, i);
	record_put(rec->writer, n);
	for (i = 0; i < rec->lends.n; i++) {
		const uint64_t va = rec->lends.range[i].va;
		const uint64_t len = rec->lends.range[i].len;

		if (!is_word(rec, i))
			continue;
		record_put_range(rec->writer, &rec->base, va, len);
		record_put_bytes(rec->writer, base + va, len);
	}
}

/* Before any other thread has handed out memory. */
static void
put_turn(struct hc_recording *rec, const struct hc_thread *thread)
{
	record_begin(
	    rec->writer, rec->left_in_call ? RECORD_WAIT : RECORD_SWITCH);
	record_put(rec->writer, (uint64_t)thread->tid);
	if (rec->left_in_call)
		put_words(rec);
}

/* The thread has the turn again, or for the first time. */
static enum hc_turn_taken
come_back(struct hc_recording *rec, struct hc_thread *thread)
{
	const enum hc_turn_taken taken = hc_turn_take(&rec->turn, thread);

	if (taken != HC_TURN_TAKEN || rec->runs == thread->tid)
		return taken;
	put_turn(rec, thread);
	rec->runs = thread->tid;
	rec->turn_events = rec->events;
	rec->turn_ms = hc_turn_ms();
	return taken;
}

/* Those that are in use: there is room for many more. */
static void
copy_lends(struct gmem_lends *to, const struct gmem_lends *from)
{
	to->n = from->n;
	to->more = from->more;
	memcpy(to->range, from->range, from->n * sizeof(from->range[0]));
}

/* A debugger's stop has cut a wait for a futex: it goes on at once, so that the
 * next wake finds the thread.  Its time is absolute. */
static bool
waits_on(struct hc_thread *thread, long number)
{
	return number == SYS_futex && thread->ops->rest(thread) &&
	       !thread->signals.pending;
}

/* Other threads run while the host's call waits, and hand out ranges of memory
 * themselves. */
static int64_t
wait_recorded(struct hc_turns *turns, struct hc_thread *thread, long number,
    const long arg[6])
{
	struct hc_recording *rec = recording_of(turns);
	struct hc_waiting call;
	int64_t r;

	if (rec->keeps_turn) {
		rec->turn.waits = true;
		r = hc_wait_call(&thread->kicked, number, arg);
		rec->turn.waits = false;
		return r;
	}
	copy_lends(&call.lends, &rec->lends);
	hc_preempt_waits(rec, &call);
	rec->left_in_call = true;
	hc_turn_leave(&rec->turn, thread);
	do
		r = hc_wait_call(&thread->kicked, number, arg);
	while (hc_is_interrupted(r) && waits_on(thread, number));
	if (come_back(rec, thread) == HC_TURN_TAKEN) {
		copy_lends(&rec->lends, &call.lends);
	} else {
		r = -EINTR;
		hc_preempt_loses(rec, &call);
	}
	hc_preempt_returns(rec, &call);
	return r;
}

static const char *
begin_recorded(struct hc_turns *turns, struct hc_thread *thread)
{
	thread->at_event = true;
	return come_back(recording_of(turns), thread) == HC_TURN_STALLED
		   ? HC_STALLED
		   : NULL;
}

static const char *
end_recorded(struct hc_turns *turns, struct hc_thread *thread)
{
	struct hc_recording *rec = recording_of(turns);

	rec->left_in_call = false;
	hc_turn_leave(&rec->turn, thread);
	return NULL;
}

enum hc_turn_taken
hc_record_turn(
    struct hc_recording *rec, struct hc_thread *thread, uint32_t number)
{
	rec->turn.events++;
	if (!hc_turn_is_wanted(&rec->turn))
		return HC_TURN_TAKEN;
	if (number != HC_sched_yield &&
	    rec->events - rec->turn_events < EVENTS_MAX &&
	    hc_turn_ms() - rec->turn_ms < TURN_MS)
		return HC_TURN_TAKEN;
	rec->left_in_call = false;
	if (number > 0)
		hc_turn_ends(&rec->turn, false);
	hc_turn_leave(&rec->turn, thread);
	return come_back(rec, thread);
}

/* Write the words that the waiting call changed. */
static void
get_words(struct hc_recording *rec)
{
	const struct gmem *mem = rec->guest->mem;
	uint64_t n = record_get(rec->reader), va, len;

	for (; n > 0; n--) {
		if (!record_get_range(rec->reader, &rec->base, &va, &len))
			return;
		if (len == 0 || len > sizeof(uint64_t) ||
		    !gmem_range(mem, va, len, GMEM_WRITE)) {
			hc_recording_diverges(rec,
			    "the recorded call wrote 0x%" PRIx64 " bytes at"
			    " 0x%" PRIx64 " before it waited",
			    len, va);
			return;
		}
		if (!record_get_bytes(rec->reader, mem->base + va, len))
			return;
	}
}

/* A signal that is next in the recording is taken by the thread whose turn it
 * is, before that goes on. */
static void
expect_signal(struct hc_recording *rec, struct hc_thread *thread)
{
	if (record_peek(rec->reader) == RECORD_SIGNAL)
		thread->signals.pending = true;
}

/* Give the turn to the thread that the next record names. */
static bool
give(struct hc_recording *rec, struct hc_thread *thread)
{
	const bool waits = record_next(rec->reader) == RECORD_WAIT;
	const uint64_t tid = record_get(rec->reader);
	struct hc_thread *to = NULL;

	if (waits)
		get_words(rec);
	if (!hc_recording_goes_on(rec))
		return false;
	hc_signals_lock(rec->guest);
	if (tid <= INT32_MAX)
		to = hc_signal_thread(rec->guest, (int)tid);
	hc_signals_unlock(rec->guest);
	if (!to || to == thread) {
		hc_recording_diverges(rec,
		    "the recording goes on in another thread, %" PRIu64
		    ", which does not wait",
		    tid);
		return false;
	}
	hc_turn_give(&rec->turn, thread, to);
	if (!rec->replay.passed)
		return true;
	expect_signal(rec, to);
	rec->replay.passed(rec->replay.ctx);
	return true;
}

enum hc_turn_taken
hc_replay_turn(
    struct hc_recording *rec, struct hc_thread *thread, enum record_kind kind)
{
	enum hc_turn_taken taken = HC_TURN_TAKEN;

	while (taken == HC_TURN_TAKEN && rec->state == HC_REPLAY_RUNS &&
	       record_peek(rec->reader) == (unsigned)kind) {
		if (!give(rec, thread))
			taken = HC_TURN_STALLED;
		else if (rec->replay.passed)
			taken = HC_TURN_PASSED;
		else
			taken = hc_turn_await(&rec->turn, thread);
	}
	return taken;
}

/* In a replay no call waits for the host. */
static int64_t
wait_replayed(struct hc_turns *turns, struct hc_thread *thread, long number,
    const long arg[6])
{
	(void)turns;
	return hc_wait_call(&thread->kicked, number, arg);
}

static const char *
begin_replayed(struct hc_turns *turns, struct hc_thread *thread)
{
	struct hc_recording *rec = recording_of(turns);

	/* The debugger lets it run when it has the turn. */
	if (!rec->replay.passed &&
	    hc_turn_await(&rec->turn, thread) == HC_TURN_TAKEN)
		expect_signal(rec, thread);
	return NULL;
}

static const char *
end_replayed(struct hc_turns *turns, struct hc_thread *thread)
{
	struct hc_recording *rec = recording_of(turns);
	const unsigned next = record_peek(rec->reader);

	rec->maker = NULL;
	if (!hc_recording_goes_on(rec))
		return rec->why;
	if (next == RECORD_SWITCH)
		return give(rec, thread) ? NULL : rec->why;
	hc_recording_diverges(rec, "thread %d has ended; the recording has %s",
	    thread->tid, record_kind_text(next));
	return rec->why;
}

void
hc_turns_attach(struct hc_recording *rec, struct hc_thread *first)
{
	const bool records = rec->writer != NULL;

	rec->turns = (struct hc_turns){
		.wait = records ? wait_recorded : wait_replayed,
		.begin = records ? begin_recorded : begin_replayed,
		.end = records ? end_recorded : end_replayed,
	};
	rec->runs = first->tid;
	rec->maker = first;
	first->turns = &rec->turns;
	hc_turn_init(&rec->turn, first);
}
