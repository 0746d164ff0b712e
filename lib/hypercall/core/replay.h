/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A replay as a debugger moves in it: how many events there were, whose turn it
 * is, a stop after an event, and the place in the recording, to be saved and to
 * come back to; and a guest that is being recorded, where it stands.  It must
 * not know recordings, nor who moves.
 *
 * An event is a call, a reading of the time stamp counter or a preemption.
 */
#ifndef HC_REPLAY_H
#define HC_REPLAY_H

#include "hypercall/core/preemption.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hc_guest;
struct hc_thread;

/* The next thing in the recording. */
enum hc_ahead {
	HC_AHEAD_EVENT,
	HC_AHEAD_END,     /* the guest ends by itself, without a call */
	HC_AHEAD_NOTHING, /* it was ended from outside, or the file is torn */
};

struct hc_replay_ops {
	/* How many events the guest has had. */
	uint64_t (*events)(const struct hc_guest *guest);
	enum hc_ahead (*ahead)(const struct hc_guest *guest);
	/* The thread that runs, and no other, until the next record; the one
	 * that had the last event, or NULL if that has ended. */
	struct hc_thread *(*turn)(const struct hc_guest *guest);
	struct hc_thread *(*maker)(const struct hc_guest *guest);
	/* Was that event the thread's preemption? */
	bool (*preempted)(const struct hc_guest *guest);
	/* Where the next record is: it grows. */
	uint64_t (*at)(const struct hc_guest *guest);
	/* The hash of a position is to leave out this memory. */
	void (*leave_out)(struct hc_guest *guest, const struct hc_holes *holes);
	/* Copy the place in the recording to `place`, of `size` bytes, and go
	 * back to it. */
	size_t size;
	void (*save)(const struct hc_guest *guest, void *place);
	void (*load)(struct hc_guest *guest, const void *place);
};

struct hc_replay {
	const struct hc_replay_ops *ops;
	/* Called by the guest's thread after event `until`, and after the last
	 * one if HC_AHEAD_NOTHING is next.  NULL: nobody asks. */
	void (*reached)(void *ctx);
	/* Called by a thread that has passed its turn on, which is to rest
	 * now: after an event, in a call that waits, which will be made again,
	 * or at its end.  NULL: threads wait for their turns by themselves. */
	void (*passed)(void *ctx);
	void *ctx;
	uint64_t until;
	/* The guest is still recorded by another process: where the recording
	 * has nothing more, it goes on up to its next event.  After the last
	 * one reached() is called. */
	bool open;
};

/* The thread that runs, or ran last. */
enum hc_stands {
	HC_STANDS_FREE,        /* its registers are its own */
	HC_STANDS_AFTER_EVENT, /* it waits for its turn: the event is made */
	HC_STANDS_IN_CALL,     /* it waits in a call, not an event yet */
};

/* A guest that is recorded, while it rests. */
struct hc_living {
	/* Write all records that there are: 0 or -errno. */
	int (*write_out)(const struct hc_guest *guest);
	/* How many events it has had; the id of the thread that runs, or that
	 * ran last, and how that one stands. */
	uint64_t (*events)(const struct hc_guest *guest);
	int (*runs)(const struct hc_guest *guest);
	enum hc_stands (*stands)(const struct hc_guest *guest);
	/* The memory that the hash of the last position leaves out. */
	const struct hc_holes *(*holes)(const struct hc_guest *guest);
};

#endif
