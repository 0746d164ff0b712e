/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preemptions as records.  Nothing here may know how a vCPU comes to a
 * position.
 *
 * A call that waits may fill its buffer while other threads run; in a replay
 * the bytes come when it returns.  So the hash of memory that a position has
 * leaves out the memory of such calls, which the record names.
 */
#include "hypercall/record/preempt.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/record/recorder.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#ifndef sigev_notify_thread_id /* glibc before 2.38 */
#define sigev_notify_thread_id _sigev_un._tid
#endif

void
hc_holes_put(struct record_writer *w, const struct hc_holes *holes)
{
	unsigned i;

	record_put(w, holes->n);
	for (i = 0; i < holes->n; i++) {
		record_put(w, holes->hole[i].va);
		record_put(w, holes->hole[i].len);
	}
}

bool
hc_holes_get(struct record_reader *r, struct hc_holes *holes)
{
	uint64_t n = record_get(r), i;

	*holes = (struct hc_holes){ 0 };
	if (n > HC_HOLES)
		record_reject(r);
	for (i = 0; i < n && r->state == RECORD_GOOD; i++) {
		holes->hole[i].va = record_get(r);
		holes->hole[i].len = record_get(r);
	}
	holes->n = (unsigned)i;
	return r->state == RECORD_GOOD;
}

void
hc_preempt_put(struct record_writer *w, const struct hc_position *position,
    const struct hc_holes *holes)
{
	unsigned i;

	record_begin(w, RECORD_PREEMPT);
	record_put_bytes(w, position->reg, sizeof(position->reg));
	record_put_bytes(w, &position->hash, sizeof(position->hash));
	record_put(w, position->words);
	for (i = 0; i < position->words; i++) {
		record_put(w, position->word[i].address);
		record_put_bytes(w, &position->word[i].value, sizeof(uint64_t));
	}
	hc_holes_put(w, holes);
}

bool
hc_preempt_get(struct record_reader *r, struct hc_position *position,
    struct hc_holes *holes)
{
	uint64_t n, i;

	*position = (struct hc_position){ 0 };
	record_get_bytes(r, position->reg, sizeof(position->reg));
	record_get_bytes(r, &position->hash, sizeof(position->hash));
	n = record_get(r);
	if (n > HC_POSITION_WORDS)
		record_reject(r);
	for (i = 0; i < n && r->state == RECORD_GOOD; i++) {
		position->word[i].address = record_get(r);
		record_get_bytes(r, &position->word[i].value, sizeof(uint64_t));
	}
	position->words = (unsigned)i;
	return hc_holes_get(r, holes);
}

void
hc_preempt_waits(struct hc_recording *rec, struct hc_waiting *call)
{
	pthread_mutex_lock(&rec->turn.lock);
	call->next = rec->waiting;
	rec->waiting = call;
	pthread_mutex_unlock(&rec->turn.lock);
}

void
hc_preempt_returns(struct hc_recording *rec, const struct hc_waiting *call)
{
	struct hc_waiting **p = &rec->waiting;

	pthread_mutex_lock(&rec->turn.lock);
	while (*p != call)
		p = &(*p)->next;
	*p = call->next;
	pthread_mutex_unlock(&rec->turn.lock);
}

static bool
add_holes(struct hc_holes *holes, const struct gmem_lends *lends)
{
	unsigned i;

	for (i = 0; i < lends->n; i++) {
		if (holes->n == HC_HOLES)
			return false;
		holes->hole[holes->n].va = lends->range[i].va;
		holes->hole[holes->n++].len = lends->range[i].len;
	}
	return !lends->more;
}

void
hc_preempt_loses(struct hc_recording *rec, const struct hc_waiting *call)
{
	const struct hc_holes all = { .n = 1, .hole[0].len = UINT64_MAX };

	pthread_mutex_lock(&rec->turn.lock);
	if (!add_holes(&rec->lost, &call->lends))
		rec->lost = all;
	pthread_mutex_unlock(&rec->turn.lock);
}

/* The memory that calls may write which wait now.  False: it is not known. */
static bool
find_holes(struct hc_recording *rec, struct hc_holes *holes)
{
	const struct hc_waiting *call;
	bool known = true;

	holes->n = 0;
	pthread_mutex_lock(&rec->turn.lock);
	for (call = rec->waiting; call && known; call = call->next)
		known = add_holes(holes, &call->lends);
	pthread_mutex_unlock(&rec->turn.lock);
	return known;
}

