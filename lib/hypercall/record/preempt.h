/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preemptions in a recording.  It must not know vCPUs.
 */
#ifndef HC_PREEMPT_H
#define HC_PREEMPT_H

#include "hypercall/core/preemption.h"
#include "mem/gmem.h"
#include "record/reader.h"
#include "record/writer.h"

/* A replay that has not found a position after this time has diverged. */
#define HC_SEEK_SECONDS 600

struct hc_recording;
struct hc_thread;

/* A call that waits while others run, and the memory that it may write. */
struct hc_waiting {
	struct hc_waiting *next;
	struct gmem_lends lends;
};

extern const struct hc_preemption hc_record_preemption, hc_replay_preemption;

/* A call begins to wait, and has ended. */
void hc_preempt_waits(struct hc_recording *rec, struct hc_waiting *call);
void
hc_preempt_returns(struct hc_recording *rec, const struct hc_waiting *call);

/* The guest has ended before the call had the turn again: the recording has
 * nothing of what the call wrote. */
void hc_preempt_loses(struct hc_recording *rec, const struct hc_waiting *call);

/* Kick the thread, which calls this, after this time.  0 or -errno. */
int64_t hc_preempt_timer(
    struct hc_recording *rec, struct hc_thread *thread, uint64_t ms);

/* The record, with its kind; its contents, after the kind: false after a
 * fault. */
void hc_preempt_put(struct record_writer *w, const struct hc_position *position,
    const struct hc_holes *holes);
bool hc_preempt_get(struct record_reader *r, struct hc_position *position,
    struct hc_holes *holes);

/* Holes alone, in the same way. */
void hc_holes_put(struct record_writer *w, const struct hc_holes *holes);
bool hc_holes_get(struct record_reader *r, struct hc_holes *holes);

#endif
