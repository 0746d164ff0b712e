/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recording a guest's hypercalls, and answering them from a recording: a hook of
 * the core, which does not know it.  It must not know vCPUs, nor files that hold
 * recordings.
 *
 * A guest has one thread, and no signals but those that it raises itself.  So
 * its input is what its calls answer and write, and readings of the time stamp
 * counter.  Calls that act on novillo's own state (memory, signals) are made
 * again in a replay; the others are answered from the recording.
 */
#ifndef HC_RECORDING_H
#define HC_RECORDING_H

#include "hypercall/core/hypercall.h"
#include "record/call.h"
#include "record/reader.h"
#include "record/writer.h"

/* How a replay stands. */
enum hc_replayed {
	HC_REPLAY_RUNS,
	HC_REPLAY_DIVERGED, /* the guest or novillo did something else */
	HC_REPLAY_CUT,      /* the recorded guest was ended here from outside */
	HC_REPLAY_BROKEN,   /* the recording ends before the guest does */
};

struct hc_recording {
	struct record_writer *writer; /* recording, or NULL */
	struct record_reader *reader; /* replaying, or NULL */
	struct record_base base;
	struct gmem_lends lends;
	uint64_t events; /* calls and readings of the counter */
	uint64_t counter;
	/* Replaying: the guest's output up to this event was written, and for
	 * its stream 1 it was written to this descriptor; 0: to 1. */
	uint64_t shown;
	int output;
	struct hc_replay replay;
	enum hc_replayed state;
	char why[1024]; /* a message */
};

/* Record the guest's calls, or replay them: the one of `writer` and `reader`
 * that is set. */
void
hc_recording_attach(struct hc_guest *guest, struct hc_recording *recording);

/* Is there another event to replay?  If not, `state` and `why` are set. */
bool hc_recording_goes_on(struct hc_recording *recording);

/* The replay differs from the recording: set `state` and `why`. */
__attribute__((format(printf, 2, 3))) void
hc_recording_diverges(struct hc_recording *recording, const char *format, ...);

/* A hash of the pages that the guest can read, and of their rights. */
uint64_t hc_memory_hash(struct gmem *mem);

/* The host's calls that a replay makes for this call, ended by -1. */
const int16_t *hc_replay_needs(uint32_t number);

#endif