static uint64_t
hash_of(struct hc_recording *rec, const void *registers, size_t len)
{
	return record_hash(
	    registers, len, hc_memory_hash_but(rec->guest->mem, &rec->holes));
}

static bool
hash_recorded(
    struct hc_guest *guest, const void *registers, size_t len, uint64_t *hash)
{
	struct hc_recording *rec = guest->recording;

	if (!find_holes(rec, &rec->holes))
		return false;
	*hash = hash_of(rec, registers, len);
	return true;
}

static bool
hash_replayed(
    struct hc_guest *guest, const void *registers, size_t len, uint64_t *hash)
{
	*hash = hash_of(guest->recording, registers, len);
	return true;
}

/* A timer that kicks the calling host thread.  0 or -errno. */
static int64_t
make_timer(struct hc_recording *rec, struct hc_thread *thread)
{
	struct sigevent event = {
		.sigev_signo = HC_KICK,
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_notify_thread_id = (int)hc_host(SYS_gettid, 0),
	};
	int64_t r;

	if (rec->timed)
		(void)hc_host(SYS_timer_delete, rec->timer);
	r = hc_host(SYS_timer_create, CLOCK_MONOTONIC, &event, &rec->timer);
	rec->timed = r == 0 ? thread : NULL;
	return r;
}

int64_t
hc_preempt_timer(
    struct hc_recording *rec, struct hc_thread *thread, uint64_t ms)
{
	const struct itimerspec when = {
		.it_value.tv_sec = (time_t)(ms / 1000),
		.it_value.tv_nsec = (long)(ms % 1000) * 1000000,
	};
	const int64_t r = rec->timed == thread ? 0 : make_timer(rec, thread);

	return r < 0 ? r
		     : hc_host(SYS_timer_settime, rec->timer, 0, &when, NULL);
}

static bool
is_wanted(const struct hc_guest *guest, struct hc_thread *thread)
{
	return !thread->at_event && guest->recording->turn.holder == thread &&
	       thread->to_preempt;
}

/* Read the record of the next position ahead: it stays the next. */
static const char *
look_ahead(struct hc_recording *rec, struct hc_thread *thread)
{
	rec->scratch = *rec->reader;
	(void)record_next(&rec->scratch);
	if (!hc_preempt_get(&rec->scratch, &rec->position, &rec->holes)) {
		hc_recording_breaks_off(rec, &rec->scratch);
		return rec->why;
	}
	rec->sought = rec->reader->records + 1;
	rec->sought_ms = 0;
	/* A debugger may take its time. */
	if (rec->replay.passed)
		return NULL;
	rec->sought_ms = hc_turn_ms();
	return hc_preempt_timer(rec, thread, HC_SEEK_SECONDS * 1000) < 0
		   ? "the replay: the host has no timer left"
		   : NULL;
}

/* A guest that is not as it was recorded may compute for ever. */
static const char *
look_at_clock(struct hc_recording *rec)
{
	if (!rec->sought_ms ||
	    hc_turn_ms() - rec->sought_ms < HC_SEEK_SECONDS * 1000)
		return NULL;
	hc_recording_diverges(rec,
	    "the thread was preempted at 0x%" PRIx64 ", and has not come there"
	    " in %d seconds",
	    rec->position.reg[HC_POSITION_RIP], HC_SEEK_SECONDS);
	return rec->why;
}

static const char *
next(struct hc_guest *guest, struct hc_thread *thread,
    const struct hc_position **position)
{
	struct hc_recording *rec = guest->recording;
	const char *why;

	*position = NULL;
	if (rec->turn.holder != thread || rec->state != HC_REPLAY_RUNS ||
	    record_peek(rec->reader) != RECORD_PREEMPT)
		return NULL;
	why = rec->sought == rec->reader->records + 1 ? look_at_clock(rec)
						      : look_ahead(rec, thread);
	*position = why ? NULL : &rec->position;
	return why;
}

const struct hc_preemption hc_record_preemption = {
	.is_wanted = is_wanted,
	.hash = hash_recorded,
	.reached = hc_record_preempt,
};

const struct hc_preemption hc_replay_preemption = {
	.next = next,
	.hash = hash_replayed,
	.reached = hc_replay_preempt,
};
