/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recording a guest's hypercalls, and answering them from a recording: a hook
 * of the core, which does not know it.  It must not know vCPUs, nor files that
 * hold recordings.
 *
 * One thread of the guest runs at a time.  So its input is what its calls
 * answer and write, readings of the time stamp counter, signals, and the order
 * of its threads.  Calls that act on novillo's own state (memory, actions and
 * masks of signals) are made again in a replay; the others are answered from
 * the recording.
 *
 * A thread takes signals only after an event, before it goes on.  So the place
 * of a signal in the recording is its place in the run.  A thread that only
 * computes is preempted for them: that is an event also, and has a position.
 * In a replay no signal is sent: what was taken is taken again.
 */
#ifndef HC_RECORDING_H
#define HC_RECORDING_H

#include "hypercall/core/hypercall.h"
#include "hypercall/record/preempt.h"
#include "hypercall/record/turn.h"
#include "record/call.h"
#include "record/reader.h"
#include "record/writer.h"

/* The longest wait of a signal for the next event or preemption. */
#define HC_DELAY_SECONDS 5

/* How a replay stands. */
enum hc_replayed {
	HC_REPLAY_RUNS,
	HC_REPLAY_DIVERGED, /* the guest or novillo did something else */
	HC_REPLAY_CUT,      /* the recorded guest was ended here from outside */
	HC_REPLAY_BROKEN,   /* the recording ends before the guest does */
};

struct hc_recording {
	struct record_base base;
	struct gmem_lends lends;
	struct hc_guest *guest;
	struct hc_turns turns;
	struct hc_turn turn;
	/* Replaying: the thread that had the last event, if it lives. */
	struct hc_thread *maker;
	bool preempted; /* that event was its preemption */
	/* Recording: the thread whose events follow; at which event and time
	 * its turn began; did the one before leave in a call?  Does the call
	 * in the making keep the turn while it waits? */
	int runs;
	uint64_t turn_events, turn_ms;
	bool left_in_call, keeps_turn;
	uint64_t events; /* calls, readings of the counter, preemptions */
	uint64_t counter;
	uint64_t written; /* a hash of the output, and of its streams */
	/* Recording: the calls that wait while others run. */
	struct hc_waiting *waiting;
	struct hc_holes holes; /* of the last position */
	struct hc_holes lost;  /* of calls that the guest's end has cut */
	/* Replaying: the next position, of this record. */
	struct hc_position position;
	uint64_t sought;
	uint64_t sought_ms; /* since when; 0: for however long */
	/* Recording: a signal has waited for an event since this millisecond;
	 * 0: none waits. */
	uint64_t delayed;
	/* The host's timer that kicks this thread; NULL: there is none. */
	struct hc_thread *timed;
	int timer;
	/* Replaying: the guest's output up to this event was written, and for
	 * its stream 1 it was written to this descriptor; 0: to 1. */
	uint64_t shown;
	int output;
	struct hc_replay replay;
	struct record_reader scratch; /* for a look at the next record */
	enum hc_replayed state;
	char why[1024];               /* a message */
	uint64_t limit;               /* of what `writer` writes, or 0 */
	struct record_writer *writer; /* recording, or NULL */
	struct record_reader *reader; /* replaying, or NULL */
};

/* Record the guest's calls, or replay them: the one of `writer` and `reader`
 * that is set. */
void
hc_recording_attach(struct hc_guest *guest, struct hc_recording *recording);

/* The guest has made a call: add what it has written to novillo's streams. */
void hc_recording_add_output(
    struct hc_recording *recording, const struct record_call *event);

/* Is there another event to replay?  If not, `state` and `why` are set. */
bool hc_recording_goes_on(struct hc_recording *recording);

/* The replay differs from the recording: set `state` and `why`. */
__attribute__((format(printf, 2, 3))) void
hc_recording_diverges(struct hc_recording *recording, const char *format, ...);

/* The recording cannot be read any further, as `reader` has found. */
void hc_recording_breaks_off(
    struct hc_recording *recording, const struct record_reader *reader);

/* A hash of the pages that the guest can read, and of their rights; the holes
 * count as zeros. */
uint64_t
hc_memory_hash_but(const struct gmem *mem, const struct hc_holes *holes);

/* The host's calls that a replay makes for this call, ended by -1. */
const int16_t *hc_replay_needs(uint32_t number);

#endif
