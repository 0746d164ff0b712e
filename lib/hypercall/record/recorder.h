/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hooks of a recorded guest, and of one that is replayed.  They must not
 * know where the recording is.
 */
#ifndef HC_RECORDER_H
#define HC_RECORDER_H

#include "hypercall/record/recording.h"
#include "hypercall/record/treat.h"

/* Is the recording larger than its limit? */
bool hc_record_is_full(const struct hc_recording *recording);

int64_t hc_record_call(struct hc_call *call, const struct hc_row *row,
    uint32_t number, hc_serve_row *serve);
const char *hc_record_counter(
    struct hc_guest *guest, struct hc_thread *thread, uint64_t *value);
bool hc_record_signal(
    struct hc_guest *guest, struct hc_thread *thread, siginfo_t *info);
const char *hc_record_signals(struct hc_guest *guest, struct hc_thread *thread);
const char *hc_record_preempt(struct hc_guest *guest, struct hc_thread *thread,
    const struct hc_position *position);
void hc_record_resumed(struct hc_guest *guest);

int64_t hc_replay_call(struct hc_call *call, const struct hc_row *row,
    uint32_t number, hc_serve_row *serve);
const char *hc_replay_counter(
    struct hc_guest *guest, struct hc_thread *thread, uint64_t *value);
bool hc_replay_signal(
    struct hc_guest *guest, struct hc_thread *thread, siginfo_t *info);
const char *hc_replay_signals(struct hc_guest *guest, struct hc_thread *thread);
const char *hc_replay_preempt(struct hc_guest *guest, struct hc_thread *thread,
    const struct hc_position *position);

/* The first thread of the guest that is recorded or replayed. */
void hc_turns_attach(struct hc_recording *rec, struct hc_thread *first);

/* After an event, of call `number` or of none (0): is it the turn of another
 * thread?  When this returns, it is that of the caller again. */
enum hc_turn_taken hc_record_turn(
    struct hc_recording *rec, struct hc_thread *thread, uint32_t number);

/* Records of `kind` that follow give the turn to other threads: when this
 * returns, they have given it back, or under a debugger it is PASSED. */
enum hc_turn_taken hc_replay_turn(
    struct hc_recording *rec, struct hc_thread *thread, enum record_kind kind);

/* Why a guest cannot be recorded whose thread keeps the turn. */
#define HC_STALLED                                                         \
	"a thread of the guest has computed too long without a hypercall," \
	" while others wait, and reached no instruction at which a replay" \
	" could find it: run it without --record"

extern const struct hc_replay_ops hc_replay_places;
extern const struct hc_living hc_record_living;

/* The call cannot be recorded, since the guest `reason`: end it with a sentence
 * that says so.  Returns a result. */
int64_t
hc_recording_refuse(struct hc_call *call, const char *reason, uint32_t number);

#endif
